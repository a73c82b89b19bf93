"""`GET /v1/standards`: what the council promises its citizens, in its own words."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from shared.council import Council, Standard, current, in_words
from shared.vocabulary import Channel, Role
from shared.web import Answer, Call, Query, Shown, route


class Wanted(Query):
    """`language=cy`; without it, what the caller reads."""

    language: str | None = Field(None, pattern=r"^[a-z]{2,3}$")


class Promise(Shown):
    """One published standard. Without services it is for all of them, without channels however one asks."""

    code: str
    name: str
    promise: str
    services: list[str]
    channels: list[Channel]


class Standards(Shown):
    """What the council promises, as the council file has it in this version."""

    council: str
    council_version: int
    standards: list[Promise]


async def get_standards(call: Call[None]) -> Answer:
    asked = call.query_as(Wanted).language
    languages = (asked,) if asked else call.languages
    async with call.workshop.reading() as db:
        held = await current(db)
    council = held.council
    shown = Standards(
        council=told(council.council.name, languages),
        council_version=held.version,
        standards=[promise for each in council.standard if (promise := show(council, each, languages))],
    )
    return Answer(200, shown)


def show(council: Council, standard: Standard, languages: tuple[str, ...]) -> Promise | None:
    """None where the council keeps a standard to itself."""
    if standard.promise is None:
        return None
    named = [council.services.get(code) for code in standard.applies_to.services]
    return Promise(
        code=standard.code,
        name=told(standard.name, languages),
        promise=told(standard.promise, languages),
        services=[told(service.name, languages) for service in named if service is not None],
        channels=list(standard.applies_to.channels),
    )


def told(text: Mapping[str, str], languages: tuple[str, ...]) -> str:
    """In the first of the languages that it has words in."""
    return in_words(dict(text), next((language for language in languages if language in text), None))


SERVES = (
    route(
        "GET",
        "/v1/standards",
        get_standards,
        who=(Role.PUBLIC,),
        query=Wanted,
        gives={200: Standards},
        summary="Show what the council promises its citizens.",
    ),
)
