"""`accesspoint import`: what an older system knew, taken in from its file."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import aiohttp
import typer

from services.cli.check import read_checked
from services.cli.council import signed_in
from services.cli.importing.batches import Reading
from services.cli.importing.intake import ANSWER_WITHIN, Intake
from services.cli.importing.maps import Map
from services.cli.importing.reading_maps import read_map
from services.cli.importing.rejects import Rejects, check_folder, refuse_overwriting, rejects_at
from services.cli.importing.taking import begin, take_in
from services.cli.importing.telling import Kinds, Outcome, Showing, kind_of
from services.cli.importing.times import NoTime
from services.cli.importing.trying import Trial, bytes_of
from services.intake.api.imports import ImportShown
from shared.auth import sign
from shared.council import Council, how_many, read_council
from shared.errors import AppError, Refused
from shared.settings import HouseSettings, read_settings
from shared.vocabulary import Role

HOURS_OF_A_TOKEN = 24
NOBODY = "import"
LAST_PATIENCE = 2.0
LENGTH_OF_MARK = 8
MARK = re.compile(rf"\.[0-9a-f]{{{LENGTH_OF_MARK}}}\.rejected$")
"""By which the rejected rows of one import are told from those of another: the last digits of its id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One file with its map, and where its rejected rows go."""

    file: Path
    map_file: Path
    read: Map
    cut_over: datetime | None
    rejects: Path | None
    data: Path

    def rejects_of(self, import_id: UUID) -> Path:
        """Of each import another file, where none is named: it may be corrected while the next one runs."""
        if self.rejects is not None:
            return self.rejects
        return self.data / f"{name_of(self.file)}.{import_id.hex[-LENGTH_OF_MARK:]}.rejected.csv"

    def check_rejects(self) -> None:
        """Before anything is sent."""
        if self.rejects is not None:
            refuse_overwriting(self.rejects, (self.file, self.map_file))
        check_folder(self.rejects.parent if self.rejects is not None else self.data)


File = Annotated[Path, typer.Argument(help="A .csv or .csv.gz whose first line names the columns.")]
MapFile = Annotated[Path, typer.Option("--map", help="Which column is what; see deploy/imports.")]
Url = Annotated[str | None, typer.Option(help="Where Accesspoint listens. Left out: where `accesspoint up` would.")]
Token = Annotated[
    str | None, typer.Option(help="An administrator's token. Left out: one is signed with the installation's own key.")
]
CutOver = Annotated[
    str | None, typer.Option(help="When the older system was given up, such as 2026-04-01T00:00. Left out: now.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read everything, send nothing, and tell.")]
CouncilFile = Annotated[
    Path | None, typer.Option(help="For a dry run: the council file whose services and queues must be there.")
]
RejectsFile = Annotated[
    Path | None, typer.Option(help="Where the rejected rows go. Left out: a file named after FILE in the data folder.")
]
Release = Annotated[
    bool, typer.Option("--release", help="At the end, let advisers work on what is still open of this system.")
]


def import_command(  # noqa: PLR0913, PLR0917  each is an option of its own
    file: File,
    map_file: MapFile,
    url: Url = None,
    token: Token = None,
    cut_over: CutOver = None,
    dry_run: DryRun = False,
    council: CouncilFile = None,
    rejects: RejectsFile = None,
    release: Release = False,
) -> None:
    """
    Take in the enquiries that an older system knew, with their true times. Nobody is sent or offered anything for it.

    A map says which column is what. Every row comes in, or is rejected with a reason and stands in a file of its own,
    to be corrected and imported as well. Stop it when you like: the same command goes on where it stopped, and takes
    in nothing twice. What is still open waits until you release it.

    Look first: accesspoint import FILE --map MAP.toml --dry-run
    The guide: docs/guides/import-history.md
    """
    if dry_run and release:
        raise Refused("A dry run sends nothing, so there is nothing to release: leave out --dry-run or --release.")
    settings = read_settings(HouseSettings)
    read = read_map(map_file)
    asked = Asked(file, map_file, read, moment_of(cut_over, read), rejects, settings.data)
    if dry_run:
        try_it(asked, read_council(read_checked(council)) if council else None)
        return
    there = url if url is not None else f"http://{settings.host}:{settings.port}"
    asyncio.run(carry_out(asked, there, token or own_token(settings), release=release))


def name_of(file: Path) -> str:
    """Also of a file of rejected rows: as the original was called."""
    return MARK.sub("", file.name.removesuffix(".gz").removesuffix(".csv"))


def moment_of(written: str | None, read: Map) -> datetime | None:
    """Without an offset it is meant in the zone of the map."""
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise Refused(f'"{written}" is no time: write the cut-over as 2026-04-01T00:00 or 2026-04-01T00:00Z.') from None
    try:
        return moment if moment.tzinfo else read.times.reckoning().placed(moment, written)
    except NoTime as error:
        raise Refused(f"The cut-over {error}") from None


def own_token(settings: HouseSettings) -> str:
    return sign(settings, signed_in() or NOBODY, [Role.ADMINISTRATOR], HOURS_OF_A_TOKEN)


def try_it(asked: Asked, council: Council | None) -> None:
    """Rejected rows are written only where a file is named for them."""
    if asked.rejects is not None:
        asked.check_rejects()
    trial = Trial(asked.read, council, asked.cut_over)
    with ExitStack() as stack:
        reading = stack.enter_context(closing(Reading(asked.file, asked.read)))
        rejects = None
        if asked.rejects is not None:
            rejects = stack.enter_context(rejects_at(asked.rejects, asked.file, asked.read))
        trial.run(reading, rejects, stack.enter_context(Showing(bytes_of(asked.file))))
    typer.echo(trial.tally.in_words())
    if rejects is not None and asked.rejects is not None:
        tell_rejects(rejects, asked.rejects)
    if trial.broken is not None:
        raise trial.broken


async def carry_out(asked: Asked, url: str, token: str, *, release: bool) -> None:
    """Whatever stops it, what was rejected until then is written down and told, if intake still says what that is."""
    asked.check_rejects()
    with closing(Reading(asked.file, asked.read)) as reading:
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            intake = Intake(session, url, token)
            before = await begin(intake, asked.read.system, asked.file, asked.map_file, asked.cut_over)
            typer.echo(greeting(before), err=True)
            began = time.monotonic()
            try:
                with Showing(bytes_of(asked.file)) as report:
                    await take_in(intake, before, reading, report)
            except BaseException:
                intake.patience = LAST_PATIENCE
                with suppress(AppError):
                    await tell(intake, asked, before, time.monotonic() - began)
                raise
            await tell(intake, asked, before, time.monotonic() - began)
            if release:
                await let_go(intake, before)


def greeting(begun: ImportShown) -> str:
    known = f"with the cut-over at {in_words(begun.cut_over)}"
    if begun.read_up_to == 0:
        return f"Import {begun.import_id} begins, {known}."
    return f"Import {begun.import_id} goes on after line {begun.read_up_to}, {known}."


def in_words(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


async def tell(intake: Intake, asked: Asked, before: ImportShown, seconds: float) -> None:
    after = await intake.show(before.import_id)
    outcome = Outcome(before, after, seconds, Kinds())
    if after.rejected == 0:
        typer.echo(outcome.in_words())
        return
    path = asked.rejects_of(before.import_id)
    with rejects_at(path, asked.file, asked.read, is_new=outcome.settled > 0) as rejects:
        async for page in intake.rejected(before.import_id):
            for each in page:
                outcome.reasons.add(kind_of(each.because))
            await asyncio.to_thread(rejects.write, page)
    typer.echo(outcome.in_words())
    tell_rejects(rejects, path)


def tell_rejects(rejects: Rejects, path: Path) -> None:
    if rejects.is_left_out:
        typer.echo(f"{path} stays as it is, for somebody has changed it and this run read nothing new.")
    elif rejects.written == 0:
        typer.echo(f"{path} has no rows, for none was rejected.")
    else:
        typer.echo(f"{path} has {how_many(rejects.written, 'rejected row')} with the reasons: correct and import it.")
    if rejects.kept is not None:
        typer.echo(f"What somebody had changed there is in {rejects.kept}.")


async def let_go(intake: Intake, begun: ImportShown) -> None:
    """
    All that is held of the system.

    What is open may have come in with an earlier file, or by a map that was corrected since.
    """
    released = await intake.release(begun.import_id)
    if released.released_at is not None:
        typer.echo(f"Released at {in_words(released.released_at)}: advisers may work on what is still open.")
    for each in await intake.held_of(begun.system):
        await intake.release(each.import_id)
        typer.echo(f"Released as well: import {each.import_id} of {each.file_name}, {how_many(each.rows_in, 'row')}.")
