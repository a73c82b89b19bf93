"""An enquiry by web form through all it may go through: asked back, held, answered, resolved, reopened."""

from typing import Any

from tests.journeys.anytown import Anytown
from tests.parts.ledger import parked, until_all_is_heard
from tests.parts.waiting import until

BOTH = 2


def entries(clock: dict[str, Any]) -> list[str]:
    return [line["entry"] for line in clock["ledger"]]


def kinds(record: dict[str, Any]) -> list[str]:
    return [entry["kind"] for entry in record["timeline"]]


async def promises(anytown: Anytown, reference: str, states: set[str]) -> bool:
    """Whether the citizen sees both promises of Anytown standing so."""
    shown = (await anytown.citizen.track(reference))["promises"]
    return len(shown) == BOTH and {promise["state"] for promise in shown} == states


async def test_a_web_form_is_answered_and_resolved_and_the_citizen_sees_the_promise_kept(anytown: Anytown) -> None:
    receipt = await anytown.reports("I moved house", "Where do I say so?", name="Rosa Parks", email="rosa@example.org")
    reference, enquiry = receipt["reference"], receipt["enquiry_id"]
    ada = anytown.person("ada")
    task = await ada.takes(enquiry)
    await anytown.citizen.sees(reference, "being_dealt_with")
    await until(lambda: promises(anytown, reference, {"running"}), what="both promises being made")
    told = [promise["in_words"] for promise in (await anytown.citizen.track(reference))["promises"]]
    assert "You have our full answer within ten working days." in told

    await ada.decides(enquiry, "answers", kind="full", text="Tell us on the form for moving house.")
    await ada.does(task, "complete")
    await ada.decides(enquiry, "resolution", resolution="answered")
    await anytown.citizen.sees(reference, "resolved")
    assert entries(await ada.clock(enquiry, "answer", "met")) == ["started", "met"]
    await until(lambda: promises(anytown, reference, {"kept"}), what="both promises being kept")
    record = await ada.sees(enquiry, lambda record: "delivered" in kinds(record), "the reply being delivered")
    assert record["citizen"]["name"] == "Rosa Parks"
    await until_all_is_heard(anytown.house.database_url)
    assert await parked(anytown.house.database_url) == []


async def test_while_the_citizen_is_asked_no_time_counts(anytown: Anytown) -> None:
    """The light has a promise in hours, which count at night too: so even a short pause moves it."""
    receipt = await anytown.reports("A lamp post leans", service_code="564", email="rosa@example.org")
    reference, enquiry = receipt["reference"], receipt["enquiry_id"]
    isambard = anytown.person("isambard")
    await isambard.takes(enquiry)
    before = await isambard.clock(enquiry, "light-made-safe", "running")

    await isambard.decides(enquiry, "questions", text="Which of the two?")
    paused = await isambard.clock(enquiry, "light-made-safe", "paused")
    assert paused["due_at"] is None
    await anytown.citizen.sees(reference, "waiting_for_you")
    await anytown.writes_again(reference, "The one by the gate.")
    after = await isambard.clock(enquiry, "light-made-safe", "running")
    assert entries(after)[:3] == ["started", "paused", "resumed"]
    assert after["due_at"] > before["due_at"]
    assert entries(await isambard.clock(enquiry, "answer", "running"))[:3] == ["started", "paused", "resumed"]
    record = await isambard.sees(enquiry, lambda record: len(record["contacts"]) > 1, "the second contact")
    assert record["state"] == "open"
    await anytown.citizen.sees(reference, "being_dealt_with")


async def test_a_holding_reply_acknowledges_and_only_the_full_answer_answers(anytown: Anytown) -> None:
    enquiry = (await anytown.reports("A plaque for my street"))["enquiry_id"]
    ada = anytown.person("ada")
    await ada.takes(enquiry)
    await ada.decides(enquiry, "answers", kind="holding", text="We have asked the museum.")
    await ada.clock(enquiry, "acknowledgement", "met")
    assert entries(await ada.clock(enquiry, "answer", "running")) == ["started"]
    assert (await ada.record(enquiry))["state"] == "open"
    await ada.decides(enquiry, "answers", kind="full", text="It will be put up in June.")
    await ada.clock(enquiry, "answer", "met")
    assert (await ada.record(enquiry))["state"] == "answered"


async def test_who_writes_again_after_the_end_reopens_the_enquiry_and_is_promised_anew(anytown: Anytown) -> None:
    receipt = await anytown.reports("The library card does not work")
    reference, enquiry = receipt["reference"], receipt["enquiry_id"]
    ada = anytown.person("ada")
    task = await ada.takes(enquiry)
    await ada.decides(enquiry, "answers", kind="full", text="A new one is in the post.")
    await ada.does(task, "complete")
    await ada.decides(enquiry, "resolution", resolution="done")
    await anytown.citizen.sees(reference, "resolved")
    refused = await ada.says(
        "POST",
        f"/crm/v1/enquiries/{enquiry}/answers",
        {"kind": "full", "text": "One more thing."},
        (await ada.record(enquiry))["version"],
    )
    assert (refused.status, "reopen" in refused.fields["detail"].lower()) == (409, True)

    await anytown.writes_again(reference, "It has not come.")
    await ada.sees(enquiry, lambda record: record["state"] == "open", "being open again")
    again = await ada.takes(enquiry)
    assert again != task
    assert entries(await ada.clock(enquiry, "answer", "met")) == ["started", "met"]
    await ada.clock(enquiry, "answer-again", "running")
    await ada.decides(enquiry, "answers", kind="full", text="We have handed it to you at the counter.")
    await ada.does(again, "complete")
    await ada.decides(enquiry, "resolution", resolution="done")
    await ada.clock(enquiry, "answer-again", "met")
    await anytown.citizen.sees(reference, "resolved")
