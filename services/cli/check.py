"""`accesspoint check`: whether a file is a council file, and if not, each mistake with its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from shared.council import Council, Note, how_many, in_words, look_at
from shared.errors import Refused
from shared.vocabulary import Office

OFFICES = {Office.FRONT: "front office", Office.BACK: "back office", Office.PARTNER: "partner"}


def check_command(
    files: Annotated[list[Path], typer.Argument(help="Council files, such as deploy/councils/anytown.toml.")],
) -> None:
    """Look for mistakes in a council file: each is printed with its line and what to write instead.

    Needs no database and changes nothing. The exit code is 1 when there is a mistake; a hint is none.

    Try it: accesspoint check deploy/councils/anytown.toml
    """
    wrong = False
    for path in files:
        looked = look_at(read_file(path))
        for line in (*at_lines(path, looked.mistakes), *at_lines(path, looked.hints, "hint: ")):
            typer.echo(line)
        if looked.council is None:
            wrong = True
            typer.echo(f"{path} has {how_many(len(looked.mistakes), 'mistake')}.")
        else:
            typer.echo(f"{path} has no mistakes. {summary(looked.council)}")
    if wrong:
        raise typer.Exit(1)


def read_checked(path: Path) -> str:
    """The text of a council file. Refused, with all its mistakes, when it has any."""
    file = read_file(path)
    mistakes = look_at(file).mistakes
    if mistakes:
        told = "\n".join(at_lines(path, mistakes))
        raise Refused(f"{told}\n{path} has {how_many(len(mistakes), 'mistake')}: nothing was changed.")
    return file


def read_file(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise Refused(f"There is no file {path}: check its name and the folder you are in.") from None
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8 ({error.reason}): save it in UTF-8 and try again.") from error
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}.") from error


def at_lines(path: Path, notes: Sequence[Note], kind: str = "") -> list[str]:
    """As editors and compilers write it, so that an editor can jump there."""
    return [f"{path}:{note.line}: {kind}{note.where}: {note.why}" for note in notes]


def summary(council: Council) -> str:
    """What the file holds, in a sentence."""
    offices = Counter(queue.office for queue in council.queue)
    queues = ", ".join(f"{offices[office]} {name}" for office, name in OFFICES.items() if offices[office])
    held = [
        how_many(len(council.calendar), "calendar"),
        how_many(len(council.centre), "centre"),
        f"{how_many(len(council.queue), 'queue')} ({queues})",
        how_many(len(council.service), "service"),
        how_many(len(council.mailbox), "mailbox"),
        how_many(len(council.standard), "standard"),
        how_many(len(council.skill), "skill"),
        how_many(len(council.adviser), "adviser"),
    ]
    about = council.council
    return f"{in_words(about.name)} ({about.nation}, {about.zone}): {', '.join(held[:-1])} and {held[-1]}."
