"""Which council service a citizen's words speak of, and the sentence that says so."""

from services.routing.domain import triage
from services.routing.domain.triage import Match
from shared.vocabulary import QueueId


def a_match(service_code: str, keyword: str, rank: float = 0.1) -> Match:
    return Match(service_code, f"Service {service_code}", QueueId(f"queue-{service_code}"), keyword, rank)


def test_what_speaks_of_nothing_goes_nowhere_in_particular() -> None:
    assert triage.best_of([]) is None


def test_two_keywords_of_one_service_count_more_than_one_of_another() -> None:
    best = triage.best_of([a_match("1", "road"), a_match("2", "bin"), a_match("2", "rubbish")])
    assert best is not None
    assert (best.service_code, best.queue_id, best.keywords) == ("2", "queue-2", ("bin", "rubbish"))
    assert best.reason == "It says 'bin', 'rubbish', as Service 2 does, which belongs to this queue."


def test_a_phrase_says_more_than_a_word() -> None:
    best = triage.best_of([a_match("1", "street"), a_match("2", "street light")])
    assert best is not None
    assert best.service_code == "2"
