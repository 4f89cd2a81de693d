"""Is it this message or the whole destination? What follows when a message has used up its tries: a pure table.

================================  ======  ===========  ========  ==============================================
the last failure                  alone   others wait  look due  what follows
================================  ======  ===========  ========  ==============================================
503, 502, 504, 52x, refused, DNS  any     any          any       HOLD: an outage; order matters, nothing is tried
500, or no answer after the body  no      no           any       HOLD: there is nothing to compare with
500, or no answer after the body  any     yes          no        HOLD: looked not long ago
500, or no answer after the body  any     yes          yes       LOOK
500, or no answer after the body  yes     no           yes       LOOK: others were delivered before
================================  ======  ===========  ========  ==============================================

LOOK asks whether the webhook answers, then tries the next cards once. If those arrive (or are refused, which is an
answer about them), the destination works: a message of several cards is divided, a single card gets all its tries
alone, and one that has had them ends as a dead letter. If they do not arrive: HOLD.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from otel_discord.discord_api.outcome_types import Delivered, Outcome, Refused, Unavailable

_LONGEST_PAUSE_PROBES: Final = 32


class Verdict(StrEnum):
    """What to do about the message in hand."""

    HOLD = "hold"
    """Open the breaker; the cards stay and their attempts are given back."""
    LOOK = "look"
    DIVIDE = "divide"
    """Send each of its cards alone."""
    ALONE = "alone"
    """One card: try it again, with all attempts."""
    BURY = "bury"


@dataclass(frozen=True, slots=True)
class Looks:
    """When to look again during one outage, so that an outage that answers 500 is not asked three times a cooldown."""

    failed: int = 0
    """Looks in a row that found nothing working."""
    next_at_probe: int = 0

    def is_due(self, probes: int) -> bool:
        """Return whether to look, after so many failed probes of this outage."""
        return probes >= self.next_at_probe

    def after_failure(self, probes: int) -> "Looks":
        """Return when to look next: after 1, 2, 4 … 32 more probes."""
        return Looks(self.failed + 1, probes + 1 + min(2**self.failed, _LONGEST_PAUSE_PROBES))


def may_be_the_message(outcome: Outcome) -> bool:
    """Return whether a failure can be of one message's making: a 500, or no answer once its body was sent."""
    return isinstance(outcome, Unavailable) and (outcome.status == 500 or (outcome.status == 0 and outcome.ambiguous))


def after_exhaustion(outcome: Outcome, *, alone: bool, others_wait: bool, look_is_due: bool) -> Verdict:
    """Return what follows when a message has used up its tries: HOLD or LOOK."""
    if may_be_the_message(outcome) and (others_wait or alone) and look_is_due:
        return Verdict.LOOK
    return Verdict.HOLD


def destination_works(outcome: Outcome) -> bool:
    """Return whether an answer shows that the destination works: Discord has the message, or has refused it."""
    return isinstance(outcome, Delivered) or (isinstance(outcome, Refused) and outcome.status != 0)


def after_look(*, works: bool, cards: int, used_up: bool) -> Verdict:
    """Return what becomes of the message in hand once others were tried.

    Args:
        works: whether the destination took other cards.
        cards: how many the message in hand has.
        used_up: whether it has had as many tries as a single card is given.
    """
    if not works:
        return Verdict.HOLD
    if cards > 1:
        return Verdict.DIVIDE
    return Verdict.BURY if used_up else Verdict.ALONE
