"""Messages of our own, such as that a webhook is gone: said soon or not at all, never a record."""

import asyncio
import logging
from collections import deque
from dataclasses import replace
from typing import Final

from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.outcome_types import Delivered, Outcome, RateLimited, Reason, Refused, Unavailable
from otel_discord.discord_api.routes import Operation
from otel_discord.exporters.discord.destinations import Destination

_WAITING: Final = 20
_TRIES: Final = 3
_PAUSE_S: Final = 1.0


def add_notice(waiting: deque[Message], message: Message, destination: str, logger: logging.Logger) -> None:
    """Let a message wait; where too many do, the oldest is dropped."""
    waiting.append(message)
    while len(waiting) > _WAITING:
        _dropped(waiting.popleft(), destination, "too many wait", logger)


async def send_notice(
    client: WebhookClient, destination: Destination, message: Message, logger: logging.Logger, thread_id: str = ""
) -> Outcome:
    """Send it, with a few tries; return the last answer. What does not arrive is in the log.

    In a forum it goes to the thread ``thread_id``, or opens a post.
    """
    title = destination.thread_name.own_post if destination.thread_name is not None else ""
    addressed = replace(
        message,
        username=message.username or destination.username,
        avatar_url=message.avatar_url or destination.avatar_url,
        thread_name="" if thread_id else message.thread_name or title,
        thread_id=thread_id,
    )
    tries = 0
    while True:
        async with client.turn(destination.webhook, Operation.EXECUTE) as turn:
            outcome = await turn.execute(addressed)
        if isinstance(outcome, Delivered):
            return outcome
        if isinstance(outcome, RateLimited):
            continue
        if isinstance(outcome, Refused) and outcome.reason is Reason.MESSAGE_GONE and addressed.thread_id:
            addressed = replace(addressed, thread_id="", thread_name=title)
            continue
        tries += 1
        if not isinstance(outcome, Unavailable) or tries >= _TRIES:
            _dropped(message, destination.name, str(outcome.reason), logger)
            return outcome
        await asyncio.sleep(tries * _PAUSE_S)


def _dropped(message: Message, destination: str, why: str, logger: logging.Logger) -> None:
    words = " ".join([message.content, *(f"{embed.title}. {embed.description}" for embed in message.embeds)]).strip()
    logger.warning("a notice was not sent: %s", words, extra={"destination": destination, "reason": why})
