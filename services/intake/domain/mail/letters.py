"""
A message made into a mail: text and simple HTML, from the council's letter or ours, in the citizen's language.

RFC 3834 asks of whoever answers by itself to say so: a receipt does, and other machines leave it unanswered. What an
adviser wrote is no automatic mail. `List-Unsubscribe` belongs to mail that goes to many, and nothing here does.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

from services.intake.domain.mail.tokens import with_token
from services.intake.domain.mail.written import BY_LANGUAGE, ENGLISH, PLAIN, WORDS, Template, Words
from services.intake.domain.messages import Message, Occasion, Posting
from services.intake.domain.progress import Promise, Standing
from shared.council import Council, in_words
from shared.council.letters import Filling, fill
from shared.errors import Refused
from shared.vocabulary import AnswerKind, MessageKind

LONGEST_NAME = 100
LONGEST_SUBJECT = 200
WIDTH = 76
ANSWER = {
    MessageKind.ACKNOWLEDGEMENT: AnswerKind.ACKNOWLEDGEMENT,
    MessageKind.HOLDING: AnswerKind.HOLDING,
    MessageKind.FULL: AnswerKind.FULL,
}
AUTOMATIC = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
SIGN = r"[^\s.@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f]"
ADDRESS = re.compile(rf"(?=.{{3,254}}$)(?:\.|{SIGN}){{1,64}}@{SIGN}+(?:\.{SIGN}+)*")
"""Dots may stand anywhere before the @: some providers allow it, whatever the standard says."""
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
LEADS_SOMEWHERE = re.compile(r"://|www\.|@", re.IGNORECASE)
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
PARAGRAPHS = re.compile(r"\n\s*\n")
PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: Arial, sans-serif; font-size: 16px; line-height: 1.5; max-width: 40em">
{paragraphs}
</body>
</html>
"""


class Written(NamedTuple):
    """What a citizen reads, and in which language, where that is known."""

    subject: str
    text: str
    language: str | None


def posting_of(message: Message, occasion: Occasion) -> Posting:
    """`Refused` when nothing can be sent to that address. Of one message and moment it is always the same."""
    own = occasion.address
    there = address_of(message.address or "")
    letter = letter_of(message, occasion)
    answers = with_token(own, occasion.token)
    head = {
        "Message-ID": message.mail_message_id or "",
        "From": named(in_words(occasion.sender.name, letter.language), own),
        "To": named(message.name or "", there),
        "Reply-To": answers if answers != own else None,
        "Subject": in_ascii(letter.subject),
        "Date": format_datetime(occasion.written_at),
        "Content-Language": letter.language,
        **answering(message.answers_to),
        **(AUTOMATIC if message.kind is MessageKind.RECEIPT else {}),
    }
    raw = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value).encode() + body_of(message, letter)
    return Posting(raw=raw, sender=answers, recipient=there, message_id=head["Message-ID"] or "")


def answering(message_id: str | None) -> dict[str, str]:
    known = message_id is not None and MESSAGE_ID.fullmatch(message_id)
    return dict.fromkeys(("In-Reply-To", "References"), message_id) if known and message_id else {}


def body_of(message: Message, letter: Written) -> bytes:
    """With the headers that tell how it is to be read."""
    mail = EmailMessage(policy=SMTP)
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(html_of(letter), subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{message.message_id.hex}")
    return mail.as_bytes()


def named(name: str, address: str) -> str:
    """An address with a name that can break nothing."""
    plain = one_line(name)[:LONGEST_NAME].strip()
    if not plain:
        return address
    quoted = re.sub(r'(["\\])', r"\\\1", plain)
    shown = f'"{quoted}"' if is_plain(plain) else in_ascii(plain)
    line = f"{shown} <{address}>"
    return line if len(line) <= WIDTH - len("Reply-To: ") else f"{shown}\r\n <{address}>"


def in_ascii(line: str) -> str:
    """In encoded words where it has other signs, or looks as if it had such words already. Lines are folded."""
    return Header(line, "us-ascii" if is_plain(line) else "utf-8", maxlinelen=WIDTH, header_name="Subject").encode(
        linesep="\r\n"
    )


def is_plain(line: str) -> bool:
    return line.isascii() and "=?" not in line


def address_of(told: str) -> str:
    """The domain in ASCII, as mail servers know it. `Refused` for what is no address."""
    local, _, domain = told.rpartition("@")
    try:
        there = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        there = ""
    if not ADDRESS.fullmatch(f"{local}@{there}"):
        raise Refused(f'No mail can be sent to "{told}": it is not an address.')
    return f"{local}@{there}"


def letter_of(message: Message, occasion: Occasion) -> Written:
    """As the council wrote it. One of theirs that cannot be filled in gives way to ours."""
    council, asked = occasion.council, primary(message.language)
    own = getattr(council.letters, message.kind, None)
    if own is not None:
        language = asked if asked in own.text else "" if "" in own.text else next(iter(own.text))
        template = Template(in_words(own.subject, language), in_words(own.text, language))
        try:
            return filled(template, message, occasion, language)
        except Refused:
            pass
    language = next((each for each in (asked, first_language(council)) if each in BY_LANGUAGE), "en")
    return filled(BY_LANGUAGE[language].get(message.kind, ENGLISH[MessageKind.OTHER]), message, occasion, language)


def filled(template: Template, message: Message, occasion: Occasion, language: str) -> Written:
    spoken = language or first_language(occasion.council)
    filling = filling_of(message, occasion, spoken)
    one = replace(filling, promises=tuple(map(one_line, filling.promises)), text=one_line(filling.text))
    subject = one_line(fill(template.subject, one))[:LONGEST_SUBJECT]
    if message.reference not in subject:
        subject = f"{subject} [{message.reference}]".lstrip()
    return Written(subject, clean(fill(template.text, filling)), language or None)


def called(name: str | None) -> str:
    """Nobody is called what leads somewhere: whoever wrote it may want us to send it to somebody else."""
    told = one_line(name or "")[:LONGEST_NAME]
    return "" if LEADS_SOMEWHERE.search(told) else told


def filling_of(message: Message, occasion: Occasion, language: str) -> Filling:
    council = occasion.council
    there = occasion.received_at.astimezone(ZoneInfo(council.council.zone))
    answer = ANSWER.get(message.kind)
    open_still = [each for each in occasion.promises if is_open_after(each, answer, council)]
    told = (promise_in_words(each, council, language) for each in open_still)
    return Filling(
        name=called(message.name),
        reference=message.reference,
        text=clean(message.text).strip(),
        promises=tuple(each for each in told if each),
        council=in_words(council.council.name, language),
        received_on=on_day(there, locale_of(council, language)),
    )


def is_open_after(promise: Promise, answer: AnswerKind | None, council: Council) -> bool:
    """
    Whether it still runs once this answer is there. That the answer keeps a promise is heard only after it has left.
    """
    if promise.standing is not Standing.RUNNING:
        return False
    if promise.standard is None:
        return answer is not AnswerKind.FULL
    standard = council.standards.get(promise.standard)
    return standard is None or not standard.is_stopped_by(answer)


def promise_in_words(promise: Promise, council: Council, language: str) -> str | None:
    """None for one that the council makes to itself."""
    words = WORDS.get(language, PLAIN)
    when = moment_in_words(promise.due_at, council, language) if promise.due_at else None
    if promise.standard is None:
        return words.agreed.format(when=when) if when else None
    standard = council.standards.get(promise.standard)
    if standard is None or standard.promise is None:
        return None
    told = in_words(standard.promise, language)
    return words.by.format(promise=told, when=when) if when else told


def moment_in_words(moment: datetime, council: Council, language: str) -> str:
    locale = locale_of(council, language)
    there = moment.astimezone(ZoneInfo(council.council.zone))
    words: Words = WORDS.get(language, PLAIN)
    return words.at.format(day=on_day(there, locale), time=format_time(there, "short", locale=locale))


def on_day(there: datetime, locale: Locale) -> str:
    return format_date(there.date(), "full", locale=locale)


def locale_of(council: Council, language: str) -> Locale:
    """As the language is written where the council is: 3 March in Anytown is March 3 in Boston."""
    territory = council.council.nation.partition("-")[0]
    for name in (f"{language}_{territory}", language, f"en_{territory}"):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def primary(language: str | None) -> str:
    """`cy` for `cy-GB`."""
    return (language or "").replace("_", "-").partition("-")[0].lower()


def first_language(council: Council) -> str:
    """The one that everybody understands; English where the council does not say."""
    return next(iter(council.council.name)) or "en"


def one_line(text: str) -> str:
    return " ".join(UNSEEN.sub(" ", text).split())


def clean(text: str) -> str:
    """What no mail program shows, and some stumble over, is left out."""
    return UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def html_of(letter: Written) -> str:
    """The same words: paragraphs, lines, and links that lead where they say. All else is shown as it was written."""
    paragraphs = (each.strip() for each in PARAGRAPHS.split(letter.text))
    shown = "\n".join(f'<p dir="auto">{with_links(each)}</p>' for each in paragraphs if each)
    return PAGE.format(language=escape(letter.language or ""), title=escape(letter.subject), paragraphs=shown)


def with_links(text: str) -> str:
    """Each piece is escaped by itself, so that no sign of the text becomes one of the page."""
    pieces, at = [], 0
    for found in LINK.finditer(text):
        url = escape(found[0])
        pieces += [escape(text[at : found.start()]), f'<a href="{url}">{url}</a>']
        at = found.end()
    return "".join([*pieces, escape(text[at:])]).replace("\n", "<br>\n")
