"""Only strong evidence for exactly one citizen makes an enquiry theirs."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.crm.domain.citizens import (
    MOST_SUGGESTIONS,
    Evidence,
    Found,
    Known,
    New,
    Nobody,
    Suggestions,
    identify,
)
from services.crm.domain.identifiers import IdentifierKind
from shared.vocabulary import CitizenId, IdentifiedBy, new_id

EMAIL, TELEPHONE, UPRN, CARD = IdentifierKind
CITIZENS = [CitizenId(new_id()) for _ in range(30)]
SURNAMES = st.sampled_from([None, "lee", "obrien"])

evidences = st.builds(
    Evidence,
    st.sets(st.sampled_from([EMAIL, TELEPHONE, UPRN])).map(lambda kinds: dict.fromkeys(kinds, "given")),
    SURNAMES,
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Evidence, list[Found]]:
    """Evidence, and those who are known by some of it."""
    evidence = draw(evidences)
    if not evidence.values:
        return evidence, []
    kinds = st.sets(st.sampled_from(sorted(evidence.values)), min_size=1).map(frozenset)
    ids = draw(st.lists(st.sampled_from(CITIZENS), unique=True, max_size=len(CITIZENS)))
    return evidence, [Found(citizen_id, draw(kinds), draw(SURNAMES)) for citizen_id in ids]


def is_strong(evidence: Evidence, found: Found) -> bool:
    """Said once more, in other words."""
    same_name = evidence.surname is not None and evidence.surname == found.surname
    return EMAIL in found.kinds or (same_name and bool(found.kinds & {TELEPHONE, UPRN}))


@given(cases())
def test_p14_nobody_is_known_but_by_strong_evidence_for_them_alone(case: tuple[Evidence, list[Found]]) -> None:
    evidence, found = case
    strong = {each.citizen_id for each in found if is_strong(evidence, each)}
    decided = identify(evidence, found)
    assert isinstance(decided, Known) == (len(strong) == 1)
    if isinstance(decided, Known):
        assert {decided.citizen_id} == strong
    elif found:
        assert isinstance(decided, Suggestions)
        assert set(decided.because) <= {each.citizen_id for each in found}
        assert len(decided.because) == min(len(found), MOST_SUGGESTIONS)
        assert len(strong) > MOST_SUGGESTIONS or strong <= set(decided.because)
    else:
        assert isinstance(decided, New) == bool(evidence.values.keys() & {EMAIL, TELEPHONE})
        assert isinstance(decided, New | Nobody)


@given(cases(), st.randoms(use_true_random=False))
def test_p14_the_order_of_those_found_makes_no_difference(case: tuple[Evidence, list[Found]], chance: Random) -> None:
    evidence, found = case
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert identify(evidence, found) == identify(evidence, shuffled)


def test_the_strongest_evidence_is_what_a_citizen_is_known_by() -> None:
    evidence = Evidence({EMAIL: "a", TELEPHONE: "b", UPRN: "c"}, "lee")
    ann = CITIZENS[0]
    ways = {
        frozenset({EMAIL, TELEPHONE, UPRN}): IdentifiedBy.EMAIL,
        frozenset({TELEPHONE, UPRN}): IdentifiedBy.TELEPHONE_AND_SURNAME,
        frozenset({UPRN}): IdentifiedBy.UPRN_AND_SURNAME,
    }
    for kinds, by in ways.items():
        assert identify(evidence, [Found(ann, kinds, "lee")]) == Known(ann, by)


def test_p14_an_address_of_one_and_a_number_of_another_decide_nothing() -> None:
    ann, bob = CITIZENS[:2]
    found = [Found(ann, frozenset({EMAIL}), "lee"), Found(bob, frozenset({TELEPHONE}), "smith")]
    evidence = Evidence({EMAIL: "ann@example.org", TELEPHONE: "01482393939"}, "smith")
    decided = identify(evidence, found)
    assert isinstance(decided, Suggestions)
    assert decided.because == {ann: (EMAIL,), bob: (TELEPHONE,)}
