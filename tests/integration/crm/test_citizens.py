"""An enquiry is a citizen's on strong evidence for exactly one, or because an adviser says so."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.intake import EnquiryReceived
from shared.said import partition_of
from shared.vocabulary import CitizenId, ContactId, EnquiryId, new_id
from shared.work import Workshop
from tests.builders import ADA, Ear, an_enquiry_received
from tests.integration.crm.desk import CITIZENS, Desk, heard_of, last_said, rows
from tests.integration.crm.events import a_further_contact
from tests.parts.councils import plain, take_up

IDENTIFIERS = "SELECT kind, value, normalised, evidence, source FROM identifiers ORDER BY kind"
SUGGESTED = "SELECT * FROM accesses WHERE what = 'suggestion'"
HOW_MANY = "SELECT count(*) AS n FROM citizens"
ANN: dict[str, Any] = {
    "citizen_name": "Ann O'Brien",
    "citizen_email": "Ann@Example.org",
    "citizen_telephone": "+44 (0)1482/39-39 39",
    "citizen_uprn": "0010001234567",
}


async def asks(ear: Ear, **fields: Any) -> EnquiryId:
    event = an_enquiry_received(**fields)
    await ear.hears(event)
    return event.enquiry_id


async def citizen_of(desk: Desk, enquiry_id: EnquiryId) -> tuple[str | None, str | None]:
    """Whose it is, and by what."""
    _, shown = await desk.reads(f"/{enquiry_id}")
    return (shown["citizen"]["citizen_id"] if shown["citizen"] else None), shown["identified_by"]


async def test_whoever_is_new_is_known_from_now_on_by_what_they_claim(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    event = an_enquiry_received(**ANN)
    await ear.hears(event)
    found, by = await citizen_of(desk, event.enquiry_id)
    assert by == "new"
    told = await last_said(workshop, "citizen.identified")
    assert (told["citizen_id"], told["by"]) == (found, "new")
    claims = [(row["kind"], row["value"], row["normalised"]) for row in await rows(workshop, IDENTIFIERS)]
    assert claims == [
        ("email", "Ann@Example.org", "ann@example.org"),
        ("telephone", "+44 (0)1482/39-39 39", "01482393939"),
        ("uprn", "0010001234567", "10001234567"),
    ]
    assert {(row["evidence"], row["source"]) for row in await rows(workshop, IDENTIFIERS)} == {
        ("claimed", f"contact/{event.contact_id}")
    }


@pytest.mark.parametrize(
    ("given", "by"),
    [
        ({"citizen_email": "ANN@example.ORG"}, "email"),
        ({"citizen_name": "A. O’BRIEN", "citizen_telephone": "0044 1482 393939"}, "telephone_and_surname"),
        ({"citizen_surname": "obrien", "citizen_uprn": "10001234567"}, "uprn_and_surname"),
    ],
)
async def test_p14_strong_evidence_makes_a_further_enquiry_theirs(
    ear: Ear, desk: Desk, workshop: Workshop, given: dict[str, str], by: str
) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    assert await citizen_of(desk, await asks(ear, **given)) == (ann, by)
    assert (await rows(workshop, HOW_MANY))[0]["n"] == 1


@pytest.mark.parametrize(
    "given",
    [
        {"citizen_telephone": "01482 393939"},
        {"citizen_name": "Bob Smith", "citizen_telephone": "01482 393939", "citizen_email": "bob@example.org"},
        {"citizen_name": "Bob Smith", "citizen_uprn": "10001234567"},
    ],
)
async def test_p14_weak_evidence_only_suggests_and_an_adviser_decides(
    ear: Ear, desk: Desk, workshop: Workshop, given: dict[str, str]
) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    enquiry_id = await asks(ear, **given)
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert shown["citizen"] is None
    [suggestion] = shown["suggestions"]
    assert (suggestion["citizen"]["citizen_id"], suggestion["citizen"]["name"]) == (ann, "Ann O'Brien")
    assert (await heard_of(workshop)).count("citizen.identified") == 1
    status, decided = await desk.posts(f"/{enquiry_id}/citizen", {"citizen_id": ann}, 1)
    assert (status, decided["version"]) == (200, 2)
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert (shown["citizen"]["citizen_id"], shown["identified_by"], shown["suggestions"]) == (ann, "adviser", [])
    assert (await last_said(workshop, "citizen.identified"))["by"] == "adviser"


@pytest.mark.parametrize("given", [{"citizen_name": "Ann O'Brien"}, {}, {"citizen_uprn": "99", "citizen_name": "Bo"}])
async def test_p14_an_enquiry_may_have_no_citizen(ear: Ear, desk: Desk, given: dict[str, str]) -> None:
    await asks(ear, **ANN)
    _, shown = await desk.reads(f"/{await asks(ear, **given)}")
    assert (shown["citizen"], shown["suggestions"]) == (None, [])


async def test_p14_evidence_for_two_suggests_both(ear: Ear, desk: Desk) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    bob, _ = await citizen_of(desk, await asks(ear, citizen_name="Bob Lee", citizen_email="bob@example.org"))
    given = {"citizen_email": "bob@example.org", "citizen_telephone": "01482393939", "citizen_surname": "OBrien"}
    _, shown = await desk.reads(f"/{await asks(ear, **given)}")
    assert shown["citizen"] is None
    assert {each["citizen"]["citizen_id"] for each in shown["suggestions"]} == {ann, bob}


async def test_p14_a_match_adds_nothing_to_what_a_citizen_is_known_by(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    """Else one shared telephone would make a stranger's address Ann's, and the stranger's next enquiry hers."""
    await asks(ear, **ANN)
    await asks(ear, citizen_surname="OBrien", citizen_telephone="01482393939", citizen_email="pat@example.org")
    assert len(await rows(workshop, IDENTIFIERS)) == 3


async def test_p14_whoever_was_wrongly_found_is_taken_back_and_not_found_again(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    enquiry_id = await asks(ear, citizen_email="ann@example.org")
    assert (await desk.posts(f"/{enquiry_id}/citizen", {"citizen_id": None}, 1))[0] == 200
    await ear.hears(a_further_contact(enquiry_id, citizen_email="ann@example.org"))
    assert await citizen_of(desk, enquiry_id) == (None, "adviser")
    _, shown = await desk.gets(f"{CITIZENS}/{ann}/timeline")
    assert str(enquiry_id) not in {line["enquiry_id"] for line in shown["lines"]}


async def test_an_adviser_makes_somebody_new_known_although_others_are_suggested(ear: Ear, desk: Desk) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    enquiry_id = await asks(ear, citizen_name="Bob Smith", citizen_telephone="01482393939")
    assert (await desk.posts(f"/{enquiry_id}/citizen", {"new": True}, 1))[0] == 200
    bob, by = await citizen_of(desk, enquiry_id)
    assert (bob not in (ann, None), by) == (True, "adviser")
    _, shown = await desk.gets(f"{CITIZENS}/{bob}")
    assert (shown["name"], shown["surname"]) == ("Bob Smith", "Smith")
    assert [each["value"] for each in shown["identifiers"]] == ["01482393939"]
    anonymous = await asks(ear)
    assert (await desk.posts(f"/{anonymous}/citizen", {"new": True}, 1))[0] == 422
    assert (await desk.posts(f"/{anonymous}/citizen", {"citizen_id": str(new_id())}, 1))[0] == 422


async def test_the_citizen_an_adviser_chose_when_logging_is_the_one(ear: Ear, desk: Desk) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    event = an_enquiry_received(citizen_id=ann, citizen_email="somebody@else.example", logged_by=ADA)
    await ear.hears(event, actor="adviser/ada")
    assert await citizen_of(desk, event.enquiry_id) == (ann, "adviser")


@pytest.mark.parametrize(
    ("actor", "is_known", "because"),
    [
        ("adviser/ada", False, "no such citizen is known"),
        ("partner/joseph", True, "only advisers and officers"),
        ("machine/kiosk-1", True, "only advisers and officers"),
    ],
)
async def test_a_choice_of_citizen_that_cannot_be_followed_is_noted(
    ear: Ear, desk: Desk, actor: str, is_known: bool, because: str
) -> None:
    """When the enquiry is logged, and when a further contact is."""
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    bob, _ = await citizen_of(desk, await asks(ear, citizen_email="bob@example.org"))
    named: dict[str, Any] = {**ANN, "citizen_id": bob if is_known else CitizenId(new_id()), "logged_by": ADA}
    anonymous = await asks(ear)
    for event in (an_enquiry_received(**named), a_further_contact(anonymous, **named)):
        await ear.hears(event, actor=actor)
        assert await citizen_of(desk, event.enquiry_id) == (ann, "email")
        _, shown = await desk.reads(f"/{event.enquiry_id}")
        [note] = [entry["text"] for entry in shown["timeline"] if entry["kind"] == "noted"]
        assert because in note
        assert str(named["citizen_id"]) in note


async def test_a_further_contact_that_somebody_took_may_tell_who_asked(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    await ear.hears(a_further_contact(enquiry_id, citizen_email="ann@example.org", logged_by=ADA))
    assert await citizen_of(desk, enquiry_id) == (ann, "email")
    assert (await desk.reads(f"/{enquiry_id}"))[1]["version"] == 1


async def test_p14_whoever_only_knows_the_reference_takes_no_enquiry_over(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    await ear.hears(a_further_contact(enquiry_id, citizen_name="Mallory", citizen_email="m@example.net"))
    await ear.hears(a_further_contact(enquiry_id, citizen_email="ann@example.org"))
    assert await citizen_of(desk, enquiry_id) == (None, None)
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert [each["citizen"]["citizen_id"] for each in shown["suggestions"]] == [ann]
    assert (await rows(workshop, HOW_MANY))[0]["n"] == 1
    assert (await desk.posts(f"/{enquiry_id}/citizen", {"new": True}, 3))[0] == 200
    jo, _ = await citizen_of(desk, enquiry_id)
    _, shown = await desk.gets(f"{CITIZENS}/{jo}")
    assert (shown["name"], shown["identifiers"]) == ("Jo", []), "a stranger's address is no identifier of Jo"


async def test_what_one_contact_brought_is_one_persons(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    """A telephone number alone only suggests; but it was one caller."""
    contact_id = ContactId(new_id())
    asked = [await asks(ear, contact_id=contact_id, citizen_telephone="01482 393939") for _ in range(3)]
    assert len({await citizen_of(desk, enquiry_id) for enquiry_id in asked}) == 1
    assert (await rows(workshop, HOW_MANY))[0]["n"] == 1
    named = ContactId(new_id())
    first = await asks(ear, contact_id=named, citizen_name="Bo")
    await desk.posts(f"/{first}/citizen", {"new": True}, 1)
    assert await citizen_of(desk, await asks(ear, contact_id=named, citizen_name="Bo")) == await citizen_of(desk, first)


async def test_a_stranger_who_came_back_to_anothers_enquiry_does_not_become_them(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    contact_id = ContactId(new_id())
    anns = await asks(ear, **ANN)
    await ear.hears(a_further_contact(anns, contact_id=contact_id, citizen_email="m@example.net"))
    ann, _ = await citizen_of(desk, anns)
    assert (await citizen_of(desk, await asks(ear, contact_id=contact_id, citizen_email="m@example.net")))[0] != ann


async def test_after_an_adviser_said_nobody_nobody_is_suggested_and_nobodys_access_is_written(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    await asks(ear, **ANN)
    enquiry_id = await asks(ear, citizen_telephone="01482 393939")
    assert len((await desk.reads(f"/{enquiry_id}"))[1]["suggestions"]) == 1
    await desk.posts(f"/{enquiry_id}/citizen", {"citizen_id": None}, 1)
    looked = await rows(workshop, SUGGESTED)
    assert (await desk.reads(f"/{enquiry_id}"))[1]["suggestions"] == []
    assert await rows(workshop, SUGGESTED) == looked


async def test_an_american_number_is_one_in_an_american_council(ear: Ear, desk: Desk, database: str) -> None:
    await take_up(database, plain().replace("GB-ENG", "US-MA"))
    ann = await citizen_of(desk, await asks(ear, citizen_name="Ann Lee", citizen_telephone="+1 (617) 555-0100"))
    again = await citizen_of(desk, await asks(ear, citizen_name="Ann Lee", citizen_telephone="617-555-0100"))
    assert again == (ann[0], "telephone_and_surname")
    status, shown = await desk.gets(f"{CITIZENS}?telephone=1+617+555+0100&surname=lee")
    assert (status, len(shown["citizens"])) == (200, 1)


async def test_identifiers_are_verified_and_end(ear: Ear, desk: Desk) -> None:
    ann, _ = await citizen_of(desk, await asks(ear, **ANN))
    path = f"{CITIZENS}/{ann}/identifiers"
    verified = {"kind": "email", "value": "ann@EXAMPLE.org", "evidence": "verified"}
    status, email = await desk.sends(path, verified)
    assert (status, email["evidence"], email["source"]) == (201, "verified", "adviser/ada")
    _, again = await desk.sends(path, verified | {"evidence": "claimed"}, name="bob")
    assert (again["identifier_id"], again["evidence"], again["source"]) == (
        email["identifier_id"], "verified", "adviser/ada"
    )  # fmt: skip
    assert (await desk.sends(path, {"kind": "uprn", "value": "twelve", "evidence": "claimed"}))[0] == 422
    assert (await desk.sends(f"{CITIZENS}/{new_id()}/identifiers", verified))[0] == 404
    ending = f"{path}/{email['identifier_id']}/ending"
    status, ended = await desk.sends(ending, {})
    assert (status, ended["ended_by"], ended["valid_to"] is not None) == (200, "adviser/ada", True)
    assert (await desk.sends(ending, {}))[0] == 404
    _, shown = await desk.gets(f"{CITIZENS}/{ann}")
    assert [each["kind"] for each in shown["identifiers"]] == ["telephone", "uprn", "email"]
    after_the_end = datetime.fromisoformat(ended["valid_to"]) + timedelta(seconds=1)
    late = an_enquiry_received(citizen_email="ann@example.org", received_at=after_the_end)
    await ear.hears(late)
    assert (await citizen_of(desk, late.enquiry_id))[1] == "new", "an address that has ended may be somebody else's"


async def test_p14_enquiries_that_come_at_once_make_one_citizen(ear: Ear, workshop: Workshop) -> None:
    """In many partitions side by side, each citizen with an address and a number."""
    partitions: dict[int, list[EnquiryReceived]] = {}
    for nth in range(48):
        who = nth % 4
        event = an_enquiry_received(
            citizen_name="Ann Lee", citizen_email=f"ann{who}@example.org", citizen_telephone=f"01482 10000{who}"
        )
        partitions.setdefault(partition_of(event.subject), []).append(event)

    async def hear(events: list[EnquiryReceived]) -> None:
        for event in events:
            await ear.hears(event)

    await asyncio.gather(*map(hear, partitions.values()))
    assert (await rows(workshop, HOW_MANY))[0]["n"] == 4
    assert (await heard_of(workshop)).count("citizen.identified") == 48
