"""How enquiries belong together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.errors import Conflict, Invalid
from shared.vocabulary import EnquiryId, Link, Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A link as seen from one of its two enquiries; `from_other` when it was made at the other one."""

    other_enquiry_id: EnquiryId
    link: Link
    linked_at: datetime
    linked_by: str
    from_other: bool = False
    reference: Reference | None = None
    title: str | None = None


def check_link(enquiry_id: EnquiryId, other: EnquiryId, link: Link, links: Sequence[Linked]) -> None:
    if enquiry_id == other:
        raise Invalid("An enquiry cannot be linked to itself: name the other one.")
    if any(each.other_enquiry_id == other and each.link is link for each in links):
        raise Conflict("These two enquiries are linked in this way already.")
