"""Every SQL statement intake runs, each above the function that runs it."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain import Milestones, Submission, Tracked
from shared.db import Connection
from shared.vocabulary import EnquiryId, Reference

SAVE_SUBMISSION = """
INSERT INTO submissions (enquiry_id, contact_id, reference, channel, point, service_code,
                         title, text, place, citizen_name, citizen_email, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


async def save_submission(db: Connection, submission: Submission, reference: Reference, received_at: datetime) -> None:
    await db.execute(
        SAVE_SUBMISSION,
        submission.enquiry_id,
        submission.contact_id,
        reference,
        submission.channel,
        submission.point,
        submission.service_code,
        submission.title,
        submission.text,
        submission.place,
        submission.citizen_name,
        submission.citizen_email,
        received_at,
    )


# Of each step the first moment stays, so that the order of hearing makes no difference.
KEEP_MILESTONES = """
INSERT INTO milestones AS m (enquiry_id, taken_up_at, answered_at, resolved_at)
SELECT enquiry_id, $2, $3, $4 FROM submissions WHERE enquiry_id = $1
ON CONFLICT (enquiry_id) DO UPDATE
   SET taken_up_at = least(m.taken_up_at, excluded.taken_up_at),
       answered_at = least(m.answered_at, excluded.answered_at),
       resolved_at = least(m.resolved_at, excluded.resolved_at)
RETURNING true
"""


async def keep_milestones(db: Connection, enquiry_id: EnquiryId, heard: Milestones) -> bool:
    """False when no such enquiry was submitted here."""
    kept = await db.fetchval(KEEP_MILESTONES, enquiry_id, heard.taken_up_at, heard.answered_at, heard.resolved_at)
    return kept is not None


# sla alone speaks of promises, and what it says of one enquiry comes in order: the latest word holds.
KEEP_PROMISE = """
INSERT INTO milestones (enquiry_id, acknowledge_by, kept)
SELECT enquiry_id, $2, $3 FROM submissions WHERE enquiry_id = $1
ON CONFLICT (enquiry_id) DO UPDATE SET acknowledge_by = excluded.acknowledge_by, kept = excluded.kept
RETURNING true
"""


async def keep_promise(db: Connection, enquiry_id: EnquiryId, acknowledge_by: datetime, kept: bool | None) -> bool:
    """False when no such enquiry was submitted here."""
    return await db.fetchval(KEEP_PROMISE, enquiry_id, acknowledge_by, kept) is not None


TRACK = """
SELECT s.reference, s.received_at, m.taken_up_at, m.answered_at, m.resolved_at, m.acknowledge_by, m.kept
  FROM submissions s LEFT JOIN milestones m USING (enquiry_id)
 WHERE s.reference = $1
"""


async def tracked(db: Connection, reference: Reference) -> Tracked | None:
    row = await db.fetchrow(TRACK, reference)
    if row is None:
        return None
    return Tracked(
        reference=Reference(row["reference"]),
        received_at=row["received_at"],
        milestones=Milestones(
            taken_up_at=row["taken_up_at"], answered_at=row["answered_at"], resolved_at=row["resolved_at"]
        ),
        acknowledge_by=row["acknowledge_by"],
        kept=row["kept"],
    )
