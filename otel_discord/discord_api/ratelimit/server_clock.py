"""Discord's clock as seen from here, so that a request arrives just after a slot opens and never before.

Discord counts a request when it arrives, between the times at which we sent it and had the answer. ``Reset`` minus
``Reset-After`` is Discord's own time of that moment, the *stamp*. Each response bounds the offset between the clocks:
``stamp - received_at <= offset <= stamp - sent_at``. The left side is always safe, but wastes the way back. The right
side also counts on the next request taking as long as the fastest so far, which is right where the way out is steady.
How far to lean to the right follows from how much the responses scatter. The margin covers a request that is faster
than expected; on the left side none can be, and 10 ms for rounding and drift are enough.

Where stamps are missing or contradict each other (a stepped clock, rounded headers), arrival is taken to be the time of
the answer less the dependable part of the round trip.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_SAMPLES: Final = 64
_SAMPLE_AGE_S: Final = 300.0
_STEP_TOLERANCE_S: Final = 0.005
_STEP_SUSPICION: Final = 8
_ROUNDING_S: Final = 0.002
_CLOCK_ERROR_S: Final = 0.010
_DISBELIEF: Final = 1e-4


@dataclass(frozen=True, slots=True)
class _Sample:
    sent_at: float
    received_at: float
    stamp_s: float | None


def undercut_s(values: Iterable[float]) -> float:
    """Return how far the next value may plausibly lie below the least of these, inf where too little is known.

    Of values from a uniform distribution starting at 0 the lowest ``m`` lie within ``1 + 1/k`` of the least only with
    probability ``(k + 1) ** (1 - m)``. So ``k`` times their spread, with that probability at one in ten thousand, is
    the answer; the highest quarter is left out, since a slow request says nothing about a fast one.
    """
    ordered = sorted(values)
    count = len(ordered)
    if count < 3:
        return math.inf
    kept = count if count == 3 else count - max(1, count // 4)
    spread = max(0.0, ordered[kept - 1] - ordered[0] - _ROUNDING_S)
    return (math.pow(_DISBELIEF, -1.0 / (kept - 1)) - 1.0) * spread


class ServerClock:
    """Turns responses into times of arrival on the bucket's clock, and slots on that clock into times to send."""

    def __init__(self, margin_s: float) -> None:
        self._margin_s = margin_s
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
        self._trusts_stamps = True
        self._suspicion = 0
        self._safe_offset_s = 0.0
        self._offset_s = 0.0

    @property
    def trusts_stamps(self) -> bool:
        """Whether the bucket's clock is Discord's; otherwise it is ours."""
        return self._trusts_stamps

    def observe(self, sent_at: float, received_at: float, stamp_s: float | None) -> bool:
        """Take in a response; return False when times on the bucket's clock from before mean nothing any more."""
        sample = _Sample(min(sent_at, received_at), received_at, stamp_s)
        while self._samples and self._samples[0].sent_at < sample.sent_at - _SAMPLE_AGE_S:
            self._samples.popleft()
        self._samples.append(sample)
        if not self._trusts_stamps:
            return True
        if stamp_s is not None and self._refresh():
            self._suspicion = max(0, self._suspicion - 1)
            return True
        self._suspicion += _STEP_SUSPICION
        if stamp_s is None or self._suspicion >= 2 * _STEP_SUSPICION:
            self._trusts_stamps = False
        else:
            self._samples.clear()
            self._samples.append(sample)
            self._refresh()
        return False

    def arrived_at(self, *, cautious: bool) -> float:
        """Return when the latest response's request arrived, on the bucket's clock; never too early."""
        sample = self._samples[-1]
        if self._trusts_stamps and sample.stamp_s is not None:
            return sample.stamp_s
        if cautious:
            return sample.received_at
        trips_s = [item.received_at - item.sent_at for item in self._samples]
        return sample.received_at - max(0.0, min(trips_s) - undercut_s(trips_s))

    def send_at(self, slot_at: float, *, cautious: bool) -> float:
        """Return when to send, on our clock, so that the request does not arrive before ``slot_at``."""
        if not self._trusts_stamps:
            return slot_at + self._margin_s
        return slot_at - (self._safe_offset_s - self._margin_s if cautious else self._offset_s)

    def from_local(self, at: float) -> float:
        """Return our time on the bucket's clock, rather late than early."""
        if not self._trusts_stamps:
            return at
        outward = [item.stamp_s - item.sent_at for item in self._samples if item.stamp_s is not None]
        return at + min(outward, default=0.0)

    def _refresh(self) -> bool:
        outward = [item.stamp_s - item.sent_at for item in self._samples if item.stamp_s is not None]
        self._safe_offset_s = max(item.stamp_s - item.received_at for item in self._samples if item.stamp_s is not None)
        highest = min(outward)
        error_s = min(_CLOCK_ERROR_S, self._margin_s)
        likely = highest - max(self._margin_s, undercut_s(outward) + error_s)
        self._offset_s = max(likely, self._safe_offset_s - error_s)
        return self._safe_offset_s <= highest + _STEP_TOLERANCE_S
