"""How much more than its bounds a shard's queue takes where the oldest is dropped. Pure.

Replicas put into it and one of them drops, a moment later: without room for what comes meanwhile each request would
wait for that moment.
"""

from dataclasses import replace
from typing import Final

from otel_discord.component.storage import QueueLimits, Sizer

_LEAST: Final = {Sizer.REQUESTS: 256, Sizer.ITEMS: 1_024, Sizer.BYTES: 2**20}
_LEAST_BYTES: Final = 2**20
_PART: Final = 4


def with_headroom(limits: QueueLimits) -> QueueLimits:
    """Return the bounds for putting; those for keeping stay as they are. Where nothing is dropped both are the same."""
    if not limits.one_beyond:
        return limits
    return replace(
        limits,
        size=limits.size + max(limits.size // _PART, _LEAST[limits.sizer]),
        max_bytes=limits.max_bytes + max(limits.max_bytes // _PART, _LEAST_BYTES),
    )
