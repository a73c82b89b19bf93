"""Mails as bytes, of many programs and languages: small models of what really arrives, to read and to damage."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from email.policy import SMTP

HEAD = (
    b"From: Ada Lovelace <ada@example.org>\r\nTo: Council <hello@anytown.example>\r\nSubject: Street light\r\n"
    b"Date: Mon, 03 Jun 2024 10:00:00 +0100\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def mail(body: bytes = b"The light is out.\r\n", headers: str | bytes = b"", head: bytes = HEAD) -> bytes:
    more = headers.encode() if isinstance(headers, str) else headers
    return head + b"".join(line + b"\r\n" for line in more.splitlines()) + b"\r\n" + body


def multipart(kind: str, parts: Iterable[bytes], boundary: str = "=_b", **parameters: str) -> bytes:
    more = "".join(f'; {name.replace("_", "-")}="{value}"' for name, value in parameters.items())
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}\r\n\r\n'.encode() + wrapped(parts, boundary)


def wrapped(parts: Iterable[bytes], boundary: str = "=_b") -> bytes:
    mark = boundary.encode()
    return b"".join(b"--" + mark + b"\r\n" + each + b"\r\n" for each in parts) + b"--" + mark + b"--\r\n"


def part(media_type: str, body: bytes, headers: str = "") -> bytes:
    more = "".join(f"{line}\r\n" for line in headers.splitlines())
    return f"Content-Type: {media_type}\r\n{more}\r\n".encode() + body


def of_parts(kind: str, *parts: bytes, **parameters: str) -> bytes:
    return HEAD + multipart(kind, parts, **parameters)


def made(text: str, html: str | None = None, files: Mapping[str, bytes] | None = None) -> EmailMessage:
    """As Python's own library writes one, with the modern policy."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Bríd Ní Chonaill <brid@example.ie>"
    message["To"] = "hello@anytown.example"
    message["Subject"] = "Golau stryd – tŷ 12"
    message["Date"] = "Mon, 03 Jun 2024 10:00:00 +0100"
    message["Message-ID"] = "<made@example.ie>"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    for name, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    for nth, each in enumerate(message.walk()):
        if each.is_multipart():
            # The library would throw dice for it, and damage by the same dice would then differ from run to run.
            each.set_boundary(f"=_m{nth}")
    return message


def within(depth: int) -> bytes:
    """A mail in a mail in a mail."""
    inner = mail()
    for nth in range(depth):
        parts = [part("text/plain", b"See below.\r\n"), part("message/rfc822", inner)]
        inner = HEAD + multipart("mixed", parts, boundary=f"w{nth}")
    return inner


def nested(depth: int, body: bytes = b"At the bottom.\r\n") -> bytes:
    """Each part holds one part."""
    inner = part("text/plain", body)
    for nth in range(depth):
        inner = multipart("mixed", [inner], boundary=f"b{nth}")
    return HEAD + inner


OUTLOOK = (
    b"Still dark.\r\n\r\nKind regards\r\nAda\r\n\r\n________________________________\r\nFrom: Council\r\n"
    b"Sent: 3 June 2024 10:00\r\nTo: Ada\r\nSubject: RE: Street light\r\n\r\nWe will look at it.\r\n"
)
GMAIL_HTML = (
    '<html><head><style>p {color: red}</style></head><body><div dir="ltr">Mae’n dal yn dywyll.</div><br>'
    '<div class="gmail_quote"><div>Ar Llun, 3 Meh 2024 am 10:00 ysgrifennodd Cyngor &lt;a@b.example&gt;:<br></div>'
    '<blockquote>Byddwn yn edrych.<img src="https://t.example/1.gif"></blockquote></div></body></html>'
)
REPORT = (
    b"Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; ada@example.org\r\nAction: failed\r\n"
    b"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown user\r\n"
)
UTF_8, KOI8 = (f"Content-Type: text/plain; charset={charset}" for charset in ("utf-8", "koi8-r"))
MANY = ", ".join(f"Person {n} <p{n}@example.org>" for n in range(60))
CALENDAR = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Visit\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def corpus() -> list[bytes]:
    """Every shape once, the same each time. They are whole: what is damaged, the tests damage."""
    return [*of_one_part(), *of_several_parts(), *out_of_the_ordinary()]


def of_one_part() -> list[bytes]:
    return [
        mail(),
        mail(b"Hello.\r\n\r\n-- \r\nAda\r\n", "Content-Type: text/plain; charset=us-ascii; format=flowed"),
        mail("Mae’r golau wedi diffodd.\r\n".encode(), 'Content-Type: text/plain; charset="utf-8"'),
        mail("Die Straße ist dunkel.\r\n".encode("latin-1"), "Content-Type: text/plain; charset=iso-8859-1"),
        mail("路灯坏了，请修理。谢谢您的帮助。\r\n".encode("gb18030"), "Content-Type: text/plain; charset=gb2312"),
        mail("街灯が壊れています。\r\n".encode("iso2022_jp"), "Content-Type: text/plain; charset=iso-2022-jp"),
        mail(b"caf=C3=A9 =\r\nclosed\r\n", f"{UTF_8}\nContent-Transfer-Encoding: quoted-printable"),
        mail(base64.encodebytes("Здравствуйте".encode("koi8-r")), f"{KOI8}\nContent-Transfer-Encoding: base64"),
        mail(OUTLOOK),
        mail(b"On 3 Jun 2024, at 10:00, Council <a@b.example> wrote:\r\n> When?\r\nToday.\r\n> Where?\r\nHere.\r\n"),
        mail(b"begin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n", "Content-Transfer-Encoding: x-uuencode"),
        mail(b"", "Subject: Automatic reply: away\nAuto-Submitted: auto-replied\nX-Auto-Response-Suppress: All"),
        mail(b"Hi", b"Subject: Stra\xdfe\nFrom: Mot\xf6r <m@example.de>\nReferences: <a@b> <c@d>\n <e@f>"),
        mail(b"Hi", f"To: {MANY}\nCc: Group: x@y.example, z@y.example;\nIn-Reply-To: <e@f>"),
        mail(GMAIL_HTML.encode(), "Content-Type: text/html; charset=utf-8\nContent-Language: cy"),
        mail(b"<table><tr><td>" * 20 + b"deep" + b"</td></tr></table>" * 20, "Content-Type: text/html"),
    ]


def of_several_parts() -> list[bytes]:
    in_base64 = base64.encodebytes(PNG)
    picture = part("image/png; name=p.png", in_base64, "Content-Transfer-Encoding: base64")
    return [
        made("Plain", GMAIL_HTML, {"größe – plan.pdf": b"%PDF-1.4", "a.jpg": b"\xff\xd8\xff\xe0" + PNG}).as_bytes(),
        of_parts(
            "related",
            part("text/html; charset=utf-8", b'<p>Gweler <img src="cid:pic@1" alt="llun"></p>'),
            part('image/png; name="pic.png"', in_base64, "Content-ID: <pic@1>\nContent-Transfer-Encoding: base64"),
        ),
        of_parts("mixed", part("text/plain", b"One"), part("text/calendar; method=REQUEST", CALENDAR)),
        of_parts("mixed", part("text/plain", b"One"), part("application/ms-tnef; name=winmail.dat", b"\x78\x9f")),
        of_parts(
            "report",
            part("text/plain", b"Your message could not be delivered.\r\n"),
            part("message/delivery-status", REPORT),
            part("message/rfc822", mail()),
            report_type="delivery-status",
        ),
        of_parts("encrypted", part("application/pgp-encrypted", b"1"), part("application/octet-stream", b"---")),
        of_parts("digest", b"\r\n" + mail(), b"\r\n" + mail(b"Two\r\n")),
        of_parts("mixed", part("text/plain", "“One”".encode()), *[picture] * 12),
    ]


def out_of_the_ordinary() -> list[bytes]:
    received = (f"Received: from a{n} by b{n}; Mon, 03 Jun 2024 10:00:00 +0100" for n in range(40))
    return [
        within(4),
        nested(12),
        mail(b"X" * 3000, "\n".join(received)),
        mail().replace(b"\r\n", b"\n"),
        mail().replace(b"\r\n", b"\r"),
        b"",
    ]
