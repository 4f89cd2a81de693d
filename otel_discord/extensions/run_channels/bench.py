"""What all who work on runs have at hand: the bot's requests, what the user wants, the time, where to say things."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from otel_discord.config import Secret
from otel_discord.discord_api.bot.bot_api import BotApi, BotUser
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.own_numbers import OwnNumbers, not_shown
from otel_discord.extensions.run_channels.runs import Run

MOST_TOLD = 10_000


@dataclass(slots=True, kw_only=True)
class Bench:
    """Of one extension. ``wall_clock`` is seconds since the epoch, ``clock`` monotonic seconds."""

    api: BotApi
    config: RunChannelsConfig
    key: Secret
    """What run ids and markers are signed with: the bot's token."""
    wall_clock: Callable[[], float]
    clock: Callable[[], float]
    dice: Callable[[], float]
    logger: logging.Logger
    bot: BotUser = field(default=BotUser(id="", name=""))
    """Known once Discord has said who the token belongs to."""
    numbers: OwnNumbers = field(default_factory=not_shown)
    _told: set[str] = field(default_factory=set)

    def now_ms(self) -> int:
        """Return the wall time in milliseconds."""
        return int(self.wall_clock() * 1000)

    def tell_once(self, subject: str, message: str, **extra: object) -> None:
        """Warn, unless that subject was warned of since it was last well."""
        if subject in self._told:
            return
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        self._told.add(subject)
        self.logger.warning(message, extra=extra)

    def is_well(self, subject: str) -> bool:
        """A subject is well again; return whether it was warned of."""
        if subject not in self._told:
            return False
        self._told.discard(subject)
        return True


def audit_reason(run: Run) -> str:
    """Return what the guild's audit log says of a change."""
    return f"run {run.key.task_id} attempt {run.key.attempt}, asked for by {run.by or 'an earlier service'}"
