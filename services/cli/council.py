"""`accesspoint council`: the council file made the truth in every service's database, version by version."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.cli.check import read_checked
from services.cli.house import SERVICES, needs_common_database
from services.cli.place import database_url
from shared.council import (
    Change,
    Council,
    Version,
    apply,
    difference,
    fingerprint_of,
    history,
    how_many,
    read_again,
    read_council,
)
from shared.db import Database
from shared.errors import NotFound, Refused
from shared.migrate import missing_migrations
from shared.settings import HouseSettings, read_settings
from shared.timesource import TimeSource
from shared.work import Workshop

ANYTOWN = Path(__file__).parents[2] / "deploy" / "councils" / "anytown.toml"
MACHINE = "machine/migrate"
FIRST = "The first council file of this installation."

app = typer.Typer(
    no_args_is_help=True,
    help="See and change what the council is made of: calendars, queues, services, standards, people.",
)
console = Console(highlight=False, soft_wrap=True)

File = Annotated[Path, typer.Argument(help="A council file, such as deploy/councils/anytown.toml.")]


@dataclass(frozen=True, slots=True)
class Standing:
    """Every version there has been, the oldest first; `lacking` names the services that have not got the last."""

    versions: Sequence[Version]
    lacking: Sequence[str]

    @property
    def last(self) -> Version | None:
        return self.versions[-1] if self.versions else None

    @property
    def council(self) -> Council | None:
        return read_again(self.last.file) if self.last else None

    def next(self, file: str, author: str, reason: str) -> Version:
        """The last one again when the file means the same: then there is nothing to decide, only to end."""
        if self.last and not difference(self.council, read_council(file)):
            return self.last
        number = self.last.version + 1 if self.last else 1
        return Version(version=number, fingerprint=fingerprint_of(file), file=file, author=author, reason=reason)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a start found to do about the council file."""

    version: Version
    path: Path | None

    def __str__(self) -> str:
        if self.path is None:
            return f"Version {self.version.version} of the council file is now applied to every service."
        return f"The council begins with {self.path}, as version {self.version.version}."


@asynccontextmanager
async def workshops(settings: HouseSettings, url: str) -> AsyncIterator[dict[str, Workshop]]:
    """One for each service, for a short visit. Refused while the database is older than this release."""
    async with AsyncExitStack() as stack:
        found = {}
        for service in SERVICES:
            own_url = settings.own_database_url_of(service.name)
            database = Database(own_url or url, service.name, size=2, own_login=own_url is not None)
            await database.open()
            stack.push_async_callback(database.close)
            found[service.name] = Workshop(database, TimeSource())
            async with found[service.name].reading() as db:
                if await missing_migrations(db, service.schema):
                    raise Refused("The database is older than this release: run `accesspoint migrate` first.")
        yield found


async def standing(found: Mapping[str, Workshop]) -> Standing:
    """Of all services together: where an application was interrupted, some have fewer versions than others."""
    versions: dict[int, Version] = {}
    held: dict[str, int] = {}
    for name, workshop in found.items():
        async with workshop.reading() as db:
            kept = await history(db)
        versions |= {version.version: version for version in kept}
        held[name] = kept[-1].version if kept else 0
    last = max(versions, default=0)
    return Standing([versions[n] for n in sorted(versions)], [name for name in held if held[name] < last])


async def carry_out(found: Mapping[str, Workshop], version: Version) -> None:
    """Service by service, always in the same order: of two people at once, the first service lets one through."""
    for service in SERVICES:
        await apply(found[service.name], version, service.takes_up)


async def apply_everywhere(settings: HouseSettings, url: str, file: str, author: str, reason: str) -> int:
    """
    The number of the version that holds now. Applying what holds already only ends what was interrupted.

    `Refused`, with a sentence for each mistake, when it is no council file.
    """
    read_council(file)
    async with workshops(settings, url) as found:
        version = (await standing(found)).next(file, author, reason)
        await carry_out(found, version)
    return version.version


async def begin(settings: HouseSettings, url: str) -> Begun | None:
    """A new database begins with the council file that was named; one that has a council keeps it, whole."""
    async with workshops(settings, url) as found:
        now = await standing(found)
        if now.last is not None:
            await carry_out(found, now.last)
            return Begun(now.last, None) if now.lacking else None
        if settings.council is None:
            return None
        first = now.next(read_checked(settings.council), MACHINE, FIRST)
        await carry_out(found, first)
        return Begun(first, settings.council)


def place() -> tuple[HouseSettings, str]:
    """The settings, and the database that services without one of their own share."""
    settings = read_settings(HouseSettings)
    return settings, database_url(settings) if needs_common_database(settings) else ""


async def look() -> Standing:
    async with workshops(*place()) as found:
        return await standing(found)


def signed_in() -> str:
    """The name of whoever sits at the terminal; empty in a container that knows no names."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


@app.command("apply")
def apply_command(
    file: File,
    reason: Annotated[str, typer.Option(prompt="Why is it changed", help="Why; it is kept with the version.")],
    author: Annotated[
        str, typer.Option(default_factory=signed_in, help="Who decided it; it is kept with the version. [you]")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before applying it.")] = False,
) -> None:
    """Make a council file the one that holds, as a further version. Shows first what changes, and asks.

    It takes effect within seconds; nothing is restarted. Promises that run are taken over by the new standards.
    An application that was interrupted is ended by applying the same file again.

    Try it: accesspoint council apply deploy/councils/anytown.toml --reason "Longer hours on Friday"
    """
    text = read_checked(file)
    if not reason.strip() or not author.strip():
        raise Refused("A version says who decided it and why: write something for --author and --reason.")
    now = asyncio.run(look())
    version = now.next(text, author.strip(), reason.strip())
    if version is now.last:
        if not now.lacking:
            console.print(f"Nothing changes: version {version.version} says the same already.", markup=False)
            return
        console.print(f"Version {version.version} has not reached {', '.join(now.lacking)} yet; this ends it.")
    else:
        tell(difference(now.council, read_again(text)))
    if not yes:
        typer.confirm(f"Apply it as version {version.version}?", abort=True)
    asyncio.run(carry_out_here(version))
    console.print(f"Version {version.version} of the council file holds.")


async def carry_out_here(version: Version) -> None:
    async with workshops(*place()) as found:
        await carry_out(found, version)


def tell(changes: Sequence[Change]) -> None:
    for change in changes:
        console.print(f"{change}", markup=False)


@app.command("diff")
def diff_command(file: File) -> None:
    """Show what a council file would change: which parts it adds, changes and removes. Nothing is applied."""
    text = read_checked(file)
    now = asyncio.run(look())
    changes = difference(now.council, read_again(text))
    tell(changes)
    last = f"version {now.last.version}" if now.last else "no council file so far"
    told = f"{how_many(len(changes), 'difference')} to" if changes else "No difference to"
    console.print(f"{told} {last}.")


@app.command("show")
def show_command(
    version: Annotated[int | None, typer.Option(min=1, help="Which one. Left out: the one that holds.")] = None,
) -> None:
    """Print the council file that holds, or that held as an earlier version, as it was applied.

    To change it: accesspoint council show > council.toml, edit that, then accesspoint council apply council.toml
    """
    versions = asyncio.run(look()).versions
    wanted = versions[-1].version if versions and version is None else version
    for each in versions:
        if each.version == wanted:
            print(each.file, end="")  # noqa: T201  the file itself
            return
    raise NotFound(
        f"There is no version {wanted}: `accesspoint council history` lists those there are."
        if versions
        else "No council file has been applied yet: run `accesspoint council apply FILE`."
    )


@app.command("history")
def history_command() -> None:
    """List every version of the council file: when it was applied, by whom and why."""
    now = asyncio.run(look())
    table = Table("version", "applied at (UTC)", "author", "reason")
    for version in now.versions:
        applied_at = f"{version.applied_at:%Y-%m-%d %H:%M:%S}" if version.applied_at else ""
        table.add_row(str(version.version), applied_at, version.author, version.reason)
    console.print(table if now.versions else "No council file has been applied yet.")
    if now.lacking:
        console.print(
            f"The last one has not reached {', '.join(now.lacking)}: apply the same file again to end it.", markup=False
        )
