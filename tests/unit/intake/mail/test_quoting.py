"""What a sender wrote now, what they answer, and their signature: told apart in several languages, and nothing lost."""

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.mail.quoting import Told, told_apart

SOON = 5.0

GMAIL = {
    "English": "On Mon, 3 Jun 2024 at 10:00, Council <a@b.example> wrote:",
    "English, Apple": "On 3 Jun 2024, at 10:00, Council wrote:",
    "Welsh": "Ar Llun, 3 Meh 2024 am 10:00 ysgrifennodd Cyngor <a@b.example>:",
    "German": "Am Mo., 3. Juni 2024 um 10:00 Uhr schrieb Rat <a@b.example>:",
    "French": "Le lun. 3 juin 2024 à 10:00, Conseil <a@b.example> a écrit :",
    "Spanish": "El lun, 3 jun 2024 a las 10:00, Consejo (<a@b.example>) escribió:",
    "Italian": "Il giorno lun 3 giu 2024 alle ore 10:00 Comune <a@b.example> ha scritto:",
    "Portuguese": "Em seg., 3 de jun. de 2024 às 10:00, Conselho <a@b.example> escreveu:",
    "Dutch": "Op ma 3 jun 2024 om 10:00 schreef Raad <a@b.example>:",
    "Polish": "pon., 3 cze 2024 o 10:00 Rada <a@b.example> napisał(a):",
    "Romanian": "În lun., 3 iun. 2024 la 10:00, Consiliul <a@b.example> a scris:",
    "Swedish": "Den mån 3 juni 2024 kl 10:00 skrev Kommun <a@b.example>:",
    "Czech": "po 3. 6. 2024 v 10:00 odesílatel Rada <a@b.example> napsal:",
    "Ukrainian": "пн, 3 черв. 2024 р. о 10:00 Рада <a@b.example> пише:",
    "Russian": "пн, 3 июн. 2024 г. в 10:00, Совет <a@b.example>:",
    "Chinese": "Council <a@b.example> 于2024年6月3日周一 10:00写道：",
}


@pytest.mark.parametrize("language", GMAIL)
@pytest.mark.parametrize("marked", ["> ", ""])
def test_what_is_answered_is_told_apart_in_many_languages(language: str, marked: str) -> None:
    quoted = f"{GMAIL[language]}\n{marked}We will look.\n{marked}Council"
    assert told_apart(f"It is still dark.\n\n{quoted}\n") == Told("It is still dark.", quoted)


def test_an_introduction_may_be_wrapped() -> None:
    quoted = "On Mon, 3 Jun 2024 at 10:00, Council\n<a@b.example>\nwrote:\n\n> We will look."
    assert told_apart(f"Thanks\n{quoted}") == Told("Thanks", quoted)


OUTLOOK = {
    "English": "From: Council\nSent: 3 June 2024 10:00\nTo: Ada\nSubject: Light",
    "Welsh": "Oddi wrth: Cyngor\nAnfonwyd: 3 Mehefin 2024 10:00\nAt: Ada\nPwnc: Golau",
    "German": "Von: Rat\nGesendet: Montag, 3. Juni 2024\nAn: Ada\nBetreff: Licht",
    "French": "De : Conseil\nEnvoyé : lundi 3 juin 2024\nÀ : Ada\nObjet : Lampe",
    "Polish": "Od: Rada\nWysłano: 3 czerwca 2024\nDo: Ada\nTemat: Lampa",
    "bold": "*From:* Council\n*Sent:* 3 June 2024\n*To:* Ada\n*Subject:* Light",
}


@pytest.mark.parametrize("language", OUTLOOK)
@pytest.mark.parametrize("above", ["", "________________________________\n", "-----Original Message-----\n"])
def test_a_block_of_headers_begins_what_is_answered(language: str, above: str) -> None:
    quoted = f"{above}{OUTLOOK[language]}\n\nWe will look."
    assert told_apart(f"It is still dark.\n\n{quoted}") == Told("It is still dark.", quoted)


def test_an_answer_below_is_what_was_written_now() -> None:
    told = told_apart("On 3 Jun 2024 at 10:00 Council wrote:\n> When?\n>\n> Where?\n\nToday, here.\n-- \nAda")
    assert told == Told("Today, here.", "On 3 Jun 2024 at 10:00 Council wrote:\n> When?\n>\n> Where?", "-- \nAda")


def test_answers_between_the_lines_keep_the_questions() -> None:
    whole = "Hello,\n> When?\nToday.\n> Where?\nHere."
    assert told_apart(whole) == Told(whole)


@pytest.mark.parametrize(
    "whole",
    [
        "---------- Forwarded message ---------\nFrom: Landlord\nDate: Monday\nTo: Ada\nSubject: Rent\n\nPay now.",
        "Please see below.\n\n---------- Forwarded message ---------\nFrom: L\nDate: x\nTo: A\nSubject: R\n\nPay now.",
        "From: Council\nSent: Monday\nTo: Ada\nSubject: Light\n\nWe will look.",
        "> only\n> quoted",
        "On 3 May 2024 your officer wrote:\nYou are too late.\nThat is not true.",
        "I wrote to you on 3 May 2024 and said this:\nit is dark.",
        "From: 3 May\nuntil 5 May it was dark.",
        "The list:\n-- \n" + "\n".join(f"Item {n}" for n in range(40)),
        "",
    ],
)
def test_what_may_be_the_senders_own_words_stays_with_them(whole: str) -> None:
    assert told_apart(whole) == Told(whole)


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAda Lovelace\n12 High Street",
        "--\nAda",
        "Sent from my iPhone",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Anfonwyd o fy iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Wysłane z iPhone'a",
    ],
)
def test_a_signature_is_told_apart(signature: str) -> None:
    assert told_apart(f"It is dark.\n\n{signature}\n") == Told("It is dark.", "", signature)


def test_a_mail_of_nothing_but_a_signature_shows_it() -> None:
    assert told_apart("-- \nAda").text == "-- \nAda"


odd_lines = st.sampled_from(
    [*GMAIL.values(), *(line for block in OUTLOOK.values() for line in block.split("\n")), "-- ", "--", "> a", ">", "",
     "________________________________", "-----Original Message-----", "Sent from my iPhone", "wrote:", "On 1", " "]
)  # fmt: skip


@given(st.lists(st.one_of(odd_lines, st.text(max_size=30)), max_size=40))
def test_nothing_is_lost_and_nothing_comes_twice(lines: list[str]) -> None:
    whole = "\n".join(lines)
    told = told_apart(whole)
    parts = "\n".join([told.text, told.quoted, told.signature])
    assert Counter(line for line in parts.split("\n") if line.strip()) == Counter(
        line for line in whole.split("\n") if line.strip()
    )


@given(st.lists(odd_lines, max_size=30))
def test_a_mail_with_something_in_it_has_a_text(lines: list[str]) -> None:
    whole = "\n".join(lines)
    assert bool(told_apart(whole).text.strip()) == bool(whole.strip())


@pytest.mark.parametrize(
    "line", ["", "> ", "On 1 May 2024 at 10:00", "On 1 May 2024 at 10:00 wrote:", "From: x", "-- ", "_" * 40, "-" * 40]
)
def test_a_hundred_thousand_odd_lines_are_told_apart_soon(line: str) -> None:
    begun = time.process_time()
    told_apart(f"{line}\n" * 100_000)
    assert time.process_time() - begun < SOON
