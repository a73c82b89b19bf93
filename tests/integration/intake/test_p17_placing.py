"""P17: whatever is wrong with a mail, once kept it becomes exactly one contact, on a real database."""

import os
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Identity
from shared.work import Workshop
from tests.faults.mutating import mutated
from tests.integration.intake.desk import rows
from tests.integration.intake.post import MAILBOXES, PostRoom
from tests.parts.bad_mails import BAD, large
from tests.parts.councils import plain, take_up
from tests.parts.mails import corpus

DAMAGED = int(os.environ.get("ACCESSPOINT_TEST_DAMAGED", "200"))
"""`make proof` asks for two thousand."""
SEED = 2024
LARGE = "30 MB"


@pytest.fixture
async def post(workshop: Workshop) -> PostRoom:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return PostRoom(workshop)


async def each_is_one_contact(post: PostRoom, raws: Sequence[bytes]) -> list[dict[str, Any]]:
    """Kept, placed, and kept and placed again: the mails, of which none is without its contact or has two."""
    for raw in raws:
        await post.keeps(raw)
    await post.places()
    for raw in raws:
        await post.keeps(raw)
    mails = await post.places()
    contacts = await post.contacts()
    assert len(contacts) == len(mails) == len({identity_of(raw) for raw in raws})
    assert {each["contact_id"] for each in contacts} == {mail["contact_id"] for mail in mails}
    assert Counter(mail["state"] for mail in mails) == {"placed": len(mails)}
    enquiries = {mail["enquiry_id"] for mail in mails if mail["placed_as"] == "enquiry"}
    assert {each["enquiry_id"] for each in await rows(post.workshop, "submissions")} == enquiries
    assert len(await post.said("enquiry.received")) == len(enquiries)
    return mails


@pytest.mark.parametrize("what", [*BAD, LARGE])
async def test_bad_input_becomes_exactly_one_contact(post: PostRoom, what: str) -> None:
    [mail] = await each_is_one_contact(post, [large(30_000_000) if what == LARGE else BAD[what]])
    assert mail["placed_as"] == "enquiry"


@pytest.mark.timeout(1200)
async def test_p17_of_damaged_mails_each_becomes_exactly_one_contact(post: PostRoom) -> None:
    seeds, sent, different = corpus(), list[bytes](), set[Identity]()
    while len(different) < DAMAGED:
        sent.append(mutated(Random(f"{SEED}/{len(sent)}"), seeds))
        different.add(identity_of(sent[-1]))
    mails = await each_is_one_contact(post, sent)
    kinds = Counter(f"{mail['kind']} as {mail['placed_as']}" for mail in mails)
    print(f"{DAMAGED} different mails among {len(sent)} damaged ones: {len(mails)} contacts. {dict(kinds)}")
