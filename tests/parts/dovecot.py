"""A Dovecot of the tests' own: mailboxes that are read over IMAP, filled over IMAP or LMTP."""

import getpass
import grp
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient  # type: ignore[import-untyped]

from tests.parts.mailing import ANSWER_WITHIN, HERE, MailServer, NoMailServer, owner_of_mail
from tests.parts.ports import free_ports
from tests.parts.scratch import scratch

PROGRAMS = Path("/usr/lib/dovecot")
IN_ONE_COMMAND = 500

# Nobody is slowed down, and nothing is forced to the disk: a killed server loses nothing by that.
SETTINGS = """\
protocols = {protocols}
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
import_environment = HOME={folder}
listen = {here}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 1000
first_valid_uid = 1
recipient_delimiter = +
hostname = dovecot.example
postmaster_address = postmaster@dovecot.example
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""
LMTP_SETTINGS = """\
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
"""
# Where it may not change user, it must not want to.
SETTINGS_WITHOUT_ROOT = """\
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
"""


@contextmanager
def private_dovecot(users: Mapping[str, str], *, lmtp: bool = True) -> Iterator["PrivateDovecot"]:
    """Started; gone afterwards with all it held."""
    with scratch("dovecot") as folder:
        server = PrivateDovecot(folder, users, lmtp=lmtp)
        try:
            server.start()
            yield server
        finally:
            server.kill()


class PrivateDovecot(MailServer):
    """An installed Dovecot started on a folder and ports of its own. A user's name may be an address.

    What it takes over LMTP for an address is its user's of that very name, with or without a tag after the plus.
    """

    name = "Dovecot"

    def __init__(self, folder: Path, users: Mapping[str, str], *, lmtp: bool = True) -> None:
        look_for_dovecot(lmtp=lmtp)
        super().__init__(folder)
        self.users = dict(users)
        self.port, self.lmtp_port = free_ports(2)
        self._lmtp = lmtp

    @contextmanager
    def session(self, user: str, folder: str | None = None) -> Iterator[IMAPClient]:
        """Logged in, with the folder selected if one is named."""
        with IMAPClient(HERE, self.port, ssl=False, timeout=ANSWER_WITHIN) as client:
            client.login(user, self.users[user])
            if folder:
                client.select_folder(folder)
            yield client

    def put(self, user: str, mails: Sequence[bytes], *, date: datetime | None = None, folder: str = "INBOX") -> None:
        """Mails that arrived at that date, or now. Thousands go in seconds."""
        dated = [{"msg": mail} if date is None else {"msg": mail, "date": date} for mail in mails]
        with self.session(user) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for first in range(0, len(dated), IN_ONE_COMMAND):
                client.multiappend(folder, dated[first : first + IN_ONE_COMMAND])

    def mails(self, user: str, folder: str = "INBOX") -> dict[int, bytes]:
        """By UID, without marking them as seen."""
        with self.session(user, folder) as client:
            found = client.fetch(client.search(), ["BODY.PEEK[]"])
        return {uid: found[uid][b"BODY[]"] for uid in sorted(found)}

    def uids(self, user: str, folder: str = "INBOX") -> list[int]:
        with self.session(user, folder) as client:
            return sorted(client.search())

    def uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        with self.session(user) as client:
            return int(client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"])

    def expunge(self, user: str, uids: Sequence[int] | None = None, folder: str = "INBOX") -> None:
        """Deletes those mails, or all."""
        with self.session(user, folder) as client:
            if doomed := client.search() if uids is None else uids:
                client.delete_messages(doomed)
                client.expunge()

    def change_uidvalidity(self, user: str, folder: str = "INBOX", *, to: int | None = None) -> None:
        """What a move to another server does: it is away for a moment; then every mail has a new UID, counted from 1.

        The mails stay as they are. Without a validity of yours, it is a new one.
        """
        was_running = self.is_running
        self.stop()
        place = self._mailboxes / user / "Maildir" / ("" if folder == "INBOX" else f".{folder}")
        for file in (place / "dovecot-uidlist", *place.glob("dovecot.index*")):
            file.unlink(missing_ok=True)
        if to is not None:
            (place / "dovecot-uidlist").write_text(f"3 V{to} N1\n")
            os.chown(place / "dovecot-uidlist", *owner_of_mail())
        if was_running:
            self.start()

    @property
    def _mailboxes(self) -> Path:
        return self.folder / "mail"

    @property
    def _command(self) -> Sequence[str]:
        return [str(_program()), "-F", "-c", str(self.folder / "dovecot.conf")]

    @property
    def _ports(self) -> Sequence[int]:
        return [self.port, self.lmtp_port] if self._lmtp else [self.port]

    def _lay_out(self) -> None:
        owner, group = owner_of_mail()
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir(exist_ok=True)
        os.chown(self._mailboxes, owner, group)
        self._write(
            "users",
            "".join(
                f"{name}:{{PLAIN}}{password}:{owner}:{group}::{self._mailboxes}/{name}::\n"
                for name, password in self.users.items()
            ),
        )
        self._write("dovecot.conf", self._settings())

    def _settings(self) -> str:
        parts = [SETTINGS]
        if self._lmtp:
            parts.append(LMTP_SETTINGS)
        if os.geteuid():
            parts.append(SETTINGS_WITHOUT_ROOT)
        return "".join(parts).format(
            protocols="imap lmtp" if self._lmtp else "imap",
            folder=self.folder,
            here=HERE,
            port=self.port,
            lmtp_port=self.lmtp_port,
            user=getpass.getuser(),
            group=grp.getgrgid(os.getegid()).gr_name,
        )


def look_for_dovecot(*, lmtp: bool = True) -> None:
    """Raises NoMailServer where there is none to start, or it lacks one of its parts."""
    wanted = {"dovecot-core": _program(), "dovecot-imapd": PROGRAMS / "imap"}
    if lmtp:
        wanted["dovecot-lmtpd"] = PROGRAMS / "lmtp"
    missing = " ".join(package for package, program in wanted.items() if not program.exists())
    if missing:
        raise NoMailServer(f"There is no whole Dovecot: install what is missing (apt-get install {missing}).")


def _program() -> Path:
    return Path(shutil.which("dovecot") or "/usr/sbin/dovecot")
