"""What can become of one request of a bot, as values. ``detail`` is a sentence with Discord's own words, no secrets."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from otel_discord.discord_api.outcome_types import FieldError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """Discord has done it, or says what was asked."""

    value: T


@dataclass(frozen=True, slots=True)
class NotThere:
    """404: guild, channel, webhook or message are gone, or the bot cannot know of them."""

    code: int
    """10003 channel, 10004 guild, 10008 message, 10015 webhook, 0 where Discord gives none."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """401 or 403. ``missing`` names permissions that the operation needs, as Discord's settings name them."""

    status: int
    code: int
    """50013 lacks permission, 50001 no access, 60003 two-factor needed, 40333 user agent, 0 a wrong token (401)."""
    detail: str = ""
    missing: tuple[str, ...] = ()


class Bound(StrEnum):
    """What is full."""

    CATEGORY = "category"
    """50 channels: 50035 with CHANNEL_PARENT_MAX_CHANNELS."""
    GUILD_CHANNELS = "guild_channels"
    """500: 30013."""
    CHANNEL_WEBHOOKS = "channel_webhooks"
    """15: 30007."""
    GUILD_WEBHOOKS = "guild_webhooks"
    """1000: 30058."""
    THREADS = "threads"
    """Active threads: 160006."""


@dataclass(frozen=True, slots=True)
class Full:
    """There is no room for another one."""

    bound: Bound
    code: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Invalid:
    """400: the request is refused as it is. ``errors`` are Discord's, by path."""

    code: int
    detail: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Limited:
    """A limit that lasts longer than the caller wants to wait; nothing was done."""

    retry_after_s: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer, or an error of Discord's. ``ambiguous``: it may have been done all the same."""

    ambiguous: bool
    detail: str = ""
    retry_after_s: float | None = None


Failure: TypeAlias = NotThere | Denied | Full | Invalid | Limited | Failed
