"""A run and its life, as everything in this room speaks of it. Pure data.

A run is named by who asked for it (guild, task, attempt, short id); its ``run_id`` follows from these and the bot's
secret, so that the same request always means the same run, and nobody else can make a name that we take for ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from otel_discord.component.destination_source import Tally
from otel_discord.config import Secret

_NO_SECRET: Final = Secret("")


class State(StrEnum):
    """Where a run is in its life. It only moves downwards in this list."""

    CREATING = "creating"
    """Intended, and stored as such; what exists of it in Discord is found by its marker."""
    RUNNING = "running"
    """Channel and webhook are there, telemetry goes to them."""
    FINISHING = "finishing"
    """Finalized: telemetry goes there no more, the webhook goes, then the channel moves to the archive."""
    ARCHIVED = "archived"
    """Read only, until its retention ends."""
    CLEANING = "cleaning"
    """Retention has ended: the channel is being deleted."""
    CLEANED = "cleaned"
    """Nothing is left to do. Kept a while, so that a late finalize is answered; then forgotten."""


class Placement(StrEnum):
    """What a run gets."""

    CHANNEL = "channel"
    THREAD = "thread"
    """A thread of one text channel, which neither 50 channels a category nor 500 a guild bound."""
    FORUM_POST = "forum_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey:
    """Who a run is."""

    guild_id: str
    task_id: str
    attempt: int
    short_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What is asked for, checked: see ``requests``."""

    key: RunKey
    retention_hours: int | None = None
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """At most 20 entries; they are shown in the header, so no secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that is stored of a run. Times are wall time in milliseconds, 0 where it has not happened."""

    run_id: str
    key: RunKey
    state: State
    placement: Placement
    created_ms: int
    retention_hours: int
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    """Name of the token that asked for it."""
    category_id: str = ""
    """Where the channel is; of threads the parent channel."""
    channel_id: str = ""
    channel_name: str = ""
    """As Discord has stored it."""
    webhook_id: str = ""
    webhook_token: Secret = field(default=_NO_SECRET)
    header_message_id: str = ""
    header_tried: bool = False
    """Whether posting the header was tried; it is never tried again at the cost of the run."""
    outcome: str = ""
    finalized_ms: int = 0
    """0 also where nobody finalized it before its retention ended."""
    drained: bool = False
    """Whether what was on its way when it ended has had its time."""
    webhook_deleted: bool = False
    outcome_told: bool = False
    """Whether the header was edited for the last time, or that was tried."""
    archived_ms: int = 0
    cleaned_ms: int = 0
    tally: Tally = field(default_factory=Tally)

    @property
    def expires_ms(self) -> int:
        """When retention ends."""
        return self.created_ms + self.retention_hours * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The answer to a create; ``is_new`` False where the run was there already."""

    run: Run
    webhook_url: Secret
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalized:
    """The answer to a finalize. ``is_cleaned``: nothing is left; else retention lasts, or cleaning goes on behind."""

    run: Run
    is_cleaned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some runs, newest first. ``next_token`` is "" on the last page."""

    runs: tuple[Run, ...]
    next_token: str = ""
