"""The count after the storm: whatever is not exactly as promised is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.faults.advisers import Deeds
from tests.faults.citizens import Accepted
from tests.faults.records import HEARD, NAMES, Records, pairs
from tests.integration.offering import BROKEN

ONCE_EACH = {
    "intake.submissions": "SELECT enquiry_id::text FROM intake.submissions",
    "crm.enquiries": "SELECT enquiry_id::text FROM crm.enquiries",
    "crm.contact_enquiries": "SELECT enquiry_id::text FROM crm.contact_enquiries",
    "crm.timeline 'received'": "SELECT enquiry_id::text FROM crm.timeline WHERE kind = 'received'",
    "routing.tasks": "SELECT enquiry_id::text FROM routing.tasks",
    "routing 'task.queued'": "SELECT data->>'enquiry_id' FROM routing.said WHERE name = 'task.queued'",
    "sla.clocks": "SELECT enquiry_id::text FROM sla.clocks",
    "sla.ledger 'started'": """
        SELECT c.enquiry_id::text FROM sla.ledger JOIN sla.clocks c USING (clock_id) WHERE entry = 'started'""",
}
REFERENCES = "SELECT enquiry_id::text, reference FROM intake.submissions"
GAPS = """
SELECT p.partition FROM partitions p
  LEFT JOIN (SELECT partition, count(*) AS n, min(position) AS first, max(position) AS last
               FROM positions GROUP BY partition) n USING (partition)
 WHERE coalesce(n.n, 0) <> p.placed_up_to OR coalesce(n.last, 0) <> p.placed_up_to
    OR coalesce(n.first, 1) <> 1 OR p.sent_up_to <> p.placed_up_to
"""
UNNUMBERED = """
SELECT s.said_id FROM said s LEFT JOIN positions p USING (said_id)
 GROUP BY s.said_id HAVING count(p.said_id) <> 1
"""
OUT_OF_STEP = """
SELECT subject, sequence FROM (
    SELECT s.subject, s.sequence, p.partition,
           row_number() OVER (PARTITION BY s.subject ORDER BY p.position) AS nth,
           min(p.partition) OVER (PARTITION BY s.subject) AS one,
           max(p.partition) OVER (PARTITION BY s.subject) AS other
      FROM said s JOIN positions p USING (said_id)) AS found
 WHERE sequence <> nth OR one <> other
"""
SEQUENCES = """
SELECT subject FROM subjects FULL JOIN (SELECT subject, count(*) AS n FROM said GROUP BY subject) AS s USING (subject)
 WHERE coalesce(sequence, 0) <> coalesce(n, 0)
"""
CURSORS = """
SELECT p.partition, p.placed_up_to, c.position
  FROM {speaker}.partitions p LEFT JOIN {listener}.cursors c ON c.partition = p.partition AND c.speaker = '{speaker}'
 WHERE c.position IS DISTINCT FROM p.placed_up_to OR p.sent_up_to <> p.placed_up_to
"""
HANDLED = """
SELECT s.said_id, count(w.said_id) AS times
  FROM {speaker}.said s LEFT JOIN {listener}.witnessed w USING (said_id)
 WHERE s.name = ANY ($1) GROUP BY s.said_id HAVING count(w.said_id) <> 1
"""
DISORDER = """
SELECT subject, sequence, before FROM (
    SELECT s.subject, s.sequence, lag(s.sequence) OVER (PARTITION BY s.subject ORDER BY w.nth) AS before
      FROM {speaker}.said s JOIN {listener}.witnessed w USING (said_id)) AS found
 WHERE before >= sequence
"""
LATE_ACCEPTANCE = """
SELECT o.offer_id FROM routing.offers o WHERE state = 'accepted' AND ended_at >= lease_until
UNION ALL
SELECT (o.data->>'offer_id')::uuid
  FROM routing.said a
 CROSS JOIN LATERAL (SELECT data FROM routing.said o WHERE o.subject = a.subject AND o.name = 'task.offered'
                        AND o.sequence < a.sequence ORDER BY o.sequence DESC LIMIT 1) o
 WHERE a.name = 'task.assigned' AND a.recorded_at >= (o.data->>'lease_until')::timestamptz
"""
OUTLIVED = "SELECT offer_id FROM routing.offers WHERE state = 'live' AND lease_until < clock_timestamp()"
DISAGREEING = """
WITH told AS (
    SELECT s.enquiry_id, p.due_at AS acknowledge_by, p.standing,
           (SELECT min(occurred_at) FROM intake.steps t WHERE t.enquiry_id = s.enquiry_id AND step = 'answered')
               AS answered_at,
           (SELECT min(occurred_at) FROM intake.steps t WHERE t.enquiry_id = s.enquiry_id AND step = 'resolved')
               AS resolved_at
      FROM intake.submissions s
      LEFT JOIN intake.promises p ON p.enquiry_id = s.enquiry_id AND p.standard = 'acknowledgement'
)
SELECT e.enquiry_id FROM crm.enquiries e
  JOIN routing.tasks t USING (enquiry_id) JOIN sla.clocks c USING (enquiry_id)
  LEFT JOIN told m USING (enquiry_id)
 WHERE (e.state = 'resolved' AND t.state NOT IN ('completed', 'withdrawn'))
    OR (t.state = 'withdrawn' AND e.state <> 'resolved')
    OR (t.state IN ('assigned', 'completed') AND e.assigned_to IS DISTINCT FROM t.assigned_to)
    OR (e.answered_at IS DISTINCT FROM m.answered_at) OR (e.resolved_at IS DISTINCT FROM m.resolved_at)
    OR (c.stopped_at IS NULL) <> (NOT EXISTS (SELECT FROM crm.timeline l
         WHERE l.enquiry_id = e.enquiry_id AND l.kind IN ('answered', 'resolved')))
    OR (m.acknowledge_by IS DISTINCT FROM c.due_at)
    OR (m.standing IS DISTINCT FROM
        CASE c.state WHEN 'met' THEN 'kept' WHEN 'breached' THEN 'broken' ELSE 'running' END)
"""


@dataclass(slots=True)
class Verdict:
    """Every promise that was looked at, with how often it was found broken."""

    promises: list[tuple[str, int]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def look(self, promise: str, broken: Iterable[object]) -> None:
        found = [str(each) for each in broken]
        self.promises.append((promise, len(found)))
        self.violations += [f"{promise}: {each}" for each in found[:5]]


async def count_enquiries(records: Records, accepted: Iterable[Accepted], verdict: Verdict) -> None:
    promised = {each.enquiry_id: each.reference for each in accepted}
    for where, statement in ONCE_EACH.items():
        counted = Counter(await records.column(statement))
        wrong = [f"{each} {counted[each]} times" for each in promised if counted[each] != 1]
        strange = [f"{each}, which nobody was promised" for each in counted if each not in promised]
        verdict.look(f"every accepted enquiry is exactly once in {where}", wrong + strange)
    kept = {row["enquiry_id"]: row["reference"] for row in await records.rows(REFERENCES)}
    verdict.look(
        "every reference that was given out is the one kept", (e for e, r in promised.items() if kept.get(e) != r)
    )


async def count_positions(records: Records, verdict: Verdict) -> None:
    for service in NAMES:
        verdict.look(
            f"{service}: positions are gap-free, and all placed ones are sent", await records.at(service, GAPS)
        )
        verdict.look(f"{service}: every event said has one position", await records.at(service, UNNUMBERED))
        verdict.look(
            f"{service}: per subject, positions grow with sequence, and sequence has no gap",
            [*await records.at(service, OUT_OF_STEP), *await records.at(service, SEQUENCES)],
        )
        verdict.look(f"{service}: nothing is left unplaced", await records.at(service, "SELECT * FROM unplaced"))
        verdict.look(
            f"{service}: nothing is set aside",
            await records.at(service, "SELECT state, speaker, subject, name, why FROM set_aside"),
        )
        verdict.look(
            f"{service}: no timer is parked",
            await records.at(service, "SELECT name, key, parked_why FROM timers WHERE parked_why IS NOT NULL"),
        )


async def count_hearing(records: Records, verdict: Verdict) -> None:
    for listener, speaker in pairs():
        place = {"listener": listener, "speaker": speaker}
        names = [name for who, name in HEARD[listener] if who == speaker]
        verdict.look(
            f"{listener} has heard all that {speaker} said: cursor = placed = sent",
            await records.rows(CURSORS.format(**place)),
        )
        verdict.look(
            f"{listener} has handled each event of {speaker} exactly once",
            await records.rows(HANDLED.format(**place), names),
        )
        verdict.look(
            f"{listener} has handled {speaker}'s events of each subject in the order of `sequence`",
            await records.rows(DISORDER.format(**place)),
        )


async def count_offers(records: Records, verdict: Verdict) -> None:
    verdict.look("no offer was accepted after its lease", await records.column(LATE_ACCEPTANCE))
    verdict.look("no live offer is past its lease", await records.column(OUTLIVED))
    verdict.look("every task has the offer and the slots its state needs", await records.at("routing", BROKEN))
    verdict.look("the four services agree on each enquiry", await records.column(DISAGREEING))


async def count_deeds(records: Records, deeds: Deeds, verdict: Verdict) -> None:
    """What advisers were told was done is done, once."""
    offers = {
        row["offer_id"]: row["state"] for row in await records.rows("SELECT offer_id::text, state FROM routing.offers")
    }
    answers = Counter(await records.column("SELECT enquiry_id::text FROM crm.timeline WHERE kind = 'answered'"))
    resolved = Counter(await records.column("SELECT enquiry_id::text FROM crm.timeline WHERE kind = 'resolved'"))
    completed = set(await records.column("SELECT task_id::text FROM routing.tasks WHERE state = 'completed'"))
    states = Counter(offers.values())
    verdict.look("every acceptance an adviser was told of is kept", wrong_offers(offers, deeds.accepted, "accepted"))
    verdict.look("every refusal an adviser was told of is kept", wrong_offers(offers, deeds.refused, "refused"))
    verdict.look(
        "there are as many acceptances and refusals as advisers were told of",
        [states] if (states["accepted"], states["refused"]) != (len(deeds.accepted), len(deeds.refused)) else [],
    )
    verdict.look("every answer is in the record once", different(answers, deeds.answered))
    verdict.look("every resolution is in the record once", different(resolved, Counter(deeds.resolved)))
    verdict.look("every completed task is completed", completed ^ deeds.completed)
    verdict.look("no command of an adviser was refused without a reason", deeds.wrong)


def wrong_offers(offers: dict[str, str], told: set[str], state: str) -> list[str]:
    return [f"{each} is {offers.get(each)}" for each in told if offers.get(each) != state]


def different(one: Counter[str], other: Counter[str]) -> list[str]:
    return [
        f"{each}: {one[each]} kept, {other[each]} told"
        for each in one.keys() | other.keys()
        if one[each] != other[each]
    ]
