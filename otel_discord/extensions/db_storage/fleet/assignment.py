"""Which replica is to work on which shard: the same answer everywhere, balanced, and it moves little. Pure."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from hashlib import blake2b


def assignment(replicas: Collection[str], shards: int) -> Mapping[int, str]:
    """Return the replica of each shard; empty where there are no replicas.

    All have as many as each other, or one more. Each pair of a replica and a shard has a weight of its own
    (rendezvous hashing), the heaviest pairs are taken first as far as a replica has room: where one comes or goes,
    most of the pairs are the same.
    """
    return _assignment(tuple(sorted(set(replicas))), shards)


@lru_cache(maxsize=16)
def _assignment(replicas: tuple[str, ...], shards: int) -> Mapping[int, str]:
    found: dict[int, str] = {}
    if not replicas:
        return found
    share, more = divmod(shards, len(replicas))
    has = dict.fromkeys(replicas, 0)
    for _, shard, replica in sorted(
        (_weight(replica, shard), shard, replica) for replica in replicas for shard in range(shards)
    ):
        if shard in found or has[replica] > share or (has[replica] == share and not more):
            continue
        more -= has[replica] == share
        has[replica] += 1
        found[shard] = replica
    return found


def _weight(replica: str, shard: int) -> bytes:
    return blake2b(f"{shard}\0{replica}".encode(), digest_size=8).digest()
