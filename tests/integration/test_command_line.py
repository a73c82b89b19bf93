"""The `accesspoint` command: whatever is wrong, one sentence says what to do, and the exit code is not 0."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.programs import typed
from tests.parts.scratch import scratch


@pytest.fixture
def data() -> Iterator[Path]:
    with scratch("command-line") as folder:
        yield folder


def accesspoint(data: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return typed(words, {"PATH": "/usr/bin:/bin", "ACCESSPOINT_DATA": str(data), **variables})


def the_sentence_of(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_port_that_is_in_use_is_named(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        sentence = the_sentence_of(accesspoint(data, "up", ACCESSPOINT_PORT=port))
    assert f"Nothing can listen on 127.0.0.1:{port}" in sentence
    assert "ACCESSPOINT_PORT" in sentence


def test_a_wrong_database_url_is_named_without_its_password(data: Path) -> None:
    wrong = "postgresql://ann:secret@127.0.0.1:1/nowhere"
    for words in (["up"], ["migrate"]):
        sentence = the_sentence_of(accesspoint(data, *words, ACCESSPOINT_DATABASE_URL=wrong))
        assert "127.0.0.1:1/nowhere" in sentence
        assert "ACCESSPOINT_DATABASE_URL" in sentence
        assert "secret" not in sentence


def test_a_broker_that_is_not_there_is_named_without_its_password(data: Path) -> None:
    wrong = "amqp://ann:secret@127.0.0.1:1/"
    sentence = the_sentence_of(accesspoint(data, "up", "--no-demo", ACCESSPOINT_AMQP_URL=wrong))
    assert "127.0.0.1:1" in sentence
    assert "secret" not in sentence


def test_a_broken_setting_is_named_with_what_to_write(data: Path) -> None:
    sentence = the_sentence_of(accesspoint(data, "up", ACCESSPOINT_PORT="eighty"))
    assert "ACCESSPOINT_PORT is not understood: write a port number" in sentence


def test_a_service_alone_says_what_it_needs(data: Path) -> None:
    assert "ACCESSPOINT_AMQP_URL" in the_sentence_of(accesspoint(data, "serve", "intake"))


def test_a_service_that_does_not_exist_is_answered_with_those_that_do(data: Path) -> None:
    assert "intake, routing, crm, sla" in the_sentence_of(accesspoint(data, "openapi", "billing"))


def test_looking_for_parked_events_without_a_database_says_how_to_start_one(data: Path) -> None:
    assert "accesspoint up" in the_sentence_of(accesspoint(data, "parked", "list"))


def test_a_token_is_printed_alone_so_that_a_shell_can_use_it(data: Path) -> None:
    done = accesspoint(data, "token", "ada", "--role", "adviser")
    assert done.returncode == 0
    assert done.stdout.count(".") == 2
    assert done.stdout.count("\n") == 1
