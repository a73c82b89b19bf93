"""Commands that may be repeated: the same Idempotency-Key gives the first answer again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from shared.db import Connection
from shared.errors import Conflict, Invalid, Refused
from shared.web.answer import Answer
from shared.work import Action, Cause, Work, Workshop

KEY_FORM = re.compile(r"[ -~]{8,255}")
MOST_AT_ONCE = 1000
REMEMBER_FOR = timedelta(days=30)
"""Long enough for whoever was cut off to try again; afterwards a key may be used anew."""

REPLAY = {"Idempotent-Replay": "true"}


@dataclass(frozen=True, slots=True)
class Command:
    """Whose command it is, its key, and a digest of all it asks for."""

    caller: str
    key: str
    fingerprint: bytes


class AlreadyAnswered(Conflict):
    """Leaves a work that came second, so that everything it wrote is rolled back."""


def read_key(header: str | None) -> str:
    if header is None or not KEY_FORM.fullmatch(header):
        raise Refused(
            "Send the header Idempotency-Key with 8 to 255 plain characters: a new one for each command, "
            "and the same one when you repeat it."
        )
    return header


def fingerprint(method: str, path: str, if_match: str | None, *body: bytes) -> bytes:
    """Equal only when all parts are: each goes in with its length, so that none can pose as another."""
    digest = sha256()
    for part in (
        method.encode(),
        path.encode(),
        b"-" if if_match is None else b"=" + if_match.encode(),
        *body,
    ):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


async def run_once(
    workshop: Workshop,
    cause: Cause,
    command: Command,
    subjects: Sequence[str],
    action: Action[Answer],
    fresh: Sequence[str],
) -> Answer:
    """
    The action's answer, or the first answer when the command was carried out before.

    A repeat is found at the start where subjects are locked, so that it gets its first answer and no conflict
    with what the command itself has changed. Where all is fresh it is found at the end, by its key: that
    saves a round trip each time, and of several at once one is kept and the others are rolled back.
    """
    attempt = Attempt(command, action, look_first=bool(subjects))
    try:
        return await workshop.run(subjects, attempt.act, cause, fresh=fresh)
    except Refused as refusal:
        # Where nothing was looked up first, a repeat may be refused only because its first run succeeded.
        if subjects and not isinstance(refusal, AlreadyAnswered):
            raise
        async with workshop.reading() as db:
            kept = await first_answer(db, command)
        if kept is None:
            raise
        return kept


@dataclass(slots=True)
class Attempt:
    """The action with the key around it. A run that comes again may follow a commit that nobody heard of."""

    command: Command
    action: Action[Answer]
    look_first: bool

    async def act(self, work: Work) -> Answer:
        looking, self.look_first = self.look_first, True
        if looking:
            kept = await first_answer(work.db, self.command)
            if kept is not None:
                return kept
        answer = await self.action(work)
        if answer.is_success and not await keep_answer(work, self.command, answer):
            raise AlreadyAnswered("This command is being carried out at this moment: repeat it.")
        return answer


FIRST_ANSWER = """
SELECT fingerprint, status, headers::text AS headers, body
  FROM idempotency_keys
 WHERE caller = $1 AND key = $2
"""


async def first_answer(db: Connection, command: Command) -> Answer | None:
    """Raises `Invalid` when the key was used for something else."""
    row = await db.fetchrow(FIRST_ANSWER, command.caller, command.key)
    if row is None:
        return None
    if bytes(row["fingerprint"]) != command.fingerprint:
        raise Invalid(
            "This Idempotency-Key was used for another command: send a new key, or repeat the first command unchanged."
        )
    return Answer(row["status"], bytes(row["body"]), {**json.loads(row["headers"]), **REPLAY})


KEEP_ANSWER = """
INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, body, kept_at)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7)
ON CONFLICT DO NOTHING
RETURNING true
"""


async def keep_answer(work: Work, command: Command, answer: Answer) -> bool:
    """False when another work has answered this key. Waits for one that is about to."""
    kept = await work.db.fetchval(
        KEEP_ANSWER,
        command.caller,
        command.key,
        command.fingerprint,
        answer.status,
        json.dumps(dict(answer.headers)),
        answer.content,
        work.now,
    )
    return kept is not None


FORGET = """
DELETE FROM idempotency_keys WHERE (caller, key) IN
    (SELECT caller, key FROM idempotency_keys WHERE kept_at < $1 ORDER BY kept_at LIMIT 1000)
"""


async def forget_old_keys(workshop: Workshop) -> None:
    """A sweep: answers hold what callers asked for, so they are not kept longer than they are useful."""
    async with workshop.reading() as db:
        before = await workshop.timesource.now(db) - REMEMBER_FOR
        while await db.execute(FORGET, before) == f"DELETE {MOST_AT_ONCE}":
            pass
