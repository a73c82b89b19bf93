"""A mail's bytes off an SMTP connection: dots, ends and sizes, however the bytes are cut on the way."""

import asyncio
import random

import pytest

from services.intake.channels.email.content import content_from

PIECE = 1000
"""As long as the reader lets a piece be here: shorter than in life, so that small mails are cut too."""


async def taken(sent: bytes, *, most: int | None = None, at_once: int | None = None) -> tuple[bytes | None, bytes]:
    """What was taken, and what is left on the connection."""
    reader = asyncio.StreamReader(limit=PIECE)

    async def feed() -> None:
        for at in range(0, len(sent), at_once or len(sent)):
            reader.feed_data(sent[at : at + (at_once or len(sent))])
            await asyncio.sleep(0)
        reader.feed_eof()

    feeding = asyncio.create_task(feed())
    content = await content_from(reader, most)
    await feeding
    return content, await reader.read()


def as_sent(raw: bytes) -> bytes:
    """As a sender puts it on the way (RFC 5321, 4.5.2)."""
    lines = raw.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b".\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"Subject: x\r\n\r\nIt ends here.\r\nAnd here.\r\n",
        b".\r\n",
        b"..\r\n.\r\n.x\r\n",
        b"x\r\n.\r\nNot yet.\r\n",
        b"\n.\r\r\n.\n\r\n",
        b"x" * 5 * PIECE + b"\r\n.\r\n" + b"y" * PIECE + b"\r\n",
        (b"x" * (PIECE - 3) + b"\r\n.") * 7 + b"\r\n",
        b".\r\n" * PIECE,
    ],
)
@pytest.mark.parametrize("at_once", [None, 1, 2, 3, 7, PIECE])
async def test_it_is_what_was_sent_and_what_follows_stays(raw: bytes, at_once: int | None) -> None:
    assert await taken(as_sent(raw) + b"QUIT\r\n", at_once=at_once) == (raw, b"QUIT\r\n")


async def test_any_bytes_come_through() -> None:
    draw = random.Random(4)
    for _ in range(300):
        raw = b"".join(draw.choice([b"\r\n", b".", b"\r", b"\n", b"x", b"\0\xff"]) for _ in range(60)) + b"\r\n"
        assert await taken(as_sent(raw), at_once=draw.randint(1, 9)) == (raw, b"")


@pytest.mark.parametrize("length", [PIECE // 2, 4 * PIECE])
async def test_what_is_too_large_is_read_to_its_end_and_not_taken(length: int) -> None:
    raw = b"x" * length + b"\r\n"
    assert await taken(as_sent(raw) + b"QUIT\r\n", most=len(raw)) == (raw, b"QUIT\r\n")
    assert await taken(as_sent(raw) + b"QUIT\r\n", most=len(raw) - 1) == (None, b"QUIT\r\n")


async def test_a_connection_that_ends_within_a_mail_is_no_mail() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await taken(b"Subject: x\r\n\r\nAnd th")
