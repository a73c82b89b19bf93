"""Rendezvous hashing: every partition has one owner, and a newcomer takes only its own share."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.owners import owner_of
from shared.said import PARTITIONS

replicas = st.lists(st.uuids(version=4), min_size=1, max_size=6, unique=True)


@given(replicas)
def test_replicas_agree_on_the_owner_in_whatever_order_they_see_each_other(ids: list[UUID]) -> None:
    shuffled = sorted(ids, key=str, reverse=True)
    assert [owner_of(p, ids) for p in range(PARTITIONS)] == [owner_of(p, shuffled) for p in range(PARTITIONS)]


@given(replicas, st.uuids(version=4))
def test_a_replica_that_joins_takes_partitions_only_for_itself(ids: list[UUID], newcomer: UUID) -> None:
    for partition in range(PARTITIONS):
        before, after = owner_of(partition, ids), owner_of(partition, [*ids, newcomer])
        assert after in (before, newcomer)
