"""One clock followed through the facts, from what started it to where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.sla.domain.clocks import NEXT, Key, Meaning, Standing, State
from services.sla.domain.facts import FIRST_WORDS, ON_A_TASK, Fact, Kind
from services.sla.domain.reckoning import Reckoning
from services.sla.domain.terms import AGREED, Agreed, Place, Terms
from shared.vocabulary import AnswerKind, QueueId, TaskId

ALWAYS = {Kind.RESUMED: Meaning.RESUMES, Kind.REOPENED: Meaning.RESUMES, Kind.RESOLVED: Meaning.RESUMES}


def meaning_of(fact: Fact, terms: Terms | Agreed, key: Key, task_id: TaskId | None) -> Meaning:
    """What a fact means to a clock that runs under these terms, on that task if it runs on one."""
    if task_id is not None and fact.kind in ON_A_TASK and fact.task_id != task_id:
        return Meaning.NOTHING
    asked = (
        (terms.stops(fact) or ends(fact, task_id), Meaning.STOPS),
        (fact.kind is Kind.AWAITING and terms.pauses, Meaning.PAUSES),
        # Whoever has only had word that they will be answered is awaited as before.
        (fact.kind is Kind.ANSWERED and fact.answer is AnswerKind.FULL, Meaning.RESUMES),
        (fact.kind is Kind.WITHDRAWN and task_id is not None, Meaning.LEAVES),
        (sets_due(fact, key), Meaning.SETS_DUE),
    )
    return next((meaning for holds, meaning in asked if holds), ALWAYS.get(fact.kind, Meaning.NOTHING))


def ends(fact: Fact, task_id: TaskId | None) -> bool:
    """Where nothing is left to do, no clock runs on, whatever its standard lists."""
    return fact.kind is (Kind.RESOLVED if task_id is None else Kind.COMPLETED)


def sets_due(fact: Fact, key: Key) -> bool:
    if fact.kind is Kind.AGREED:
        return key.standard == AGREED
    return fact.kind is Kind.EXTENDED and Key(fact.standard or "", fact.start_id or fact.fact_id) == key


@dataclass(slots=True)
class Run:
    """
    A clock under way. It is `seen` once its standard applies, and `left` while it applies no more.

    Before it is seen, and after it is left, it goes on in silence: it may apply again, as if it always had.
    """

    terms: Terms | Agreed
    key: Key
    start: Fact
    task_id: TaskId | None
    reckoning: Reckoning
    due_at: datetime
    state: State = State.RUNNING
    seen: bool = False
    gone: bool = False
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    left_at: datetime | None = None
    set_by: UUID | None = None
    over: int | None = None
    queue: str | None = None
    changed: tuple[datetime, Kind] = field(init=False)

    def __post_init__(self) -> None:
        self.changed = (self.start.occurred_at, self.start.kind)

    def take(self, nth: int, fact: Fact, place: Place) -> None:
        """The next fact, after which the enquiry or task is in that place."""
        at = max(fact.occurred_at, self.start.occurred_at)
        meaning = meaning_of(fact, self.terms, self.key, self.task_id)
        if meaning is Meaning.LEAVES:
            self.leave(nth, at, fact.kind)
            self.gone = True
        elif meaning is not Meaning.NOTHING:
            self.move(nth, at, fact, meaning)
        self.move_to(nth, at, fact, place)

    def move(self, nth: int, at: datetime, fact: Fact, meaning: Meaning) -> None:
        self.pass_due(at)
        after = NEXT.get((self.state, meaning))
        if after is None:
            return
        if meaning is Meaning.PAUSES:
            self.paused_at = at
        elif meaning is Meaning.SETS_DUE and fact.due_at is not None:
            self.reckon(self.reckoning.set_by_hand(fact.due_at, at))
            self.set_by = fact.fact_id
        elif self.paused_at is not None:
            self.reckon(self.reckoning.paused(self.paused_at, at))
            self.paused_at = None
        if meaning is Meaning.STOPS and self.stopped_at is None:
            self.stopped_at = at
            self.over = nth if self.over is None else self.over
        self.change(after, at, fact.kind)

    def change(self, after: State, at: datetime, cause: Kind) -> None:
        if self.state is not State.BREACHED:
            self.changed = (at, cause)
        self.state = after

    def reckon(self, reckoning: Reckoning) -> None:
        self.reckoning = reckoning
        self.due_at = reckoning.due_at

    def pass_due(self, at: datetime) -> None:
        """What bears on this clock after its due time shows that it was not kept."""
        if self.state is State.RUNNING and self.due_at < at:
            self.state = NEXT[self.state, Meaning.FALLS_DUE]
            self.changed = (self.due_at, self.start.kind)

    def move_to(self, nth: int, at: datetime, fact: Fact, place: Place) -> None:
        if self.gone or not self.state.is_open:
            return
        fits = self.terms.fits(place)
        if self.is_transferred(fact) and not (self.seen and fits):
            # The wait on another queue is another promise: it begins with the transfer, and does not come back.
            self.leave(nth, at, fact.kind)
            self.gone = True
        elif fits:
            self.appear(at, fact.kind, place)
        else:
            self.leave(nth, at, fact.kind)

    def is_transferred(self, fact: Fact) -> bool:
        return self.task_id is not None and fact.kind is Kind.TRANSFERRED and fact.task_id == self.task_id

    def appear(self, at: datetime, cause: Kind, place: Place) -> None:
        self.seen = True
        self.queue = place.queue
        if self.left_at is not None:
            self.left_at = self.over = None
            self.changed = (at, cause)

    def leave(self, nth: int, at: datetime, cause: Kind) -> None:
        if not self.seen or self.left_at is not None:
            return
        self.pass_due(at)
        if self.state.is_open:
            self.left_at, self.over = at, nth
            self.changed = (at, cause)

    def is_under_way(self, nth: int) -> bool:
        """At that fact: started, and neither stopped nor left."""
        return self.seen and (self.over is None or self.over > nth)

    def is_broken_before(self, at: datetime) -> bool:
        return self.state is State.BREACHED and self.due_at < at

    def standing(self, judged_up_to: datetime | None) -> Standing | None:
        """None when the standard never applied while it ran."""
        if not self.seen:
            return None
        if self.left_at is None and judged_up_to is not None and self.due_at <= judged_up_to:
            self.fall_due()
        state = self.state if self.left_at is None else State.SUPERSEDED
        at_risk, next_moment = self.ahead(judged_up_to) if state.is_open else (None, None)
        changed_at, cause = self.changed
        return Standing(
            key=self.key,
            standard_id=self.terms.standard_id,
            task_id=self.task_id,
            queue_id=QueueId(self.queue) if self.queue else None,
            state=state,
            started_at=self.start.occurred_at,
            due_at=None if self.paused_at is not None else self.due_at,
            paused_at=self.paused_at if state is State.PAUSED else None,
            stopped_at=self.stopped_at if self.left_at is None else None,
            at_risk=at_risk,
            next_moment=next_moment if state is State.RUNNING else None,
            set_by=self.set_by,
            changed_at=changed_at,
            cause=cause,
            cut_over=self.start.cut_over,
        )

    def fall_due(self) -> None:
        after = NEXT.get((self.state, Meaning.FALLS_DUE))
        if after is not None:
            self.change(after, self.due_at, self.start.kind)

    def ahead(self, judged_up_to: datetime | None) -> tuple[int | None, datetime]:
        """The last warning that was judged, and when the next one, or the due time, comes."""
        at_risk = None
        for percent in sorted(self.terms.warnings):
            moment = self.reckoning.moment_of(percent)
            if judged_up_to is None or moment > min(judged_up_to, self.paused_at or judged_up_to):
                return at_risk, min(moment, self.due_at)
            at_risk = percent
        return at_risk, self.due_at


def follow(run: Run, facts: Sequence[Fact], places: Sequence[Place], first: int) -> None:
    """Through all that came after its start."""
    if run.terms.fits(places[first]):
        run.appear(facts[first].occurred_at, facts[first].kind, places[first])
    for nth in range(first + 1, len(facts)):
        run.take(nth, facts[nth], places[nth])


def begun(terms: Terms | Agreed, key: Key, start: Fact, task_id: TaskId | None) -> Run:
    reckoning = Reckoning(terms=terms, started_at=start.occurred_at)
    if isinstance(terms, Agreed) and start.due_at is not None:
        reckoning = reckoning.set_by_hand(start.due_at, start.occurred_at)
    set_by = start.fact_id if start.kind is Kind.AGREED else None
    return Run(terms, key, start, task_id, reckoning, reckoning.due_at, set_by=set_by)


def places_of(facts: Sequence[Fact], task_id: TaskId | None, start: Fact) -> list[Place]:
    """
    Where the enquiry stood after each fact; for a clock on a task, where that task did.

    An enquiry is where the task that is to answer it waits, and an imported one where it was until there is such a
    task; work handed over to other offices does not move it. The channel is that of the contact which started the
    clock, else of the one that brought the enquiry.
    """
    received = next((fact for fact in facts if fact.kind in FIRST_WORDS), start)
    queue = received.queue_id if task_id is None and received.kind is Kind.IMPORTED else None
    place = Place(queue=queue, channel=start.channel or received.channel)
    counted: set[TaskId | None] = {task_id} if task_id is not None else set()
    places = []
    for fact in facts:
        if fact.kind is Kind.QUEUED and task_id is None and not fact.handed_over:
            counted.add(fact.task_id)
        if fact.kind in FIRST_WORDS | {Kind.CLASSIFIED} and fact.service_code is not None:
            place = replace(place, service=fact.service_code)
        elif fact.kind in (Kind.QUEUED, Kind.TRANSFERRED) and fact.task_id in counted:
            place = replace(place, queue=fact.queue_id, office=fact.office)
        places.append(place)
    return places
