"""
`python -m tests.faults.mutated`: damaged mails, by seeded dice (no hypothesis: it slows down after some ten thousand).

Each goes through `identity_of` and `read`. No exception but `Unreadable` may come out, none may take two seconds of a
processor, and memory may not grow by more than `MOST_GROWTH` over what the undamaged mails took.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from random import Random, SystemRandom

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Mail
from services.intake.domain.mail.reading import Unreadable, read
from tests.faults.mutating import mutated
from tests.parts.mails import corpus

MAILS = 200_000
SLOWEST = 2.0
MOST_GROWTH = 200
"""MiB. The largest damaged mail has 0.4 MB."""
MOST_SHOWN = 20
A_WHILE = 20_000


@dataclass(slots=True)
class Outcome:
    kinds: Counter[str] = field(default_factory=Counter)
    with_notes: int = 0
    octets: int = 0
    slowest: float = 0.0
    slowest_seed: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    asked = arguments()
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(1_000_000)
    console = Console(stderr=True, highlight=False)
    outcome = Outcome()
    seeds = corpus()
    for each in seeds:
        tried(each, seed, outcome)
    before, begun = peak(), time.monotonic()
    columns = (
        TextColumn("Damaged mails"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=asked.mails)
        for nth in range(asked.mails):
            tried(mutated(Random(f"{seed}/{nth}"), seeds), nth, outcome)
            bar.update(task, completed=nth + 1)
            if not console.is_terminal and (nth + 1) % A_WHILE == 0:
                console.print(f"{nth + 1} of {asked.mails} damaged mails are read.")
    growth = peak() - before
    if growth > MOST_GROWTH:
        outcome.wrong.append(f"Memory grew by {growth} MiB.")
    tell(outcome, seed, asked.mails, growth, time.monotonic() - begun)
    return 1 if outcome.wrong else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutated", description=__doc__)
    parser.add_argument("--mails", type=int, default=MAILS, help=f"how many; {MAILS} if left out")
    parser.add_argument("--seed", type=int, help="the same seed makes the same damage")
    return parser.parse_args()


def tried(raw: bytes, nth: int, outcome: Outcome) -> None:
    begun = time.process_time()
    try:
        identity_of(raw)
        mail = read(raw, sent_from=None, ours=lambda _: False)
        check(mail)
        outcome.kinds[mail.kind] += 1
        outcome.with_notes += bool(mail.notes)
    except Unreadable:
        outcome.kinds["unreadable"] += 1
    except Exception:  # noqa: BLE001  which ones escape is the question
        outcome.wrong.append(f"Mail {nth}: {traceback.format_exc()}")
    took = time.process_time() - begun
    outcome.octets += len(raw)
    if took > outcome.slowest:
        outcome.slowest, outcome.slowest_seed = took, nth
    if took > SLOWEST:
        outcome.wrong.append(f"Mail {nth} took {took:.1f} s.")


def check(mail: Mail) -> None:
    """That it can be stored: a text column of PostgreSQL takes neither NUL nor half a character."""
    texts = [mail.subject, mail.text, mail.quoted, mail.signature, mail.html or "", mail.sender.name or ""]
    texts += [mail.sender.address or "", mail.message_id or "", *mail.mentions, *mail.recipients, *mail.answers_to]
    texts += [text for part in mail.parts for text in (part.name, part.media_type, part.content_id or "")]
    texts += [*mail.notes, mail.because, *mail.bounced_ids, *(each.why for each in mail.bounced)]
    for text in texts:
        text.encode()
        assert "\x00" not in text, "A NUL is left in it."


def peak() -> int:
    """MiB of memory at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def tell(outcome: Outcome, seed: int, mails: int, growth: int, took: float) -> None:
    for wrong in outcome.wrong[:MOST_SHOWN]:
        print(wrong)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in outcome.kinds.most_common())
    print(
        f"{mails:,} damaged mails, {outcome.octets / 1e6:,.0f} MB, seed {seed}: {len(outcome.wrong)} wrong. {kinds}; "
        f"{outcome.with_notes:,} with notes. {mails / took:,.0f} a second; the slowest, {outcome.slowest_seed}, took "
        f"{outcome.slowest:.2f} s; memory grew by {growth} of at most {MOST_GROWTH} MiB."
    )


if __name__ == "__main__":
    sys.exit(main())
