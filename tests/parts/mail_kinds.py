"""The mails whose kinds are known: read from their folder, and counted into a table of truth and what was told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.intake.domain.mail.model import Mail, MailKind
from services.intake.domain.mail.reading import read

FOLDER = Path(__file__).parents[1] / "data" / "mail" / "kinds"
NOTED_PATH = re.compile(rb"^return-path:[ \t]*<?([^>\r\n]*)>?", re.IGNORECASE | re.MULTILINE)
PERSONS = MailKind.ORDINARY


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail of the folder. Its kind is what its file name begins with."""

    name: str
    kind: MailKind
    raw: bytes

    @property
    def sent_from(self) -> str | None:
        """The envelope's sender: empty for a bounce, None where no server has noted it."""
        noted = NOTED_PATH.search(self.raw.partition(b"\n\n")[0])
        return noted[1].decode().strip() if noted else None

    def read(self) -> Mail:
        return read(self.raw, sent_from=self.sent_from, ours=lambda _: self.kind is MailKind.OURS)


def samples() -> list[Sample]:
    return [
        Sample(file.stem, MailKind(file.stem.partition("-")[0]), file.read_bytes())
        for file in sorted(FOLDER.glob("*.eml"))
    ]


Confusion = Mapping[tuple[MailKind, MailKind], int]
"""How many mails of the first kind were told to be of the second."""


def confusion(those: Iterable[Sample]) -> Confusion:
    return Counter((sample.kind, sample.read().kind) for sample in those)


def taken_for_machines(counted: Confusion) -> int:
    return sum(n for (truth, told), n in counted.items() if truth is PERSONS and told is not PERSONS)


def machines_missed(counted: Confusion) -> int:
    return sum(n for (truth, told), n in counted.items() if truth is not PERSONS and told is PERSONS)


def table_of(counted: Confusion) -> str:
    """In Markdown. Rows are the truth, columns what was told."""
    kinds = [kind for kind in MailKind if any(kind in pair for pair in counted)]
    machines = sum(n for (truth, _), n in counted.items() if truth is not PERSONS)
    persons = sum(n for (truth, _), n in counted.items() if truth is PERSONS)
    lines = [
        f"| truth, told as | {' | '.join(kinds)} |",
        f"|---|{'---|' * len(kinds)}",
        *(f"| {truth} | {' | '.join(str(counted.get((truth, told), 0)) for told in kinds)} |" for truth in kinds),
        "",
        f"{taken_for_machines(counted)} of {persons} ordinary mails were taken for a machine's; "
        f"{machines_missed(counted)} of {machines} machines' mails for ordinary ones.",
    ]
    return "\n".join(lines) + "\n"
