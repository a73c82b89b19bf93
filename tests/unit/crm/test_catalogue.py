"""What is named out of the council file, and what was perhaps meant."""

import pytest

from services.crm.domain import catalogue
from shared.council import Council, read_council
from shared.errors import Invalid
from shared.vocabulary import QueueId
from tests.parts.councils import anytown, plain


@pytest.fixture(scope="module")
def council() -> Council:
    return read_council(anytown())


def test_what_the_council_has_is_taken_as_it_is_named(council: Council) -> None:
    assert catalogue.service_code(council, "564") == "564"
    assert catalogue.queue_for_work(council, "highways", []) == "highways"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("546", "564 (Street lighting)"),
        ("potholes", "557 (Potholes and road repairs)"),
        ("Refuse colection", "524 (Refuse collection)"),
        ("qqqqqqq", "look it up in the council file"),
    ],
)
def test_a_code_that_is_not_there_is_told_with_those_near_to_it(council: Council, given: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        catalogue.service_code(council, given)
    assert told in str(refused.value)


def test_a_council_without_a_catalogue_says_so() -> None:
    with pytest.raises(Invalid, match="names none"):
        catalogue.service_code(read_council(plain()), "564")


def test_work_is_not_handed_to_a_queue_that_has_it_already(council: Council) -> None:
    with pytest.raises(Invalid, match="open on highways already"):
        catalogue.queue_for_work(council, "highways", [QueueId("highways")])
    with pytest.raises(Invalid, match="highways"):
        catalogue.queue_for_work(council, "highway", [])
