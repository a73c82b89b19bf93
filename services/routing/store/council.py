"""What the council file says of queues, council services and advisers, made into rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.db import Connection
from shared.vocabulary import TaskId

Rows = Sequence[Mapping[str, Any]]

LOCK_QUEUES = "SELECT queue_id FROM queues ORDER BY queue_id FOR NO KEY UPDATE"
CLOSE_QUEUES = "UPDATE queues SET closed = queue_id <> ALL ($1), general = false"
KEEP_QUEUES = """
INSERT INTO queues (queue_id, name, office, general, skills, weight)
SELECT queue_id, name, office, general, skills, weight
  FROM jsonb_to_recordset($1::text::jsonb)
    AS q (queue_id text, name text, office text, general boolean, skills text[], weight smallint)
ON CONFLICT (queue_id) DO UPDATE
   SET name = excluded.name, office = excluded.office, general = excluded.general, skills = excluded.skills,
       weight = excluded.weight
"""


async def lock_queues(db: Connection) -> None:
    """All of them, until the work ends: nobody chooses meanwhile."""
    await db.execute(LOCK_QUEUES)


async def keep_queues(db: Connection, queues: Rows) -> None:
    """A queue that is not among them is closed."""
    await lock_queues(db)
    await db.execute(CLOSE_QUEUES, [each["queue_id"] for each in queues])
    await db.execute(KEEP_QUEUES, json.dumps(queues))


FORGET_CATALOGUE = "DELETE FROM catalogue"
KEEP_CATALOGUE = """
INSERT INTO catalogue (service_code, name, queue_id, skills)
SELECT service_code, name, queue_id, skills
  FROM jsonb_to_recordset($1::text::jsonb) AS c (service_code text, name text, queue_id text, skills text[])
"""
KEEP_KEYWORDS = """
INSERT INTO keywords (service_code, keyword, query)
SELECT DISTINCT c.service_code, keyword, query_of(keyword)
  FROM jsonb_to_recordset($1::text::jsonb) AS c (service_code text, keywords text[]), unnest(c.keywords) AS keyword
"""


async def keep_catalogue(db: Connection, services: Rows) -> None:
    await db.execute(FORGET_CATALOGUE)
    await db.execute(KEEP_CATALOGUE, json.dumps(services))
    await db.execute(KEEP_KEYWORDS, json.dumps(services))


UNLIST_ADVISERS = """
UPDATE advisers SET listed = false, presence = 'away', presence_since = $2
 WHERE listed AND adviser_id <> ALL ($1)
"""
KEEP_ADVISERS = """
INSERT INTO advisers (adviser_id, role, skills, capacity, listed, presence, presence_since)
SELECT adviser_id, role, skills, capacity, true, 'away', $2
  FROM jsonb_to_recordset($1::text::jsonb) AS a (adviser_id text, role text, skills text[], capacity smallint)
 ORDER BY adviser_id
ON CONFLICT (adviser_id) DO UPDATE
   SET role = excluded.role, skills = excluded.skills, capacity = excluded.capacity, listed = true
"""
FORGET_MEMBERSHIPS = "DELETE FROM memberships"
KEEP_MEMBERSHIPS = """
INSERT INTO memberships (adviser_id, queue_id, nth)
SELECT a.adviser_id, q.queue_id, min(q.nth)
  FROM jsonb_to_recordset($1::text::jsonb) AS a (adviser_id text, queues text[]),
       unnest(a.queues) WITH ORDINALITY AS q (queue_id, nth)
 GROUP BY a.adviser_id, q.queue_id
"""


async def keep_advisers(db: Connection, advisers: Rows, at: datetime) -> None:
    """Locked until the work ends, so that nobody fills slots that are about to go."""
    await db.execute(UNLIST_ADVISERS, [each["adviser_id"] for each in advisers], at)
    await db.execute(KEEP_ADVISERS, json.dumps(advisers), at)
    await db.execute(FORGET_MEMBERSHIPS)
    await db.execute(KEEP_MEMBERSHIPS, json.dumps(advisers))


# All open tasks are looked at for as long as there may be some, not at rest.
MISFITS = """
SELECT t.task_id FROM tasks t JOIN enquiries e USING (enquiry_id) JOIN queues q USING (queue_id)
 WHERE t.state IN ('waiting', 'offered', 'assigned')
   AND (t.skills <> skills_needed(t.queue_id, e.service_code) OR t.state = 'waiting' AND t.weight <> q.weight)
   AND EXISTS (SELECT FROM council_versions WHERE applied_at > $1)
"""


async def misfits(db: Connection, since: datetime) -> list[TaskId]:
    """
    Open tasks that need something else than the council asks now, or wait and weigh something else. Not locked.

    None unless a council file has been taken up since.
    """
    return [row["task_id"] for row in await db.fetch(MISFITS, since)]


LOCK_TASKS = "SELECT task_id FROM tasks WHERE task_id = ANY ($1) ORDER BY task_id FOR NO KEY UPDATE"
FIT_TASKS = """
UPDATE tasks t
   SET skills = skills_needed(t.queue_id, e.service_code),
       weight = CASE WHEN t.state = 'waiting' THEN q.weight ELSE t.weight END
  FROM enquiries e, queues q
 WHERE t.task_id = ANY ($1) AND e.enquiry_id = t.enquiry_id AND q.queue_id = t.queue_id
   AND t.state IN ('waiting', 'offered', 'assigned')
   AND (t.skills <> skills_needed(t.queue_id, e.service_code) OR t.state = 'waiting' AND t.weight <> q.weight)
"""


async def fit_tasks(db: Connection, tasks: Sequence[TaskId]) -> None:
    """They need what the council asks now, and what waits weighs as much as its queue says now. Queues are locked."""
    # Of what an enquiry is about is known by now only to a statement that begins when nobody is classifying it.
    await db.execute(LOCK_TASKS, tasks)
    await db.execute(FIT_TASKS, tasks)
