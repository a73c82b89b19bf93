"""Which files are taken, told by their content, and what they are called."""

import codecs
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.attachments import ENDINGS, KIND_OF, LONGEST_NAME, ODF, OOXML, ending_of, kind_of, name_of
from shared.errors import Invalid

ALL = frozenset(ENDINGS)
REST = b"\0" * 60
IN_ZIP = b"PK\x03\x04" + b"\0" * 26

SAMPLES = [
    ("a.jpg", b"\xff\xd8\xff\xe0" + REST, "image/jpeg"),
    ("photo", b"\xff\xd8\xff\xe1" + REST, "image/jpeg"),
    ("IMG_1.HEIC", b"\xff\xd8\xff\xe1" + REST, "image/jpeg"),
    ("a.png", b"\x89PNG\r\n\x1a\n" + REST, "image/png"),
    ("a.gif", b"GIF89a" + REST, "image/gif"),
    ("a.webp", b"RIFF\x10\0\0\0WEBPVP8 " + REST, "image/webp"),
    ("a.heic", b"\0\0\0\x18ftypheic" + REST, "image/heic"),
    ("a.heic", b"\0\0\0\x18ftypheix" + REST, "image/heic"),
    ("a.heic", b"\0\0\0\x18ftyphevc" + REST, "image/heic"),
    ("a.heif", b"\0\0\0\x18ftypmif1" + REST, "image/heic"),
    ("a.heif", b"\0\0\0\x18ftypmsf1" + REST, "image/heic"),
    ("a.tif", b"II*\0" + REST, "image/tiff"),
    ("a.pdf", b"%PDF-1.4\n" + REST, "application/pdf"),
    ("a.txt", "Grüße, 街灯\r\n\t".encode(), "text/plain"),
    ("a.txt", "Café".encode("latin-1"), "text/plain"),
    ("a.txt", "£5 – “now”".encode("cp1252"), "text/plain"),
    ("a.txt", "Grüße, 街灯 💡\r\n\t".encode("utf-16"), "text/plain"),
    ("a.txt", codecs.BOM_UTF16_BE + "Grüße, 街灯 💡".encode("utf-16-be"), "text/plain"),
    ("a.csv", b"a,b\n1,2\n", "text/csv"),
    ("a.csv", "a,b\n1,2\n".encode("utf-16"), "text/csv"),
    ("a.rtf", b"{\\rtf1 hello}", "application/rtf"),
    ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + REST, "application/msword"),
    ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + REST, "application/vnd.ms-excel"),
    ("a.docx", IN_ZIP + b"[Content_Types].xml" + REST, f"{OOXML}wordprocessingml.document"),
    ("a.xlsx", IN_ZIP + b"_rels/.rels" + REST, f"{OOXML}spreadsheetml.sheet"),
    ("a.odt", IN_ZIP + f"mimetype{ODF}textPK".encode() + REST, f"{ODF}text"),
    ("a.ods", IN_ZIP + f"mimetype{ODF}spreadsheetPK".encode() + REST, f"{ODF}spreadsheet"),
    ("a.mp3", b"ID3\x03" + REST, "audio/mpeg"),
    ("a.mp3", b"\xff\xfa\x90" + REST, "audio/mpeg"),
    ("a.mp3", b"\xff\xfb\x90" + REST, "audio/mpeg"),
    ("a.mp3", b"\xff\xf2\x90" + REST, "audio/mpeg"),
    ("a.mp3", b"\xff\xf3\x90" + REST, "audio/mpeg"),
    ("a.m4a", b"\0\0\0\x18ftypM4A " + REST, "audio/mp4"),
    ("a.ogg", b"OggS" + REST, "audio/ogg"),
    ("a.wav", b"RIFF\x10\0\0\0WAVEfmt " + REST, "audio/wav"),
]


@pytest.mark.parametrize(("name", "content", "kind"), SAMPLES)
def test_a_kind_is_told_by_the_content(name: str, content: bytes, kind: str) -> None:
    assert kind_of(name, content, len(content), ALL) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ" + REST),
        ("a.png", b"MZ" + REST),
        ("a.docx", IN_ZIP + b"classes.dex" + REST),
        ("a.zip", IN_ZIP + b"[Content_Types].xml" + REST),
        ("a.msi", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + REST),
        ("a.mp4", b"\0\0\0\x18ftypisom" + REST),
        ("a.avi", b"RIFF\x10\0\0\0AVI " + REST),
        ("a.txt", b"\x7fELF" + REST),
        ("a.txt", "a\0b".encode("utf-16")),
        ("a.txt", codecs.BOM_UTF16_LE + b"\x00\xd8a\x00"),
        ("a.txt", "in UTF-16 without its mark".encode("utf-16-le")),
    ],
)
def test_what_is_of_no_kind_we_know_is_refused_by_name(name: str, content: bytes) -> None:
    with pytest.raises(Invalid, match=f"The file {name} is of a kind that we do not take: send one of jpg"):
        kind_of(name, content, len(content), ALL)


def test_a_council_may_take_fewer_kinds() -> None:
    with pytest.raises(Invalid, match="send one of png\\."):
        kind_of("a.pdf", b"%PDF-1.4", 8, {"image/png"})


@given(st.text(max_size=400), st.sampled_from(sorted(ENDINGS)))
def test_whatever_a_file_is_called_its_name_is_short_plain_and_ends_like_a_file_we_take(name: str, kind: str) -> None:
    shown = name_of(name, kind)
    assert 0 < len(shown) <= LONGEST_NAME
    assert not set("/\\\0\r\n\t\x1b\u202e") & set(shown)
    assert shown not in (".", "..")
    assert ending_of(shown) in KIND_OF
    assert name_of(shown, kind) == shown
    shown.encode()


@given(st.text("aé街💡\n", min_size=1, max_size=20), st.sampled_from(["utf-8", "utf-16"]), st.integers(1, 40))
def test_a_text_is_told_by_its_first_bytes_wherever_they_are_cut_off(written: str, charset: str, cut: int) -> None:
    content = written.encode(charset)
    shortest = 2 if charset == "utf-16" else 1
    assert kind_of("a.txt", content[: max(cut, shortest)], len(content), ALL) == "text/plain"


@given(st.binary(max_size=200), st.sampled_from(["", *KIND_OF]))
def test_whatever_a_file_holds_it_is_of_one_kind_or_refused(content: bytes, ending: str) -> None:
    with suppress(Invalid):
        assert kind_of(f"a.{ending}", content, len(content), ALL) in ALL
