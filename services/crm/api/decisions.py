"""What people decide about an enquiry: each says which version they saw, and gets the one they made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.crm.actions import deciding, identifying
from services.crm.actions.deciding import Told
from services.crm.actions.knowing import Decision
from services.crm.api.shapes import person_of
from services.crm.domain import rows
from services.crm.domain.enquiries import Enquiry, EnquiryState
from shared.errors import Refused
from shared.vocabulary import AnswerKind, Channel, CitizenId, EnquiryId, Link, Resolution, Role, enquiry_subject
from shared.web import Answer, Body, Call, Route, Shown, etag, route
from shared.work import Work

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
ToldBy = Annotated[
    Literal["telephone", "web", "email", "one_stop_shop", "post", "outreach"] | None,
    Field(description="How you have told them yourself; no message is sent then."),
]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class NewNote(Body):
    """For colleagues only."""

    text: Text


class NewAnswer(Body):
    """What the citizen is told. Only a full answer makes the enquiry answered."""

    kind: Literal["acknowledgement", "holding", "full"]
    text: Text
    told_by: ToldBy = None


class NewQuestion(Body):
    """What the citizen is asked. The enquiry waits until they answer, so without an address say how you asked."""

    text: Text
    told_by: ToldBy = None


class NewResolution(Body):
    """How the enquiry ends."""

    resolution: Literal["done", "answered", "not_ours", "duplicate"]
    at_first_contact: bool = False


class NewReopening(Body):
    """Why it is not finished after all."""

    why: Text


class NewClassification(Body):
    """What the enquiry is about, in the council's catalogue."""

    service_code: Code


class NewLink(Body):
    """Which other enquiry it belongs to, and how."""

    other_enquiry_id: UUID
    link: Literal["related", "duplicate_of"]


class NewWork(Body):
    """What another office is asked to do."""

    queue: Code
    note: Text


class NewCitizen(Body):
    """Whose enquiry it is: a citizen who is known, nobody that is (null), or with `new` one who is made known by it."""

    citizen_id: UUID | None = None
    new: bool = False

    @model_validator(mode="after")
    def says_one_thing(self) -> NewCitizen:
        if self.new == ("citizen_id" in self.model_fields_set):
            raise ValueError("send either citizen_id, which may be null, or new as true")
        return self


class EnquiryDecided(Shown):
    """Where the enquiry stands now. Send the version as `If-Match` with the next command."""

    enquiry_id: UUID
    state: EnquiryState
    version: int = Field(description="Also in the header ETag.")
    sent: bool | None = Field(
        None, description="Of an answer or a question: whether a message goes to the citizen. Else null."
    )
    message_id: UUID | None = Field(None, description="Of the message, where one goes; intake tells how it stands.")


async def post_note(call: Call[NewNote]) -> Answer:
    enquiry_id = EnquiryId(call.id("enquiry_id"))

    async def act(work: Work) -> Answer:
        return decided(201, await deciding.note(work, enquiry_id, person_of(call), call.body.text))

    return await call.command([enquiry_subject(enquiry_id)], act)


async def post_answer(call: Call[NewAnswer]) -> Answer:
    kind, text, told_by = AnswerKind(call.body.kind), call.body.text, channel_of(call.body.told_by)
    return await decide(call, 201, lambda work, decision: deciding.answer(work, decision, kind, text, told_by=told_by))


async def post_question(call: Call[NewQuestion]) -> Answer:
    told_by = channel_of(call.body.told_by)
    return await decide(call, 201, lambda work, decision: deciding.ask(work, decision, call.body.text, told_by=told_by))


def channel_of(told_by: str | None) -> Channel | None:
    return Channel(told_by) if told_by is not None else None


async def post_resumption(call: Call[None]) -> Answer:
    return await decide(call, 200, deciding.resume)


async def post_resolution(call: Call[NewResolution]) -> Answer:
    resolution, first = Resolution(call.body.resolution), call.body.at_first_contact
    return await decide(
        call, 200, lambda work, decision: deciding.resolve(work, decision, resolution, at_first_contact=first)
    )


async def post_reopening(call: Call[NewReopening]) -> Answer:
    return await decide(call, 200, lambda work, decision: deciding.reopen(work, decision, call.body.why))


async def post_classification(call: Call[NewClassification]) -> Answer:
    return await decide(call, 200, lambda work, decision: deciding.classify(work, decision, call.body.service_code))


async def post_link(call: Call[NewLink]) -> Answer:
    other, link = EnquiryId(call.body.other_enquiry_id), Link(call.body.link)
    return await decide(call, 201, lambda work, decision: deciding.link(work, decision, other, link))


async def post_work(call: Call[NewWork]) -> Answer:
    queue, note = call.body.queue, call.body.note
    return await decide(call, 201, lambda work, decision: deciding.request_work(work, decision, queue, note))


async def post_citizen(call: Call[NewCitizen]) -> Answer:
    if call.body.new:
        return await decide(call, 200, identifying.choose_new)
    citizen_id = CitizenId(call.body.citizen_id) if call.body.citizen_id is not None else None
    return await decide(call, 200, lambda work, decision: identifying.choose(work, decision, citizen_id))


async def decide(call: Call[Any], status: int, action: Callable[[Work, Decision], Awaitable[Enquiry | Told]]) -> Answer:
    """What all decisions about an enquiry share: who decides, what they saw, and what it has become."""
    if call.if_match is None:
        raise Refused("Send the header If-Match with the version you saw, as the last ETag gave it.")
    enquiry_id = EnquiryId(call.id("enquiry_id"))
    decision = Decision(enquiry_id=enquiry_id, seen=call.if_match, person=person_of(call))

    async def act(work: Work) -> Answer:
        return decided(status, await action(work, decision))

    return await call.command([enquiry_subject(enquiry_id)], act)


def decided(status: int, what: Enquiry | Told) -> Answer:
    enquiry = what.enquiry if isinstance(what, Told) else what
    message_id = what.message_id if isinstance(what, Told) else None
    shown = EnquiryDecided(
        enquiry_id=enquiry.enquiry_id,
        state=enquiry.state,
        version=enquiry.version,
        sent=message_id is not None if isinstance(what, Told) else None,
        message_id=message_id,
    )
    return Answer(status, shown, etag(enquiry.version))


def decision_route(
    what: str,
    handler: Callable[[Call[Any]], Awaitable[Answer]],
    takes: type[BaseModel] | None,
    summary: str,
    *,
    status: int = 200,
    who: Sequence[Role] = rows.WORK_ON_ENQUIRIES,
) -> Route:
    return route(
        "POST",
        f"/v1/enquiries/{{enquiry_id}}/{what}",
        handler,
        who=who,
        takes=takes,
        gives={status: EnquiryDecided},
        refuses=(404, 409, 422),
        command=True,
        versioned=True,
        summary=summary,
    )


SERVES = (
    route(
        "POST",
        "/v1/enquiries/{enquiry_id}/notes",
        post_note,
        who=rows.WORK_ON_ENQUIRIES,
        takes=NewNote,
        gives={201: EnquiryDecided},
        refuses=(404, 422),
        command=True,
        summary="Write a note for colleagues; it needs no version and makes none.",
    ),
    decision_route("answers", post_answer, NewAnswer, "Tell the citizen something.", status=201),
    decision_route("questions", post_question, NewQuestion, "Ask the citizen something, and wait.", status=201),
    decision_route("resumption", post_resumption, None, "Go on without waiting for the citizen any longer."),
    decision_route(
        "resolution", post_resolution, NewResolution, "Say that the enquiry is finished; its open tasks are withdrawn."
    ),
    decision_route("reopening", post_reopening, NewReopening, "Say that it was not finished after all."),
    decision_route("classification", post_classification, NewClassification, "Say what the enquiry is about."),
    decision_route("links", post_link, NewLink, "Link it to another enquiry; both show it.", status=201),
    decision_route("work", post_work, NewWork, "Ask another office to do part of the work.", status=201),
    decision_route("citizen", post_citizen, NewCitizen, "Say whose enquiry it is.", who=rows.DECIDE_ABOUT_CITIZENS),
)
