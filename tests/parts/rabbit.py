"""RabbitMQ for tests: the one you name, else a container, else one of our own; else why there is none."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.docker import docker_answers
from tests.parts.ports import free_ports
from tests.parts.scratch import scratch
from tests.parts.waiting import until_now

IMAGE = "rabbitmq:4"
START_WITHIN = 90.0
STOP_WITHIN = 60.0
# The port opens earlier, while recovered queues still choose their leaders and lose what they are asked.
READY = "Server startup complete"
WHERE_PACKAGES_PUT_IT = (Path("/usr/lib/rabbitmq/lib"), Path("/usr/local/lib"), Path("/opt"))


class NoBroker(Exception):
    """There is no RabbitMQ to test with; the text says how to get one."""


@contextmanager
def any_rabbit() -> Iterator[str]:
    """The address of a broker. Tests share it, so each takes names of its own."""
    if os.environ.get("ACCESSPOINT_TEST_WITHOUT_BROKER"):
        raise NoBroker("ACCESSPOINT_TEST_WITHOUT_BROKER is set: this run behaves as if there were no RabbitMQ.")
    given = os.environ.get("ACCESSPOINT_TEST_AMQP_URL")
    if given:
        yield given
    elif docker_answers():
        with _container() as url:
            yield url
    else:
        with private_rabbit() as broker:
            yield broker.url


@contextmanager
def private_rabbit() -> Iterator["PrivateRabbit"]:
    """A broker that this test may stop, kill and wipe."""
    with scratch("rabbit") as folder:
        broker = PrivateRabbit(folder)
        try:
            broker.start()
            yield broker
        finally:
            broker.stop()


class PrivateRabbit:
    """An installed RabbitMQ started on a folder and ports of its own; the ports stay when it is restarted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port, self._peer_port, self._names_port = free_ports(3)
        self._program = installed_server()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self._port}/"

    @property
    def _name(self) -> str:
        return f"accesspoint-{self._port}@localhost"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Returns when it takes AMQP connections."""
        self._lay_out()
        self._log.unlink(missing_ok=True)
        with (self.folder / "console.log").open("ab") as out:
            self._process = subprocess.Popen(
                [str(self._program)],
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        until_now(self._ready_or_ended, within=START_WITHIN, what=f"RabbitMQ on port {self._port}")
        if self._process.poll() is not None:
            raise NoBroker(f"RabbitMQ ended while starting; its last words: {self._last_words()}")

    def stop(self) -> None:
        """In order: what it holds is on disk afterwards."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """What a power cut does to it."""
        self._end(signal.SIGKILL)

    def wipe(self) -> None:
        """Kills it and deletes all it held: queues, bindings, events."""
        self.kill()
        shutil.rmtree(self._data)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),  # the cookie
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(self._peer_port),
            "RABBITMQ_MNESIA_BASE": str(self._data),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
            # The start script then becomes the server instead of watching over it, so our signals reach it.
            "RUNNING_UNDER_SYSTEMD": "true",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._names_port),
        }

    def _lay_out(self) -> None:
        for folder in (self._data, self.folder / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "rabbitmq-env.conf").write_text("")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.local = 127.0.0.1:{self._port}\n"
            "disk_free_limit.absolute = 50MB\n"
            "vm_memory_high_watermark.relative = 0.6\n"
        )

    @property
    def _log(self) -> Path:
        return self.folder / "log" / f"{self._name}.log"

    def _ready_or_ended(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return True
        return self._log.exists() and READY in self._log.read_text(errors="replace")

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_WITHIN)
        self._process = None
        self._end_the_name_server()

    def _end_the_name_server(self) -> None:
        """Erlang leaves its name server running; this one is on a port of ours, so nobody else misses it."""
        program = shutil.which("epmd")
        if program:
            subprocess.run(
                [program, "-port", str(self._names_port), "-kill"],
                capture_output=True,
                check=False,
                timeout=5,
            )

    def _last_words(self) -> str:
        return " ".join((self.folder / "console.log").read_text(errors="replace").split()[-60:])


def installed_server() -> Path:
    """The start script itself: what packages put on the path changes user, folder and settings."""
    for place in WHERE_PACKAGES_PUT_IT:
        for found in sorted(place.glob("rabbitmq_server-*/sbin/rabbitmq-server"), reverse=True):
            return found
    raise NoBroker(
        "There is no RabbitMQ: install rabbitmq-server (or Docker), "
        "or set ACCESSPOINT_TEST_AMQP_URL to a broker that tests may use."
    )


@contextmanager
def _container() -> Iterator[str]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - it asks for an engine
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy  # noqa: PLC0415 - the same

    # The library's own RabbitMQ container waits in a way the library itself calls outdated.
    container = DockerContainer(IMAGE).with_exposed_ports(5672)
    with container.waiting_for(LogMessageWaitStrategy("Server startup complete")) as broker:
        yield f"amqp://guest:guest@{broker.get_container_host_ip()}:{broker.get_exposed_port(5672)}/"
