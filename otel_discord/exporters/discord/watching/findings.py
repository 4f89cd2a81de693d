"""What checks of one webhook have found, and when that is worth a word. Pure."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

FAILURES_IN_A_ROW: Final = 3
"""Before a webhook that does not answer is reported; one that Discord says is gone is reported at once."""
RECHECK_S: Final = 60.0
"""After a failure it is looked at again sooner than the schedule says."""


class News(Enum):
    """What is to be told of a check."""

    NOTHING = "nothing"
    DOWN = "down"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Of one webhook so far. Times are wall time in nanoseconds."""

    up: bool | None = None
    """None before the first check."""
    checked_ns: int = 0
    response_s: float | None = None
    label: str = ""
    name: str = ""
    """The webhook's own, under which its messages come that name no other."""
    channel_id: str = ""
    failures: int = 0
    """In a row."""
    first_failure_ns: int = 0
    is_told: bool = False
    """That it is down was told, so that its return is worth a word."""

    def found(
        self, now_ns: int, response_s: float, *, label: str, name: str, channel_id: str
    ) -> tuple["Finding", News]:
        """Return what is known once it has answered."""
        known = Finding(
            up=True, checked_ns=now_ns, response_s=response_s, label=label, name=name, channel_id=channel_id
        )
        return known, News.BACK if self.is_told else News.NOTHING

    def missed(self, now_ns: int, response_s: float, *, last_sent_ns: int) -> tuple["Finding", News]:
        """Return what is known once it has not; a message that arrived since the first failure says that it works."""
        is_first = not self.failures or last_sent_ns > self.first_failure_ns
        known = replace(
            self,
            up=False,
            checked_ns=now_ns,
            response_s=response_s,
            failures=1 if is_first else self.failures + 1,
            first_failure_ns=now_ns if is_first else self.first_failure_ns,
        )
        if known.failures >= FAILURES_IN_A_ROW and not known.is_told:
            return replace(known, is_told=True), News.DOWN
        return known, News.NOTHING

    def gone(self, now_ns: int, response_s: float) -> "Finding":
        """Return what is known once Discord has said that it is deleted."""
        return replace(
            self, up=False, checked_ns=now_ns, response_s=response_s, failures=self.failures + 1, is_told=True
        )

    def next_in_s(self, interval_s: float, dice: float) -> float:
        """Return when to look again: about the interval, sooner after a failure; ``dice`` in [0, 1)."""
        wait_s = min(interval_s, RECHECK_S) if self.failures and not self.is_told else interval_s
        return wait_s * (0.9 + 0.2 * dice)
