"""Which shard new destinations come into: a group into one, groups evenly. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet


def place_new(placed: Mapping[str, int], groups: Sequence[Collection[str]], shards: int) -> dict[str, int]:
    """Return the shards of destinations that have none yet; those that have one stay where they are."""
    new: dict[str, int] = {}
    held = Counter(shard for shard in placed.values() if shard < shards)
    for group in groups:
        members = sorted(group) if isinstance(group, AbstractSet) else list(dict.fromkeys(group))
        known = (new.get(member, placed.get(member)) for member in members)
        shard = next((each for each in known if each is not None), None)
        if shard is None:
            shard = min(range(shards), key=lambda each: (held[each], each))
        for member in members:
            if member not in placed and member not in new:
                new[member] = shard
                held[shard] += 1
    return new
