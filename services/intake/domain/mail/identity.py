"""
What tells a mail from all others: its Message-ID, and a digest of what no server changes on the way.

Servers add trace headers, turn line ends, fold headers anew and trim lines. All of that is white space or a header
that is not looked at; so any run of white space counts as one space, in headers and body alike.
"""

from collections.abc import Iterator
from hashlib import sha256

from services.intake.domain.mail.headers import message_id_of, spans_of, unfolded
from services.intake.domain.mail.model import Identity

WRITTEN_BY_ITS_SENDER = ("from", "date", "subject")
ANSWERED = "reply-to"
"""A web form writes in its own name: only this tells apart who wrote by it, where each mail has no Message-ID."""
MOST_OF_A_HEADER = 1_000_000
AT_ONCE = 65_536
"""Bytes of the body that are looked at together: splitting takes many times their size."""
SPACE = b" \t\r\n\x0b\x0c"
NUL = b"\x00\x80"
"""IMAP cannot carry NUL; Dovecot gives 0x80 in its place. Neither counts."""


def identity_of(raw: bytes) -> Identity:
    """Never raises. Takes linear time, and little memory beside `raw`."""
    spans, body_at = spans_of(raw)
    digest = sha256()
    ids = (span for span in spans if span.name == "message-id")
    message_id = next((message_id_of(unfolded(raw[span.start : span.stop])) for span in ids), None)
    for name in WRITTEN_BY_ITS_SENDER if message_id else (*WRITTEN_BY_ITS_SENDER, ANSWERED):
        for span in spans:
            if span.name == name:
                digest.update(name.encode() + b":")
                for words in collapsed(raw, span.start, min(span.stop, span.start + MOST_OF_A_HEADER)):
                    digest.update(words)
                digest.update(b"\n")
    digest.update(b"\n")
    for words in collapsed(raw, body_at, len(raw)):
        digest.update(words)
    return Identity(message_id, digest.digest())


def collapsed(raw: bytes, start: int, stop: int) -> Iterator[bytes]:
    """The words between the two places, one space between each, in pieces. A piece may end within a word."""
    begun = spaced = False
    for at in range(start, stop, AT_ONCE):
        piece = raw[at : min(at + AT_ONCE, stop)].translate(None, NUL)
        words = b" ".join(piece.split())
        if words:
            if begun and (spaced or piece[0] in SPACE):
                yield b" "
            yield words
            begun, spaced = True, piece[-1] in SPACE
        elif piece:
            spaced = True


def unique_key(mailbox: str, identity: Identity) -> bytes:
    """What is unique in the database: one and the same mail in two mailboxes is two."""
    digest = sha256(identity.content)
    for text in (mailbox.lower(), identity.message_id):
        given = b"" if text is None else text.encode("utf-8", "surrogatepass")
        digest.update(f"{-1 if text is None else len(given)}:".encode() + given)
    return digest.digest()
