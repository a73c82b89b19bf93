"""What advisers find out about what a citizen is known by: more of it, a proof of it, the end of it."""

from __future__ import annotations

from uuid import UUID

from services.crm.actions.knowing import known_citizen, nation
from services.crm.domain.citizens import Identifier
from services.crm.domain.identifiers import IdentifierKind, Strength, normalised
from services.crm.store import citizens
from shared.errors import Invalid, NotFound
from shared.vocabulary import CitizenId, new_id
from shared.work import Work


async def keep_identifier(
    work: Work, citizen_id: CitizenId, kind: IdentifierKind, value: str, evidence: Strength
) -> Identifier:
    """It holds from now on; one that holds already is verified by this, never weakened."""
    read = normalised(kind, value, await nation(work))
    if read is None:
        raise Invalid(f"This cannot be read as {kind}: write it as the citizen would give it.")
    await known_citizen(work, citizen_id)
    await citizens.lock(work.db, [(kind, read)])
    identifier = Identifier(
        identifier_id=new_id(),
        kind=kind,
        value=value,
        normalised=read,
        evidence=evidence,
        source=work.cause.actor,
        valid_from=work.occurred_at,
    )
    return await citizens.keep_identifier(work.db, citizen_id, identifier)


async def end_identifier(work: Work, citizen_id: CitizenId, identifier_id: UUID) -> Identifier:
    """From now on it says nothing about them."""
    ended = await citizens.end_identifier(work.db, citizen_id, identifier_id, work.occurred_at, work.cause.actor)
    if ended is None:
        raise NotFound("This citizen is not known by that: it has ended, or the id is another one's.")
    return ended
