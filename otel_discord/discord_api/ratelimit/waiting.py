"""How long to wait after a 429: what Discord asked for, and a little chance so that not all come back at once."""

import math
from typing import Final

JITTER_SHARE: Final = 0.25
JITTER_BASE_MAX_S: Final = 4.0
RETRY_AFTER_MAX_S: Final = 7 * 86400.0


def retry_wait_s(retry_after_s: float, dice: float) -> float:
    """Return ``retry_after + U(0, 0.25 * min(retry_after, 4))`` for a ``dice`` from 0 to 1; nonsense counts as 1 s."""
    wait_s = retry_after_s if math.isfinite(retry_after_s) and retry_after_s >= 0 else 1.0
    wait_s = min(wait_s, RETRY_AFTER_MAX_S)
    return wait_s + dice * JITTER_SHARE * min(wait_s, JITTER_BASE_MAX_S)
