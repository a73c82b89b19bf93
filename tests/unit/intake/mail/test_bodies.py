"""Texts and files of a mail: repaired, made safe, kept, in the right order, and in bounded time."""

import base64
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.mail.bodies import Bodies, bodies_of
from services.intake.domain.mail.charsets import decoded
from services.intake.domain.mail.parts import MOST_PARTS, Tree
from tests.parts.mails import CALENDAR, HEAD, PNG, made, mail, multipart, nested, of_parts, part, within, wrapped

SOON = 5.0
BASE64 = "Content-Transfer-Encoding: base64"
RUSSIAN = "Здравствуйте, на нашей улице не горит фонарь"


def found_in(raw: bytes) -> tuple[Bodies, list[str]]:
    tree = Tree(raw)
    return bodies_of(tree, tree.part(0, len(raw))), tree.notes


def text_of(raw: bytes) -> str:
    return found_in(raw)[0].text.strip()


def files_of(raw: bytes) -> list[tuple[str, str, bytes]]:
    return [(file.name, file.media_type, file.content) for file in found_in(raw)[0].files]


@pytest.mark.parametrize(
    ("declared", "data", "text"),
    [
        ("utf-8", "Golau stryd – tŷ".encode(), "Golau stryd – tŷ"),
        ("iso-8859-1", "caf\xe9 £5".encode("latin-1"), "café £5"),
        ("iso-8859-1", b"\x93quoted\x94 \x80", "“quoted” €"),
        ("us-ascii", "café".encode(), "café"),
        ("iso-8859-1", "tŷ a dŵr".encode(), "tŷ a dŵr"),
        ("cp1250", "dziękuję".encode(), "dziękuję"),
        ("windows-1250", "dziękuję".encode("cp1250"), "dziękuję"),
        ("iso-8859-14", "tŷ a dŵr".encode("iso8859-14"), "tŷ a dŵr"),
        ("utf-8", b"caf\xe9 \xa35", "café £5"),
        ("utf-16", b"plain", "plain"),
        ("utf-16", "tŷ".encode("utf-16"), "tŷ"),
        (None, b"\xa350 owed", "£50 owed"),
        (None, "café".encode(), "café"),
        ("x-unknown", "tŷ".encode(), "tŷ"),
        ("gb2312", "路灯坏了镕".encode("gb18030"), "路灯坏了镕"),
        ("shift_jis", "街灯①".encode("cp932"), "街灯①"),
        ("iso-2022-jp", "街灯".encode("iso2022_jp"), "街灯"),
        ("koi8-r", "Здравствуйте".encode("koi8-r"), "Здравствуйте"),
        ("x-unknown", RUSSIAN.encode("cp1251"), RUSSIAN),
        ("unicode_escape", rb"\x41", r"\x41"),
        ("idna", b"xn--a", "xn--a"),
        ("zlib", b"x\x9c\xe9", "x\u0153é"),
        ("utf-7", b"+2AA-", "\ufffd"),
        ("utf-8\x00", b"a\x00b\x1b", "ab"),
        ("cp1252", b"\x81", "\ufffd"),
    ],
)  # fmt: skip
def test_a_text_is_read_whatever_charset_it_declares(declared: str | None, data: bytes, text: str) -> None:
    assert decoded(data, declared)[0] == text


def test_a_charset_that_was_guessed_is_told() -> None:
    assert decoded(b"caf\xe9", "utf-8")[1] == "Its charset (utf-8) does not fit: some characters may be wrong."
    assert decoded("é".encode(), "latin-1")[1] == "Its charset is not the one that it declares (latin-1), but UTF-8."
    assert decoded(b"plain", "x-unknown")[1] is None


@given(st.one_of(st.none(), st.text(max_size=20)), st.binary(max_size=200))
def test_any_bytes_in_any_charset_make_a_text_that_can_be_stored(declared: str | None, data: bytes) -> None:
    text, _ = decoded(data, declared)
    text.encode()
    assert "\x00" not in text


def test_of_two_versions_the_plain_one_is_read_and_the_rich_one_shown() -> None:
    raw = of_parts("alternative", part("text/plain", b"Plain"), part("text/html", b"<p>Rich</p>"))
    found, notes = found_in(raw)
    assert (found.text, found.html, notes) == ("Plain", "<p>Rich</p>", [])


@pytest.mark.parametrize("plain", [b"", b" \r\n"])
def test_an_empty_plain_version_gives_way_to_the_rich_one(plain: bytes) -> None:
    assert text_of(of_parts("alternative", part("text/plain", plain), part("text/html", b"<p>Rich</p>"))) == "Rich"


def test_several_texts_are_read_in_their_order() -> None:
    picture = part("image/png; name=a.png", PNG)
    rich = part("text/html", b"<b>Two</b>")
    raw = of_parts("mixed", part("text/plain", b"One"), picture, rich, part("text/plain", b"T<ree"))
    found, _ = found_in(raw)
    assert found.text == "One\n\nTwo\n\nT<ree"
    assert found.html == "<pre>One</pre>\n<b>Two</b>\n<pre>T&lt;ree</pre>"


def test_a_picture_that_the_text_shows_is_inline_and_others_are_not() -> None:
    related = multipart(
        "related",
        [
            part("text/html", b'<img src="cid:a@b">'),
            part("image/png", base64.b64encode(PNG), f"Content-ID: <a@b>\nContent-Disposition: attachment\n{BASE64}"),
            part("image/png; name=b.png", base64.b64encode(PNG), f"Content-ID: <c@d>\n{BASE64}"),
        ],
    )
    assert [(file.name, file.is_inline) for file in found_in(HEAD + related)[0].files] == [
        ("picture.png", True),
        ("b.png", False),
    ]


def test_an_invitation_is_a_file() -> None:
    raw = of_parts("alternative", part("text/plain", b"Visit"), part("text/calendar; method=REQUEST", CALENDAR))
    assert files_of(raw) == [("invitation.ics", "text/calendar", CALENDAR)]


def test_outlooks_own_file_is_kept_and_told() -> None:
    found, notes = found_in(of_parts("mixed", part("text/plain", b"Hi"), part("application/ms-tnef", b"\x78\x9f")))
    assert [file.name for file in found.files] == ["winmail.dat"]
    assert notes == ["Outlook packed it, or files of it, into winmail.dat: that file was kept."]


@pytest.mark.parametrize("depth", [1, 20])
def test_a_mail_within_a_mail_is_one_file_whatever_lies_within_it(depth: int) -> None:
    raw = within(depth)
    found, _ = found_in(raw)
    assert [(file.name, file.media_type) for file in found.files] == [("Street light.eml", "message/rfc822")]
    assert found.files[0].content.strip() in raw
    assert found.text == "See below."


def test_a_report_gives_its_fields_and_the_headers_of_what_came_back() -> None:
    fields, returned = part("message/delivery-status", b"Action: failed"), part("message/rfc822", mail(b"Secret"))
    raw = of_parts("report", part("text/plain", b"Sorry"), fields, returned)
    found, _ = found_in(raw)
    assert found.delivery_status.strip() == "Action: failed"
    assert "Message-ID: <1@example.org>" in found.returned_headers
    assert "Secret" not in found.returned_headers


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ('Content-Disposition: attachment; filename="plan.pdf"', "plan.pdf"),
        ("Content-Disposition: attachment; filename*=utf-8''gr%C3%B6%C3%9Fe.pdf", "größe.pdf"),
        ('Content-Disposition: attachment; filename="=?utf-8?B?Z3LDtsOfZS5wZGY=?="', "größe.pdf"),
        ("Content-Disposition: attachment; filename=my plan.pdf", "my plan.pdf"),
        ('Content-Disposition: attachment; filename="../../etc/passwd"', "passwd"),
        ('Content-Disposition: attachment; filename="C:\\\\a\\\\b.doc"', "b.doc"),
        ('Content-Disposition: attachment; filename="a\u202efdp.exe"', "afdp.exe"),
        ("Content-Disposition: attachment", "file.pdf"),
        (f'Content-Disposition: attachment; filename="{"x" * 300}.pdf"', "x" * 196 + ".pdf"),
    ],
)
def test_a_file_is_called_as_its_sender_called_it(headers: str, name: str) -> None:
    raw = of_parts("mixed", f"{headers}\r\nContent-Type: application/pdf\r\n\r\n%PDF".encode())
    assert [file.name for file in found_in(raw)[0].files] == [name]


def test_a_raw_latin_name_is_read() -> None:
    raw = of_parts("mixed", b'Content-Type: application/pdf; name="gr\xf6\xdfe.pdf"\r\n\r\n%PDF')
    assert files_of(raw)[0][0] == "größe.pdf"


@pytest.mark.parametrize(
    ("packed", "data", "text"),
    [
        ("base64", b"SGVs\r\nbG8=", "Hello"),
        ("base64", b"SGVsbG8", "Hello"),
        ("base64", b"SGVs!!bG8=", "Hello"),
        ("base64", b"SGVsbG8=SGVsbG8=", "HelloHello"),
        ("base64", b"SGVsbG8hV", "Hello!"),
        ("BASE64 ", b"SGVsbG8=", "Hello"),
        ("quoted-printable", b"caf=C3=A9 =\r\nhere =ZZ", "café here =ZZ"),
        ("x-uuencode", b"begin 644 a\r\n#86)C\r\n`\r\nend", "abc"),
        ("x-uuencode", b"#86)C\r\n\x80\x80\x80", "abc"),
        ("gzip", b"Hello", "Hello"),
        ("", b"Hello", "Hello"),
    ],
)
def test_a_text_is_unpacked_as_far_as_it_goes(packed: str, data: bytes, text: str) -> None:
    assert text_of(mail(data, f"Content-Transfer-Encoding: {packed}")) == text


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ('Content-Type: multipart/mixed; boundary="=_b"', b"--=_b\r\n\r\nOne\r\n", "One"),
        ('Content-Type: multipart/mixed; boundary="=_b"', b"--=_b\n\nOne\n--=_b--\nafter", "One"),
        ('Content-Type: multipart/mixed; boundary="=_b"', b"before\r\n--=_b  \r\n\r\nOne\r\n--=_b--", "One"),
        ("Content-Type: multipart/mixed", b"\r\n--x\r\nContent-Type: text/plain\r\n\r\nOne\r\n--x--", "One"),
        ("Content-Type: multipart/mixed; boundary=y", b"\n--x\nContent-Type: text/plain\n\nOne\n--x--", "One"),
        ('Content-Type: multipart/mixed; boundary="=_b"', b"One, and no boundary", "One, and no boundary"),
        ("Content-Type: multipart/mixed; boundary=--", b"One\r\n-- \r\nAda", "One\r\n-- \r\nAda".replace("\r", "")),
        ('Content-Type: multipart/mixed; boundary="=_b"', b"--=_b\n\nOne\n--=_bb\ntwo\n--=_b--", "One\n--=_bb\ntwo"),
    ],
)  # fmt: skip
def test_broken_boundaries_lose_no_text(headers: str, body: bytes, text: str) -> None:
    assert text_of(mail(body, headers)) == text


def test_an_inner_part_that_is_not_closed_ends_with_the_outer_one() -> None:
    inner = b'Content-Type: multipart/mixed; boundary="in"\r\n\r\n--in\r\n\r\nOne\r\n'
    assert text_of(of_parts("mixed", inner, part("text/plain", b"Two"))) == "One\n\nTwo"


def test_five_hundred_files_are_all_kept() -> None:
    raw = of_parts("mixed", *(part(f"text/csv; name=f{n}.csv", b"a,b") for n in range(500)))
    assert len(files_of(raw)) == 500


@pytest.mark.parametrize(
    "raw",
    [
        of_parts("mixed", *(part("text/csv; name=f.csv", b"a") for _ in range(5000))),
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 200_000,
        nested(400),
        nested(20, b"hello\r\n" * 200_000),
    ],
)
def test_too_many_parts_or_too_deep_ones_take_bounded_time(raw: bytes) -> None:
    begun = time.process_time()
    found, _ = found_in(raw)
    assert len(found.files) <= MOST_PARTS
    assert time.process_time() - begun < SOON


letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff\u2028\u2029")
texts = st.text(letters, max_size=60)
names = st.from_regex(r"[a-zé]{1,10}\.pdf", fullmatch=True)
contents = st.binary(max_size=200)


@given(texts, st.one_of(st.none(), texts), st.dictionaries(names, contents, max_size=3))
def test_a_mail_is_read_as_the_standard_library_reads_it(text: str, rich: str | None, files: dict[str, bytes]) -> None:
    raw = made(text, rich, files).as_bytes()
    oracle = message_from_bytes(raw, policy=default)
    assert isinstance(oracle, EmailMessage)
    body = oracle.get_body(("plain",))
    found, notes = found_in(raw)
    assert body is not None
    if text.strip():
        assert found.text.strip("\n") == body.get_content().replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    assert [(file.name, file.content) for file in found.files] == [
        (each.get_filename(), each.get_content()) for each in oracle.iter_attachments()
    ]
    assert notes == []


def test_a_mail_of_parts_without_any_is_taken_as_text() -> None:
    assert text_of(mail(wrapped([]), 'Content-Type: multipart/mixed; boundary="=_b"')) == "--=_b--"
