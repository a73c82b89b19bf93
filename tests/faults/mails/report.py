"""The page that tells what the runs did and found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.faults.mails.run import Outcome
from tests.faults.mails.town import Way
from tests.faults.report import in_words, table

BY = {Way.SMTP: "By SMTP", Way.IMAP: "By IMAP"}


def page(outcomes: Sequence[Outcome]) -> str:
    """Markdown, the same shape each time, so that two runs can be laid side by side."""
    lines = [
        "# Mails under kills",
        "",
        "Written by `python -m tests.faults.mails`. Strangers send to a real Postfix. It relays to Accesspoint's own",
        "listener, or into a real Dovecot whose mailbox Accesspoint reads. `accesspoint up` and its PostgreSQL",
        "(`fsync` on) are killed with SIGKILL in turn while mails are on the way, and started again.",
    ]
    for outcome in outcomes:
        lines += section(outcome)
    return "\n".join(lines) + "\n"


def section(outcome: Outcome) -> list[str]:
    plan = outcome.plan
    words = "Every promise was kept." if not outcome.violations else "**Promises were broken.**"
    return [
        "",
        f"## {BY[plan.by]}, seed {plan.seed}",
        "",
        f"{plan.mails} mails, {plan.kills} kills. {words}",
        "",
        *table(("Figure", "Value"), figures(outcome)),
        "",
        *table(
            ("Killed", "At (s)", "Mails on the way", "Undelivered events", "Started again after (s)"), kills(outcome)
        ),
        "",
        *table(("Promise", "Broken"), outcome.verdict.promises),
        *(f"\n- {violation}" for violation in outcome.violations),
    ]


def figures(outcome: Outcome) -> Iterable[tuple[object, ...]]:
    found = outcome.figures
    yield "mails that the sender's server or the mailbox has handed over", found.delivered
    yield "contacts", found.contacts
    yield "deliveries put off and made again", in_words(found.put_off)
    yield "kills", in_words(Counter(kill.victim for kill in outcome.kills))
    yield "mails that were begun more than once", f"{found.begun_again}, at most {found.most_starts} times"
    yield (
        "seconds from kept to placed (p50, p95, p99, worst)",
        ", ".join(f"{value:.1f}" for value in found.placed_after),
    )
    yield "seconds: " + ", ".join(outcome.seconds), ", ".join(f"{each:.0f}" for each in outcome.seconds.values())


def kills(outcome: Outcome) -> Iterable[tuple[object, ...]]:
    for kill in outcome.kills:
        undelivered = "unknown" if kill.undelivered is None else kill.undelivered
        yield kill.victim, f"{kill.when:.1f}", kill.open_requests, undelivered, f"{kill.outage:.1f}"


def closing_line(outcome: Outcome) -> str:
    kept = sum(1 for _, broken in outcome.verdict.promises if not broken)
    return (
        f"{BY[outcome.plan.by]}: {outcome.figures.delivered} mails handed over, {outcome.figures.contacts} contacts, "
        f"{len(outcome.kills)} kills, {kept} of {len(outcome.verdict.promises)} promises kept."
    )
