"""What the fields of intake's bodies may hold."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from services.intake.domain.contacts import Citizen, Enquiry
from shared.vocabulary import CitizenId, EnquiryId, Outcome, new_id
from shared.web import Body

ADDRESS = "/intake/v1/enquiries/"

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
ServiceCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Uprn = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{1,12}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]

DIGITS = re.compile(r"\d")
FEWEST_DIGITS = 3


def check_telephone(number: str) -> str:
    """As people write it, slashes and extensions included: who dials it understands."""
    if len(DIGITS.findall(number)) < FEWEST_DIGITS:
        raise ValueError("write the number with its digits, such as 01632 960 123")
    return number


Telephone = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(check_telephone)
]


def refuse_time(_: object) -> None:
    raise ValueError(
        "leave this out: a message is dated when it arrives; "
        "somebody who signs in may log an earlier contact at /intake/v1/contacts"
    )


DatedByUs = SkipJsonSchema[Annotated[None, BeforeValidator(refuse_time)]]
"""A field that the public may not fill in: known, so that the refusal can say why."""


class Undated(Body):
    """What the public says happens when it arrives."""

    received_at: DatedByUs = None
    started_at: DatedByUs = None
    ended_at: DatedByUs = None


class WhoAsks(Body):
    """A citizen, as far as they say who they are."""

    name: Short | None = Field(None, description="The citizen's name.")
    surname: Short | None = Field(None, description="The surname alone, where it is asked for by itself.")
    email: Email | None = Field(None, description="Where to answer, such as name@example.org.")
    telephone: Telephone | None = Field(None, description="Where to call back, such as 01632 960 123.")
    uprn: Uprn | None = Field(None, description="The number of their property in the gazetteer, up to 12 digits.")

    def as_citizen(self, citizen_id: CitizenId | None = None) -> Citizen:
        return Citizen(
            name=self.name,
            surname=self.surname,
            email=self.email,
            telephone=self.telephone,
            uprn=self.uprn,
            citizen_id=citizen_id,
        )


class Wanted(Body):
    """What a citizen asks the council for."""

    title: Title = Field(description="What it is about, in one line.")
    text: Text = Field(description="Everything the citizen wants to say.")
    place: Short | None = Field(None, description="Where it is, in words.")
    service_code: ServiceCode | None = Field(None, description="The entry of the service catalogue.")

    def as_enquiry(self, outcome: Outcome | None = None) -> Enquiry:
        return Enquiry(
            enquiry_id=EnquiryId(new_id()),
            title=self.title,
            text=self.text,
            place=self.place,
            service_code=self.service_code,
            outcome=outcome,
        )
