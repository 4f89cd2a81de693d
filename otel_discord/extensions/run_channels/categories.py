"""Where channels of runs are: the categories of one name in each guild, found or made, and who has a place in them.

A category takes 50 channels. Places are reserved in memory before a channel is asked for, so that fifty creates at the
same time land in one category; that others fill it too is found out by Discord's refusal.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import failpoint
from otel_discord.discord_api.bot.answers import Done, Failed, Failure, NotThere
from otel_discord.discord_api.bot.bot_api import CATEGORY, Channel, NewChannel, Overwrite
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.guild_views import GuildViews
from otel_discord.extensions.run_channels.names import (
    CHANNELS_PER_CATEGORY,
    category_name,
    category_number,
    own_categories,
)

CHECK_AGAIN_S: Final = 600.0
FULL_FOR_S: Final = 60.0
"""Discord says that it is full though we see room: it is left alone so long."""

OccupantOf = Callable[[Channel], str]
"""Says who has a channel's place: a run's id where the channel is a run's, else the channel's own id."""


@dataclass(slots=True)
class _Category:
    id: str
    number: int
    overwrites: tuple[Overwrite, ...]
    inside: set[str] = field(default_factory=set)
    full_until_s: float = 0.0

    def has_room(self, held: int, now_s: float) -> bool:
        return now_s >= self.full_until_s and len(self.inside) + held < CHANNELS_PER_CATEGORY


@dataclass(slots=True)
class _Guild:
    listed_s: float = float("-inf")
    categories: list[_Category] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    """Run, and the category in which it has reserved a place that is not taken yet."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def held_in(self, category: _Category) -> int:
        return sum(1 for run, where in self.held.items() if where == category.id and run not in category.inside)


class Categories:
    """The categories of one name: ``Agent Runs``, ``Agent Runs 2``, …"""

    def __init__(self, bench: Bench, views: GuildViews, base_name: str, occupant_of: OccupantOf) -> None:
        self._bench = bench
        self._views = views
        self._base = base_name
        self._occupant_of = occupant_of
        self._guilds: dict[str, _Guild] = {}

    async def reserve(self, guild_id: str, run_id: str, *, reason: str) -> Done[str] | Failure:
        """Return the id of a category in which the run has a place, made if there is none with room.

        A run that has a place keeps it, also in a category that is full by now.
        """
        guild = self._guilds.setdefault(guild_id, _Guild())
        async with guild.lock:
            answer = await self._refreshed(guild_id, guild, CHECK_AGAIN_S)
            if answer is not None:
                return answer
            if (place := self._place(guild, run_id)) is not None:
                return Done(place)
            if guild.listed_s < self._bench.clock():  # all are full by what was known: some may have left since
                answer = await self._refreshed(guild_id, guild, 0.0)
                if answer is not None:
                    return answer
                if (place := self._place(guild, run_id)) is not None:
                    return Done(place)
            answer = await self._one_more(guild_id, guild, reason)
            if answer is not None:
                return answer
            place = self._place(guild, run_id)
            return Done(place) if place else Failed(ambiguous=False, detail="the new category is not in the list yet")

    def is_taken(self, guild_id: str, category_id: str, run_id: str) -> None:
        """The run's channel is there now."""
        guild = self._guilds.get(guild_id)
        if guild is None:
            return
        guild.held.pop(run_id, None)
        for category in guild.categories:
            if category.id == category_id:
                category.inside.add(run_id)
            else:
                category.inside.discard(run_id)

    def is_left(self, guild_id: str, run_id: str) -> None:
        """The run has no place here any more: its channel has moved or gone, or will not be made."""
        guild = self._guilds.get(guild_id)
        if guild is not None:
            guild.held.pop(run_id, None)
            for category in guild.categories:
                category.inside.discard(run_id)

    def is_full(self, guild_id: str, category_id: str) -> None:
        """Discord says that there is no room, whatever we see: others put channels there too."""
        guild = self._guilds[guild_id]
        for category in guild.categories:
            if category.id == category_id:
                category.full_until_s = self._bench.clock() + FULL_FOR_S
        self._let_go(guild, category_id)

    def is_gone(self, guild_id: str, category_id: str) -> None:
        """Discord does not know the category any more: look again before the next use."""
        guild = self._guilds[guild_id]
        self._let_go(guild, category_id)
        guild.listed_s = float("-inf")
        self._views.has_changed(guild_id)

    def holds(self, channel: Channel, listed: Sequence[Channel]) -> bool:
        """Say whether a channel of a guild's list lies in one of these categories."""
        parent = next((item for item in listed if item.id == channel.parent_id), None)
        return parent is not None and parent.type == CATEGORY and category_number(parent.name, self._base) is not None

    def overwrites(self, guild_id: str, category_id: str) -> tuple[Overwrite, ...]:
        """Return a category's permissions as last seen."""
        guild = self._guilds.get(guild_id)
        known = guild.categories if guild is not None else ()
        return next((item.overwrites for item in known if item.id == category_id), ())

    def _let_go(self, guild: _Guild, category_id: str) -> None:
        for run_id in [run for run, where in guild.held.items() if where == category_id]:
            del guild.held[run_id]

    def _place(self, guild: _Guild, run_id: str) -> str | None:
        if (held := guild.held.get(run_id)) is not None:
            return held
        now_s = self._bench.clock()
        for category in guild.categories:
            if run_id in category.inside or category.has_room(guild.held_in(category), now_s):
                guild.held[run_id] = category.id
                return category.id
        return None

    async def _refreshed(self, guild_id: str, guild: _Guild, max_age_s: float) -> Failure | None:
        now_s = self._bench.clock()
        if guild.listed_s >= now_s - max_age_s and (guild.categories or not max_age_s):
            return None
        answer = await self._views.channels(guild_id)
        if not isinstance(answer, Done):
            return answer
        full_until_s = {item.id: item.full_until_s for item in guild.categories}
        found: dict[int, _Category] = {}
        for channel in own_categories(answer.value, self._base):
            number = category_number(channel.name, self._base)
            if number is not None and number not in found:
                until_s = full_until_s.get(channel.id, 0.0)
                found[number] = _Category(channel.id, number, channel.overwrites, full_until_s=until_s)
        by_id = {category.id: category for category in found.values()}
        for channel in answer.value:
            if (category := by_id.get(channel.parent_id)) is not None:
                category.inside.add(self._occupant_of(channel))
        guild.categories = [found[number] for number in sorted(found)]
        guild.held = {run: where for run, where in guild.held.items() if where in by_id}
        guild.listed_s = now_s
        return None

    async def _one_more(self, guild_id: str, guild: _Guild, reason: str) -> Failure | None:
        numbers = {category.number for category in guild.categories}
        number = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
        new = NewChannel(name=category_name(self._base, number), type=CATEGORY)
        guild.listed_s = float("-inf")  # whatever comes of it, look before the next one is made
        made = await self._bench.api.create_channel(guild_id, new, reason=reason)
        self._views.has_changed(guild_id)  # also by a failure: it may have been made all the same
        if not isinstance(made, Done):
            return made
        failpoint.reach("runs.category.made")
        answer = await self._refreshed(guild_id, guild, 0.0)
        if answer is not None:
            return answer
        if all(category.id != made.value.id for category in guild.categories):
            await self._drop_duplicate(guild_id, made.value, reason)
        return None

    async def _drop_duplicate(self, guild_id: str, made: Channel, reason: str) -> None:
        """Delete a category that we have just made, where another service was quicker and nobody uses ours."""
        answer = await self._views.channels(guild_id, max_age_s=1.0)
        if not isinstance(answer, Done) or all(channel.id != made.id for channel in answer.value):
            return
        if any(channel.parent_id == made.id for channel in answer.value):
            return
        gone = await self._bench.api.delete_channel(made.id, reason=reason)
        if isinstance(gone, (Done, NotThere)):
            self._views.has_changed(guild_id)
