"""A Postfix of the tests' own: it relays some domains to Accesspoint and keeps what goes to all others."""

import grp
import os
import pwd
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.parts.mailing import HERE, MailServer, NoMailServer, owner_of_mail
from tests.parts.ports import free_port
from tests.parts.scratch import scratch

MASTER = Path("/usr/lib/postfix/sbin/master")
# Which domain or address goes to which port of this machine; a tag after the plus of an address makes no difference.
Relays = Mapping[str, tuple[int, Literal["smtp", "lmtp"]]]
QUEUES = ("incoming", "active", "deferred", "hold", "corrupt")
FOLDERS = (*QUEUES, "bounce", "defer", "flush", "private", "saved", "trace")
FOLDERS_OF_A_GROUP = {"maildrop": 0o1730, "public": 0o2710}
FLUSH_WITHIN = 10
MESSAGE_ID = re.compile(r"/cleanup\[\d+\]: (?P<queue_id>\w+): message-id=(?P<message_id>.*)$")
ATTEMPT = re.compile(
    r"\]: (?P<queue_id>\w+): to=<(?P<recipient>[^>]*)>, (?:orig_to=<[^>]*>, )?relay=(?P<relay>[^,]*), "
    r".*?\bstatus=(?P<status>\w+) \((?P<answer>.*)\)$"
)

# Mails go on as they came, nobody is slowed down, and what was put off is tried again within two seconds.
SETTINGS = """\
compatibility_level = 3.6
mail_owner = postfix
setgid_group = postdrop
import_environment = MAIL_CONFIG HOME LANG=C
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
myhostname = mx.stranger.example
mydestination =
alias_maps =
alias_database =
recipient_delimiter = +
local_header_rewrite_clients =
enable_long_queue_ids = yes
message_size_limit = 104857600
virtual_mailbox_limit = 0
default_process_limit = 30
default_transport = virtual
virtual_mailbox_maps = static:everyone/
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_connect_timeout = 5s
in_flow_delay = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
"""
# The queue manager is woken each second: it forgets a mail that it looks at while the last attempt is still ending.
SERVICES = """\
{here}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What its log says became of one mail for one recipient."""

    queue_id: str
    message_id: str
    """As in the mail, with its angle brackets; empty where the mail had none."""
    recipient: str
    relay: str
    status: str
    """sent, deferred or bounced."""
    answer: str


@contextmanager
def private_postfix(relays_to: Relays, settings: Mapping[str, str] | None = None) -> Iterator["PrivatePostfix"]:
    """Started; gone afterwards with all it held."""
    with scratch("postfix") as folder:
        server = PrivatePostfix(folder, relays_to, settings)
        try:
            server.start()
            yield server
        finally:
            server.kill()


class PrivatePostfix(MailServer):
    """An installed Postfix started on a folder and a port of its own. `settings` is said last in its main.cf."""

    name = "Postfix"

    def __init__(self, folder: Path, relays_to: Relays, settings: Mapping[str, str] | None = None) -> None:
        look_for_postfix()
        super().__init__(folder)
        self.port = free_port()
        self.relays_to = dict(relays_to)
        self._more_settings = dict(settings or {})

    def attempts(self) -> list[Attempt]:
        """All it tried to deliver, in order, over all its starts."""
        message_ids: dict[str, str] = {}
        found = []
        for line in self.log.read_text(errors="replace").splitlines() if self.log.exists() else []:
            if known := MESSAGE_ID.search(line):
                message_ids[known["queue_id"]] = known["message_id"].removesuffix("<>")
            elif tried := ATTEMPT.search(line):
                found.append(Attempt(message_id=message_ids.get(tried["queue_id"], ""), **tried.groupdict()))
        return found

    def delivered(self) -> list[Attempt]:
        """What its peers took, and it therefore no longer answers for."""
        return [attempt for attempt in self.attempts() if attempt.status == "sent"]

    def received_by(self, address: str) -> list[bytes]:
        """The mails it keeps for an address that it relays nowhere, oldest first, with its lines on top."""
        line = f"X-Original-To: {address}".encode()
        files = sorted((self._kept / "everyone" / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        mails = [file.read_bytes() for file in files]
        # Its own lines come first; the mail may have such lines as well.
        return [mail for mail in mails if mail.split(b"\n", 2)[1] == line]

    def queued(self) -> int:
        """Mails accepted and not yet done with, whether it runs or not; rather one too many while it works."""
        # Once round and a half: what moves on while we look is seen where it was or where it goes.
        return len({file.name for queue in (*QUEUES, *QUEUES[:2]) for file in self._files_in(queue)})

    def queue_is_empty(self) -> bool:
        return not self.queued()

    def flush(self) -> None:
        """Tries at once what was put off."""
        subprocess.run(
            ["postqueue", "-c", str(self._conf), "-f"], check=True, capture_output=True, timeout=FLUSH_WITHIN
        )

    @property
    def _conf(self) -> Path:
        return self.folder / "conf"

    @property
    def _queue(self) -> Path:
        return self.folder / "queue"

    @property
    def _kept(self) -> Path:
        return self.folder / "mail"

    @property
    def _command(self) -> Sequence[str]:
        return [str(MASTER), "-s", "-c", str(self._conf)]

    @property
    def _ports(self) -> Sequence[int]:
        return [self.port]

    def _files_in(self, queue: str) -> Iterator[Path]:
        for place, _, names in os.walk(self._queue / queue):
            for name in names:
                yield Path(place, name)

    def _lay_out(self) -> None:
        owner = pwd.getpwnam("postfix").pw_uid
        for name in FOLDERS:
            _folder(self._queue / name, 0o700, owner)
        for name, mode in FOLDERS_OF_A_GROUP.items():
            _folder(self._queue / name, mode, owner, grp.getgrnam("postdrop").gr_gid)
        _folder(self._queue / "pid", 0o755, 0)
        _folder(self.folder / "data", 0o700, owner)
        _folder(self._kept, 0o755, *owner_of_mail())
        _folder(self._conf, 0o755, 0)
        self._write("conf/main.cf", SETTINGS + self._own_settings())
        self._write("conf/master.cf", SERVICES.format(here=HERE, port=self.port))
        self._write("conf/relays", "".join(_relay(where, *to) for where, to in self.relays_to.items()))

    def _own_settings(self) -> str:
        user, group = owner_of_mail()
        own = {
            "config_directory": self._conf,
            "queue_directory": self._queue,
            "data_directory": self.folder / "data",
            "maillog_file": self.log,
            "maillog_file_prefixes": self.folder,
            "transport_maps": f"texthash:{self._conf}/relays",
            "virtual_mailbox_base": self._kept,
            "virtual_uid_maps": f"static:{user}",
            "virtual_gid_maps": f"static:{group}",
            **self._more_settings,
        }
        return "".join(f"{name} = {value}\n" for name, value in own.items())


def look_for_postfix() -> None:
    """Raises NoMailServer where there is none to start."""
    if not MASTER.exists():
        raise NoMailServer("There is no Postfix: install the package postfix (apt-get install postfix).")
    if os.geteuid():
        raise NoMailServer("Postfix starts only as root: run these tests as root, in a container for example.")


def _folder(path: Path, mode: int, user: int, group: int = 0) -> None:
    path.mkdir(parents=True, exist_ok=True)
    with suppress(PermissionError):
        os.chown(path, user, group)
    path.chmod(mode)


def _relay(where: str, port: int, protocol: Literal["smtp", "lmtp"]) -> str:
    host = f"[{HERE}]" if protocol == "smtp" else f"inet:{HERE}"
    return f"{where} {protocol}:{host}:{port}\n"
