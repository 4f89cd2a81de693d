"""What an exporter of chat messages offers to people who watch it: its destinations, its last messages, its alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from otel_discord.signals.alert_event import AlertEvent


class Health(StrEnum):
    """How a destination fares, the worst thing that holds."""

    OK = "ok"
    WAITING = "waiting"
    """A rate limit, its budget, or a shared storage that is away lets it wait."""
    MUTED = "muted"
    """Quiet hours, maintenance or a silence hold something back."""
    UNREACHABLE = "unreachable"
    """Its circuit breaker is open or half-open."""
    GONE = "gone"
    """The webhook is deleted or refused: everything goes to its fallback or waits."""
    UNKNOWN = "unknown"
    """Another process has it, or nobody, and has not said how it fares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationState:
    """One destination now. Times are wall time in nanoseconds, 0 where there is none. Holds no token."""

    name: str
    health: Health
    label: str = ""
    """What the last check of the webhook said: its name and channel."""
    waiting_cards: int = 0
    waiting_records: int = 0
    oldest_waiting_ns: int = 0
    """When the oldest of them was accepted."""
    budget_left: float | None = None
    """Messages that may go at once; None where that is not known."""
    next_at_ns: int = 0
    """When the next message may go, where it has to wait."""
    breaker: str = "closed"
    """``closed``, ``half-open``, ``open``."""
    delivered: int = 0
    """Messages in Discord since the start, edits included."""
    failed: int = 0
    """Messages given up since the start."""
    recent_success: float | None = None
    """Share of the last requests (100 at most) that were answered well; None before the first."""
    response_p50_s: float | None = None
    response_p99_s: float | None = None
    """Of the same requests."""
    last_sent_ns: int = 0
    last_429_ns: int = 0
    last_error: str = ""
    """In Discord's own words."""
    last_error_ns: int = 0
    fallback: str = ""
    webhook_up: bool | None = None
    """What the last check said; None before the first."""
    webhook_checked_ns: int = 0
    webhook_response_s: float | None = None
    replica: str = ""
    """Which process of a fleet has it; "" where there is one only, or nobody has it."""
    remark: str = ""
    """Why it does not do what its numbers promise, where that is not Discord's doing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that befell a message: ``received``, ``routed``, ``folded``, ``sent``, ``edited``, ``failed`` …"""

    at_ns: int
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """A message as Discord has it, or as it would have it, and how it came there."""

    key: str
    """The same for all states of one message."""
    destination: str
    message: Mapping[str, Any]
    """The JSON as it was sent, or as the last edit has made it; ``timestamp`` is there, and ``edited_timestamp``."""
    files: tuple[str, ...] = ()
    url: str = ""
    records: int = 1
    journey: Sequence[Step] = ()
    is_delivered: bool = True


@runtime_checkable
class Watched(Protocol):
    """A component that can be watched. None of this waits for the network or a disk."""

    def destination_states(self) -> Sequence[DestinationState]:
        """Return every destination in the order of the configuration; empty while it is not running."""
        ...

    def recent_messages(self, limit: int = 50) -> Sequence[ShownMessage]:
        """Return the messages that changed last, newest first; bounded in number and bytes."""
        ...

    def firing_alerts(self) -> Sequence[tuple[AlertEvent, Sequence[str]]]:
        """Return the alerts that fire, each with the destinations that show it."""
        ...


@runtime_checkable
class WatchedAfar(Protocol):
    """Something that is watched, of which other processes have a part."""

    async def look_afar(self) -> None:
        """Ask the others for what ``Watched`` tells of them, unless that was just done; wait a second or two at most.

        Without it the others are asked in the background, once somebody has looked.
        """
        ...
