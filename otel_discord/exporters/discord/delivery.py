"""What follows an answer of Discord: a pure decision about the message in hand.

The outbox acts on it. Nothing here waits, sends or settles.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, TypeAlias, assert_never

from otel_discord.discord_api.outcome_types import (
    Delivered,
    Gone,
    Outcome,
    RateLimited,
    Reason,
    Refused,
    Unavailable,
)
from otel_discord.exporterhelper.backoff import BackoffPolicy, BackoffState, Delay, after_failure


class Repair(StrEnum):
    """What is left out of the next try because Discord would not have it."""

    ONE_TIME_FILES = "one_time_files"
    """Files that cannot be opened a second time."""
    ALL_FILES = "all_files"
    OVERRIDES = "overrides"
    """User name and avatar of the destination."""
    BUTTONS = "buttons"
    DECORATION = "decoration"
    """Everything of an embed but its words: links, pictures, colour, time."""


_PLAIN_AND_SAFE: Final = frozenset({Repair.DECORATION, Repair.ALL_FILES, Repair.OVERRIDES, Repair.BUTTONS})


@dataclass(frozen=True, slots=True)
class Hand:
    """The message in hand, as far as decisions need to know it."""

    cards: int
    backoff: BackoffState
    files: int = 0
    one_time_files: bool = False
    overrides: bool = False
    buttons: bool = False
    repairs: frozenset[Repair] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Settle:
    """Discord has it."""

    message_id: str


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Nothing was created and nothing counted: pack anew and send when the limiter says so."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the same after ``delay_s``."""

    delay_s: float
    hand: Hand
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class RetryRepaired:
    """Send at once what is left after ``hand.repairs``."""

    hand: Hand


@dataclass(frozen=True, slots=True)
class Isolate:
    """The cards at these places are refused for good; send the others."""

    places: tuple[int, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Divide:
    """Somewhere in the message is what Discord will not have: send its cards in smaller messages."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The cards in hand end here, with a reason."""

    reason: str
    attempts: int
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Exhausted:
    """The tries are used up. Whether that is the message's end or an outage is decided in ``outage``."""

    attempts: int


@dataclass(frozen=True, slots=True)
class Abandon:
    """The destination is gone: not one more request to it."""

    reason: Reason


Action: TypeAlias = Settle | SendAgain | Retry | RetryRepaired | Isolate | Divide | GiveUp | Exhausted | Abandon


def decide(
    outcome: Outcome, hand: Hand, policy: BackoffPolicy, *, resend_ambiguous: bool, now_s: float, dice: float
) -> Action:
    """Return what to do about the message in hand; ``dice`` in [0, 1) is the jitter of a retry."""
    match outcome:
        case Delivered():
            return Settle(outcome.message_id)
        case RateLimited():
            return SendAgain()
        case Gone():
            return Abandon(outcome.reason)
        case Unavailable():
            return _after_failure(outcome, hand, policy, resend_ambiguous=resend_ambiguous, now_s=now_s, dice=dice)
        case Refused(reason=Reason.TOO_LARGE):
            return _smaller(hand)
        case Refused(reason=Reason.INVALID_FORM):
            return _mended(outcome, hand)
        case Refused(reason=Reason.BAD_REQUEST | Reason.CONTENT_BLOCKED) if _has_files(hand):
            return _smaller(hand)  # perhaps it was a file that Discord does not take; the text is more
        case Refused():
            return Divide() if hand.cards > 1 else GiveUp(outcome.reason, hand.backoff.attempts + 1)
        case _:
            assert_never(outcome)


def _after_failure(
    outcome: Unavailable, hand: Hand, policy: BackoffPolicy, *, resend_ambiguous: bool, now_s: float, dice: float
) -> Action:
    if outcome.ambiguous and not resend_ambiguous:
        return GiveUp(outcome.reason, hand.backoff.attempts + 1, ambiguous=True)
    decision = after_failure(policy, hand.backoff, now_s=now_s, dice=dice, retry_after_s=outcome.retry_after_s)
    if not isinstance(decision, Delay):
        return Exhausted(decision.attempts)
    repairs = hand.repairs | {Repair.ONE_TIME_FILES} if hand.one_time_files else hand.repairs
    return Retry(decision.delay_s, replace(hand, backoff=decision.state, repairs=repairs), outcome.ambiguous)


def _has_files(hand: Hand) -> bool:
    return hand.files > 0 and Repair.ALL_FILES not in hand.repairs


def _smaller(hand: Hand) -> Action:
    if _has_files(hand):
        return RetryRepaired(replace(hand, repairs=hand.repairs | {Repair.ALL_FILES}))
    return Divide() if hand.cards > 1 else GiveUp(Reason.TOO_LARGE, hand.backoff.attempts + 1)


def _mended(outcome: Refused, hand: Hand) -> Action:
    """Leave out what the error tree names, once each; then isolate the embeds that it names."""
    heads = {error.path[0] if error.path else "" for error in outcome.errors}
    if heads & {"username", "avatar_url"} and hand.overrides and Repair.OVERRIDES not in hand.repairs:
        return RetryRepaired(replace(hand, repairs=hand.repairs | {Repair.OVERRIDES}))
    if "components" in heads and hand.buttons and Repair.BUTTONS not in hand.repairs:
        return RetryRepaired(replace(hand, repairs=hand.repairs | {Repair.BUTTONS}))
    if heads & {"attachments", "files"} and hand.files and Repair.ALL_FILES not in hand.repairs:
        return RetryRepaired(replace(hand, repairs=hand.repairs | {Repair.ALL_FILES}))
    if hand.cards > 1:
        places = embeds_named(outcome, hand.cards)
        return Isolate(places, outcome.reason) if places and len(places) < hand.cards else Divide()
    if Repair.DECORATION in hand.repairs:
        return GiveUp(outcome.reason, hand.backoff.attempts + 1)
    return RetryRepaired(replace(hand, repairs=hand.repairs | _PLAIN_AND_SAFE))


def embeds_named(outcome: Refused, cards: int) -> tuple[int, ...]:
    """Return the places of the embeds that an error tree names (``embeds[3].title``), in order."""
    named = {error.path[1] for error in outcome.errors if len(error.path) > 1 and error.path[0] == "embeds"}
    return tuple(sorted(place for place in named if isinstance(place, int) and 0 <= place < cards))
