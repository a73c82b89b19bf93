"""`python -m tests.proof.replayed FILE`: the whole slice against both houses, and the figures as a page."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.journeys.replaying import Outcome, on_four_processes, on_one_process


def page(outcomes: list[Outcome]) -> str:
    names = list(outcomes[0].figures())
    head = f"| | {' | '.join(outcome.where for outcome in outcomes)} |\n|---|{'---|' * len(outcomes)}\n"
    rows = "".join(
        f"| {name} | {' | '.join(f'{outcome.figures()[name]:.1f}' for outcome in outcomes)} |\n" for name in names
    )
    return f"""# Replay of a real city's enquiries

Every row of the shipped slice was posted through the public form's address by eight clients at once. In each house
every row was acknowledged, recorded, queued and clocked exactly once, and some were followed by an adviser to an
answer and its end. Latencies are in milliseconds.

{head}{rows}"""


async def both() -> list[Outcome]:
    return [await on_one_process(), await on_four_processes()]


def main(file: Path) -> None:
    outcomes = asyncio.run(both())
    file.write_text(page(outcomes))
    print("; ".join(f"{o.where}: {o.replayed.rows} rows, {o.rate:.0f} per second" for o in outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
