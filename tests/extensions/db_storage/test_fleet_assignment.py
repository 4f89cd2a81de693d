"""Which replica works on which shard, and where destinations come."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.extensions.db_storage.fleet.assignment import assignment
from otel_discord.extensions.db_storage.fleet.placing import place_new

_replicas = st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=12)
_shards = st.integers(1, 64)


@given(_replicas, _shards)
def test_each_shard_is_ones_and_all_have_as_many_or_one_more(replicas: set[str], shards: int) -> None:
    found = assignment(replicas, shards)
    assert sorted(found) == list(range(shards))
    counts = Counter(found.values())
    assert counts.keys() <= replicas
    assert max(counts.values()) - min(counts[replica] for replica in replicas) <= 1


@given(_replicas, _shards)
def test_everybody_finds_the_same(replicas: set[str], shards: int) -> None:
    assert assignment(sorted(replicas), shards) == assignment(sorted(replicas, reverse=True), shards)


def test_nobody_is_assigned_nothing() -> None:
    assert assignment((), 8) == {}


def test_little_moves_when_one_comes_or_goes() -> None:
    """At least a part of the shards must move; on average it is not twice as much."""
    moved = least = 0
    for seed in range(60):
        for count in range(1, 9):
            names = [f"{seed} {number}" for number in range(count + 1)]
            before, after = assignment(names[:-1], 64), assignment(names, 64)
            moved += sum(before[shard] != after[shard] for shard in range(64))
            least += 64 // len(names)
    assert moved < 2 * least


_names = st.sampled_from("abcdefgh")
_groups = st.lists(st.lists(_names, min_size=1, max_size=3) | st.sets(_names, min_size=1, max_size=3), max_size=6)


@given(st.dictionaries(_names, st.integers(0, 5)), _groups, st.integers(1, 6))
def test_what_has_a_place_keeps_it_and_what_has_none_gets_one(
    placed: dict[str, int], groups: list[list[str] | set[str]], shards: int
) -> None:
    placed = {name: shard % shards for name, shard in placed.items()}
    new = place_new(placed, groups, shards)
    named = {name for group in groups for name in group}
    assert new.keys() == named - placed.keys()
    assert all(0 <= shard < shards for shard in new.values())


@given(_groups, st.integers(1, 6))
def test_a_group_that_is_new_comes_into_one_shard(groups: list[list[str] | set[str]], shards: int) -> None:
    seen: set[str] = set()
    new = place_new({}, groups, shards)
    for group in groups:
        if seen.isdisjoint(group):
            assert len({new[name] for name in group}) == 1
        seen.update(group)


def test_new_groups_come_where_least_is() -> None:
    assert place_new({"a": 0, "b": 0, "c": 2}, [["d"], ["e", "f"], ["g"]], 3) == {"d": 1, "e": 1, "f": 1, "g": 2}
