"""Bytes to text when the charset is declared, declared wrongly, unknown or not declared at all. Nothing here raises."""

import binascii
import re
from contextlib import suppress
from encodings.aliases import aliases

from charset_normalizer import from_bytes

SAME_OR_WIDER = {
    "latin_1": "cp1252", "ascii": "cp1252", "iso8859_9": "cp1254", "iso8859_11": "cp874", "tis_620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
"""What programs write who declare the first: it is the same, and more."""
NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "rot_13", "base64_codec",
     "bz2_codec", "hex_codec", "quopri_codec", "uu_codec", "zlib_codec", "utf_8_sig"}
)  # fmt: skip
"""Python's codecs among which no mail is written; one of them takes quadratic time, others run on bytes."""
MORE_NAMES = {
    "cp1252": "cp1252", "ansi": "cp1252", "ansi_x3_110_1983": "latin_1", "utf8mb4": "utf_8", "utf_8_sig": "utf_8",
    "unicode_1_1_utf_8": "utf_8", "unicode_1_1_utf_7": "utf_7", "iso_8859_8_i": "iso8859_8", "x_sjis": "cp932",
    "x_gbk": "gb18030", "x_mac_roman": "mac_roman", "windows_31j": "cp932", "ks_c_5601_1987": "cp949", "cp874": "cp874",
    "windows_874": "cp874", "cp949": "cp949", "koi8_r": "koi8_r", "koi8_u": "koi8_u", "big5": "big5", "gbk": "gbk",
    "hz": "hz", "mac_cyrillic": "mac_cyrillic", "cp1250": "cp1250", "tis_620": "tis_620", "utf_7": "utf_7",
}  # fmt: skip
CODECS = {name: codec for name, codec in {**aliases, **MORE_NAMES}.items() if codec not in NO_CHARSETS}
CODECS |= {codec: codec for codec in CODECS.values()}
NOT_8_BIT = frozenset({"utf_7", "hz", "iso2022_jp", "iso2022_kr"})
"""In these, bytes that look like ASCII are more than that."""
ONE_BYTE = ("cp12", "cp4", "cp85", "cp86", "cp874", "iso8859", "latin", "koi8", "mac_")
"""In these, any bytes make a text. UTF-8 is declared as one of them often, and hardly ever is one of them UTF-8."""

LOOKED_AT = 8000
MANY_ODD_BYTES = 0.3
"""As much of the text as is not ASCII where it is not written in Latin letters; with less, guessing guesses wrong."""
FEW_BYTES = 20
ASCII = bytes(range(128))
SCRIPTS = ["cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "gb18030", "big5", "cp932", "cp949", "euc_jp"]

MOST_PIECES = 1000
"""Of base64, each with padding of its own. What follows is taken for one."""
NO_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
WORD = re.compile(r"=\?([^?\s]{1,60})\?([bq])\?([^?]*)\?=", re.IGNORECASE)
BETWEEN_WORDS = re.compile(r"(\?=)[ \t]+(?==\?[^?\s]{1,60}\?[bq]\?)", re.IGNORECASE)
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")


def decoded(data: bytes, declared: str | None) -> tuple[str, str | None]:
    """The text, fit to be stored, and a sentence where the charset had to be guessed."""
    codec = codec_of(declared)
    if codec not in NOT_8_BIT and data.isascii() and b"\x1b" not in data:
        return cleaned(data.decode("ascii")), None
    if codec and not codec.startswith(ONE_BYTE) and (text := tried(data, codec)) is not None:
        return cleaned(text), None
    if (text := tried(data, "utf_8")) is not None:
        return cleaned(text), f"Its charset is not the one that it declares ({named(declared)}), but UTF-8."
    if codec and (text := tried(data, codec)) is not None:
        return cleaned(text), None
    return cleaned(guessed(data)), f"Its charset ({named(declared)}) does not fit: some characters may be wrong."


def codec_of(declared: str | None) -> str | None:
    """Looked up in a list of our own: Python's look-up would import whatever module a mail names."""
    codec = CODECS.get(re.sub("[^a-z0-9]+", "_", (declared or "").lower()[:60]).strip("_"))
    return SAME_OR_WIDER.get(codec, codec) if codec else None


def named(declared: str | None) -> str:
    return re.sub(r"[^\w.:-]", "", declared[:40]) if declared else "none declared"


def tried(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError):
        return None


def guessed(data: bytes) -> str:
    """Mostly Latin letters are Western; what is in other scripts is shown to a library that knows them."""
    sample = data[:LOOKED_AT]
    letters = sample.translate(None, b" \t\r\n")
    odd = letters.translate(None, ASCII)
    if len(letters) >= FEW_BYTES and len(odd) > len(letters) * MANY_ODD_BYTES:
        best = from_bytes(sample, cp_isolation=SCRIPTS).best()
        if best is not None and (text := tried(data, best.encoding)) is not None:
            return text
    return data.decode("cp1252", "replace")


def cleaned(text: str) -> str:
    """Without what cannot be seen or stored; lines end with LF."""
    ended = text.replace("\r\n", "\n").replace("\r", "\n")
    return NO_CHARACTER.sub("\ufffd", UNSEEN.sub("", ended))


def repaired(value: bytes) -> str:
    """A header's bytes: raw UTF-8 or Western letters where ASCII was to be, on one line."""
    text = tried(value, "utf_8")
    return cleaned(value.decode("cp1252", "replace") if text is None else text).replace("\n", " ")


def as_declared(data: bytes, declared: str) -> str:
    """A word of a header: too short to guess by, and there may be thousands."""
    codec = codec_of(declared)
    if codec is None or codec.startswith(ONE_BYTE) or (codec not in NOT_8_BIT and data.isascii()):
        likely = ("utf_8", codec or "cp1252")
    else:
        likely = (codec, "utf_8")
    fits = (text for each in likely if (text := tried(data, each)) is not None)
    return cleaned(next(fits, data.decode("cp1252", "replace")))


def decoded_words(text: str) -> str:
    """With RFC 2047's encoded words read. Those that follow each other are joined before they are decoded."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    at, pending, pending_codec = 0, b"", ""
    joined = BETWEEN_WORDS.sub(r"\1", text)
    for found in WORD.finditer(joined):
        codec = found[1].partition("*")[0]
        if pending and (found.start() > at or codec.lower() != pending_codec.lower()):
            pieces.append(as_declared(pending, pending_codec))
            pending = b""
        pieces.append(joined[at : found.start()])
        pending, pending_codec, at = pending + word_bytes(found[2], found[3]), codec, found.end()
    pieces += [as_declared(pending, pending_codec), joined[at:]]
    return "".join(pieces)


def word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    return unbase64(data, 0, len(data))[0]


def unbase64(raw: bytes, start: int, stop: int) -> tuple[bytes, bool]:
    """What can be decoded, and whether that was all. Python stops at the first padding, also where two were joined."""
    padded = raw.find(b"=", start, stop)
    behind = raw[padded:stop].translate(None, NO_BASE64) if padded >= 0 else b""
    if not behind:
        with suppress(binascii.Error):
            return binascii.a2b_base64(memoryview(raw)[start:stop]), True
    pieces = re.split(b"=+", raw[start:stop], maxsplit=MOST_PIECES)
    return b"".join(piece_of_base64(piece) for piece in pieces), False


def piece_of_base64(piece: bytes) -> bytes:
    letters = piece.translate(None, NO_BASE64)
    kept = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
