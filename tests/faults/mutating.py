"""Mails damaged by seeded dice: the same dice give the same damage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

BOUNDARIES = (
    b'boundary=""',
    b"boundary=--",
    b"boundary=b0",
    b'boundary="a\nb"',
    b"boundary=" + b"x" * 400,
    b"boundry=1",
)
CHARSETS = (
    b"utf-8", b"utf-16", b"utf-7", b"unicode_escape", b"idna", b"punycode", b"zlib", b"x-none", b"gb2312", b"cp1252",
    b"iso-2022-jp", b"hz", b"\xff\x00", b'"', b"utf-32", b"undefined", b"../../x", b"koi8-r", b"big5",
)  # fmt: skip
ENCODINGS = (b"base64", b"quoted-printable", b"x-uuencode", b"binary", b"gzip", b"=?utf-8?q?base64?=", b"")
NASTY = (
    b"\x00", b"\r", b"\n", b"\r\n\r\n", b"\xff\xfe", b"\xed\xa0\x80", b'"', b"(", b"<", b">", b",", b";", b":", b"=?",
    b"?=", b"=?utf-8?b?4pyT?=", b"=?x?q?=ff=fe?=", b"--=_b\r\n", b"--=_b--", b"<div>", b"<b>", b"<!--", b"<style>",
    b"</p>", b"<font color=", b"&#xD800;", b"> ", b"-- \r\n", b"On 1 May 2024 at 10:00 a@b wrote:\r\n", b"From: ",
    b"\\",
    b"=", b"filename*0*=", b"\xe2\x80\xae", b"+2AA-", b"\x1b$B", b" ", b"\t",
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"<a x=1 " + b"a" * 2000, b"]@",
)  # fmt: skip
LONGEST = 400_000
MOST_REPEATS = 4000


def mutated(dice: Random, seeds: Sequence[bytes]) -> bytes:
    mail = dice.choice(seeds)
    for _ in range(dice.randint(1, 6)):
        mail = dice.choice(WAYS)(dice, mail, seeds)[:LONGEST]
    return mail


def place(dice: Random, mail: bytes) -> int:
    return dice.randint(0, len(mail))


def flip_bits(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    flipped = bytearray(mail)
    for _ in range(dice.randint(1, 12) if mail else 0):
        flipped[dice.randrange(len(mail))] ^= 1 << dice.randrange(8)
    return bytes(flipped)


def cut_off(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    return mail[: place(dice, mail)]


def cut_out(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    start = place(dice, mail)
    return mail[:start] + mail[start + dice.randint(1, 200) :]


def splice(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    other = dice.choice(seeds)
    return mail[: place(dice, mail)] + other[place(dice, other) :]


def put_within(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    at, other = place(dice, mail), dice.choice(seeds)
    return mail[:at] + other + mail[at:]


def repeat_a_line(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    lines = mail.splitlines(keepends=True)
    if not lines:
        return mail
    at = dice.randrange(len(lines))
    # What is cut off afterwards is not made: a line of 400 kB, 500 times, would be the memory that is measured.
    times = min(dice.choice((2, 3, 500)), LONGEST // len(lines[at]) + 1)
    return b"".join([*lines[:at], lines[at] * times, *lines[at + 1 :]])


def drop_a_line(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    lines = mail.splitlines(keepends=True)
    if lines:
        del lines[dice.randrange(len(lines))]
    return b"".join(lines)


def swap_lines(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    lines = mail.splitlines(keepends=True)
    if lines:
        one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def insert(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    at = place(dice, mail)
    return mail[:at] + dice.choice(NASTY) * dice.choice((1, 1, 2, 30, dice.randint(1, MOST_REPEATS))) + mail[at:]


def insert_in_head(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    at = dice.randint(0, min(len(mail), 400))
    return mail[:at] + dice.choice(NASTY) * dice.choice((1, 3, dice.randint(1, MOST_REPEATS))) + mail[at:]


def lie_about_boundary(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    return mail.replace(b'boundary="=_b"', dice.choice(BOUNDARIES), 1)


def lie_about_charset(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    at = mail.find(b"charset=")
    if at < 0:
        return mail.replace(b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=" + dice.choice(CHARSETS), 1)
    return mail[: at + 8] + dice.choice(CHARSETS) + mail[mail.find(b"\n", at) :]


def lie_about_encoding(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    told = b"Content-Transfer-Encoding: " + dice.choice(ENCODINGS)
    return mail.replace(b"MIME-Version: 1.0", told, 1)


def say_html(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    return mail.replace(b"text/plain", b"text/html", dice.choice((1, -1)))


def change_line_ends(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    return mail.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n ")))


def lose_empty_lines(dice: Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    return mail.replace(b"\r\n\r\n", b"\r\n", dice.choice((1, -1)))


WAYS: Sequence[Callable[[Random, bytes, Sequence[bytes]], bytes]] = (
    flip_bits, cut_off, cut_out, splice, put_within, repeat_a_line, drop_a_line, swap_lines, insert, insert_in_head,
    lie_about_boundary, lie_about_charset, lie_about_encoding, say_html, change_line_ends, lose_empty_lines,
)  # fmt: skip
