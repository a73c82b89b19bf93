"""Sending mails as a stranger would, and what the real mail servers of the tests have in common."""

import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import ClassVar

import psutil

from tests.parts.waiting import until_now

HERE = "127.0.0.1"
START_WITHIN = 30.0
STOP_WITHIN = 30.0
ANSWER_WITHIN = 60.0
LONG_AGO = 1_000_000_000


class NoMailServer(Exception):
    """There is no such mail server to test with; the text says how to get one."""


class MailServer(ABC):
    """A server of many processes on a folder and ports of its own, which stay when it is started again.

    The folder has to be where other users may enter, such as one of `scratch`: these servers change user.
    """

    name: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The first of its processes, and the number of their group."""
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        """Returns when it greets on its ports."""
        assert not self.is_running, f"{self.name} is running already"
        self.folder.chmod(0o755)
        self._lay_out()
        with (self.folder / "console.log").open("ab") as out:
            self._process = subprocess.Popen(
                self._command,
                # HOME tells the scratch folder's caretaker whom this process belongs to.
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        until_now(self._greets_or_ended, within=START_WITHIN, what=f"{self.name} on its ports")
        if not self.is_running:
            raise NoMailServer(f"{self.name} ended while starting; its last words: {self.last_words()}")

    def stop(self) -> None:
        """In order. Does nothing when it is not running."""
        if self._process is not None:
            self._process.terminate()
            self._wait(self._process)

    def kill(self) -> None:
        """What a power cut does to it: all its processes at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._wait(self._process)

    def restart(self) -> None:
        self.stop()
        self.start()

    def last_words(self) -> str:
        return " ".join(
            " ".join(file.read_text(errors="replace").split()[-80:])
            for file in (self.log, self.folder / "console.log")
            if file.exists()
        )

    @abstractmethod
    def _lay_out(self) -> None:
        """Folders and settings, also where they are already."""

    @property
    @abstractmethod
    def _command(self) -> Sequence[str]:
        """Starts it in the foreground."""

    @property
    @abstractmethod
    def _ports(self) -> Sequence[int]:
        """Where it greets."""

    def _write(self, file: str, text: str) -> None:
        """A file of settings. It looks old, because Postfix waits over a second for a fresh one to settle."""
        path = self.folder / file
        path.write_text(text)
        os.utime(path, (LONG_AGO, LONG_AGO))

    def _greets_or_ended(self) -> bool:
        return not self.is_running or all(map(_greets, self._ports))

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_WITHIN)
        until_now(lambda: not _living_in_group(process.pid), within=STOP_WITHIN, what=f"the end of {self.name}")
        self._process = None


def owner_of_mail() -> tuple[int, int]:
    """The user and group whose files delivered mails are: never root's, as no server here delivers as root."""
    if os.geteuid():
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((HERE, port), timeout=5) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def _living_in_group(group: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


@dataclass(frozen=True, slots=True)
class Posting:
    """A mail and what is said on the way: the addresses on its envelope need not be those within."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]


def simple_mail(  # noqa: PLR0913 - the parts of a mail
    *,
    sender: str,
    to: str,
    subject: str = "A question",
    text: str = "When is my bin emptied?",
    message_id: str | None = None,
    date: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A plain mail; without a Message-ID or date of yours it has a new one and now."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = message_id or make_msgid(domain="stranger.example")
    mail["Date"] = format_datetime(date or datetime.now(UTC))
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def posting(sender: str, to: str, subject: str = "A question", text: str = "When is my bin emptied?") -> Posting:
    """A plain mail with the same addresses on its envelope."""
    return Posting(simple_mail(sender=sender, to=to, subject=subject, text=text), sender, (to,))


def send(port: int, one: Posting, *, lmtp: bool = False) -> None:
    """Over a connection of its own. What the server refuses is raised as smtplib does."""
    with _connection(port, lmtp=lmtp) as server:
        _hand_over(server, one)


def send_many(
    port: int, many: Sequence[Posting], *, at_once: int = 8, lmtp: bool = False
) -> list[smtplib.SMTPException | OSError | None]:
    """Over as many connections as said, each taking its share in turn. What was refused or cut off, mail by mail."""
    answers: list[smtplib.SMTPException | OSError | None] = [None] * len(many)

    def share(first: int) -> None:
        mine = iter(range(first, len(many), at_once))
        while (at := next(mine, None)) is not None:
            try:  # a new connection after each trouble
                with _connection(port, lmtp=lmtp) as server:
                    while at is not None:
                        _hand_over(server, many[at])
                        at = next(mine, None)
            except (smtplib.SMTPException, OSError) as trouble:
                if at is not None:  # else it was the goodbye that failed
                    answers[at] = trouble

    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(share, range(min(at_once, len(many)))))
    return answers


def swaks(port: int, *arguments: str, raw: bytes | None = None) -> str:
    """What was said, line by line. The program ends with an error when the server refused; so does this."""
    program = shutil.which("swaks")
    if not program:
        raise NoMailServer("There is no swaks: install the package swaks (apt-get install swaks).")
    data = () if raw is None else ("--data", "-")
    done = subprocess.run(
        [program, "--server", HERE, "--port", str(port), *arguments, *data],
        input=raw or b"",
        capture_output=True,
        check=False,
        timeout=ANSWER_WITHIN,
    )
    said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    assert done.returncode == 0, f"swaks ended with {done.returncode}: {said[-2000:]}"
    return said


@contextmanager
def _connection(port: int, *, lmtp: bool) -> Iterator[smtplib.SMTP]:
    kind = smtplib.LMTP if lmtp else smtplib.SMTP
    # With a name given, it does not look up this machine's.
    with kind(HERE, port, local_hostname="stranger.example") as server:
        assert server.sock is not None
        server.sock.settimeout(ANSWER_WITHIN)
        yield server


def _hand_over(server: smtplib.SMTP, one: Posting) -> None:
    plain = all(address.isascii() for address in (one.sender, *one.recipients))
    refused = server.sendmail(one.sender, one.recipients, one.raw, [] if plain else ["SMTPUTF8"])
    if refused:
        raise smtplib.SMTPRecipientsRefused(refused)
