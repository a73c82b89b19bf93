"""Who sees which enquiries, and who acts on them: every role in every situation, asked over HTTP."""

import pytest

from shared.references import number_of
from shared.vocabulary import ContactId, EnquiryId, QueueId, Reference, Role, new_id
from tests.builders import Ear, an_enquiry_received
from tests.integration.crm.desk import ANSWER, CITIZENS, ENQUIRIES, Desk
from tests.integration.crm.events import a_queued_task, a_transfer

WATER = QueueId("water-company")
PARTNER, HEAD = ("joseph", Role.PARTNER), ("joseph", Role.HEAD_OF_SERVICE)
STRANGER = ("nobody", Role.PARTNER)
SITUATIONS = ("never there", "waiting there", "gone from there")
SEES = {
    ("ada", Role.ADVISER): SITUATIONS,
    ("isambard", Role.OFFICER): SITUATIONS,
    ("mia", Role.MANAGER): SITUATIONS,
    ("amy", Role.AUDITOR): SITUATIONS,
    PARTNER: SITUATIONS[1:],
    HEAD: SITUATIONS[1:],
    STRANGER: (),
}
ACTS = frozenset({Role.ADVISER, Role.OFFICER, Role.PARTNER})

pytestmark = pytest.mark.usefixtures("in_anytown")


@pytest.fixture
async def situations(ear: Ear) -> dict[str, EnquiryId]:
    """Enquiries that were never on the water company's queue, that are, and that were."""
    found = {}
    for situation in SITUATIONS:
        event = an_enquiry_received(title=situation, citizen_email="jo@example.org")
        await ear.hears(event)
        found[situation] = event.enquiry_id
    await ear.hears(a_queued_task(found["waiting there"], WATER))
    gone = a_queued_task(found["gone from there"], WATER)
    await ear.hears(gone)
    await ear.hears(a_transfer(gone, QueueId("highways")))
    return found


@pytest.mark.parametrize("person", SEES, ids="-".join)
async def test_p20_each_role_sees_and_acts_on_what_is_theirs(
    desk: Desk, situations: dict[str, EnquiryId], person: tuple[str, Role]
) -> None:
    name, role = person
    _, listed = await desk.reads("", name=name, role=role)
    assert {line["title"] for line in listed["enquiries"]} == set(SEES[person])
    for situation, enquiry_id in situations.items():
        read, _ = await desk.reads(f"/{enquiry_id}", name=name, role=role)
        noted, _ = await desk.sends(f"{ENQUIRIES}/{enquiry_id}/notes", {"text": "Seen."}, name=name, role=role)
        answered, _ = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1, name=name, role=role)
        sees = situation in SEES[person]
        assert read == (200 if sees else 404)
        expected = 403 if role not in ACTS else 201 if sees else 404
        assert (noted, answered) == (expected, expected), situation


@pytest.mark.parametrize("person", [PARTNER, HEAD])
async def test_p20_who_sees_only_their_queues_looks_up_no_citizens(
    ear: Ear, desk: Desk, situations: dict[str, EnquiryId], person: tuple[str, Role]
) -> None:
    name, role = person
    enquiry_id = situations["waiting there"]
    similar = an_enquiry_received(citizen_telephone="01482 393939")
    await ear.hears(an_enquiry_received(citizen_email="ann@example.org", citizen_telephone="01482 393939"))
    await ear.hears(similar)
    await ear.hears(a_queued_task(similar.enquiry_id, WATER))
    _, shown = await desk.reads(f"/{similar.enquiry_id}", name=name, role=role)
    assert shown["suggestions"] == []
    _, shown = await desk.reads(f"/{enquiry_id}", name=name, role=role)
    assert shown["citizen"] is None
    for address in (f"{CITIZENS}?email=ann@example.org", f"{CITIZENS}/{new_id()}", f"{CITIZENS}/{new_id()}/timeline"):
        assert (await desk.gets(address, name=name, role=role))[0] == 403
    assert (await desk.posts(f"/{enquiry_id}/citizen", {"new": True}, 1, name=name, role=role))[0] == 403


async def test_p20_a_partner_links_only_what_they_see(desk: Desk, situations: dict[str, EnquiryId]) -> None:
    here, hidden, seen = (situations[each] for each in ("waiting there", "never there", "gone from there"))
    body = {"other_enquiry_id": str(hidden), "link": "related"}
    assert (await desk.posts(f"/{here}/links", body, 1, name="joseph", role=Role.PARTNER))[0] == 404
    body = {"other_enquiry_id": str(seen), "link": "related"}
    assert (await desk.posts(f"/{here}/links", body, 1, name="joseph", role=Role.PARTNER))[0] == 201


@pytest.mark.parametrize("person", [PARTNER, HEAD])
async def test_p20_who_sees_only_their_queues_learns_nothing_of_what_is_linked_elsewhere(
    ear: Ear, desk: Desk, person: tuple[str, Role]
) -> None:
    """Neither from the links, nor from the timeline, nor from what a conflict tells."""
    name, role = person
    contact_id = ContactId(new_id())
    here, hidden, seen = (
        an_enquiry_received(contact_id=contact_id, title=title, reference=Reference(f"ANY-{number}"))
        for title, number in (("A pipe", "1111-1111-1111"), ("Secret", "2222-2222-2222"), ("Water", "3333-3333-3333"))
    )
    for event in (here, hidden, seen):
        await ear.hears(event)
    for event in (here, seen):
        await ear.hears(a_queued_task(event.enquiry_id, WATER))
    body = {"other_enquiry_id": str(hidden.enquiry_id), "link": "related"}
    assert (await desk.posts(f"/{here.enquiry_id}/links", body, 1))[0] == 201
    _, shown = await desk.reads(f"/{here.enquiry_id}", name=name, role=role)
    assert [link["title"] for link in shown["links"]] == ["Water"]
    assert "2222" not in str(shown)
    assert "Secret" not in str(shown)
    assert len((await desk.reads(f"/{here.enquiry_id}"))[1]["links"]) == 3
    _, problem = await desk.posts(f"/{here.enquiry_id}/answers", ANSWER, 1, name="joseph", role=Role.PARTNER)
    assert ("linked (related) by adviser/ada" in problem["detail"], "2222" in str(problem)) == (True, False)


@pytest.mark.parametrize("person", SEES, ids="-".join)
async def test_p20_a_reference_finds_only_what_is_theirs(ear: Ear, desk: Desk, person: tuple[str, Role]) -> None:
    name, role = person
    found = []
    for number, queue in ((number_of(1), QueueId("highways")), (number_of(2), WATER)):
        event = an_enquiry_received(reference=Reference(f"ANY-{number}"))
        await ear.hears(event)
        await ear.hears(a_queued_task(event.enquiry_id, queue))
        _, shown = await desk.reads(f"?reference={number}", name=name, role=role)
        found.append(len(shown["enquiries"]))
    assert found == [int(situation in SEES[person]) for situation in SITUATIONS[:2]]
