"""The bytes of a mail on an SMTP connection, from DATA to the line that is nothing but a dot."""

from __future__ import annotations

import asyncio
from io import BytesIO

LINE_END = b"\r\n"
DOT = b".\r\n"
LAST_LINE = LINE_END + DOT
LONGEST_PIECE = 256 * 1024
"""Bytes that are read at a time where no line ends with a dot; a command may be as long."""


async def content_from(reader: asyncio.StreamReader, most: int | None) -> bytes | None:
    """
    Read to its end whatever its size; None when that is more than `most`.

    The library makes an object of each line, several times the size of the mail. Here it is cut only where a line ends
    with a dot, since one of these may be the last, and stands in memory once.
    """
    content, size, end = BytesIO(), 0, LINE_END
    while end != LAST_LINE:
        try:
            piece = await reader.readuntil(DOT)
        except asyncio.LimitOverrunError as overrun:
            piece = await reader.readexactly(overrun.consumed)
        before, end = end[-len(LINE_END) :], (end + piece)[-len(LAST_LINE) :]
        if end == LAST_LINE:
            piece = piece[: -len(DOT)]
        size += len(piece)
        if most is None or size <= most:
            content.write(undotted(before, piece))
        else:
            content = BytesIO()
    return content.getvalue() if most is None or size <= most else None


def undotted(before: bytes, piece: bytes) -> bytes:
    """Without the dot that senders put before a line that begins with one (RFC 5321, 4.5.2)."""
    return (before + piece).replace(LINE_END + b".", LINE_END)[len(before) :]
