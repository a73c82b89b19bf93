"""Who is known on an enquiry: whoever gave an address with it, and the citizen's other addresses; nobody else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.store.mail import participants
from shared.contracts.crm import CitizenIdentified
from shared.vocabulary import CitizenId, EnquiryId, IdentifiedBy, new_id
from shared.work import Workshop
from tests.builders import Ear, an_enquiry_id
from tests.integration.intake.desk import CONTACTS, ENQUIRIES, LAMP, Desk, rows

JO, ANN = "jo@example.org", "ann@example.org"
STARTED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BINS = {"title": "The bins", "text": "Not emptied."}
SET_ASIDE = "set_aside"


def id_of(receipt: dict[str, Any]) -> EnquiryId:
    return EnquiryId(receipt["enquiry_id"])


async def knows(workshop: Workshop, receipt: dict[str, Any], address: str) -> bool:
    async with workshop.reading() as db:
        return bool(await participants.known_on(db, [id_of(receipt)], address))


async def known_on(workshop: Workshop, receipt: dict[str, Any]) -> list[str]:
    found = await rows(workshop, "participants")
    return sorted(row["address"] for row in found if str(row["enquiry_id"]) == receipt["enquiry_id"])


def is_theirs(receipt: dict[str, Any], citizen_id: CitizenId) -> CitizenIdentified:
    return CitizenIdentified(enquiry_id=id_of(receipt), citizen_id=citizen_id, by=IdentifiedBy.ADVISER)


async def test_whoever_asks_by_web_form_is_known_by_the_address_they_gave(desk: Desk, workshop: Workshop) -> None:
    receipt, other = await desk.asks(email="Jo@Example.ORG"), await desk.asks(email=ANN)
    assert await known_on(workshop, receipt) == [JO]
    assert [await knows(workshop, receipt, address) for address in (JO, "JO@example.org", ANN, "")] == [
        True,
        True,
        False,
        False,
    ]
    assert (await knows(workshop, other, JO), await knows(workshop, other, ANN)) == (False, True)
    found = {str(row["enquiry_id"]): row["since"] for row in await rows(workshop, "participants")}
    assert found[receipt["enquiry_id"]] == datetime.fromisoformat(receipt["received_at"])


async def test_who_gives_no_address_is_known_by_none(desk: Desk, workshop: Workshop) -> None:
    await desk.posts(ENQUIRIES, {key: value for key, value in LAMP.items() if key != "email"})
    assert (len(await rows(workshop, "submissions")), await rows(workshop, "participants")) == (1, [])


async def test_sent_again_with_the_same_key_they_are_known_once(desk: Desk, workshop: Workshop) -> None:
    key = str(new_id())
    for _ in range(2):
        assert (await desk.posts(ENQUIRIES, LAMP, key=key)).status == 201
    assert len(await rows(workshop, "participants")) == 1


async def test_whoever_is_logged_with_an_address_is_known_on_all_that_they_brought(
    desk: Desk, workshop: Workshop
) -> None:
    logged = await desk.logs(started_at=STARTED.isoformat(), citizen={"email": JO}, enquiries=[BINS, BINS])
    assert logged.status == 201, logged.told
    brought = logged.fields["enquiries"]
    assert [await known_on(workshop, each) for each in brought] == [[JO]] * 2
    assert {row["since"] for row in await rows(workshop, "participants")} == {STARTED}
    another = await desk.posts(f"{CONTACTS}/{logged.fields['contact_id']}/enquiries", BINS, desk.token)
    assert await known_on(workshop, another.fields["enquiries"][0]) == [JO]


async def test_p09_whoever_writes_through_a_reference_is_not_known_by_that(desk: Desk, workshop: Workshop) -> None:
    """It may stand on a letter, or be read over a shoulder."""
    receipt = await desk.asks(email=JO)
    added = await desk.posts(f"{ENQUIRIES}/{receipt['reference']}/contacts", {"text": "And another.", "email": ANN})
    assert added.status == 201, added.told
    assert await known_on(workshop, receipt) == [JO]
    opened = await desk.posts(f"{CONTACTS}/{added.fields['contact_id']}/enquiries", BINS, desk.token)
    assert await known_on(workshop, opened.fields["enquiries"][0]) == [ANN]
    assert not await knows(workshop, receipt, ANN)


async def test_whoever_an_adviser_logs_on_an_enquiry_is_known_there(desk: Desk, workshop: Workshop) -> None:
    receipt = await desk.asks(email=JO)
    further: dict[str, Any] = {
        "reference": receipt["reference"],
        "text": "She rang.",
        "citizen": {"email": "Ann@Example.org"},
    }
    for _ in range(2):
        assert (await desk.logs(started_at=STARTED.isoformat(), **further)).status == 201
    assert await known_on(workshop, receipt) == [ANN, JO]
    assert (await desk.logs(reference=receipt["reference"], text="Somebody rang.")).status == 201
    assert await known_on(workshop, receipt) == [ANN, JO]


async def test_a_contact_that_cannot_be_logged_makes_nobody_known(desk: Desk, workshop: Workshop) -> None:
    refused = await desk.logs(citizen={"email": JO}, enquiries=[BINS, {"title": "x"}])
    assert (refused.status, await rows(workshop, "participants")) == (422, [])


async def test_a_citizens_other_addresses_are_known_on_all_their_enquiries(
    desk: Desk, ear: Ear, workshop: Workshop
) -> None:
    citizen_id = CitizenId(new_id())
    first, second, stranger = (
        await desk.asks(email=JO),
        await desk.asks(email=ANN),
        await desk.asks(email="x@example.org"),
    )
    await ear.hears(is_theirs(first, citizen_id))
    assert not await knows(workshop, first, ANN)
    await ear.hears(is_theirs(second, citizen_id))
    await ear.hears(is_theirs(stranger, CitizenId(new_id())))
    assert [await knows(workshop, each, address) for each in (first, second) for address in (JO, ANN)] == [True] * 4
    assert not await knows(workshop, first, "x@example.org")
    assert [await knows(workshop, stranger, address) for address in (JO, ANN)] == [False, False]


async def test_the_latest_word_of_whose_it_is_holds(desk: Desk, ear: Ear, workshop: Workshop) -> None:
    citizen_id = CitizenId(new_id())
    first, second = await desk.asks(email=JO), await desk.asks(email=ANN)
    for receipt in (first, second, second):
        await ear.hears(is_theirs(receipt, citizen_id))
    assert await knows(workshop, first, ANN)
    await ear.hears(is_theirs(second, CitizenId(new_id())))
    assert (await knows(workshop, first, ANN), await knows(workshop, second, ANN)) == (False, True)


async def test_p09_a_citizen_found_by_what_a_neighbour_may_know_lets_no_address_onto_their_other_enquiries(
    desk: Desk, ear: Ear, workshop: Workshop
) -> None:
    citizen_id = CitizenId(new_id())
    first, second = await desk.asks(email="jo@example.org"), await desk.asks(email="neighbour@example.net")
    await ear.hears(is_theirs(first, citizen_id))
    weakly = IdentifiedBy.TELEPHONE_AND_SURNAME
    await ear.hears(CitizenIdentified(enquiry_id=id_of(second), citizen_id=citizen_id, by=weakly))
    assert not await knows(workshop, first, "neighbour@example.net")


async def test_whose_an_enquiry_is_that_is_not_known_here_waits_for_it(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(CitizenIdentified(enquiry_id=enquiry_id, citizen_id=CitizenId(new_id()), by=IdentifiedBy.EMAIL))
    [aside] = await rows(workshop, SET_ASIDE)
    assert (aside["state"], aside["waits_for"]) == ("early", f"enquiry/{enquiry_id}")


@pytest.mark.parametrize("address", ["jo@example.org ", "jo@example.org.", "jo+x@example.org", "%", "_o@example.org"])
async def test_p09_an_address_that_is_only_like_theirs_is_not_theirs(
    desk: Desk, workshop: Workshop, address: str
) -> None:
    assert not await knows(workshop, await desk.asks(email=JO), address)


async def test_p09_found_weakly_to_be_somebody_elses_the_former_citizens_other_addresses_count_no_more(
    desk: Desk, workshop: Workshop, ear: Ear
) -> None:
    theirs, other = await desk.asks(email=JO), await desk.asks(email=ANN)
    citizen = CitizenId(new_id())
    for each in (theirs, other):
        await ear.hears(is_theirs(each, citizen))
    assert await knows(workshop, theirs, ANN)
    weak = IdentifiedBy.TELEPHONE_AND_SURNAME
    await ear.hears(CitizenIdentified(enquiry_id=id_of(theirs), citizen_id=citizen, by=weak))
    assert await knows(workshop, theirs, ANN)
    await ear.hears(CitizenIdentified(enquiry_id=id_of(theirs), citizen_id=CitizenId(new_id()), by=weak))
    assert [await knows(workshop, theirs, address) for address in (JO, ANN)] == [True, False]
