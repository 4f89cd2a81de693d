"""The steps that end a run: what is on its way arrives, the webhook goes, the channel moves, and goes at last."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from otel_discord.component.destination_source import DestinationUser
from otel_discord.discord_api.bot.answers import Bound, Denied, Done, Failed, Failure, Full, Invalid, Limited, NotThere
from otel_discord.discord_api.bot.bot_api import Channel, Overwrite
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.bench import Bench, audit_reason
from otel_discord.extensions.run_channels.categories import Categories
from otel_discord.extensions.run_channels.creating import TRIES, Creating, own_webhooks
from otel_discord.extensions.run_channels.guilds import Guilds
from otel_discord.extensions.run_channels.identity import lane_of
from otel_discord.extensions.run_channels.outcome import UNKNOWN_CHANNEL, Refused, Result, Waits, result_of
from otel_discord.extensions.run_channels.overwrites import may_silence, of_archived_channel
from otel_discord.extensions.run_channels.room import Room
from otel_discord.extensions.run_channels.runs import Placement, Run

LATER_S: Final = 900.0
"""After a refusal nothing changes until a person changes something."""
_NOT_SILENCED: Final = "manage roles "

Drained: TypeAlias = Callable[[str], Awaitable[None]]
"""Returns when nothing is on its way any more to the destination of that name."""


@dataclass(slots=True, kw_only=True)
class Finishing:
    """Of one extension. Nothing here is refused for good: what Discord does not do now is tried again later."""

    bench: Bench
    guilds: Guilds
    creating: Creating
    live: Categories
    archive: Categories
    room: Room
    users: Callable[[], Iterable[DestinationUser]]
    drained: Drained | None = None
    """Asks more than the users, where others take telemetry in as well."""
    _deleted_unseen: set[str] = field(default_factory=set)
    """Runs whose webhook is gone, and whose channel was not looked at for others."""

    async def drain(self, run: Run) -> Result:
        """Give what is on its way to the channel its time."""
        lane = lane_of(run.run_id)
        waits = [user.drained(lane) for user in self.users()] if self.drained is None else [self.drained(lane)]
        if waits:
            try:
                async with asyncio.timeout(self.bench.config.drain_timeout):
                    await asyncio.gather(*waits)
            except TimeoutError:
                self.bench.logger.warning(
                    "a run has ended before all of its telemetry was delivered; the rest goes to the fallback",
                    extra={"run": run.run_id, "waited_s": self.bench.config.drain_timeout},
                )
        return life.drained

    async def delete_webhook(self, run: Run) -> Result:
        """Delete the run's webhook, and any other that the bot has in its channel."""
        listed = await self.bench.api.webhooks(run.channel_id)
        if _is_unknown_channel(listed):
            return self._gone(run)
        if isinstance(listed, (Limited, Failed)):
            await self._delete_unseen(run)
            return result_of(listed, "looking at the channel's webhooks")
        ids = [webhook.id for webhook in own_webhooks(listed.value, self.bench)] if isinstance(listed, Done) else []
        if run.webhook_id and run.webhook_id not in ids and not isinstance(listed, Done):
            ids.append(run.webhook_id)
        if not ids and not isinstance(listed, Done):
            return result_of(listed, "looking at the channel's webhooks")
        for webhook_id in ids:
            answer = await self.bench.api.delete_webhook(webhook_id, reason=audit_reason(run))
            if not isinstance(answer, (Done, NotThere)):
                return result_of(answer, "deleting the webhook")
        self._deleted_unseen.discard(run.run_id)
        return life.webhook_deleted

    async def _delete_unseen(self, run: Run) -> None:
        """Delete the known webhook although others cannot be looked for yet, which may take hours: who has its address
        posts until it is gone."""
        if not run.webhook_id or run.run_id in self._deleted_unseen:
            return
        answer = await self.bench.api.delete_webhook(run.webhook_id, reason=audit_reason(run))
        if isinstance(answer, (Done, NotThere)):
            self._deleted_unseen.add(run.run_id)

    async def archive_channel(self, run: Run) -> Result:
        """Move the channel to the archive, read only, in one request that touches neither name nor topic."""
        channel = await self.bench.api.channel(run.channel_id)
        if _is_unknown_channel(channel):
            return self._gone(run)
        if not isinstance(channel, Done):
            return result_of(channel, "looking at the channel")
        if run.placement is not Placement.CHANNEL:
            return await self._close_thread(run, channel.value)
        guild_id, reason = run.key.guild_id, audit_reason(run)
        refused: Failure = Full(Bound.CATEGORY, 0)
        for _ in range(TRIES):
            place = await self.archive.reserve(guild_id, run.run_id, reason=reason)
            if not isinstance(place, Done):
                refused = place
                if isinstance(place, Full) and await self.room.make_room(guild_id):
                    continue
                break
            answer = await self._move(run, channel.value, place.value)
            if isinstance(answer, Done):
                return self._archived(run, answer.value)
            refused = answer
            match answer:
                case Full(bound=Bound.CATEGORY):
                    self.archive.is_full(guild_id, place.value)
                case Invalid(errors=errors) if any(error.path[:1] == ("parent_id",) for error in errors):
                    self.archive.is_gone(guild_id, place.value)
                case NotThere(code=code) if code != UNKNOWN_CHANNEL:
                    self.archive.is_gone(guild_id, place.value)
                case NotThere():
                    return self._gone(run)
                case _:
                    break
        return result_of(refused, "moving the channel to the archive")

    async def delete_channel(self, run: Run) -> Result:
        """Delete the channel; one that was made and never stored is found by its mark."""
        ids = [run.channel_id] if run.channel_id else []
        if not ids and run.placement is Placement.CHANNEL:
            listed = await self.creating.views.channels(run.key.guild_id)
            if isinstance(listed, Done):
                found = self.creating.marked(run, listed.value)
                await self.creating.delete_seconds(run, found)
                ids = [channel.id for channel in found[:1]]
            elif not isinstance(listed, (NotThere, Denied)):
                return result_of(listed, "looking for the run's channel")
        for channel_id in ids:
            answer = await self.bench.api.delete_channel(channel_id, reason=audit_reason(run))
            if not isinstance(answer, (Done, NotThere)):
                return result_of(answer, "deleting the channel")
        return self._gone(run)

    async def _move(self, run: Run, channel: Channel, category_id: str) -> Done[Channel] | Failure:
        guild = await self.guilds.guild(run.key.guild_id)
        if isinstance(guild, (Limited, Failed)):
            return guild
        bits = guild.value.permissions if isinstance(guild, Done) else 0
        overwrites = self._overwrites(run, channel, category_id, bits) if isinstance(guild, Done) else None
        answer = await self.bench.api.edit_channel(
            channel.id, reason=audit_reason(run), parent_id=category_id, overwrites=overwrites
        )
        if isinstance(answer, Done) and isinstance(guild, Done) and not may_silence(bits):
            self._tell_not_silenced(run, lacks="Send Messages")
        if overwrites is None or not isinstance(answer, (Denied, Invalid)) or _names_parent(answer):
            return answer
        moved = await self.bench.api.edit_channel(channel.id, reason=audit_reason(run), parent_id=category_id)
        if isinstance(moved, Done):
            self._tell_not_silenced(
                run, lacks="Manage Roles, or a permission that it would have to deny", said=answer.detail
            )
        return moved

    def _tell_not_silenced(self, run: Run, *, lacks: str, said: str = "") -> None:
        self.bench.tell_once(
            _NOT_SILENCED + run.key.guild_id,
            f"channels of ended runs move to the archive but people can still write there: the bot lacks {lacks}",
            guild=run.key.guild_id,
            **({"discord": said} if said else {}),
        )

    def _overwrites(self, run: Run, channel: Channel, category_id: str, bits: int) -> tuple[Overwrite, ...]:
        return of_archived_channel(
            channel.overwrites,
            self.archive.overwrites(run.key.guild_id, category_id),
            guild_id=run.key.guild_id,
            bot_id=self.bench.bot.id,
            bot_permissions=bits,
        )

    async def _close_thread(self, run: Run, thread: Channel) -> Result:
        if not (thread.is_archived and thread.is_locked):
            answer = await self.bench.api.edit_channel(thread.id, reason=audit_reason(run), archived=True, locked=True)
            if _is_unknown_channel(answer):
                return self._gone(run)
            if not isinstance(answer, Done):
                return result_of(answer, "closing the thread")
        return lambda run: life.archived(run, self.bench.now_ms())

    def _archived(self, run: Run, moved: Channel) -> Result:
        self.archive.is_taken(run.key.guild_id, moved.parent_id, run.run_id)
        self.live.is_left(run.key.guild_id, run.run_id)
        return lambda run: life.archived(run, self.bench.now_ms(), category_id=moved.parent_id)

    def _gone(self, run: Run) -> Result:
        self.live.is_left(run.key.guild_id, run.run_id)
        self.archive.is_left(run.key.guild_id, run.run_id)
        return lambda run: life.cleaned(run, self.bench.now_ms())


def eventually(result: Result) -> Result:
    """Return the same, where a refusal is waited out too: a permission may come back."""
    return Waits(result.problem, LATER_S) if isinstance(result, Refused) else result


def _is_unknown_channel(answer: Done[Any] | Failure) -> bool:
    return isinstance(answer, NotThere) and answer.code in (UNKNOWN_CHANNEL, 0)


def _names_parent(answer: Denied | Invalid) -> bool:
    return isinstance(answer, Invalid) and any(error.path[:1] == ("parent_id",) for error in answer.errors)
