"""A guild of FakeDiscord in which runs are made: what is whose in it, and what must hold of it however things went."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from otel_discord.discord_api.bot.permissions import WITH_THREADS
from otel_discord.extensions.run_channels.names import SHARED_WEBHOOK_NAME
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.guilds import FakeBot, FakeGuild
from otel_discord.testing.fake_discord.state import CATEGORY, FORUM, TEXT, FakeChannel, FakeMessage, FakeWebhook

MARK: Final = "otel-discord.run1."
LIVE, ARCHIVE = "Agent Runs", "Agent Runs Archive"
PLACEMENTS: Final = ("channel", "thread", "forum_post")
_SEND_MESSAGES: Final = 1 << 11
_numbers = count(1)


@dataclass(slots=True)
class Town:
    """One guild with a bot, and things of others in it that nothing may happen to."""

    fake: FakeDiscord
    placement: str = "channel"
    header_embed: bool = True
    most_embeds: int = 1
    """How many messages with embeds may be in a run's channel: the header, and what a test puts there."""
    bot: FakeBot = field(init=False)
    guild: FakeGuild = field(init=False)
    parent: FakeChannel | None = field(init=False, default=None)
    _theirs: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        fake = self.fake
        self.bot = fake.add_bot(token=f"made-up-token-of-test-bot-{next(_numbers)}")
        self.guild = fake.add_guild(bot=self.bot)
        category = fake.add_channel("Agent Run", guild_id=self.guild.id, type=CATEGORY)
        same_name = fake.add_channel(
            "run-build-42-1-ab12", guild_id=self.guild.id, parent_id=category.id, topic=f"{MARK}e30.aaaaaaaaaaaaaaaa"
        )
        fake.add_webhook(same_name, name="Agent Run ab12")
        if self.placement != "channel":
            self.guild.permissions[self.bot.id] = WITH_THREADS
            kind = FORUM if self.placement == "forum_post" else TEXT
            self.parent = fake.add_channel("runs", guild_id=self.guild.id, type=kind)
            fake.add_thread(self.parent, "run-build-42-1-ab12")
            fake.add_webhook(self.parent, name=SHARED_WEBHOOK_NAME)
        self._theirs = self._all()

    def keys(self) -> dict[str, Any]:
        """Return the keys of run_channels by which runs are made here."""
        keys = {
            "tokens": [{"name": "ci", "token": "a-token-of-ci-that-is-long"}],
            "bot_token": self.bot.token,
            "guilds": [self.guild.id],
            "placement": self.placement,
            "header_embed": self.header_embed,
            "drain_timeout": "50ms",
        }
        return keys if self.parent is None else keys | {"parent_channel_id": self.parent.id}

    # ------------------------------------------------------------------------------------------- what is there

    def places(self) -> list[FakeChannel]:
        """Return the channels or threads that were made for runs."""
        if self.parent is not None:
            return [each for each in self.guild.threads if each.id not in self._theirs]
        return [each for each in self.guild.channels if not each.is_category and each.id not in self._theirs]

    def hooks(self) -> list[FakeWebhook]:
        """Return the webhooks that were made for runs."""
        return [each for each in self.guild.webhooks if each.id not in self._theirs]

    def headers(self, channel_id: str) -> list[FakeMessage]:
        """Return the messages with embeds in a run's channel."""
        return [each for each in self.fake.messages_in(channel_id) if each.embeds]

    def is_ended(self, place: FakeChannel) -> bool:
        """Say whether a run's channel is put away, read only."""
        if self.parent is not None:
            return place.archived and place.locked
        parent = next((each for each in self.guild.categories() if each.id == place.parent_id), None)
        denied = any(each.id == self.guild.id and each.deny & _SEND_MESSAGES for each in place.overwrites)
        return parent is not None and parent.name == ARCHIVE and denied

    # ------------------------------------------------------------------------------------------- what must hold

    def check(self) -> None:
        """See that there is one of each at most, and that nothing of others has changed.

        Raises:
            AssertionError: that is not so.
        """
        assert self._theirs.items() <= self._all().items(), "something of others has changed"
        made = [each.name for each in self.guild.categories() if each.id not in self._theirs]
        assert len(made) == len(set(made)), f"categories {made}"
        assert set(made) <= ({LIVE, ARCHIVE} if self.parent is None else set()), f"categories {made}"
        places = self.places()
        assert len(places) <= 1, f"{len(places)} channels"
        assert len(self.hooks()) <= 1, f"{len(self.hooks())} webhooks"
        for place in places:
            assert len(self.headers(place.id)) <= self.most_embeds, "two headers"
            if self.parent is None:
                assert MARK in place.topic, "its mark has gone"
        if self.parent is None:
            ids = {place.id for place in places}
            assert {hook.channel_id for hook in self.hooks()} <= ids, "a webhook elsewhere"

    def check_none(self) -> None:
        """See that nothing is left of the run.

        Raises:
            AssertionError: something is.
        """
        self.check()
        assert not self.places(), "a channel is left"
        assert self.parent is not None or not self.hooks(), "a webhook is left"

    def check_live(self, *, headers: int | None = 1) -> FakeChannel:
        """See that the run is whole; return its channel.

        Raises:
            AssertionError: it is not.
        """
        self.check()
        assert len(self.places()) == 1, "no channel"
        (place,) = self.places()
        assert len(self.hooks()) == 1, "no webhook"
        (hook,) = self.hooks()
        if self.parent is None:
            assert hook.channel_id == place.id
            assert [each.name for each in self.guild.categories() if each.id == place.parent_id] == [LIVE]
        else:
            assert hook.channel_id == self.parent.id
            assert not place.locked
        assert headers is None or len(self.headers(place.id)) == headers, "no header"
        return place

    def check_ended(self) -> FakeChannel:
        """See that the run has ended and nothing more can be said in its channel; return that.

        Raises:
            AssertionError: it has not.
        """
        self.check()
        assert len(self.places()) == 1, "no channel"
        (place,) = self.places()
        assert self.parent is not None or not self.hooks(), "its webhook is left"
        assert self.is_ended(place), "it is not put away"
        return place

    def _all(self) -> dict[str, str]:
        """Return everything that is in the guild, by id."""
        channels = {
            each.id: repr((each.name, each.type, each.parent_id, each.topic, each.overwrites, each.locked))
            for each in (*self.guild.channels, *self.guild.threads)
        }
        return channels | {each.id: repr((each.name, each.token, each.channel_id)) for each in self.guild.webhooks}
