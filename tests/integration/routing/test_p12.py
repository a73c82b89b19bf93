"""P12: double offers, stuck reservations and later arrivals first cannot happen."""

import pytest

from tests.faults.offers import run_offers


@pytest.mark.parametrize("seed", [1, 2])
async def test_p12_two_replicas_and_vanishing_advisers_keep_every_offer_in_order(database: str, seed: int) -> None:
    found = await run_offers(database, 150, seed)
    assert found.violations == []
    assert found.deaths > 5
    assert {"accepted", "refused", "lapsed"} <= found.ends.keys()
