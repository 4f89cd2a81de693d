"""A guild with its bots, as tests set it up and look at it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.permissions import ADMINISTRATOR, EVERYTHING, in_channel

if TYPE_CHECKING:
    from otel_discord.testing.fake_discord.state import FakeChannel, FakeWebhook, State


@dataclass(slots=True)
class FakeBot:
    """A bot; its token is in no representation."""

    id: str
    token: str = field(repr=False)
    name: str = "Runner"
    application_id: str = ""
    message_content: bool = True
    """Whether it may read what others wrote (the privileged intent); otherwise their messages come empty."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of a guild's audit log."""

    action: str
    """``channel_create``, ``webhook_delete`` …"""
    target_id: str
    reason: str
    """Decoded; "" where none was given."""
    bot_id: str
    guild_id: str
    at_s: float
    exchange: int


@dataclass(slots=True)
class FakeGuild:
    """A guild. ``permissions`` may be set at any time: bits by id of a bot; who is not in it is no member."""

    id: str
    name: str
    owner_id: str
    state: "State" = field(repr=False, compare=False)
    permissions: dict[str, int] = field(default_factory=dict)
    everyone: int = 0
    """What every member may do."""
    role_ids: dict[str, str] = field(default_factory=dict)
    """The role that each bot brought along, by id of the bot."""

    @property
    def channels(self) -> list["FakeChannel"]:
        """Its channels and categories, without threads, oldest first."""
        return [each for each in self.state.channels.values() if each.guild_id == self.id and not each.is_thread]

    @property
    def threads(self) -> list["FakeChannel"]:
        """Its threads, archived ones too, oldest first."""
        return [each for each in self.state.channels.values() if each.guild_id == self.id and each.is_thread]

    @property
    def webhooks(self) -> list["FakeWebhook"]:
        """Its webhooks, oldest first."""
        return [each for each in self.state.webhooks.values() if each.guild_id == self.id]

    def categories(self) -> list["FakeChannel"]:
        """Return its categories."""
        return [each for each in self.channels if each.is_category]

    def children(self, category_id: str) -> list["FakeChannel"]:
        """Return the channels of a category; those of none for ""."""
        return [each for each in self.channels if each.parent_id == category_id and not each.is_category]

    def channel(self, name: str) -> "FakeChannel":
        """Return the oldest channel of a name.

        Raises:
            KeyError: there is none.
        """
        found = next((each for each in self.channels if each.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def fill(self, upto: int = limits.GUILD_CHANNELS, *, parent_id: str = "") -> None:
        """Let others make channels until the guild, or the category, has so many."""
        has = len(self.children(parent_id)) if parent_id else len(self.channels)
        for number in range(has, upto):
            self.state.add_channel(f"filler-{number}", guild_id=self.id, parent_id=parent_id)

    def bits(self, bot_id: str) -> int:
        """Return what a bot may do in the guild, before any channel's overwrites."""
        own = self.permissions.get(bot_id, 0) | self.everyone
        return EVERYTHING if own & ADMINISTRATOR or bot_id == self.owner_id else own

    def bits_in(self, bot_id: str, channel: "FakeChannel") -> int:
        """Return what a bot may do in a channel; threads have the overwrites of theirs."""
        place = self.state.channels.get(channel.parent_id, channel) if channel.is_thread else channel
        role_ids = [self.role_ids[bot_id]] if bot_id in self.role_ids else []
        return in_channel(self.bits(bot_id), place.overwrites, guild_id=self.id, role_ids=role_ids, member_id=bot_id)
