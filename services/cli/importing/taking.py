"""A file taken in from where the import has got to, batch by batch, one after another."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from services.cli.importing.batches import Batch, Reading
from services.cli.importing.intake import Intake
from services.cli.importing.lines import opened
from services.intake.api.imports import ImportShown
from shared.errors import Conflict, Refused

PIECE = 1024 * 1024

Report: TypeAlias = Callable[[int], None]
"""Called with how many bytes of the file are done."""


def digest_of(file: Path) -> str:
    """By which a file is known again, whatever it is called."""
    digest = hashlib.sha256()
    try:
        with opened(file) as held:
            while piece := held.read(PIECE):
                digest.update(piece)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()


async def begin(intake: Intake, system: str, file: Path, map_file: Path, cut_over: datetime | None) -> ImportShown:
    """Says which file comes, by which map."""
    asked: dict[str, object] = {
        "system": system,
        "file_name": file.name,
        "file_digest": await asyncio.to_thread(digest_of, file),
        "map_digest": await asyncio.to_thread(digest_of, map_file),
    }
    if cut_over is not None:
        asked["cut_over"] = cut_over.isoformat()
    return await intake.begin(asked)


async def take_in(intake: Intake, begun: ImportShown, reading: Reading, report: Report) -> None:
    """While one batch is under way the next one is read. What was taken in before is passed over."""
    batches = reading.batches_after(begun.read_up_to)
    reached = begun.read_up_to
    ahead = next_of(batches)
    try:
        while (batch := await ahead) is not None:
            ahead = next_of(batches)
            reached = await send(intake, begun, batch, reached)
            report(batch.bytes_read)
    finally:
        # A thread that still reads must not find the file closed.
        await asyncio.gather(ahead, return_exceptions=True)


def next_of(batches: Iterator[Batch]) -> asyncio.Task[Batch | None]:
    return asyncio.create_task(asyncio.to_thread(next, batches, None))


async def send(intake: Intake, begun: ImportShown, batch: Batch, reached: int) -> int:
    """
    The line that the import has got to then.

    Where an answer was lost the batch may be in already, and where somebody else imports the same file, more than that.
    """
    while batch.up_to > reached:
        part = batch.beyond(reached)
        try:
            return (await intake.send(begun.import_id, part)).read_up_to
        except Conflict as error:
            reached = (await intake.show(begun.import_id)).read_up_to
            if reached <= part.after:
                raise Refused(f"{error} Start the same command again, then it does.") from None
    return reached
