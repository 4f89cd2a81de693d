"""Names of lanes whose destination a source names: ``run/7f3kq2…``. Pure."""

from hashlib import blake2b
from typing import Final

PREFIX: Final = "run/"
LABEL: Final = "run"
"""What metrics call all of them, so that their labels stay few however many runs there are."""
LEFT_OVER: Final = f"{PREFIX}ended"
"""Where a record waits for its end as a dead letter that was taken in for a run and that nothing else is to show."""


def is_sourced(lane: str) -> bool:
    """Return whether a lane, one that is held included, belongs to a destination that a source names or has named."""
    return lane.startswith(PREFIX)


def metric_label(destination: str) -> str:
    """Return what metrics call a destination."""
    return LABEL if is_sourced(destination) else destination


def shard_of_run(destination: str, shards: int) -> int:
    """Return which shard of a fleet works on the destination of a run; all replicas know it without asking."""
    return int.from_bytes(blake2b(destination.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") % shards
