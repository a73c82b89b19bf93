"""Acts on what is set aside: what a person marked, what an event has woken, what has waited too long."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

import structlog

from shared import setaside, telemetry
from shared.errors import Refused
from shared.hearing import TRIES, Hearing, ruling_on
from shared.setaside import Ruling, State
from shared.vocabulary import new_id
from shared.work import Cause, Work

log = structlog.get_logger()

MOST_ROUNDS = 50


class Tending:
    """One per replica; it acts on the partitions that the replica owns."""

    def __init__(self, hearing: Hearing) -> None:
        self.hearing = hearing
        self.workshop = hearing.workshop

    async def tend(self, partitions: Sequence[int]) -> None:
        """Until nothing is left that should be tried now; bounded, so that the service can stop."""
        for _ in range(MOST_ROUNDS):
            if not await self.tend_some(partitions):
                return

    async def tend_some(self, partitions: Sequence[int]) -> bool:
        """True when there may be more."""
        async with self.workshop.reading() as db:
            now = await self.workshop.timesource.now(db)
            late = await setaside.park_late(db, partitions, now)
            rows = await setaside.to_tend(db, partitions, now)
            gap = await setaside.oldest_gap(db)
        for row in late:
            log.warning("an event is parked", service=self.hearing.service, event_name=row["name"], why=row["why"])
        age = (now - gap).total_seconds() if gap else 0.0
        telemetry.OLDEST_GAP_SECONDS.labels(self.hearing.service).set(age)
        if age > setaside.GAP_ALARM.total_seconds():
            log.error("events are missing before others: resend them", service=self.hearing.service, seconds=age)
        for row in rows:
            await self.tend_subject(row["set_aside_id"], row["speaker"], row["subject"])
        return len(rows) == setaside.MOST_TENDED

    async def tend_subject(self, set_aside_id: UUID, speaker: str, subject: str | None) -> None:
        """The marked event, and after it, in order, those that queued behind it."""
        gone = await self.replay_carefully(set_aside_id, subject)
        while gone and subject is not None:
            async with self.workshop.reading() as db:
                following = await setaside.first_of_subject(db, speaker, subject)
            if following is None:
                return
            gone = await self.replay_carefully(following["set_aside_id"], subject)

    async def replay_carefully(self, set_aside_id: UUID, subject: str | None) -> bool:
        """Its start is counted first: an event may have been parked because it ends the process."""
        async with self.workshop.reading() as db:
            row = await setaside.shown(db, set_aside_id)
        if row is None or row["position"] is None or row["wanted"] == "drop":
            return await self.replay(set_aside_id, subject)
        starts, place = self.hearing.starts, (row["speaker"], row["partition"], row["position"])
        if why := await starts.begin(place):
            await self.put_back(set_aside_id, [subject] if subject else [], Ruling(State.PARKED, why))
            gone = False
        else:
            with starts.outlived(place):
                gone = await self.replay(set_aside_id, subject)
        await starts.end(place)
        return gone

    async def replay(self, set_aside_id: UUID, subject: str | None) -> bool:
        """True when the row is gone: handled, dropped, or acted on by another replica."""
        subjects = [subject] if subject is not None else []
        cause = Cause("machine/tending", new_id())

        async def action(work: Work) -> None:
            row = await setaside.row(work.db, set_aside_id)
            if row is None:
                return
            if row["wanted"] != "drop":
                await self.handle_again(work, bytes(row["body"]), subject)
            await setaside.remove(work.db, row)

        for tries in range(1, TRIES + 1):
            try:
                await self.workshop.run(subjects, action, cause)
            except Exception as error:  # noqa: BLE001  the ruling decides, and raises what is not the event's fault
                ruling = ruling_on(error, tries)
                if ruling.state is None:
                    continue
                await self.put_back(set_aside_id, subjects, ruling)
                return False
            return True
        return False

    async def handle_again(self, work: Work, body: bytes, subject: str | None) -> None:
        if subject is None:
            raise Refused("It still cannot be read: drop it, and resend from its speaker if anything is missing.")
        heard = self.hearing.read_one(json.loads(body))
        if heard.why is not None:
            raise Refused(heard.why)
        if heard.handler is not None:
            await heard.handler(heard.event, work.because(heard.cause))
        await setaside.wake_early(work.db, [subject])

    async def put_back(self, set_aside_id: UUID, subjects: Sequence[str], ruling: Ruling) -> None:
        async def action(work: Work) -> None:
            await setaside.change(work.db, set_aside_id, ruling, work.now)

        await self.workshop.run(subjects, action, Cause("machine/tending", new_id()))
