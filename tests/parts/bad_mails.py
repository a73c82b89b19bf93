"""Bad input: mails that are too long, too deep, broken, dated wrongly or that say nothing at all."""

from __future__ import annotations

import base64
import io
from zipfile import ZIP_DEFLATED, ZipFile

from tests.parts.mails import CALENDAR, HEAD, mail, nested, of_parts, part, within

INFLATED = 200_000_000
TRANSFERRED = "Content-Transfer-Encoding: base64"


def zip_bomb() -> bytes:
    """A real one, of 0.2 MB, encoded for a mail."""
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("zeros.bin", bytes(INFLATED))
    return base64.encodebytes(packed.getvalue())


def large(size: int) -> bytes:
    """With one file, and as many octets on its way."""
    return of_parts(
        "mixed",
        part("text/plain", b"See the file."),
        part("video/mp4; name=a.mp4", base64.encodebytes(bytes(size * 3 // 4 - size // 76)), TRANSFERRED),
    )


BAD = {
    "nothing at all": b"",
    "an empty body": HEAD + b"\r\n",
    "no From": mail(head=b"Subject: x\r\n"),
    "no Message-ID": mail(head=b"From: a@b.example\r\n"),
    "no empty line": b"From: a@b.example\nHello.\n",
    "only a body": b"Hello, it is dark.\n",
    "10,000 header lines": mail(headers="\n".join(f"X-{n}: {n}" for n in range(10_000))),
    "500 files": of_parts("mixed", *(part(f"text/csv; name={n}.csv", b"a") for n in range(500))),
    "broken boundaries": of_parts("mixed", part("text/plain", b"One")).replace(b"--=_b", b"--=b"),
    "an unknown charset": mail(b"caf\xe9", "Content-Type: text/plain; charset=x-nobody"),
    "NUL in headers": mail(head=HEAD.replace(b"Street", b"Str\x00eet")),
    "raw bytes in headers": mail(head=HEAD.replace(b"Street", b"Stra\xdfe").replace(b"Ada", b"\xc3\x84da")),
    "twenty mails within each other": within(20),
    "parts nested 400 deep": nested(400),
    "1970": mail(head=HEAD.replace(b"03 Jun 2024", b"01 Jan 1970")),
    "2099": mail(head=HEAD.replace(b"03 Jun 2024", b"01 Jan 2099")),
    "no date that there is": mail(head=HEAD.replace(b"03 Jun 2024", b"99 Foo 20245")),
    "an address that is not ASCII": mail(head=HEAD.replace(b"ada@example.org", "ádá@exämple.org".encode())),
    "a zip bomb": of_parts("mixed", part("application/zip; name=a.zip", zip_bomb(), TRANSFERRED)),
    "only a file": HEAD + part("application/pdf; name=a.pdf", b"%PDF", "Content-Disposition: attachment"),
    "an invitation alone": HEAD + part("text/calendar; method=REQUEST", CALENDAR),
}  # fmt: skip
