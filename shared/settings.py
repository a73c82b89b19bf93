"""The settings every service shares; the only place in `shared` that reads the environment."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import Fault, Refused

S = TypeVar("S", bound=BaseSettings)

PREFIX = "ACCESSPOINT_"
HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def with_scheme(*schemes: str) -> AfterValidator:
    """Text that begins with one of the schemes. The URL is not taken apart: its driver knows better."""

    def check(url: str) -> str:
        if not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError("wrong scheme")
        return url

    return AfterValidator(check)


def check_domain(name: str) -> str:
    if not HOST_NAME.fullmatch(name):
        raise ValueError("not a domain name")
    return name


DatabaseUrl = Annotated[str, with_scheme("postgresql", "postgres")]
AmqpUrl = Annotated[str, with_scheme("amqp", "amqps")]
# Kept out of every repr, because a URL may hold a password.
DATABASE_FIELD = Field(None, repr=False, description="a URL such as postgresql://name:password@host:5432/accesspoint")


class HouseSettings(BaseSettings):
    """What holds for the whole installation. Each field is the variable `ACCESSPOINT_` and its name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", min_length=1, description="the address to listen on, such as 127.0.0.1")
    port: int = Field(8080, ge=0, le=65535, description="a port number from 1 to 65535, such as 8080")
    smtp_port: int | None = Field(
        None, ge=0, le=65535, description="a port number for mail to come in by SMTP, such as 2525; 0 for any free one"
    )
    lmtp_port: int | None = Field(
        None, ge=0, le=65535, description="a port number for mail to come in by LMTP, such as 2424; 0 for any free one"
    )
    data: Path = Field(Path("var"), description="the path of a folder, such as var")
    council_domain: Annotated[str, AfterValidator(check_domain)] = Field(
        "anytown.example", description="the council's domain in small letters, such as anytown.example"
    )
    council: Path | None = Field(
        None,
        description="the path of the council file a new database begins with, such as deploy/councils/anytown.toml",
    )

    database_url: DatabaseUrl | None = DATABASE_FIELD
    intake_database_url: DatabaseUrl | None = DATABASE_FIELD
    routing_database_url: DatabaseUrl | None = DATABASE_FIELD
    crm_database_url: DatabaseUrl | None = DATABASE_FIELD
    sla_database_url: DatabaseUrl | None = DATABASE_FIELD
    pool_size: int = Field(8, ge=2, le=500, description="a number of connections from 2 to 500, such as 8")

    amqp_url: AmqpUrl | None = Field(None, repr=False, description="a URL such as amqp://name:password@host:5672/")
    amqp_prefix: str = Field(
        "accesspoint",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$",
        description="up to 40 small letters, digits, - or _, such as accesspoint",
    )

    jwks: str | None = Field(None, min_length=1, description="the path or the http(s) URL of a JSON Web Key Set")
    announce: bool = Field(False, description="true to publish events, without what is personal, for other systems")
    token_issuer: str = Field(
        "accesspoint",
        min_length=1,
        description="what tokens say in `iss`, such as https://login.anytown.example",
    )
    token_audience: str = Field(
        "accesspoint", min_length=1, description="what tokens say in `aud`, such as accesspoint"
    )
    api_keys: Path | None = Field(None, description="the path of the file of API keys")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    log_format: Literal["json", "console"] = Field("json", description="json or console")
    max_body_bytes: int = Field(1_000_000, ge=1_000, le=100_000_000, description="a number of bytes, such as 1000000")

    @property
    def keys_folder(self) -> Path:
        return self.data / "keys"

    @property
    def jwks_source(self) -> str:
        """Path or URL of the keys that tokens are verified with."""
        return self.jwks or str(self.keys_folder / "jwks.json")

    @property
    def api_keys_file(self) -> Path:
        return self.api_keys or self.keys_folder / "api-keys.json"

    def database_url_of(self, service: str) -> str | None:
        """The service's own URL, else the installation's; None means the embedded database."""
        return self.own_database_url_of(service) or self.database_url

    def own_database_url_of(self, service: str) -> str | None:
        """With it the service signs in by itself, instead of taking its role."""
        own: str | None = getattr(self, f"{service}_database_url", None)
        return own


class ServiceSettings(BaseSettings):
    """
    Base of each service's own settings.

    A service writes `class IntakeSettings(ServiceSettings, env_prefix="ACCESSPOINT_INTAKE_")`, each field
    with a default and a `description` that says what to write.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)


def read_settings(kind: type[S], **given: Any) -> S:
    """From the environment, then `given` on top. `Refused` names each broken variable and what to write."""
    try:
        return kind(**given)
    except ValidationError as error:
        faults = [fault_of(kind, str(each["loc"][0])) for each in error.errors(include_input=False) if each["loc"]]
        unique = tuple(dict.fromkeys(faults))
        raise Refused(" ".join(f"{fault.where} is not understood: {fault.why}." for fault in unique), unique) from None


def fault_of(kind: type[BaseModel], field: str) -> Fault:
    prefix = kind.model_config.get("env_prefix", "")
    info = kind.model_fields.get(field)
    what = (info.description if info else None) or "a value of the right kind"
    return Fault(f"{prefix}{field.upper()}", f"write {what}")


def unknown_variables(kinds: Iterable[type[BaseSettings]]) -> tuple[str, ...]:
    """Variables that begin like ours and mean nothing: most likely misspelt."""
    known = {fault_of(kind, field).where for kind in kinds for field in kind.model_fields}
    return tuple(sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known))
