"""What may be done with one turn at Discord: one request, of the kind that it was granted for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from otel_discord.discord_api import limits as discord_limits
from otel_discord.discord_api.bodies import components_query, create_json, edit_json, with_clean_filenames
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.outcome_types import Delivered, Gone, Outcome, Reason, Refused, Unavailable
from otel_discord.discord_api.outcomes import ARCHIVED_THREAD, NOT_THE_AUTHOR
from otel_discord.discord_api.permit import Permit
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.webhook_url import WebhookUrl, is_snowflake
from otel_discord.discord_api.wire import Call, Wire

UNKNOWN_CHANNEL: Final = 10003
LOCKED_THREAD: Final = 160005
_LOST_THREAD: Final = frozenset({UNKNOWN_CHANNEL, LOCKED_THREAD, ARCHIVED_THREAD})


@dataclass(frozen=True, slots=True)
class WebhookInfo:
    """What Discord says of a webhook, without its token."""

    id: str
    name: str
    channel_id: str
    guild_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSettings:
    """What a turn needs beside the wire: a size, and whom to tell which channel a webhook posts to."""

    file_max_bytes: int
    learn_channel: Callable[[str, str], None]


class Turn:
    """The right to one request; made by :meth:`WebhookClient.turn`.

    Each method raises RuntimeError where the turn was granted for another operation or was used already.
    """

    def __init__(
        self, wire: Wire, webhook: WebhookUrl, operation: Operation, permit: Permit, settings: TurnSettings
    ) -> None:
        self._wire = wire
        self._webhook = webhook
        self._operation = operation
        self._permit = permit
        self._settings = settings
        self._used = False

    @property
    def waited_s(self) -> float:
        """How long the turn took to come."""
        return self._permit.waited_s

    async def is_ready(self, within_s: float) -> bool:
        """Wait until the request may leave: who has held the turn for long waits again; False where that takes longer.

        Each of the requests below does so too, without a limit of time.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._permit.ready()
        except TimeoutError:
            return False
        return True

    async def execute(self, message: Message) -> Outcome:
        """Post a message and wait until Discord has stored it; ``Delivered`` holds its id.

        ``Refused`` with ``MESSAGE_GONE`` where the message names a thread (``thread_id``) that takes nothing any more.
        """
        self._use(Operation.EXECUTE)
        message = with_clean_filenames(message)
        refused = too_large(message, self._settings.file_max_bytes)
        if refused is not None:
            return refused
        call = Call(
            operation=Operation.EXECUTE,
            webhook=self._place(message),
            query={"wait": "true"} | components_query(message),
            json=create_json(message),
            files=message.files,
        )
        outcome = await self._wire.send(call, self._permit)
        if isinstance(outcome, Delivered) and not call.webhook.thread_id and not message.thread_name:
            self._learn_channel(outcome.channel_id)
        return _of_thread(outcome) if message.thread_id else outcome

    async def edit(self, message_id: str, message: Message) -> Outcome:
        """Make an own message say what ``message`` says; its author and place stay.

        ``Refused`` with ``MESSAGE_GONE`` where it was deleted or can no longer be edited: post a new one.

        Raises:
            ValueError: ``message_id`` is not an id.
        """
        self._use(Operation.EDIT)
        message = with_clean_filenames(message)
        refused = too_large(message, self._settings.file_max_bytes)
        if refused is not None:
            return refused
        call = Call(
            operation=Operation.EDIT,
            webhook=self._place(message),
            message_id=message_id,
            query=components_query(message),
            json=edit_json(message),
            files=message.files,
        )
        outcome = await self._wire.send(call, self._permit)
        if isinstance(outcome, Gone) and outcome.code in {ARCHIVED_THREAD, NOT_THE_AUTHOR}:
            # A new message is possible (and reopens the thread), so the destination is well.
            return Refused(Reason.MESSAGE_GONE, outcome.status, outcome.code, outcome.detail)
        return _of_thread(outcome) if message.thread_id else outcome

    async def delete(self, message_id: str) -> Outcome:
        """Delete an own message; one that is gone already counts as deleted.

        Raises:
            ValueError: ``message_id`` is not an id.
        """
        outcome = await self._ask(Operation.DELETE_MESSAGE, message_id)
        if isinstance(outcome, Refused) and outcome.reason is Reason.MESSAGE_GONE:
            return Delivered(message_id)
        return outcome

    async def get_message(self, message_id: str) -> Outcome:
        """Return an own message in ``Delivered.body``.

        Raises:
            ValueError: ``message_id`` is not an id.
        """
        return await self._ask(Operation.GET_MESSAGE, message_id)

    async def get_webhook(self) -> WebhookInfo | Outcome:
        """Return what Discord says of the webhook, or why it does not."""
        outcome = await self._ask(Operation.GET_WEBHOOK)
        if not isinstance(outcome, Delivered):
            return outcome
        if not isinstance(outcome.body, dict):
            return Unavailable(Reason.BAD_ANSWER, ambiguous=False, detail="the answer about the webhook was cut")
        info = WebhookInfo(*(str(outcome.body.get(key) or "") for key in ("id", "name", "channel_id", "guild_id")))
        self._learn_channel(info.channel_id)
        return info

    async def _ask(self, operation: Operation, message_id: str = "") -> Outcome:
        self._use(operation)
        return await self._wire.send(
            Call(operation=operation, webhook=self._webhook, message_id=message_id), self._permit
        )

    def _use(self, operation: Operation) -> None:
        if self._used or operation is not self._operation:
            raise RuntimeError(f"a turn is for one request, here {self._operation.name}")
        self._used = True

    def _place(self, message: Message) -> WebhookUrl:
        webhook = self._webhook
        return WebhookUrl(webhook.id, webhook.token, message.thread_id) if message.thread_id else webhook

    def _learn_channel(self, channel_id: str) -> None:
        if is_snowflake(channel_id):
            self._settings.learn_channel(self._webhook.id, channel_id)


def _of_thread(outcome: Outcome) -> Outcome:
    """Return what an answer means for a message in a thread: that the thread is gone says nothing of the webhook."""
    if isinstance(outcome, Gone) and outcome.code in _LOST_THREAD:
        return Refused(Reason.MESSAGE_GONE, outcome.status, outcome.code, outcome.detail)
    return outcome


def too_large(message: Message, file_max_bytes: int) -> Refused | None:
    """Return the refusal that Discord would give for the size of the files, without troubling it."""
    for part in message.files:
        if part.size_bytes > file_max_bytes:
            detail = f"attachment {part.filename} has {part.size_bytes} bytes, {file_max_bytes} are allowed"
            return Refused(Reason.TOO_LARGE, 0, detail=detail)
    total_bytes = sum(part.size_bytes for part in message.files)
    if total_bytes > discord_limits.FILES_TOTAL_BYTES:
        detail = f"the attachments have {total_bytes} bytes together, {discord_limits.FILES_TOTAL_BYTES} are allowed"
        return Refused(Reason.TOO_LARGE, 0, detail=detail)
    return None
