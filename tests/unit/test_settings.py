"""Settings: what the environment says, and what is said about a broken one."""

import os
from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from shared.errors import Refused
from shared.settings import HouseSettings, ServiceSettings, read_settings, unknown_variables


class DeskSettings(ServiceSettings, env_prefix="ACCESSPOINT_DESK_"):
    lease_seconds: float = Field(30, gt=0, description="a number of seconds above 0, such as 30")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("ACCESSPOINT_"):
            monkeypatch.delenv(name)


def test_without_an_environment_everything_is_embedded() -> None:
    house = read_settings(HouseSettings)
    assert (house.port, house.data, house.database_url, house.amqp_url) == (8080, Path("var"), None, None)
    assert house.jwks_source == "var/keys/jwks.json"
    assert house.api_keys_file == Path("var/keys/api-keys.json")


def test_variables_are_read_and_what_is_given_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESSPOINT_PORT", "9000")
    monkeypatch.setenv("ACCESSPOINT_DATA", "/srv/data")
    monkeypatch.setenv("ACCESSPOINT_LOG_LEVEL", "")
    monkeypatch.setenv("ACCESSPOINT_DESK_LEASE_SECONDS", "5")
    house = read_settings(HouseSettings, port=0)
    assert (house.port, house.data, house.log_level) == (0, Path("/srv/data"), "info")
    assert read_settings(DeskSettings).lease_seconds == 5


def test_a_service_may_have_a_database_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESSPOINT_DATABASE_URL", "postgresql://all")
    monkeypatch.setenv("ACCESSPOINT_INTAKE_DATABASE_URL", "postgresql://intake")
    house = read_settings(HouseSettings)
    assert house.database_url_of("intake") == "postgresql://intake"
    assert house.database_url_of("crm") == "postgresql://all"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DATABASE_URL", "mysql://secret@host"),
        ("SLA_DATABASE_URL", "secret"),
        ("AMQP_URL", "http://secret@host"),
        ("AMQP_PREFIX", "a b"),
        ("COUNCIL_DOMAIN", "Any Town"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("POOL_SIZE", "1"),
        ("MAX_BODY_BYTES", "1e9999"),
    ],
)
def test_a_broken_value_names_its_variable_and_what_to_write(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(f"ACCESSPOINT_{name}", text)
    with pytest.raises(Refused, match=rf"^ACCESSPOINT_{name} is not understood: write [^.]+") as refused:
        read_settings(HouseSettings)
    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_broken_value_of_a_service_is_told_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESSPOINT_DESK_LEASE_SECONDS", "0")
    with pytest.raises(Refused, match="ACCESSPOINT_DESK_LEASE_SECONDS is not understood: write a number"):
        read_settings(DeskSettings)


def test_every_setting_says_what_to_write() -> None:
    assert [name for name, field in HouseSettings.model_fields.items() if not field.description] == []


def test_passwords_are_never_shown() -> None:
    house = HouseSettings(database_url="postgresql://me:hush@host/x", amqp_url="amqp://me:hush@host/")
    assert "hush" not in repr(house)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        setattr(HouseSettings(), "port", 1)  # noqa: B010  mypy refuses it otherwise, and rightly


def test_misspelt_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESSPOINT_DATABSE_URL", "x")
    monkeypatch.setenv("ACCESSPOINT_PORT", "1")
    assert unknown_variables([HouseSettings, DeskSettings]) == ("ACCESSPOINT_DATABSE_URL",)
