"""`python -m tests.faults.sending`: kills senders in the middle of a mail, and fails if a copy is too many."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from services.cli.house import SERVICES
from shared.migrate import migrate
from tests.faults.report import in_words, line_of
from tests.faults.sending.run import Asking, Outcome, Plan, run
from tests.parts.postgres import any_postgres, create_database


def main() -> int:
    asked = arguments()
    outcomes = [asyncio.run(run_alone(Plan(kills=asked.kills, asking=asking))) for asking in Asking]
    for outcome in outcomes:
        print(closing_line(outcome))
        for violation in outcome.violations:
            print(f"  {violation}")
    if asked.report is not None:
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(page(outcomes), "utf-8")
    return 1 if any(outcome.violations for outcome in outcomes) else 0


async def run_alone(plan: Plan) -> Outcome:
    """On a server of its own."""
    with any_postgres() as postgres:
        url = await create_database(postgres)
        await migrate(url, [service.schema for service in SERVICES])
        return await run(plan, url, show)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.sending", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="of senders between 250 and record; 100 if left out")
    parser.add_argument("--report", type=Path, help="where to write the figures, such as docs/proof/sending.md")
    return parser.parse_args()


def show(what: str, done: int, of: int) -> None:
    if done % 10 == 0:
        print(f"{done} of {of}: {what}.", file=sys.stderr, flush=True)


def closing_line(outcome: Outcome) -> str:
    verdict = "every promise kept" if not outcome.violations else f"{len(outcome.violations)} BROKEN"
    kills = f"{outcome.kills.total()} kills, {outcome.between} of them between 250 and record"
    return f"{outcome.plan.asking}: {kills}; {copies_in_words(outcome)}; {verdict}."


def copies_in_words(outcome: Outcome) -> str:
    told = (f"{number} citizens have {copies}" for copies, number in sorted(outcome.copies.items()))
    return ", ".join(told)


def page(outcomes: Sequence[Outcome]) -> str:
    """Markdown, the same shape each time, so that two runs can be laid side by side."""
    lines = [
        "# Mail that is sent while senders are killed (P28)",
        "",
        "Written by `python -m tests.faults.sending`: processes end by SIGKILL at some moment of sending a mail to",
        "a real Postfix. Where copies of what is sent are asked, they go to a real Dovecot, and IMAP tells.",
        "",
        line_of(
            ("Whether it can be asked", "Kills", "Copies", "Counted as maybe twice", "Messages", "Promises broken")
        ),
        line_of(["---"] * 6),
    ]
    for outcome in outcomes:
        kills = in_words({str(moment): number for moment, number in outcome.kills.items()})
        lines.append(
            line_of(
                (
                    outcome.plan.asking,
                    kills,
                    copies_in_words(outcome),
                    outcome.counted,
                    in_words(outcome.states),
                    len(outcome.violations),
                )
            )
        )
        lines += [f"\n- {violation}" for violation in outcome.violations]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
