"""A bot whose errors, connection and members are told in Discord, over webhooks, and never in the gateway's way.

DISCORD_BOT_TOKEN=… OTEL_SERVICE_NAME=my-bot \\
  OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…' \\
  MEMBERS_WEBHOOK_URL='https://discord.com/api/webhooks/…' python bot.py

Webhooks, not the bot itself, carry what is reported: they work while the gateway does not, and their limits are not
the bot's. Nothing here waits for them: ``log.error`` in a coroutine costs microseconds, so no heartbeat is late.
"""

import logging
import os
import random
import sys
import time
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from otel_discord.sdk import DiscordHandler
from otel_discord.sdk.events import BotEvents

OF_THE_USER = (commands.CommandNotFound, commands.UserInputError, commands.CheckFailure, commands.CommandOnCooldown)
"""Errors that are answered to who made them, and nobody else wants to know of."""

log = logging.getLogger("bot")
reports = BotEvents(log)
members = BotEvents("bot.members")


class Tree(app_commands.CommandTree["Bot"]):
    """Slash commands, whose errors have another door than those of text commands."""

    async def on_error(self, interaction: discord.Interaction["Bot"], error: app_commands.AppCommandError, /) -> None:
        """Report what a slash command raised, with what it was asked for."""
        if isinstance(error, app_commands.CheckFailure):
            return
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        name = interaction.command.qualified_name if interaction.command else "?"
        reports.error(cause, f"Command /{name}", **about(interaction.guild, interaction.channel, interaction.user))


class Bot(commands.Bot):
    """Reports from ``setup_hook`` on until ``close`` has seen the last report off."""

    def __init__(self) -> None:
        intents = discord.Intents.default()
        intents.members = intents.message_content = True  # both are switches in the developer portal, too
        super().__init__(command_prefix="!", intents=intents, tree_cls=Tree)
        self._away_since_s: float | None = None
        self._reporting: dict[logging.Logger, DiscordHandler] = {}

    async def setup_hook(self) -> None:
        """Start to report: before the gateway connects, so that its trouble is reported too."""
        self._report(logging.getLogger(), DiscordHandler(level=logging.WARNING))
        member_log = logging.getLogger("bot.members")
        member_log.setLevel(logging.INFO)
        member_log.propagate = False  # a ban is a WARNING, and would stand in both channels
        self._report(member_log, DiscordHandler(os.environ["MEMBERS_WEBHOOK_URL"], min_severity="INFO"))
        members.system_status("The bot starts")
        add_commands(self)

    def _report(self, logger: logging.Logger, handler: DiscordHandler) -> None:
        logger.addHandler(handler)
        self._reporting[logger] = handler

    async def close(self) -> None:
        """Leave, then wait until what was reported has arrived: 10 seconds at most, and the loop goes on meanwhile."""
        await super().close()
        while self._reporting:
            logger, handler = self._reporting.popitem()
            logger.removeHandler(handler)
            await handler.aclose()

    # ------------------------------------------------------------------------------------------------ the connection

    async def on_disconnect(self) -> None:
        """Say once that the gateway is away; discord.py calls this at each of its tries."""
        if self._away_since_s is None and not self.is_closed():
            self._away_since_s = time.monotonic()
            log.warning("The gateway is away")

    async def on_resumed(self) -> None:
        """Say that the old session goes on: nothing was missed."""
        self._is_back("the session goes on")

    async def on_ready(self) -> None:
        """Say that there is a new session: what happened meanwhile was missed."""
        self._is_back("a new session")

    def _is_back(self, how: str) -> None:
        if self._away_since_s is not None:
            away_s, self._away_since_s = time.monotonic() - self._away_since_s, None
            log.warning("The gateway is back: %s", how, extra={"away_s": round(away_s, 1)})

    # ----------------------------------------------------------------------------------------------------- errors

    async def on_command_error(self, context: commands.Context[Any], error: commands.CommandError, /) -> None:
        """Report what a text command raised, with who asked for what, where; answer what is the user's own."""
        if isinstance(error, OF_THE_USER):
            await context.reply(str(error), mention_author=False)
            return
        cause = error.original if isinstance(error, commands.CommandInvokeError) else error
        name = context.command.qualified_name if context.command else "?"
        reports.error(cause, f"Command !{name}", **about(context.guild, context.channel, context.author))

    async def on_error(self, event_method: str, /, *args: Any, **_: Any) -> None:
        """Report what the handler of an event raised, with what the event was about."""
        if (error := sys.exception()) is not None:
            reports.error(error, f"Event {event_method}", arguments=args)

    # ------------------------------------------------------------------------------------------------------- members

    async def on_member_join(self, member: discord.Member) -> None:
        """Tell who came."""
        members.member_join(member)

    async def on_member_remove(self, member: discord.Member) -> None:
        """Tell who went."""
        members.member_leave(member)

    async def on_member_ban(self, guild: discord.Guild, user: discord.User | discord.Member) -> None:
        """Tell who was banned."""
        members.member_ban(guild, user)

    async def on_member_unban(self, guild: discord.Guild, user: discord.User) -> None:
        """Tell who may come back."""
        members.member_unban(guild, user)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        """Tell whose roles changed; other changes are left out by itself."""
        members.role_update(before, after)


def about(guild: discord.Guild | None, channel: Any, user: discord.abc.User) -> dict[str, Any]:
    """Return who asked for something, and where."""
    return {
        "guild": guild.name if guild else None,
        "channel": getattr(channel, "name", None),
        "user.name": user.name,
        "user.id": user.id,
    }


def add_commands(bot: Bot) -> None:
    """Two commands, each with a bug."""

    @bot.command()
    async def divide(context: commands.Context[Bot], a: int, b: int) -> None:
        await context.send(str(a // b))

    @bot.tree.command(description="Roll a die")
    async def roll(interaction: discord.Interaction[Bot], sides: int) -> None:
        await interaction.response.send_message(str(random.randrange(sides) + 1))  # noqa: S311 - a toy


def main() -> None:
    """Run until Ctrl-C."""
    Bot().run(os.environ["DISCORD_BOT_TOKEN"], root_logger=True)


if __name__ == "__main__":
    main()
