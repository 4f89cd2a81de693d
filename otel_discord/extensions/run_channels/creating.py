"""The steps that make a run's channel and webhook. Each looks first where a former attempt may have done it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.discord_api.bot.answers import Bound, Denied, Done, Failed, Failure, Full, Invalid, NotThere
from otel_discord.discord_api.bot.bot_api import TEXT, Channel, NewChannel, Webhook
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.bench import Bench, audit_reason
from otel_discord.extensions.run_channels.categories import Categories
from otel_discord.extensions.run_channels.copies import is_second_of_ours, tell_of_copy
from otel_discord.extensions.run_channels.guild_views import GuildViews
from otel_discord.extensions.run_channels.guilds import Guilds
from otel_discord.extensions.run_channels.marker import marker_of, parse_marker, topic_of
from otel_discord.extensions.run_channels.names import channel_name, free_channel_name, webhook_names
from otel_discord.extensions.run_channels.outcome import UNKNOWN_GUILD, Refused, Result, result_of
from otel_discord.extensions.run_channels.overwrites import of_new_channel
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.room import Room
from otel_discord.extensions.run_channels.runs import Run

TRIES: Final = 5
"""Answers such as "this category is full" after which a step begins anew at once."""
NAMES_MAX_AGE_S: Final = 1.0
"""How old the list may be in which other channels of the same name are looked for: creates at the same time share it,
and a channel that somebody has just made is seen."""


@dataclass(slots=True, kw_only=True)
class Creating:
    """Channels, one for each run."""

    bench: Bench
    views: GuildViews
    guilds: Guilds
    categories: Categories
    room: Room
    _untried: set[str] = field(default_factory=set)
    """Runs of which nothing can be in Discord yet; all others are looked for before anything is made."""
    _hookless: set[str] = field(default_factory=set)
    """Channels that we have just made, and asked for no webhook in."""
    _names: dict[str, str] = field(default_factory=dict)
    """Run, and the guild and name that its channel is about to have."""

    def begins(self, run_id: str) -> None:
        """A run is new: nobody has asked Discord for anything of it."""
        self._untried.add(run_id)

    def ends(self, run: Run) -> None:
        """Nothing more will be made of a run: it is made, or given up."""
        self._untried.discard(run.run_id)
        self._hookless.discard(run.channel_id)
        self._names.pop(run.run_id, None)

    async def find_place(self, run: Run) -> Result:
        """Reserve a place in a category."""
        for _ in range(TRIES):
            answer = await self.categories.reserve(run.key.guild_id, run.run_id, reason=audit_reason(run))
            if isinstance(answer, Done):
                category_id = answer.value
                return lambda run: life.with_category(run, category_id)
            if not await self._has_room_now(answer, run):
                return result_of(answer, "finding the category")
        return result_of(Full(Bound.GUILD_CHANNELS, 0), "finding the category")

    async def create_channel(self, run: Run) -> Result:
        """Make the channel with the run's mark as its topic, or adopt the one that is there."""
        if run.run_id not in self._untried:
            found = await self._adopted(run)
            if found is not None:
                return found
        answer: Failure = Failed(ambiguous=False)
        for _ in range(TRIES):
            place = await self.categories.reserve(run.key.guild_id, run.run_id, reason=audit_reason(run))
            if isinstance(place, Done):
                named = await self._name(run)
                if not isinstance(named, str):
                    return named
                self._untried.discard(run.run_id)
                made = await self._make(run, named, place.value)
                if isinstance(made, Done):
                    return self._made(run, made.value)
                answer = made
                if self._is_other_category(run, answer, place.value):
                    continue
            else:
                answer = place
            if not await self._has_room_now(answer, run):
                break
        if not (isinstance(answer, Failed) and answer.ambiguous):
            self._untried.add(run.run_id)
        return result_of(answer, "creating the channel")

    async def create_webhook(self, run: Run) -> Result:
        """Make the webhook, or adopt one that the bot has there."""
        if run.channel_id not in self._hookless:
            listed = await self.bench.api.webhooks(run.channel_id)
            if not isinstance(listed, Done):
                return result_of(listed, "looking at the channel's webhooks")
            if own := own_webhooks(listed.value, self.bench):
                return _with_webhook(own[0])
        self._hookless.discard(run.channel_id)
        refused: Failure = Failed(ambiguous=False)
        for name in webhook_names(run.key.short_id, run.run_id):
            answer = await self.bench.api.create_webhook(run.channel_id, name, reason=audit_reason(run))
            if isinstance(answer, Done):
                return _with_webhook(answer.value)
            refused = answer
            if not isinstance(answer, Invalid):
                break
            self.bench.logger.warning(
                "Discord refuses the webhook's name; another one is taken", extra={"webhook_name": name}
            )
        return result_of(refused, "creating the webhook")

    async def _adopted(self, run: Run) -> Result | None:
        """Return the change that a former attempt's channel makes; None where there is no such channel."""
        listed = await self.views.channels(run.key.guild_id)
        if not isinstance(listed, Done):
            return result_of(listed, "looking for the run's channel")
        found = self.marked(run, listed.value)
        if not found:
            return None
        await self.delete_seconds(run, found)
        return self._made(run, found[0], is_new=False)

    async def delete_seconds(self, run: Run, found: Sequence[Channel]) -> None:
        """Delete what a given-up attempt has made after all, beside the run's own channel, and nothing that is used."""
        for other in found[1:]:
            if await is_second_of_ours(other, found[0], self.bench):
                await self.bench.api.delete_channel(other.id, reason=audit_reason(run))
            else:
                tell_of_copy(other, run.run_id, self.bench)

    def marked(self, run: Run, listed: Sequence[Channel]) -> list[Channel]:
        """Return the channels that carry the run's mark, the oldest first."""
        ours = [channel for channel in listed if channel.type == TEXT and self._is_of(run, channel)]
        return sorted(ours, key=lambda channel: int(channel.id))

    def _is_of(self, run: Run, channel: Channel) -> bool:
        marker = parse_marker(channel.topic, run.key.guild_id, self.bench.key)
        return marker is not None and marker.run_id == run.run_id and marker.created_ms == run.created_ms

    async def _name(self, run: Run) -> str | Result:
        """Return a name that no other channel has."""
        guild_id = run.key.guild_id
        listed = await self.views.channels(guild_id, max_age_s=NAMES_MAX_AGE_S)
        if not isinstance(listed, Done):
            return result_of(listed, "looking at the guild's channels")
        taken = {channel.name for channel in listed.value if not self._is_of(run, channel)}
        mine = f"{guild_id}/"
        taken.update(
            name.removeprefix(mine)
            for other, name in self._names.items()
            if other != run.run_id and name.startswith(mine)
        )
        plain = channel_name(run.key)
        if plain in taken and self.bench.config.on_collision == "refuse":
            return Refused(RunProblem(Code.NAME_TAKEN, f"another channel of the guild has the name {plain}"))
        try:
            name = free_channel_name(run.key, taken)
        except ValueError as error:
            return Refused(RunProblem(Code.NAME_TAKEN, str(error)))
        self._names[run.run_id] = mine + name
        return name

    async def _make(self, run: Run, name: str, category_id: str) -> Done[Channel] | Failure:
        overwrites = None
        if self.bench.config.permission_overwrites:
            guild = await self.guilds.guild(run.key.guild_id)
            if not isinstance(guild, Done):
                return guild
            overwrites = of_new_channel(
                self.bench.config.permission_overwrites,
                category=self.categories.overwrites(run.key.guild_id, category_id),
                guild_id=run.key.guild_id,
                bot_id=self.bench.bot.id,
                bot_permissions=guild.value.permissions,
            )
        topic = topic_of(marker_of(run), self.bench.key)
        new = NewChannel(name=name, parent_id=category_id, topic=topic, overwrites=overwrites)
        return await self.bench.api.create_channel(run.key.guild_id, new, reason=audit_reason(run))

    def _made(self, run: Run, channel: Channel, *, is_new: bool = True) -> Result:
        if is_new:
            self._hookless.add(channel.id)
        self.categories.is_taken(run.key.guild_id, channel.parent_id, run.run_id)
        self._names[run.run_id] = f"{run.key.guild_id}/{channel.name}"
        return lambda run: life.with_channel(run, channel.id, channel.name, category_id=channel.parent_id)

    def _is_other_category(self, run: Run, answer: Failure, category_id: str) -> bool:
        """Say whether the same is to be tried in another category, since this one is full or gone."""
        match answer:
            case Full(bound=Bound.CATEGORY):
                self.categories.is_full(run.key.guild_id, category_id)
            case Invalid(errors=errors) if any(error.path[:1] == ("parent_id",) for error in errors):
                self.categories.is_gone(run.key.guild_id, category_id)
            case NotThere(code=code) if code != UNKNOWN_GUILD:
                self.categories.is_gone(run.key.guild_id, category_id)
            case Denied():
                self.guilds.has_changed(run.key.guild_id)
                return False
            case _:
                return False
        return True

    async def _has_room_now(self, answer: Failure, run: Run) -> bool:
        return (
            isinstance(answer, Full)
            and answer.bound is Bound.GUILD_CHANNELS
            and await self.room.make_room(run.key.guild_id)
        )


def own_webhooks(listed: Sequence[Webhook], bench: Bench) -> list[Webhook]:
    """Return the webhooks that the bot has made and may use, the oldest first."""
    own = [
        webhook
        for webhook in listed
        if webhook.token
        and (
            bench.bot.id in (webhook.user_id, webhook.application_id)
            or (webhook.application_id and webhook.application_id == bench.bot.application_id)
        )
    ]
    return sorted(own, key=lambda webhook: int(webhook.id))


def _with_webhook(webhook: Webhook) -> Result:
    return lambda run: life.with_webhook(run, webhook.id, webhook.token)
