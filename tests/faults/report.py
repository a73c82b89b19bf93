"""The page that tells what a run did and found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tests.faults.offers import Offers
from tests.faults.run import Outcome


def page(outcomes: Sequence[Outcome], offers: Offers) -> str:
    """Markdown, the same shape each time, so that two runs can be laid side by side."""
    lines = [
        "# Faults",
        "",
        "Written by `make faults`. Everything is killed with SIGKILL while requests are open, on a real RabbitMQ and",
        "a PostgreSQL with `fsync` on; a post without an answer is repeated with its key. A witness in each handler's",
        "own transaction writes down what was handled, so that twice, never and out of order would all show.",
    ]
    for outcome in outcomes:
        lines += section(outcome)
    lines += section_of_offers(offers)
    return "\n".join(lines) + "\n"


def section(outcome: Outcome) -> list[str]:
    plan = outcome.plan
    verdict = "Every promise was kept." if not outcome.violations else "**Promises were broken.**"
    return [
        "",
        f"## {plan.house.capitalize()}, seed {plan.seed}",
        "",
        f"{plan.enquiries} enquiries at up to {plan.per_second:g} per second, {plan.advisers} advisers. {verdict}",
        "",
        *table(("Figure", "Value"), figures(outcome)),
        "",
        *table(("Lateness in seconds, outages included", "p50", "p95", "p99", "worst"), lateness(outcome)),
        "",
        *table(("Killed", "At (s)", "Open requests", "Undelivered events", "Started again after (s)"), kills(outcome)),
        "",
        *table(("Promise", "Broken"), ((promise, broken) for promise, broken in outcome.verdict.promises)),
        *(f"\n- {violation}" for violation in outcome.violations),
    ]


def section_of_offers(offers: Offers) -> list[str]:
    verdict = "Every promise was kept." if not offers.violations else "**Promises were broken.**"
    rows = (
        ("what people did", in_words(offers.moves)),
        ("deaths in mid-transaction", offers.deaths),
        ("offers", in_words(offers.ends)),
    )
    return [
        "",
        f"## Two replicas of routing, {offers.steps} steps, seed {offers.seed}",
        "",
        "Advisers accept, refuse, pick, transfer, fall silent and die in mid-transaction, all at once: no double",
        f"offer, capacity kept, order among equals kept, nothing stuck past its lease. {verdict}",
        "",
        *table(("Figure", "Value"), rows),
        *(f"\n- {violation}" for violation in offers.violations),
    ]


def figures(outcome: Outcome) -> Iterable[tuple[object, ...]]:
    found = outcome.figures
    storm = outcome.seconds["storm"]
    yield "enquiries accepted", len(outcome.citizens.accepted)
    yield "seconds: " + ", ".join(outcome.seconds), ", ".join(f"{each:.0f}" for each in outcome.seconds.values())
    yield "accepted per second during the storm", f"{len(outcome.citizens.accepted) / storm:.1f}"
    yield "kills", in_words(Counter(kill.victim for kill in outcome.storm.kills))
    yield "requests without an answer, repeated", in_words(outcome.tally.unanswered)
    yield "repeats answered with the first answer", outcome.tally.replays
    yield "posts repeated on purpose", outcome.citizens.repeats
    yield "longest wait for an answer", f"{outcome.tally.slowest:.1f} s"
    yield "what advisers did with offers", in_words(outcome.deeds.ways)
    yield "commands that came too late (409)", in_words(outcome.deeds.conflicts)
    for what, states in found.states.items():
        yield what, in_words(states)
    yield "events said", in_words({name: sum(said.values()) for name, said in found.said.items()})
    yield "events handled", in_words(found.handled)


def kills(outcome: Outcome) -> Iterable[tuple[object, ...]]:
    for kill in outcome.storm.kills:
        undelivered = "database down" if kill.undelivered is None else kill.undelivered
        yield kill.victim, f"{kill.when:.1f}", kill.open_requests, undelivered, f"{kill.outage:.1f}"


def lateness(outcome: Outcome) -> Iterable[tuple[object, ...]]:
    for what, values in outcome.figures.lateness.items():
        yield what, *(f"{value:.2f}" for value in values or [0.0] * 4)


def in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    return [line_of(head), line_of(["---"] * len(head)), *(line_of(row) for row in rows)]


def line_of(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
