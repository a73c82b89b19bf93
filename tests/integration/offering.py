"""What the tests of routing share: tasks that wait, advisers who are ready, and what must never be so."""

from datetime import timedelta

from services.routing import timers
from services.routing.actions import presence as actions
from services.routing.actions import queueing, take_up_council
from services.routing.actions.queueing import Asked
from shared.council import Version, apply, fingerprint_of, history
from shared.db import Row
from shared.vocabulary import AdviserId, EnquiryId, Presence, adviser_subject, enquiry_subject, new_id
from shared.work import Work, Workshop
from tests.builders import ADA, MORNING, a_cause, an_enquiry_id, said_by

TASKS = "SELECT * FROM tasks ORDER BY enqueued_at, task_id"
OFFERS = "SELECT * FROM offers ORDER BY made_at, offer_id"
BROKEN = """
SELECT 'a task has not the offer and the slots its state needs' AS what, task_id::text AS which
  FROM (SELECT t.task_id, t.state, t.weight,
               (SELECT count(*) FROM offers o WHERE o.task_id = t.task_id AND o.state = 'live') AS live,
               (SELECT count(*) FROM slots s WHERE s.task_id = t.task_id) AS filled,
               (SELECT count(DISTINCT adviser_id) FROM slots s WHERE s.task_id = t.task_id) AS holders
          FROM tasks t) AS found
 WHERE live <> (state = 'offered')::int
    OR filled <> CASE WHEN state IN ('offered', 'assigned') THEN weight ELSE 0 END
    OR holders > 1
UNION ALL
SELECT 'an offer was accepted after its lease', offer_id::text
  FROM offers WHERE state = 'accepted' AND ended_at >= lease_until
UNION ALL
SELECT 'a live offer has no timer', offer_id::text
  FROM offers o
 WHERE state = 'live' AND NOT EXISTS (SELECT FROM timers t WHERE t.key = o.offer_id::text)
UNION ALL
SELECT 'somebody has more in hand than they have room for', adviser_id
  FROM slots s JOIN advisers a USING (adviser_id)
 GROUP BY adviser_id, capacity
HAVING count(*) > capacity AND (bool_or(task_id IS NULL) OR count(*) FILTER (WHERE NOT surplus) > capacity)
UNION ALL
SELECT 'an assigned task is held by somebody else', t.task_id::text
  FROM tasks t JOIN slots s USING (task_id) WHERE t.state = 'assigned' AND t.assigned_to <> s.adviser_id
"""


async def council_of(workshop: Workshop, file: str) -> None:
    """Makes it the council of this service alone."""
    async with workshop.reading() as db:
        number = len(await history(db)) + 1
    version = Version(
        version=number, fingerprint=fingerprint_of(file), file=file, author="machine/test", reason="For this test."
    )
    await apply(workshop, version, take_up_council)


async def rows(workshop: Workshop, statement: str) -> list[Row]:
    async with workshop.reading() as db:
        return await db.fetch(statement)


async def enqueue(workshop: Workshop, how_many: int = 1, service_code: str | None = None) -> list[EnquiryId]:
    """Tasks of as many enquiries, a second apart: the oldest first."""
    enquiries = [an_enquiry_id() for _ in range(how_many)]

    async def action(work: Work) -> None:
        for number, enquiry_id in enumerate(enquiries):
            at = MORNING + timedelta(seconds=number)
            asked = Asked(enquiry_id=enquiry_id, request_id=new_id(), service_code=service_code)
            await queueing.take_in(work.because(a_cause(at=at)), asked)

    await workshop.run([enquiry_subject(enquiry_id) for enquiry_id in enquiries], action, a_cause())
    return enquiries


async def be(workshop: Workshop, presence: Presence, *advisers: AdviserId) -> None:
    for adviser_id in advisers:

        async def action(work: Work, adviser_id: AdviserId = adviser_id) -> None:
            await actions.set_presence(work, adviser_id, presence)

        await workshop.run([adviser_subject(adviser_id)], action, a_cause())


async def an_offered_task(workshop: Workshop, *advisers: AdviserId) -> Row:
    """The live offer of the one task there is."""
    await enqueue(workshop)
    await be(workshop, Presence.READY, *(advisers or (ADA,)))
    await timers.choose(workshop)
    [offer] = await rows(workshop, OFFERS)
    return offer


async def states(workshop: Workshop) -> tuple[list[str], list[str]]:
    """Of all tasks, and of all offers."""
    tasks, offers = await rows(workshop, TASKS), await rows(workshop, OFFERS)
    return [task["state"] for task in tasks], [offer["state"] for offer in offers]


async def heard_of(workshop: Workshop) -> list[str]:
    return [spoken.name for spoken in await said_by(workshop)]
