"""How far an enquiry has come and what was promised, as its citizen is told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.council import Council, in_words
from shared.vocabulary import Reference

ACKNOWLEDGEMENT = "acknowledgement"
"""The standard that is also shown by itself: when the citizen has heard from us at the latest."""


class Step(StrEnum):
    """What the other services have said about an enquiry."""

    TAKEN_UP = "taken_up"
    ANSWERED = "answered"
    ASKED = "asked"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    REOPENED = "reopened"


class Stage(StrEnum):
    """How far an enquiry has come."""

    RECEIVED = "received"
    BEING_DEALT_WITH = "being_dealt_with"
    WAITING_FOR_YOU = "waiting_for_you"
    ANSWERED = "answered"
    RESOLVED = "resolved"


IN_WORDS = {
    Stage.RECEIVED: "We have received your enquiry. Nobody has taken it up yet.",
    Stage.BEING_DEALT_WITH: "Somebody is dealing with your enquiry.",
    Stage.WAITING_FOR_YOU: "We have asked you something and cannot go on before you answer.",
    Stage.ANSWERED: "We have answered your enquiry.",
    Stage.RESOLVED: "We have finished your enquiry.",
}
AGREED_BY = "We agreed to answer by {when}."
AGREED = "We agreed on a day for our answer; it moves on while we wait for yours."


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where an enquiry stands, and since when it is answered and resolved."""

    stage: Stage = Stage.RECEIVED
    answered_at: datetime | None = None
    resolved_at: datetime | None = None


def progress_of(steps: Iterable[tuple[Step, datetime]]) -> Progress:
    """
    The steps folded in the order in which they were heard.

    Only crm moves an enquiry on from being dealt with, and its words come in order; routing's alone can come at any
    time, and show no more than that somebody is at it. So the order between the two makes no difference.
    """
    progress = Progress()
    for step, at in steps:
        progress = after(progress, step, at)
    return progress


def after(progress: Progress, step: Step, at: datetime) -> Progress:
    match step, progress.stage:
        case (Step.TAKEN_UP, Stage.RECEIVED) | (Step.RESUMED, Stage.WAITING_FOR_YOU):
            return replace(progress, stage=Stage.BEING_DEALT_WITH)
        case Step.ANSWERED, stage:
            answered = stage if stage is Stage.RESOLVED else Stage.ANSWERED
            return replace(progress, stage=answered, answered_at=progress.answered_at or at)
        case Step.ASKED, _:
            return replace(progress, stage=Stage.WAITING_FOR_YOU)
        case Step.RESOLVED, _:
            return replace(progress, stage=Stage.RESOLVED, resolved_at=at)
        case Step.REOPENED, _:
            return Progress(stage=Stage.BEING_DEALT_WITH)
        case _:
            return progress


class Standing(StrEnum):
    """How a promise stands. One that is superseded has been replaced, and is shown no more."""

    RUNNING = "running"
    WAITING_FOR_YOU = "waiting_for_you"
    KEPT = "kept"
    BROKEN = "broken"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Promise:
    """A clock of sla's, as far as its citizen is concerned. Without a standard it is a date agreed with them."""

    standard: str | None
    due_at: datetime | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class BroughtAlong:
    """A date that was agreed with the citizen in an older system, given up at `cut_over`."""

    due_at: datetime
    cut_over: datetime


def with_brought(
    brought: BroughtAlong | None, steps: Sequence[tuple[Step, datetime]], heard: Sequence[Promise]
) -> list[Promise]:
    """
    The promise that came along, as it stands: history sla judges silently, so that it may have said nothing of it, or
    only that it runs. Of any other date agreed since, sla's word counts.
    """
    if brought is None:
        return [*heard]
    known = Promise(None, brought.due_at, standing_of(brought, steps))
    if all(promise.standard is not None for promise in heard):
        return [known, *heard]
    only_begun = replace(known, standing=Standing.RUNNING)
    return [known if promise == only_begun else promise for promise in heard]


def standing_of(brought: BroughtAlong, steps: Iterable[tuple[Step, datetime]]) -> Standing:
    """
    Resolving ends the promise, so a later reopening changes nothing.

    Resolved at its due time it is kept; open then it is broken, as sla has it.
    """
    ended_at = next((at for step, at in steps if step is Step.RESOLVED), None)
    if ended_at is not None:
        return Standing.BROKEN if brought.due_at < ended_at else Standing.KEPT
    return Standing.BROKEN if brought.due_at <= brought.cut_over else Standing.RUNNING


@dataclass(frozen=True, slots=True)
class Told:
    """A promise in the citizen's words."""

    in_words: str
    due_at: datetime | None
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What anybody who knows the reference may see: nothing personal. Promises in the order in which they were made."""

    reference: Reference
    received_at: datetime
    progress: Progress
    promises: tuple[Promise, ...]

    @property
    def acknowledgement(self) -> Promise | None:
        made = [promise for promise in self.promises if promise.standard == ACKNOWLEDGEMENT]
        return made[-1] if made else None


def told(promises: Iterable[Promise], council: Council, languages: Sequence[str]) -> list[Told]:
    """Those that the council makes to citizens, in the first of the languages that it has words in."""
    found = ((promise, promised(promise, council, languages)) for promise in promises)
    return [Told(text, promise.due_at, promise.standing) for promise, text in found if text is not None]


def promised(promise: Promise, council: Council, languages: Sequence[str]) -> str | None:
    if promise.standard is None:
        return AGREED if promise.due_at is None else AGREED_BY.format(when=on_the_wall(promise.due_at, council))
    standard = council.standards.get(promise.standard)
    if standard is None or standard.promise is None:
        return None
    return in_one_of(standard.promise, languages)


def in_one_of(text: Mapping[str, str], languages: Sequence[str]) -> str:
    return in_words(dict(text), next((language for language in languages if language in text), None))


def on_the_wall(moment: datetime, council: Council) -> str:
    there = moment.astimezone(ZoneInfo(council.council.zone))
    return f"{there:%A} {there.day} {there:%B %Y at %H:%M}"
