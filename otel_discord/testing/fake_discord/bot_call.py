"""One request of a bot on its way to an operation: what it is about, and whether the bot may."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.audit_reason import audit_reason
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.form_errors import invalid_form, refusal
from otel_discord.testing.fake_discord.form_values import Form
from otel_discord.testing.fake_discord.guilds import AuditEntry, FakeBot, FakeGuild
from otel_discord.testing.fake_discord.permissions import VIEW_CHANNEL
from otel_discord.testing.fake_discord.routes import Route
from otel_discord.testing.fake_discord.rules import Switches
from otel_discord.testing.fake_discord.state import FakeChannel, FakeWebhook, State

Answer: TypeAlias = tuple[int, Any]
"""Status and JSON; None for an empty body."""


@dataclass(frozen=True, slots=True)
class BotCall:
    """A request of a known bot; ``note`` takes a violation: rule and sentence."""

    request: FakeRequest
    route: Route
    bot: FakeBot
    state: State
    switches: Switches
    now_s: float
    wall_s: float
    exchange: int
    note: Callable[[str, str], None]

    def look_up(self) -> None:
        """Check that what the path names is there and that the bot can know of it.

        Raises:
            RefusedError: 10004, 10003, 10015; 50001 where the bot has no access.
        """
        if self.route.webhook_id and self.route.webhook_id not in self.state.webhooks:
            raise refusal(404, 10015)
        if self.route.guild_id:
            _ = self.guild
        if self.route.channel_id:
            self.need(self.channel, 0)

    @property
    def guild(self) -> FakeGuild:
        """The guild that the path names."""
        guild = self.state.guilds.get(self.route.guild_id)
        if guild is None:
            raise refusal(404, 10004)
        if self.bot.id not in guild.permissions:
            raise refusal(404, 10004) if self.switches.stranger_guild == "unknown" else refusal(403, 50001)
        return guild

    @property
    def channel(self) -> FakeChannel:
        """The channel that the path names."""
        channel = self.state.channels.get(self.route.channel_id)
        if channel is None:
            raise refusal(404, 10003)
        return channel

    @property
    def webhook(self) -> FakeWebhook:
        """The webhook that the path names."""
        webhook = self.state.webhooks.get(self.route.webhook_id)
        if webhook is None:
            raise refusal(404, 10015)
        return webhook

    def guild_of(self, channel: FakeChannel) -> FakeGuild:
        """Return the guild of a channel.

        Raises:
            RefusedError: 50001, the bot is not in it.
        """
        guild = self.state.guilds[channel.guild_id]
        if self.bot.id not in guild.permissions:
            raise refusal(403, 50001)
        return guild

    def bits_in(self, channel: FakeChannel) -> int:
        """Return what the bot may do in a channel."""
        return self.guild_of(channel).bits_in(self.bot.id, channel)

    def need(self, channel: FakeChannel, bits: int) -> None:
        """Check that the bot sees a channel and may do all of ``bits`` there.

        Raises:
            RefusedError: 50001 or 50013.
        """
        has = self.bits_in(channel)
        if not has & VIEW_CHANNEL:
            raise refusal(403, 50001)
        if bits & ~has:
            raise refusal(403, 50013)

    def need_in_guild(self, guild: FakeGuild, bits: int) -> None:
        """Check that the bot may do all of ``bits`` in the whole guild.

        Raises:
            RefusedError: 50013.
        """
        if bits & ~guild.bits(self.bot.id):
            raise refusal(403, 50013)

    def record(self, action: str, target_id: str, guild_id: str) -> None:
        """Write a line of the audit log."""
        reason = audit_reason(self.request)[: limits.AUDIT_REASON]
        entry = AuditEntry(action, target_id, reason, self.bot.id, guild_id, self.now_s, self.exchange)
        self.state.audit.append(entry)

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """Return a number of the query.

        Raises:
            RefusedError: 50035 where it is none, or out of its bounds.
        """
        text = self.request.query.get(key)
        if text is None:
            return default
        form = Form(self.switches)
        value = form.integer({key: text}, key, (), high)
        if value is not None and value < low and not form.errors:
            words = f"int value should be greater than or equal to {low}."
            form.errors.add((key,), "NUMBER_TYPE_MIN", words)
        if form.errors or value is None:
            raise invalid_form(form.errors)
        return value
