"""What a council is made of: calendars, centres, queues, council services, standards, skills, advisers."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, TypeVar
from unicodedata import category

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared import worktime
from shared.council.hours import HoursOfDay, Week, read_hours
from shared.vocabulary import AdviserId, AnswerKind, Channel, Office, QueueId, Role

# A description says what to write: `accesspoint check` ends its sentence about a mistake with it.
Code = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$"),
    Field(description='up to 50 small letters, digits, - or _ in quotation marks, such as "council-tax" or "57"'),
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Address = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    ),
    Field(description='an address without a plus and in ASCII, such as "enquiries@anytown.example"'),
]
Percent = Annotated[int, Field(ge=1, le=99, strict=True)]
W = TypeVar("W", bound=StrEnum)


def in_languages(value: object) -> object:
    """One text, or a table of the same text in several languages; kept as a table, the plain one under `""`."""
    return {"": value} if isinstance(value, str) else value


def printable(text: str) -> str:
    """No database keeps NUL, and no page shows the others."""
    wrong = next((sign for sign in text if category(sign) == "Cc" and sign not in "\n\t"), None)
    if wrong is not None:
        raise ValueError(f"Here stands a control character (U+{ord(wrong):04X}) that nobody can read: take it out")
    return text


def told(word: W) -> W:
    """`other` is how a word of the future is read; nobody writes it."""
    if word.value == "other":
        raise PydanticCustomError("other", "not a word of a council file")
    return word


Plain = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), AfterValidator(printable)
]
Text = Annotated[
    dict[Language | Literal[""], Plain],
    BeforeValidator(in_languages),
    Field(
        min_length=1,
        description='a text of 1 to 2,000 characters, or one per language, such as { en = "Bins", cy = "Biniau" }',
    ),
]
Day = Annotated[date, Field(strict=True, description="a date without quotation marks, such as 2026-12-24")]
Yes = Annotated[bool, Field(strict=True, description="true or false, without quotation marks")]


def in_words(text: dict[str, str], language: str | None = None) -> str:
    """In that language, else the plain one, else the first that was written."""
    return text.get(language or "") or text.get("") or next(iter(text.values()))


def one_of(words: type[StrEnum]) -> str:
    return "one of " + ", ".join(f'"{word}"' for word in words if word.value != "other")


def one_or_more(words: type[StrEnum]) -> str:
    return "a list of " + one_of(words).removeprefix("one of ")


def tables(kind: str) -> str:
    return f"a table [[{kind}]], in double brackets, for each {kind}"


SKILLS = 'a list of codes of skills, such as ["welsh"]'
QUEUES = 'a list of codes of queues, such as ["general"]'


class Part(BaseModel):
    """A table of the council file. What it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class About(Part):
    """`[council]`: its name, where it is, and what its references begin with."""

    name: Text
    zone: str = Field(description='a time zone, such as "Europe/London"')
    nation: str = Field(description='whose bank holidays hold, such as "GB-ENG" or "US-MA"')
    reference_prefix: str = Field(pattern=r"^[A-Z]{2,6}$", description='two to six capital letters, such as "ANY"')


class Override(Part):
    """One day on which other hours hold; none at all means closed."""

    date: Day
    hours: HoursOfDay
    reason: Text | None = None


class Calendar(Part):
    """`[[calendar]]`: when time counts. Zone and nation are the council's unless they are named."""

    code: Code
    name: Text
    zone: str | None = Field(None, description='a time zone, such as "Europe/London"')
    nation: str | None = Field(None, description='whose bank holidays hold, such as "GB-ENG" or "US-MA"')
    bank_holidays: Yes = True
    hours: Week = Field(description='the hours of each day, such as hours.monday = ["09:00-17:00"]')
    override: tuple[Override, ...] = Field(
        (), description='a list of days, such as [{ date = 2026-12-24, hours = ["09:00-12:00"] }]'
    )

    def reckoned(self, zone: str, nation: str) -> worktime.Calendar:
        """As working time is reckoned in, with the council's zone and nation."""
        return worktime.Calendar(
            zone=self.zone or zone,
            week=tuple(map(read_hours, self.hours.days())),
            nation=(self.nation or nation) if self.bank_holidays else None,
            overrides={each.date: read_hours(each.hours) for each in self.override},
        )


class Centre(Part):
    """`[[centre]]`: a contact centre or one-stop shop."""

    code: Code
    name: Text
    kind: Literal["contact_centre", "one_stop_shop"] = Field(description='"contact_centre" or "one_stop_shop"')
    calendar: Code
    address: Text | None = None


class Queue(Part):
    """`[[queue]]`: where tasks wait. One is `general`: it takes what fits nowhere else."""

    code: Code
    name: Text
    office: Annotated[Office, AfterValidator(told)] = Field(description='"front", "back" or "partner"')
    general: Yes = False
    centre: Code | None = None
    skills: tuple[Code, ...] = Field((), description=SKILLS)
    weight: int = Field(1, ge=1, le=20, strict=True, description="how much of a capacity a task takes, from 1 to 20")


class Mailbox(Part):
    """
    `[[mailbox]]`: addresses of the council that take mail, for a queue or for a council service.

    The first mailbox is also the one from which citizens are written to who wrote to none.
    """

    code: Code
    name: Text
    addresses: tuple[Address, ...] = Field(
        min_length=1,
        description='a list of addresses without a plus and in ASCII, such as ["enquiries@anytown.example"] or '
        '["info@xn--mnchen-3ya.example"]',
    )
    queue: Code | None = None
    service: Code | None = None


class Letter(Part):
    """What a message by email looks like. Both texts may have fields, such as {{ reference }}."""

    subject: Text
    text: Text


class Letters(Part):
    """`[letters]`: what citizens are written, by kind of message. Where one is left out there are words already."""

    receipt: Letter | None = Field(None, description="a table with subject and text")
    acknowledgement: Letter | None = Field(None, description="a table with subject and text")
    holding: Letter | None = Field(None, description="a table with subject and text")
    full: Letter | None = Field(None, description="a table with subject and text")
    question: Letter | None = Field(None, description="a table with subject and text")


class CouncilService(Part):
    """`[[service]]`: what the council does for its citizens, by LGSL number or a code of its own."""

    code: Code
    name: Text
    keywords: tuple[Plain, ...] = Field((), description='a list of what citizens say, such as ["bin", "rubbish"]')
    queue: Code
    skills: tuple[Code, ...] = Field((), description=SKILLS)
    usually_resolved_at_first_contact: Yes = False


class From(StrEnum):
    """Events that start a standard."""

    ENQUIRY_RECEIVED = "enquiry.received"
    ENQUIRY_REOPENED = "enquiry.reopened"
    CONTACT_RECEIVED = "contact.received"
    TASK_QUEUED = "task.queued"
    TASK_ASSIGNED = "task.assigned"

    @property
    def on_a_task(self) -> bool:
        return self in (From.TASK_QUEUED, From.TASK_ASSIGNED)


class To(StrEnum):
    """Events that stop a standard. `enquiry.answered` is any answer; with a kind, that kind or a better one."""

    ANSWERED = "enquiry.answered"
    ANSWERED_HOLDING = "enquiry.answered.holding"
    ANSWERED_FULL = "enquiry.answered.full"
    RESOLVED = "enquiry.resolved"
    TASK_ASSIGNED = "task.assigned"
    TASK_COMPLETED = "task.completed"

    @property
    def on_a_task(self) -> bool:
        return self in (To.TASK_ASSIGNED, To.TASK_COMPLETED)


ANSWERS = {
    To.ANSWERED: frozenset({AnswerKind.ACKNOWLEDGEMENT, AnswerKind.HOLDING, AnswerKind.FULL}),
    To.ANSWERED_HOLDING: frozenset({AnswerKind.HOLDING, AnswerKind.FULL}),
    To.ANSWERED_FULL: frozenset({AnswerKind.FULL}),
}
"""Which kinds of answer stop what names an answer."""


class Pause(StrEnum):
    """Events that let no time count until the enquiry is resumed."""

    AWAITING_CITIZEN = "enquiry.awaiting_citizen"


class Measure(StrEnum):
    """How a target counts: by the clock on the wall, in open hours, or in whole working days."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_MINUTES = "working_minutes"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"

    @property
    def unit(self) -> timedelta:
        """Of working days there is none: their length is the calendar's."""
        return timedelta(**{self.removeprefix("working_"): 1})


class AppliesTo(Part):
    """Which enquiries or tasks a standard is for; what is left out does not matter."""

    services: tuple[Code, ...] = Field((), description='a list of codes of services, such as ["57", "524"]')
    queues: tuple[Code, ...] = Field((), description=QUEUES)
    channels: tuple[Annotated[Channel, AfterValidator(told)], ...] = Field((), description=one_or_more(Channel))
    offices: tuple[Annotated[Office, AfterValidator(told)], ...] = Field((), description=one_or_more(Office))


class Standard(Part):
    """`[[standard]]`: a promise. `promise` is how citizens are told; without it, it is for the council alone."""

    code: Code
    name: Text
    promise: Text | None = None
    applies_to: AppliesTo = Field(AppliesTo(), description='what it is for, such as applies_to.offices = ["back"]')
    starts: From = Field(alias="from", description=one_of(From))
    stops: tuple[To, ...] = Field(alias="to", min_length=1, description=one_or_more(To))
    target: int = Field(ge=1, le=100_000, strict=True, description="a whole number from 1 to 100000, such as 10")
    measure: Measure = Field(description=one_of(Measure))
    calendar: Code
    pauses: tuple[Pause, ...] = Field((), description=one_or_more(Pause))
    warnings: tuple[Percent, ...] = Field(
        (), description="a list of percentages of the target, from 1 to 99, such as [50, 80]"
    )

    @property
    def on_a_task(self) -> bool:
        return self.starts.on_a_task

    def is_stopped_by(self, answer: AnswerKind | None) -> bool:
        """Whether an answer of that kind is among the events named under `to`."""
        return any(answer in ANSWERS.get(to, ()) for to in self.stops)


class Skill(Part):
    """`[[skill]]`: what not everybody can do."""

    code: Code
    name: Text


class Adviser(Part):
    """`[[adviser]]`: a person who takes tasks; `code` is the name they sign in with."""

    code: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$",
        description='the name they sign in with: up to 100 letters, digits, . _ @ or -, such as "ada"',
    )
    name: Text
    role: Literal[Role.ADVISER, Role.OFFICER, Role.PARTNER, Role.MANAGER] = Field(
        description='"adviser" for the front office, "officer" for the back office, "partner" or "manager"'
    )
    queues: tuple[Code, ...] = Field(min_length=1, description=QUEUES)
    skills: tuple[Code, ...] = Field((), description=SKILLS)
    capacity: int = Field(1, ge=1, le=20, strict=True, description="how many tasks at a time, from 1 to 20")

    @property
    def adviser_id(self) -> AdviserId:
        return AdviserId(self.code)


class Council(Part):
    """The whole council file. That its parts fit together is looked at by `shared.council.mistakes`."""

    council: About = Field(description="one table [council], with its name, zone, nation and reference_prefix")
    calendar: tuple[Calendar, ...] = Field(min_length=1, description=tables("calendar"))
    centre: tuple[Centre, ...] = Field((), description=tables("centre"))
    queue: tuple[Queue, ...] = Field(min_length=1, description=tables("queue"))
    service: tuple[CouncilService, ...] = Field((), description=tables("service"))
    mailbox: tuple[Mailbox, ...] = Field((), description=tables("mailbox"))
    letters: Letters = Field(Letters(), description="a table [letters], such as letters.receipt.subject = ...")
    standard: tuple[Standard, ...] = Field((), description=tables("standard"))
    skill: tuple[Skill, ...] = Field((), description=tables("skill"))
    adviser: tuple[Adviser, ...] = Field((), description=tables("adviser"))

    @cached_property
    def calendars(self) -> dict[str, worktime.Calendar]:
        """As working time is reckoned in."""
        return {each.code: each.reckoned(self.council.zone, self.council.nation) for each in self.calendar}

    @cached_property
    def queues(self) -> dict[str, Queue]:
        return {each.code: each for each in self.queue}

    @cached_property
    def mailboxes(self) -> dict[str, Mailbox]:
        return {each.code: each for each in self.mailbox}

    @cached_property
    def addresses(self) -> dict[str, Mailbox]:
        return {address.casefold(): each for each in self.mailbox for address in each.addresses}

    def mailbox_at(self, address: str) -> Mailbox | None:
        """Small letters or not; whatever stands after a plus makes no difference."""
        local, _, domain = address.casefold().rpartition("@")
        return self.addresses.get(f"{local}@{domain}") or self.addresses.get(f"{local.partition('+')[0]}@{domain}")

    @cached_property
    def services(self) -> dict[str, CouncilService]:
        return {each.code: each for each in self.service}

    @cached_property
    def standards(self) -> dict[str, Standard]:
        return {each.code: each for each in self.standard}

    @cached_property
    def advisers(self) -> dict[str, Adviser]:
        return {each.code: each for each in self.adviser}

    @cached_property
    def general_queue(self) -> QueueId:
        return QueueId(next(each.code for each in self.queue if each.general))
