"""The file of IMAP accounts: mailboxes elsewhere that are read, and the one that gets a copy of whatever is sent."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from services.intake.settings import settings
from shared.council.lines import lines_of
from shared.council.mistakes import Mistake, nearest
from shared.council.sentences import field_mistakes, syntax_mistake
from shared.errors import Fault, Refused

Line = Annotated[str, Field(strict=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Tls(StrEnum):
    """How the connection is kept from others."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


PORTS = {Tls.IMPLICIT: 993, Tls.STARTTLS: 143, Tls.NONE: 143}


def a_moment(told: object) -> object:
    """TOML has times without a zone as well: nobody would know when that is."""
    if not isinstance(told, datetime) or told.tzinfo is None:
        raise ValueError(f"{told} is not understood: write a moment with its zone, such as 2026-11-02T08:00:00Z")
    return told.astimezone(UTC)


class Account(BaseModel):
    """
    `[[account]]`: a folder of an IMAP account. With a `mailbox` its mail is taken in for that mailbox of the council.

    Only mail that arrived there after `cut_over` is taken in. Without it, nothing is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$", description='up to 50 small letters, digits, - or _, such as "enquiries"'
    )
    host: Line = Field(description='the name of the server, such as "imap.anytown.example"')
    port: int | None = Field(None, ge=1, le=65_535, strict=True, description="a port number, such as 993")
    tls: Tls = Field(Tls.IMPLICIT, description='"implicit", "starttls" or "none"')
    user: Line = Field(description='the name to sign in with, such as "enquiries"')
    password: SecretStr | None = Field(None, min_length=1, description="the password in quotation marks")
    password_file: Path | None = Field(None, description="the path of a file that holds the password and nothing else")
    folder: Line = Field("INBOX", description='the name of a folder there, such as "INBOX"')
    mailbox: str | None = Field(None, description='the code of a mailbox of the council file, such as "enquiries"')
    cut_over: Annotated[datetime, BeforeValidator(a_moment)] | None = Field(
        None, description="a moment with its zone, such as 2026-11-02T08:00:00Z"
    )

    @property
    def port_to_call(self) -> int:
        return self.port or PORTS[self.tls]

    @property
    def place(self) -> str:
        """Which mails the name stands for. Behind another port of a machine may be another server."""
        return f"{self.user}@{self.host}:{self.port_to_call}"

    @property
    def secret(self) -> str:
        """Read anew each time, so that a password can be changed. `Refused` when the file cannot be read."""
        if self.password_file is None:
            return self.password.get_secret_value() if self.password else ""
        try:
            return self.password_file.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(
                f'The password_file of account "{self.name}" cannot be read ({type(error).__name__}): '
                "write the path of a file that holds the password and nothing else."
            ) from error


class Accounts(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: tuple[Account, ...] = Field(
        min_length=1, description="a table [[account]], in double brackets, for each account"
    )

    def named(self, name: str) -> Account:
        found = next((each for each in self.account if each.name == name), None)
        if found is None:
            raise Refused(f'There is no account "{name}": {nearest(name, [each.name for each in self.account])}.')
        return found

    @property
    def to_read(self) -> tuple[Account, ...]:
        """Those whose mail is taken in."""
        return tuple(each for each in self.account if each.mailbox is not None)


def read_accounts(path: Path) -> Accounts:
    """`Refused`, with a line and a sentence for each mistake. Paths in it are seen from where it stands."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"The file of accounts {path} cannot be read ({type(error).__name__}): "
            "write the path of a TOML file with a table [[account]] for each."
        ) from error
    accounts = accounts_in(text, str(path))
    return Accounts(account=tuple(seen_from(path.parent, each) for each in accounts.account))


def seen_from(folder: Path, account: Account) -> Account:
    if account.password_file is None:
        return account
    return account.model_copy(update={"password_file": folder / account.password_file})


def accounts_in(text: str, name: str) -> Accounts:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, why = syntax_mistake(str(error), text)
        raise refusal(name, [(line, why)]) from None
    found = list(doubts(raw))
    try:
        accounts = Accounts.model_validate(raw)
    except ValidationError as error:
        found = [*field_mistakes(error.errors(include_url=False), Accounts), *found]
    else:
        if not found:
            return accounts
    lines = lines_of(text)
    raise refusal(name, sorted({(line_of(each, lines), each.why) for each in found}))


def doubts(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """What is wrong although each key is right."""
    names: list[object] = []
    several = raw.get("account")
    for place, table in enumerate(several if isinstance(several, list) else ()):
        if not isinstance(table, Mapping):
            continue
        path = ("account", place)
        if ("password" in table) is ("password_file" in table):
            yield Mistake(path, "A password is needed, once: write either password or password_file.")
        if table.get("name") in names:
            yield Mistake((*path, "name"), f'There is an account "{table["name"]}" already: give each its own name.')
        names.append(table.get("name"))


def line_of(mistake: Mistake, lines: Mapping[tuple[str | int, ...], int]) -> int:
    path = mistake.path
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def refusal(name: str, told: Sequence[tuple[int, str]]) -> Refused:
    faults = tuple(Fault(f"line {line}", why) for line, why in told)
    lines = "\n".join(f"line {line}: {why}" for line, why in told)
    return Refused(f"The file of accounts {name} has mistakes:\n{lines}", faults)


def accounts() -> Accounts | None:
    """Of this installation; None when no file is set."""
    path = settings().mail_accounts
    return read_accounts(path) if path is not None else None
