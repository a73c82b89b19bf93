"""What a citizen sees of their enquiry: each step, and what was promised, in words and in their language."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts.base import Event
from shared.contracts.crm import EnquiryAwaitingCitizen, EnquiryReopened, EnquiryResumed
from shared.contracts.sla import (
    AGREED,
    ClockBreached,
    ClockCorrected,
    ClockExtended,
    ClockMet,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockSuperseded,
    Verdict,
)
from shared.vocabulary import AnswerKind, ClockId, EnquiryId, TaskId, enquiry_subject, new_id
from shared.work import Workshop
from tests.builders import ADA, MORNING, Ear, a_resolution, an_answer, an_assignment, an_enquiry_id
from tests.integration.intake.desk import ENQUIRIES, Desk, rows
from tests.parts.councils import anytown, take_up

DUE = MORNING + timedelta(days=1)
SHOWN_DUE = "2026-03-03T09:00:00Z"


async def tracked(desk: Desk, receipt: dict[str, Any], query: str = "", **headers: str) -> dict[str, Any]:
    answered = await desk.gets(receipt["track"] + query, **headers)
    assert answered.status == 200, answered.told
    shown: dict[str, Any] = answered.fields
    return shown


def id_of(receipt: dict[str, Any]) -> EnquiryId:
    return EnquiryId(UUID(receipt["enquiry_id"]))


async def test_a_citizen_follows_an_enquiry_by_its_reference_and_sees_nothing_personal(desk: Desk) -> None:
    receipt = await desk.asks(name="Jo Miller", place="Mill Lane")
    assert await tracked(desk, receipt) == {
        "reference": receipt["reference"],
        "received_at": receipt["received_at"],
        "state": "received",
        "in_words": "We have received your enquiry. Nobody has taken it up yet.",
        "answered_at": None,
        "resolved_at": None,
        "acknowledge_by": None,
        "kept": None,
        "promises": [],
    }


def steps(enquiry_id: EnquiryId) -> list[Event]:
    return [
        an_assignment(enquiry_id),
        an_answer(enquiry_id, AnswerKind.ACKNOWLEDGEMENT),
        EnquiryAwaitingCitizen(enquiry_id=enquiry_id, question="Which lamp?", adviser_id=ADA),
        EnquiryResumed(enquiry_id=enquiry_id),
        an_answer(enquiry_id),
        a_resolution(enquiry_id),
        EnquiryReopened(enquiry_id=enquiry_id),
        a_resolution(enquiry_id),
    ]


async def test_a_citizen_sees_each_step(desk: Desk, ear: Ear) -> None:
    receipt = await desk.asks()
    seen = []
    for hours, event in enumerate(steps(id_of(receipt))):
        await ear.hears(event, at=MORNING + timedelta(hours=hours))
        shown = await tracked(desk, receipt)
        seen.append((shown["state"], shown["answered_at"], shown["resolved_at"]))
    assert seen == [
        ("being_dealt_with", None, None),
        ("being_dealt_with", None, None),
        ("waiting_for_you", None, None),
        ("being_dealt_with", None, None),
        ("answered", "2026-03-02T13:00:00Z", None),
        ("resolved", "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z"),
        ("being_dealt_with", None, None),
        ("resolved", None, "2026-03-02T16:00:00Z"),
    ]


async def test_p27_routing_and_crm_in_any_order_between_them_give_one_state(desk: Desk, ear: Ear) -> None:
    seen = []
    for place in range(8):
        receipt = await desk.asks()
        assigned, *others = steps(id_of(receipt))
        for nth, event in enumerate([*others[:place], assigned, *others[place:]]):
            await ear.hears(event, at=MORNING + timedelta(hours=others.index(event) + 1 if nth != place else 0))
        shown = await tracked(desk, receipt)
        seen.append({name: shown[name] for name in ("state", "answered_at", "resolved_at")})
    assert all(each == seen[0] for each in seen)


def about(receipt: dict[str, Any], standard: str = "acknowledgement", **more: Any) -> dict[str, Any]:
    clock = {"clock_id": ClockId(new_id()), "enquiry_id": id_of(receipt), "standard": standard, "due_at": DUE}
    return clock | more


async def test_a_citizen_sees_the_promise_and_whether_it_was_kept(desk: Desk, ear: Ear) -> None:
    receipt = await desk.asks()
    clock = about(receipt)
    told: list[tuple[Event, bool | None, str]] = [
        (ClockStarted(**clock, started_at=MORNING), None, "running"),
        (ClockBreached(**clock), False, "broken"),
        (
            ClockCorrected(**clock, verdict=Verdict.MET, stopped_at=DUE, because="It was heard of late."),
            True,
            "kept",
        ),
        (ClockMet(**clock, stopped_at=MORNING), True, "kept"),
        (ClockStarted(**about(receipt, "answer"), started_at=MORNING), True, "kept"),
    ]
    for event, kept, state in told:
        await ear.hears(event)
        shown = await tracked(desk, receipt)
        assert (shown["acknowledge_by"], shown["kept"]) == (SHOWN_DUE, kept)
        assert shown["promises"] == [
            {
                "in_words": "We let you know that we are dealing with it within 86400 seconds.",
                "due_at": SHOWN_DUE,
                "state": state,
            }
        ]
        assert shown["state"] == "received"


async def test_a_paused_promise_waits_for_the_citizen_and_then_runs_to_a_later_time(desk: Desk, ear: Ear) -> None:
    receipt = await desk.asks()
    clock = about(receipt)
    later = DUE + timedelta(hours=5)
    seen = []
    for event in (
        ClockStarted(**clock, started_at=MORNING),
        ClockPaused(**{**clock, "due_at": None}, paused_at=MORNING),
        ClockCorrected(**{**clock, "due_at": None}, verdict=Verdict.RUNNING, because="An earlier question."),
        ClockExtended(**{**clock, "due_at": None}, adviser_id=ADA, because="It is complicated."),
        ClockResumed(**{**clock, "due_at": later}, resumed_at=MORNING),
        ClockExtended(**clock, adviser_id=ADA, because="It is simple after all."),
    ):
        await ear.hears(event)
        [promise] = (await tracked(desk, receipt))["promises"]
        seen.append((promise["state"], promise["due_at"]))
    waiting = ("waiting_for_you", None)
    resumed = ("running", later.isoformat().replace("+00:00", "Z"))
    assert seen == [("running", SHOWN_DUE), waiting, waiting, waiting, resumed, ("running", SHOWN_DUE)]


async def test_p06_a_superseded_promise_is_replaced_by_its_successor(desk: Desk, ear: Ear) -> None:
    receipt = await desk.asks()
    old, new = about(receipt), about(receipt, due_at=DUE + timedelta(days=1))
    await ear.hears(ClockStarted(**old, started_at=MORNING))
    await ear.hears(ClockSuperseded(**old, because="The standard has changed."))
    await ear.hears(ClockStarted(**new, started_at=MORNING, replaces=old["clock_id"]))
    shown = await tracked(desk, receipt)
    assert [promise["due_at"] for promise in shown["promises"]] == ["2026-03-04T09:00:00Z"]
    assert shown["acknowledge_by"] == "2026-03-04T09:00:00Z"


async def test_only_promises_to_the_citizen_are_shown(desk: Desk, ear: Ear) -> None:
    receipt = await desk.asks()
    await ear.hears(ClockStarted(**about(receipt, task_id=TaskId(new_id())), started_at=MORNING))
    await ear.hears(ClockStarted(**about(receipt, "not-in-the-file"), started_at=MORNING))
    assert (await tracked(desk, receipt))["promises"] == []


async def test_promises_are_told_in_the_language_that_is_asked_for(desk: Desk, ear: Ear, database: str) -> None:
    await take_up(database, anytown())
    receipt = await desk.asks()
    await ear.hears(ClockStarted(**about(receipt, "answer"), started_at=MORNING))
    english, welsh = (
        "You have our full answer within ten working days.",
        "Cewch ein hateb llawn o fewn deg diwrnod gwaith.",
    )
    for query, header, expected in (
        ("", None, english),
        ("?language=cy", None, welsh),
        ("?language=cy", "en", welsh),
        ("?language=fr", "cy", english),
        ("", "cy-GB, en;q=0.5", welsh),
        ("", "en;q=0.5, cy", welsh),
        ("", "fr, cy;q=0.2", welsh),
        ("", "cy;q=0", english),
        ("", ";;;", english),
    ):
        headers = {"Accept-Language": header} if header else {}
        [promise] = (await tracked(desk, receipt, query, **headers))["promises"]
        assert promise["in_words"] == expected, (query, header)


async def test_an_agreed_date_is_told_as_people_say_it(desk: Desk, ear: Ear) -> None:
    receipt = await desk.asks()
    clock = about(receipt, AGREED, due_at=MORNING + timedelta(days=120))
    await ear.hears(ClockStarted(**clock, started_at=MORNING))
    [promise] = (await tracked(desk, receipt))["promises"]
    assert promise["in_words"] == "We agreed to answer by Tuesday 30 June 2026 at 10:00."
    await ear.hears(ClockPaused(**{**clock, "due_at": None}, paused_at=MORNING))
    [promise] = (await tracked(desk, receipt))["promises"]
    assert promise["in_words"].startswith("We agreed on a day")


async def test_what_concerns_an_enquiry_not_known_here_is_kept_and_waits(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_answer(enquiry_id))
    [waiting] = await rows(workshop, "set_aside")
    assert (waiting["state"], waiting["waits_for"]) == ("early", enquiry_subject(enquiry_id))


async def test_a_wrong_language_is_named(desk: Desk) -> None:
    receipt = await desk.asks()
    refused = await desk.gets(f"{ENQUIRIES}/{receipt['reference']}?language=Welsh")
    assert (refused.status, "query.language" in refused.sentence) == (422, True)
