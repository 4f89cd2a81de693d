"""Runs as threads or forum posts of one channel, which neither 50 channels a category nor 500 a guild bound.

All of them share one webhook of the parent channel; the mark is in each thread's first message of the bot.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.discord_api.bot.answers import Done, Failed, Failure, Limited, NotThere
from otel_discord.discord_api.bot.bot_api import Channel, Webhook
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.adopting import Found
from otel_discord.extensions.run_channels.bench import Bench, audit_reason
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.creating import own_webhooks
from otel_discord.extensions.run_channels.marker import marker_in_message
from otel_discord.extensions.run_channels.names import SHARED_WEBHOOK_NAME, thread_name
from otel_discord.extensions.run_channels.outcome import Refused, Result, result_of
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Placement, Run

NAME_BEGINS: Final = "run-"
ARCHIVED_AT_START: Final = 10_000
"""How many archived threads are looked at after a start; while it runs, a thread just made is among the latest."""
BLANK_FOR_S: Final = 600.0
"""A thread without its mark is left alone so long: whose it is asks for it again, or another service is at it."""


@dataclass(slots=True, kw_only=True)
class Threads:
    """Of one parent channel. ``first_message`` makes a run's header, with its mark."""

    bench: Bench
    parent_id: str
    placement: Placement
    first_message: Callable[[Run], dict[str, Any]]
    _untried: set[str] = field(default_factory=set)
    _webhook_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _blank: dict[str, tuple[Channel, float]] = field(default_factory=dict)
    """Threads of the bot in which nobody has written, with when that was seen: nothing says whose they are."""

    def begins(self, run_id: str) -> None:
        """A run is new: nobody has asked Discord for anything of it."""
        self._untried.add(run_id)

    def ends(self, run: Run) -> None:
        """Nothing more will be made of a run."""
        self._untried.discard(run.run_id)

    async def find_place(self, run: Run) -> Result:
        """See that the parent channel is there, and in the run's guild."""
        answer = await self.bench.api.channel(self.parent_id)
        if not isinstance(answer, Done):
            return result_of(answer, "looking at the channel for threads (parent_channel_id)")
        if answer.value.guild_id and answer.value.guild_id != run.key.guild_id:
            return Refused(RunProblem(Code.UNKNOWN_GUILD, "runs are threads of a channel of another guild"))
        return lambda run: life.with_category(run, self.parent_id)

    async def create_thread(self, run: Run) -> Result:
        """Open the thread, or adopt the one that is there."""
        # A thread has its mark only from its first message on: one without is found by its name, and only here.
        if self.placement is Placement.THREAD or run.run_id not in self._untried:
            listed = await self._all(run.key.guild_id)
            if not isinstance(listed, Done):
                return result_of(listed, "looking for the run's thread")
            for thread in listed.value:
                if thread.name == thread_name(run.key) and await self._is_of(thread, run):
                    return _with_thread(thread)
        self._untried.discard(run.run_id)
        message = None
        if self.placement is Placement.FORUM_POST:
            message = self.first_message(run)
        answer = await self.bench.api.start_thread(
            self.parent_id, thread_name(run.key), reason=audit_reason(run), forum_message=message
        )
        if isinstance(answer, Done):
            return _with_thread(answer.value)
        if not (isinstance(answer, Failed) and answer.ambiguous):
            self._untried.add(run.run_id)
        return result_of(answer, "opening the thread")

    async def shared_webhook(self, run: Run) -> Result:
        """Find or make the one webhook of the parent channel."""
        async with self._webhook_lock:
            listed = await self.bench.api.webhooks(self.parent_id)
            if not isinstance(listed, Done):
                return result_of(listed, "looking at the parent channel's webhooks")
            named = [hook for hook in own_webhooks(listed.value, self.bench) if hook.name == SHARED_WEBHOOK_NAME]
            if named:
                return _with_webhook(named[0])
            made = await self.bench.api.create_webhook(self.parent_id, SHARED_WEBHOOK_NAME, reason=audit_reason(run))
            if isinstance(made, Done):
                return _with_webhook(made.value)
            return result_of(made, "creating the parent channel's webhook")

    async def found(self, guild_id: str, own: Sequence[Webhook], *, known: Book) -> Done[Sequence[Found]] | Failure:
        """Return the threads that carry a mark of ours; those that the book knows are not looked into."""
        listed = await self._all(guild_id, archived=ARCHIVED_AT_START)
        if isinstance(listed, NotThere):
            return Done(())
        if not isinstance(listed, Done):
            return listed
        hook = next(
            (item for item in own if item.channel_id == self.parent_id and item.name == SHARED_WEBHOOK_NAME), None
        )
        found: list[Found] = []
        for thread in listed.value:
            if known.by_channel(thread.id) is not None:
                continue
            messages = await self.bench.api.messages(thread.id, limit=10, after="1")
            if isinstance(messages, NotThere):
                continue
            if not isinstance(messages, Done):
                return messages
            if not messages.value and thread.name.startswith(NAME_BEGINS):
                self._blank.setdefault(thread.id, (thread, self.bench.clock()))
            for message in messages.value:
                marker = marker_in_message(message.json, guild_id, self.bench.key)
                if marker is not None and _author(message.json) == self.bench.bot.id:
                    is_over = thread.is_archived and thread.is_locked
                    found.append(
                        Found(
                            marker=marker,
                            channel=thread,
                            placement=self.placement,
                            webhook=hook,
                            is_in_archive=is_over,
                        )
                    )
                    break
        return Done(found)

    def blank(self, run: Run) -> Channel | None:
        """Return the thread that was opened for a run, where its mark was still to come."""
        return next((thread for thread, _ in self._blank.values() if thread.name == thread_name(run.key)), None)

    async def tidy(self, known: Book) -> None:
        """Delete, until cancelled, threads that stay blank and that nobody asks for: a crash has left them."""
        while True:
            await asyncio.sleep(BLANK_FOR_S / 2)
            for thread, seen_s in list(self._blank.values()):
                if known.by_channel(thread.id) is not None:
                    del self._blank[thread.id]
                elif self.bench.clock() - seen_s >= BLANK_FOR_S:
                    await self._remove_blank(thread)

    async def _remove_blank(self, thread: Channel) -> None:
        answer: Done[Any] | Failure = await self.bench.api.messages(thread.id, limit=1, after="1")
        if isinstance(answer, Done) and not answer.value:
            answer = await self.bench.api.delete_channel(thread.id, reason="left by a creation that was interrupted")
            if isinstance(answer, Done):
                self.bench.logger.info("a thread that nothing was written in is deleted", extra={"channel": thread.id})
        if not isinstance(answer, (Limited, Failed)):
            self._blank.pop(thread.id, None)

    async def _all(self, guild_id: str, *, archived: int = 100) -> Done[Sequence[Channel]] | Failure:
        """Return the bot's threads of the parent channel, the oldest first."""
        active = await self.bench.api.active_threads(guild_id)
        if not isinstance(active, Done):
            return active
        latest = await self.bench.api.archived_threads(self.parent_id, limit=archived)
        if not isinstance(latest, Done):
            return latest
        own = {
            thread.id: thread
            for thread in (*latest.value, *active.value)
            if thread.parent_id == self.parent_id and thread.owner_id == self.bench.bot.id
        }
        return Done(sorted(own.values(), key=lambda thread: int(thread.id)))

    async def _is_of(self, thread: Channel, run: Run) -> bool:
        """Say whether a thread of the run's name is the run's: it has its mark, or no message of the bot's at all."""
        messages = await self.bench.api.messages(thread.id, limit=10, after="1")
        if not isinstance(messages, Done):
            return False
        by_bot = [message for message in messages.value if _author(message.json) == self.bench.bot.id]
        marks = [marker_in_message(message.json, run.key.guild_id, self.bench.key) for message in by_bot]
        return any(mark is not None and mark.run_id == run.run_id for mark in marks) or not any(
            message.json.get("embeds") or message.json.get("content") for message in by_bot
        )


def _author(message: dict[str, Any]) -> str:
    author = message.get("author")
    return str(author.get("id", "")) if isinstance(author, dict) else ""


def _with_thread(thread: Channel) -> Result:
    return lambda run: life.with_channel(run, thread.id, thread.name, category_id=thread.parent_id)


def _with_webhook(webhook: Webhook) -> Result:
    return lambda run: life.with_webhook(run, webhook.id, webhook.token)
