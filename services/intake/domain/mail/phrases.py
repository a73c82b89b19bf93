"""The words by which machines are known, in the languages that the council's mail is answered in by them."""

import re
import unicodedata
from collections.abc import Sequence

BEGINS = 1500
"""Characters of a text in which a machine has said that it is one."""
QUOTED = re.compile(
    r"^(?:[ \t]*[>|]|[ \t]*-{3,}+.*(?:message|nachricht|mensaje|bericht|messaggio)|.{0,200}\bwrote:[ \t]*$)",
    re.M | re.I,
)
TAGS = re.compile(r"^(?:\[[^\]]{1,60}\]\s*)+")
"""What ticket systems and mail servers put in front of a subject."""
APOSTROPHES = str.maketrans("\u2018\u2019\u02bc`", "''''")


def folded(text: str) -> str:
    """As words are compared: without capitals, kinds of apostrophes, and more than one space at a time."""
    plain = unicodedata.normalize("NFKC", text).translate(APOSTROPHES).casefold()
    return " ".join(plain.split())


def listed(words: str) -> tuple[str, ...]:
    return tuple(folded(phrase) for phrase in words.split("|"))


AUTOMATIC_REPLIES = listed("""
automatic reply | automatic response | automated reply | automated response | auto reply | auto-reply |
autoreply | auto response | auto-response | autoresponse | autoresponder | out of office autoreply |
out of office auto-reply | out of office reply | out-of-office reply | ateb awtomatig | ymateb awtomatig |
freagra uathoibríoch | automatische antwort | automatische rückantwort | réponse automatique |
respuesta automática | resposta automàtica | resposta automática | risposta automatica | automatisch antwoord |
automatisch bericht | automatiskt svar | automatisk svar | autosvar | automaattinen vastaus |
odpowiedź automatyczna | automatyczna odpowiedź | automatická odpověď | automatická odpoveď | automatikus válasz |
răspuns automat | автоматический ответ | автоответ | автоматична відповідь | автоматичен отговор |
αυτόματη απάντηση | automatski odgovor | samodejni odgovor | automatinis atsakymas | automātiskā atbilde |
automaatvastus | otomatik yanıt | trả lời tự động | خودکار جواب | پاسخ خودکار | رد تلقائي | الرد التلقائي |
מענה אוטומטי | स्वचालित उत्तर | স্বয়ংক্রিয় উত্তর | ਆਟੋਮੈਟਿਕ ਜਵਾਬ | 自动答复 | 自动回复 | 自動回覆 | 自動応答 | 자동 회신
""")
"""What stands before the colon in a subject. People do not begin theirs so, but some might: one more sign is asked."""

AWAY_SUBJECTS = listed("""
out of office | out-of-office | out of the office | away from the office | vacation reply | vacation response |
on annual leave | on holiday | allan o'r swyddfa | i ffwrdd o'r swyddfa | abwesenheitsnotiz |
abwesenheitsnachricht | abwesenheit | nicht im büro | absence du bureau | absent du bureau | message d'absence |
notification d'absence | fuera de la oficina | ausencia | ausente | fuori sede | fuori ufficio | assenza |
afwezig | niet op kantoor | frånvaro | frånvarande | fravær | ikke på kontoret | poissa toimistolta | poissaolo |
nieobecność | poza biurem | mimo kancelář | nepřítomnost | házon kívül | absență | в отпуске | вне офиса |
отсутствие | ofis dışında | εκτός γραφείου | دفتر سے باہر | خارج المكتب
""")

AWAY_TEXTS = (
    *AWAY_SUBJECTS,
    *listed("""
on leave until | on holiday until | on maternity leave | am currently away | will be away | am away until |
no longer with the company | ar wyliau | ar fy ngwyliau | bin nicht erreichbar | nicht im hause | abwesend |
im urlaub | außer haus | absent | en congé | en vacances | de vacaciones | in ferie | assente | afwezigheid |
met vakantie | op vakantie | inte på kontoret | på semester | tjänstledig | på ferie | lomalla | nieobecn |
na urlopie | dovolené | szabadságon | în concediu | отсутств | відпустці | izindeyim | de férias | σε άδεια |
چھٹی پر | رخصت پر | إجازة | 休假 | 休暇
"""),
)

AUTOMATIC_TEXTS = listed("""
this is an automat | this is an auto- | this is an autom | automatically generated | generated automatically |
auto-generated | automated response | automated reply | automated acknowledgement | automatic reply |
automatic response | please do not reply to this | please type your reply above this line | neges awtomatig |
ateb awtomatig | ymateb awtomatig | peidiwch ag ateb y neges hon | dies ist eine automatisch |
automatisch erstellt | automatisch generiert | automatische antwort | bitte antworten sie nicht auf diese |
message automatique | réponse automatique | merci de ne pas répondre à ce | mensaje automático |
respuesta automática | no responda a este | messaggio automatico | risposta automatica | non rispondere a questo |
automatisch gegenereerd | automatisch antwoord | automatiskt svar | automatiskt meddelande | automatisk svar |
automatisk besked | automaattinen vastaus | automaattinen viesti | wygenerowana automatycznie |
wiadomość automatyczna | automatyczna odpowiedź | prosimy na nią nie odpowiadać | automaticky generovan |
automatikus válasz | răspuns automat | mensagem automática | автоматическ | автоматичн | خودکار پیغام |
خودکار جواب | رسالة تلقائية
""")

RECEIVED_SUBJECTS = listed("""
we have received your | we've received your | your request has been received | your message has been received |
your email has been received | your enquiry has been received | thank you for contacting |
thank you for your email | thank you for your message | thank you for your enquiry | thanks for contacting |
thanks for your email | thanks for your message | request received | ticket received | ticket created |
ticket opened | case created | message received | acknowledgement of | rydym wedi derbyn | diolch am gysylltu |
diolch am eich | eingangsbestätigung | ihre anfrage ist eingegangen | vielen dank für ihre | accusé de réception |
nous avons bien reçu | hemos recibido | gracias por contactar | abbiamo ricevuto | wij hebben uw |
bedankt voor uw | ontvangstbevestiging | tack för ditt | tak for din | takk for din | potwierdzenie otrzymania |
dziękujemy za
""")
TICKET = re.compile(r"\[[^\]]{0,30}#\s?[\w-]{2,20}\]|\b(?:ticket|case|sr)\s?(?:id|no\.?|number)?[\s:]*#\s?\w", re.I)

BOUNCE_SUBJECTS = listed("""
mail failed | delivery status | mail delivery status | there was an error sending your mail |
postfix smtp server: errors | could not deliver | メッセージを配信できません | メールエラー通知 | 配信不能 |
undeliverable: | undeliverable mail | undeliverable message | undelivered mail | undelivered: | undeliverable |
mail delivery failed | mail delivery failure | mail delivery problem | mail delivery error |
mail delivery system | mail could not be delivered | mail system error | message not delivered |
message status - undeliverable | message delivery failure | message undeliverable | mail undeliverable |
nondeliverable mail | non-delivery | delivery status notification | delivery notification | delivery failure |
delivery failed | delivery report | delivery has failed | failure notice | failure delivery | failed delivery |
failed mail | returned mail | returned to sender | returned email | permanent delivery failure |
warning: message | warning: could not send message | delayed mail | delivery delayed | unzustellbar |
nachricht unzustellbar | zustellung fehlgeschlagen | non remis | non distribuable | échec de la remise |
échec de livraison | no se puede entregar | no entregado | non recapitabile | mancato recapito | onbestelbaar |
olevererbart | kunne ikke leveres | kan ikke leveres | gick inte att leverera | ei voitu toimittaa |
niedostarczalne | niedostarczone | nie można dostarczyć | nedoručiteln | kézbesíthetetlen | imposibil de livrat |
не удается доставить | недоставленное сообщение | teslim edilemedi | não é possível entregar | não entregue |
nid oedd modd danfon | methu danfon | 未送達 | 无法传递
""")
"""With them a subject begins."""

BOUNCE_TEXTS = listed("""
there was an error delivering your mail | we had trouble delivering your message |
the following addresses had delivery problems |
this is the qmail-send program | this is the mail system at host | this is the mail delivery agent |
this message was created automatically by mail delivery software | message that you sent could not be delivered |
did not reach the following recipient | delivery has failed to these recipients |
delivery to the following recipient failed | delivery to the following recipients failed |
your message could not be delivered | couldn't be delivered | could not be delivered to | was not delivered to |
wasn't delivered to | was undeliverable to the following | unable to deliver your message |
unable to deliver message to | unable to deliver the following message |
the following addresses had permanent fatal errors | the following addresses had transient non-fatal errors |
the following message to | your message has been delayed | has not been delivered to the intended recipient |
this is an automatically generated delivery status notification |
i'm afraid i wasn't able to deliver your message | konnte nicht zugestellt werden |
konnte den folgenden empfängern nicht zugestellt werden | n'a pas pu être remis | no se pudo entregar |
impossibile recapitare | kan niet worden bezorgd | nie można dostarczyć
""")


def begins_with(text: str, phrases: Sequence[str]) -> bool:
    return text.startswith(tuple(phrases))


def holds(text: str, phrases: Sequence[str]) -> bool:
    return any(phrase in text for phrase in phrases)


def is_automatic_reply(subject: str) -> bool:
    """A folded subject: `automatic reply: my bins`, and Notes' `auto: ada is out of the office (returning ...)`."""
    before, colon, after = TAGS.sub("", subject).partition(":")
    named = before.strip()
    return bool(colon) and (named in AUTOMATIC_REPLIES or (named == "auto" and holds(after, AWAY_SUBJECTS)))


def is_away(subject: str) -> bool:
    """`out of office: ...`, `abwesenheitsnotiz`. What answers or hands on another mail begins with that instead."""
    return begins_with(TAGS.sub("", subject), AWAY_SUBJECTS)


def is_receipt(subject: str) -> bool:
    """Word of a ticket system that something has arrived there."""
    return begins_with(TAGS.sub("", subject), RECEIVED_SUBJECTS) or TICKET.search(subject) is not None


def beginning(text: str) -> str:
    """Folded, as far as it is the sender's own: what is quoted below says nothing about who wrote above."""
    head = text[:BEGINS]
    quoted = QUOTED.search(head)
    return folded(head[: quoted.start()] if quoted else head)
