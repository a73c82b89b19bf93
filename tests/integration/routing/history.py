"""An older system's enquiries, as intake says them, and what routing keeps of them."""

from datetime import datetime, timedelta
from typing import Any

from shared.contracts.intake import EnquiryImported, ImportReleased
from shared.vocabulary import Channel, ContactId, ImportId, Point, QueueId, Reference, new_id
from tests.builders import MORNING, Ear, an_enquiry_id

HIGHWAYS, WASTE = QueueId("highways"), QueueId("waste")
LAST_YEAR = MORNING - timedelta(days=300)
RELEASE = MORNING + timedelta(hours=1)


def an_import() -> ImportId:
    return ImportId(new_id())


def an_enquiry_imported(import_id: ImportId | None = None, **fields: Any) -> EnquiryImported:
    """Open, unless it says when it was resolved."""
    given: dict[str, Any] = {
        "enquiry_id": an_enquiry_id(),
        "contact_id": ContactId(new_id()),
        "reference": Reference("ANY-0000-0000-0000"),
        "channel": Channel.TELEPHONE,
        "point": Point.EXCHANGE,
        "title": "A hole",
        "text": "Noted afterwards: contractor informed.",
        "import_id": import_id or an_import(),
        "system": "the old ledger",
        "row_id": str(new_id()),
        "cut_over": MORNING,
        "queue_id": HIGHWAYS,
        "received_at": LAST_YEAR,
        **fields,
    }
    return EnquiryImported(**given)


def a_release(import_id: ImportId, at: datetime = RELEASE) -> ImportReleased:
    return ImportReleased(import_id=import_id, released_at=at)


async def some_held(ear: Ear, how_many: int, import_id: ImportId) -> list[EnquiryImported]:
    """As many open enquiries of an import, an hour apart: the oldest first."""
    events = [
        an_enquiry_imported(import_id, received_at=LAST_YEAR + timedelta(hours=number)) for number in range(how_many)
    ]
    for event in events:
        await ear.hears(event, at=event.received_at)
    return events
