"""Which mailbox of the council an address belongs to."""

from __future__ import annotations

from services.intake.domain.mail.tokens import without_token
from shared.council import Council, Mailbox, current
from shared.db import Connection


async def mailbox_of(db: Connection, address: str) -> str | None:
    """Its code; None for an address that is not the council's. Whatever stands after a plus makes no difference."""
    council = (await current(db)).council
    found = council.mailbox_at(without_token(address))
    return found.code if found is not None else None


def mailbox_named(council: Council, code: str) -> Mailbox | None:
    """By its code; None where the council has given it up."""
    return council.mailboxes.get(code)
