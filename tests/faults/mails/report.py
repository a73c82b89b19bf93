"""The page that tells what the runs did and found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.faults.mails.copies import Copies
from tests.faults.mails.run import Outcome
from tests.faults.mails.town import Way
from tests.faults.report import in_words, table
from tests.faults.verdict import Verdict

BY = {Way.SMTP: "By SMTP", Way.IMAP: "By IMAP"}


def page(outcomes: Sequence[Outcome], copies: Copies | None) -> str:
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
    if copies is not None:
        lines += section_of_copies(copies)
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


def section_of_copies(copies: Copies) -> list[str]:
    words = "Every promise was kept." if not copies.violations else "**Promises were broken.**"
    found = copies.figures
    rows = (
        ("copies that were delivered", found.delivered),
        ("contacts", found.contacts),
        ("which copy came first", in_words(found.arrived_by)),
        ("seconds from the first copy until all is quiet", f"{copies.seconds:.0f}"),
    )
    return [
        "",
        f"## Three copies of each, seed {copies.seed}",
        "",
        f"{copies.mails} mails, each delivered three times at once: twice by SMTP, once into the mailbox that is read.",
        words,
        "",
        *table(("Figure", "Value"), rows),
        "",
        *table(("Promise", "Broken"), copies.verdict.promises),
        *(f"\n- {violation}" for violation in copies.violations),
    ]


def figures(outcome: Outcome) -> Iterable[tuple[object, ...]]:
    found = outcome.figures
    yield "mails that the sender's server or the mailbox has handed over", found.delivered
    yield "contacts", found.contacts
    yield "deliveries put off and made again", in_words(found.put_off)
    yield "kills", in_words(Counter(kill.victim for kill in outcome.kills))
    yield "mails that were begun more than once", f"{found.begun_again}, at most {found.most_starts} times"
    yield "events replayed by hand, as their process was killed twice under them", outcome.replayed
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
    return (
        f"{BY[outcome.plan.by]}: {outcome.figures.delivered} mails handed over, {outcome.figures.contacts} contacts, "
        f"{len(outcome.kills)} kills, {kept_of(outcome.verdict)} promises kept."
    )


def closing_line_of_copies(copies: Copies) -> str:
    found = copies.figures
    return (
        f"Three copies of each: {copies.mails} mails, {found.delivered} copies delivered, {found.contacts} contacts, "
        f"{kept_of(copies.verdict)} promises kept."
    )


def kept_of(verdict: Verdict) -> str:
    kept = sum(1 for _, broken in verdict.promises if not broken)
    return f"{kept} of {len(verdict.promises)}"
