"""Ports nobody else is using."""

import socket
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """Different ports on this machine's own address, held together while they are chosen."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def free_port() -> int:
    return free_ports(1)[0]
