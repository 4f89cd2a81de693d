"""The first message of a run's channel: posted once, edited as the run goes on, and with its outcome at the end.

A card that cannot be posted or edited costs the run nothing: it is said once, and the run goes on.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from otel_discord.component.destination_source import DestinationUser
from otel_discord.component.errors import RetryableError
from otel_discord.discord_api.bot.answers import Done, Failed, Failure, Limited
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.header import card_of, render_card
from otel_discord.extensions.run_channels.ledger import Ledger
from otel_discord.extensions.run_channels.marker import marker_in_message, marker_of, with_marker
from otel_discord.extensions.run_channels.outcome import Result, result_of
from otel_discord.extensions.run_channels.runs import Placement, Run, State

_EDIT_AGAIN_S: Final = 60.0
_LOOK_AT: Final = 25
"""Messages among which a header is looked for: it is one of the first."""
_TRIES: Final = 3
_WORTH_WAITING_S: Final = 5.0


class WebhookPosts(Protocol):
    """Posts and edits by a run's own webhook, where the bot does not post."""

    async def post(self, run: Run, message: dict[str, Any]) -> Done[str] | Failure:
        """Post a message; return its id."""
        ...

    async def edit(self, run: Run, message_id: str, message: dict[str, Any]) -> Done[str] | Failure:
        """Edit it."""
        ...


@dataclass(slots=True, kw_only=True)
class Cards:
    """Of one extension."""

    bench: Bench
    ledger: Ledger
    users: Callable[[], Iterable[DestinationUser]]
    by_webhook: WebhookPosts | None = None
    _untried: set[str] = field(default_factory=set)
    """Runs whose header nobody can have posted yet; for all others it is looked for first."""
    _tries: dict[str, int] = field(default_factory=dict)
    _edited_s: dict[str, float] = field(default_factory=dict)
    _at_work: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def begins(self, run_id: str) -> None:
        """A run is new: nobody has posted anything for it."""
        self._untried.add(run_id)

    async def post(self, run: Run) -> Result:
        """Post the header, or adopt the one that is there."""
        if run.placement is Placement.FORUM_POST:  # its first message came with the post
            first = await self._found(run)
            first_id = first.value if isinstance(first, Done) else run.channel_id
            return lambda run: life.with_header(run, first_id)
        if not self._posts_by_bot(run) and self.by_webhook is None:
            return life.with_header
        if run.run_id not in self._untried:
            found = await self._found(run)
            if isinstance(found, (Limited, Failed)) and self._may_try_again(run, found):
                return result_of(found, "looking for the header")
            if found is not None:
                self._tries.pop(run.run_id, None)
                found_id = found.value if isinstance(found, Done) else ""
                return lambda run: life.with_header(run, found_id)
        self._untried.discard(run.run_id)
        message = self.message(run)
        if self._posts_by_bot(run):
            answer = await self.bench.api.post(run.channel_id, message, nonce=run.channel_id)
            posted = Done(answer.value.id) if isinstance(answer, Done) else answer
        else:
            assert self.by_webhook is not None  # noqa: S101 - see above
            posted = await self.by_webhook.post(run, message)
        if isinstance(posted, (Limited, Failed)) and self._may_try_again(run, posted):
            return result_of(posted, "posting the header")
        self._tries.pop(run.run_id, None)
        if not isinstance(posted, Done):
            self._say(run, "the header of a run could not be posted; the run goes on without", posted)
            return life.with_header
        message_id = posted.value
        self._edited_s[run.run_id] = self.bench.clock()
        return lambda run: life.with_header(run, message_id)

    async def tell_outcome(self, run: Run) -> Result:
        """Edit the header for the last time, with the outcome."""
        answer = await self._edit(run)
        if isinstance(answer, (Limited, Failed)) and self._has_tries_left(run):
            return result_of(answer, "editing the header")
        self._tries.pop(run.run_id, None)
        if not isinstance(answer, Done):
            self._say(run, "the outcome of a run could not be shown in its header", answer)
        return life.outcome_told

    def message(self, run: Run) -> dict[str, Any]:
        """Return the card as Discord's JSON; with the run's mark in a thread, and among a webhook's messages."""
        card = card_of(run, is_deleted_then=self.bench.config.after_retention == "delete")
        user = next(iter(self.users()), None)
        message = dict(user.run_card(card)) if user is not None else render_card(card)
        if not self._is_known_by_author(run):
            parent_id = run.channel_id if run.placement is Placement.CHANNEL else run.category_id
            message = with_marker(message, marker_of(run), parent_id, self.bench.key)
        return {**message, "allowed_mentions": {"parse": []}}

    def touched(self, run_id: str, group: asyncio.TaskGroup) -> None:
        """A run's counts have changed: they are stored within ``card_interval``, and its header follows."""
        if run_id not in self._at_work:
            self._at_work[run_id] = group.create_task(self._follow(run_id), name=f"header of run {run_id}")

    def forget(self, run_id: str) -> None:
        """The run is over."""
        self._untried.discard(run_id)
        self._edited_s.pop(run_id, None)
        self._tries.pop(run_id, None)

    async def _follow(self, run_id: str) -> None:
        try:
            while True:
                due_s = self._edited_s.get(run_id, float("-inf")) + self.bench.config.card_interval
                await asyncio.sleep(max(0.0, due_s - self.bench.clock()))
                run = self.ledger.get(run_id)
                if run is None or run.state not in (State.CREATING, State.RUNNING):
                    return
                self._edited_s[run_id] = self.bench.clock()
                with suppress(RetryableError):  # known all the same, and stored with the next change
                    await self.ledger.keep_counts(run_id)
                if run.state is State.CREATING and not run.header_tried:
                    continue  # it is just being posted
                answer = await self._edit(run) if run.header_message_id else None
                if isinstance(answer, Limited):
                    await asyncio.sleep(answer.retry_after_s)
                elif isinstance(answer, Failed):
                    await asyncio.sleep(_EDIT_AGAIN_S)
                else:
                    if answer is not None:
                        self._said_if_wrong(run, answer)
                    now = self.ledger.get(run_id)
                    if now is None or now.tally == run.tally:
                        return
        finally:
            self._at_work.pop(run_id, None)

    def _said_if_wrong(self, run: Run, answer: Done[Any] | Failure) -> None:
        if isinstance(answer, Done):
            self.bench.is_well(f"header {run.run_id}")
        else:
            self._say(run, "the header of a run could not be edited", answer)

    async def _edit(self, run: Run) -> Done[Any] | Failure:
        if self._posts_by_bot(run):
            return await self.bench.api.edit_message(run.channel_id, run.header_message_id, self.message(run))
        if self.by_webhook is None:
            return Failed(ambiguous=False, detail="no way to edit what a webhook has posted")
        return await self.by_webhook.edit(run, run.header_message_id, self.message(run))

    async def _found(self, run: Run) -> Done[str] | Failure | None:
        """Return the id of the header that a former attempt has posted; None where there is none.

        "" where one of the messages may be it: a bot without Discord's leave to read sees nothing of a webhook's.
        """
        listed = await self.bench.api.messages(run.channel_id, limit=_LOOK_AT, after="1")
        if not isinstance(listed, Done):
            return listed
        author_id = self.bench.bot.id if self._posts_by_bot(run) else run.webhook_id
        own = [message for message in listed.value if _author(message.json) == author_id]
        for message in own:
            if self._is_known_by_author(run) and message.json.get("embeds"):
                return Done(message.id)
            marker = marker_in_message(message.json, run.key.guild_id, self.bench.key)
            if marker is not None and marker.run_id == run.run_id:
                return Done(message.id)
        is_hidden = not self._posts_by_bot(run) and any(_is_blank(message.json) for message in own)
        return Done("") if is_hidden else None

    def _is_known_by_author(self, run: Run) -> bool:
        """Say whether a message with embeds is the header by who has written it: of nothing else the bot posts one."""
        return self._posts_by_bot(run) and run.placement is Placement.CHANNEL

    def _may_try_again(self, run: Run, failure: Limited | Failed) -> bool:
        """Say whether a header is worth that the run waits: of a thread it is the mark by which that is found again."""
        if isinstance(failure, Limited):
            return run.placement is not Placement.CHANNEL or failure.retry_after_s <= _WORTH_WAITING_S
        return self._has_tries_left(run)

    def _has_tries_left(self, run: Run) -> bool:
        tries = self._tries[run.run_id] = self._tries.get(run.run_id, 0) + 1
        return tries < _TRIES

    def _posts_by_bot(self, run: Run) -> bool:
        return self.bench.config.header_embed or run.placement is not Placement.CHANNEL

    def _say(self, run: Run, message: str, failure: Failure) -> None:
        self.bench.tell_once(
            f"header {run.run_id}", message, run=run.run_id, channel=run.channel_id, discord=failure.detail
        )


def _author(message: Mapping[str, Any]) -> str:
    author = message.get("author")
    return str(author.get("id", "")) if isinstance(author, dict) else ""


def _is_blank(message: Mapping[str, Any]) -> bool:
    return not any(message.get(part) for part in ("embeds", "content", "attachments", "components"))
