"""For the front desk: look at webhooks without sending, and send one message that says it is a test."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from otel_discord.component.online_check import OnlineResult
from otel_discord.component.test_message import TestResult
from otel_discord.discord_api.client import WebhookClient, WebhookInfo
from otel_discord.discord_api.models import Embed, EmbedFooter, Message
from otel_discord.discord_api.outcome_types import Delivered, Outcome, Reason
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.last_words import ADVICE
from otel_discord.exporters.discord.tombstones import fingerprint

_BLUE = 0x3498DB


async def look_at_webhooks(
    client: WebhookClient,
    destinations: Sequence[Destination],
    timeout_s: float,
    endpoint: str,
    known: Collection[OnlineResult] = (),
) -> list[OnlineResult]:
    """GET each webhook that is not among the ``known``, one after the other, and say what was found."""
    seen = {(each.name, each.fingerprint): each for each in known}
    return [
        seen.get((destination.name, mark)) or await _look(client, destination, timeout_s, mark)
        for destination in destinations
        if (mark := fingerprint(destination.webhook, endpoint))
    ]


async def ask_webhook(client: WebhookClient, webhook: WebhookUrl, timeout_s: float) -> WebhookInfo | Outcome | None:
    """GET one webhook; None where no answer comes in time, waits for limits included."""
    try:
        async with asyncio.timeout(timeout_s), client.turn(webhook, Operation.GET_WEBHOOK) as turn:
            return await turn.get_webhook()
    except TimeoutError:
        return None


async def _look(client: WebhookClient, destination: Destination, timeout_s: float, mark: str) -> OnlineResult:
    answer = await ask_webhook(client, destination.webhook, timeout_s)
    if answer is None:
        return OnlineResult(destination.name, False, f"no answer within {timeout_s:g} s", mark)
    if isinstance(answer, WebhookInfo):
        return OnlineResult(destination.name, True, f"{answer.name!r} posts to channel {answer.channel_id}", mark)
    return OnlineResult(destination.name, False, in_words(answer), mark)


async def send_test_messages(
    client: WebhookClient, destinations: Sequence[Destination], name: str | None, timeout_s: float
) -> list[TestResult]:
    """Send a test message to the destination of that name, or to each."""
    chosen = [item for item in destinations if name in {None, item.name}]
    if not chosen:
        known = ", ".join(item.name for item in destinations)
        return [TestResult(name or "", False, f"there is no such destination; there are: {known}")]
    return [await _send_test(client, item, timeout_s) for item in chosen]


async def _send_test(client: WebhookClient, destination: Destination, timeout_s: float) -> TestResult:
    embed = Embed(
        title="🔵 TEST · otel-discord reaches this channel",
        description=f"Sent by `otel-discord send-test` to the destination **{destination.name}**. Nothing is wrong.",
        color=_BLUE,
        timestamp=datetime.now(UTC),
        footer=EmbedFooter("TEST"),
    )
    message = Message(
        embeds=(embed,),
        username=destination.username,
        avatar_url=destination.avatar_url,
        thread_name=destination.thread_name.own_post if destination.thread_name is not None else "",
    )
    try:
        async with asyncio.timeout(timeout_s):
            guild_id = await _guild_of(client, destination)
            async with client.turn(destination.webhook, Operation.EXECUTE) as turn:
                outcome = await turn.execute(message)
    except TimeoutError:
        return TestResult(destination.name, False, f"no answer within {timeout_s:g} s")
    if not isinstance(outcome, Delivered):
        return TestResult(destination.name, False, in_words(outcome))
    link = f"https://discord.com/channels/{guild_id}/{outcome.channel_id}/{outcome.message_id}" if guild_id else ""
    return TestResult(destination.name, True, f"message {outcome.message_id} is in the channel", link)


async def _guild_of(client: WebhookClient, destination: Destination) -> str:
    async with client.turn(destination.webhook, Operation.GET_WEBHOOK) as turn:
        answer = await turn.get_webhook()
    return answer.guild_id if isinstance(answer, WebhookInfo) else ""


def in_words(outcome: Outcome) -> str:
    """Return a failure as a sentence, with what to do where that is known."""
    if isinstance(outcome, Delivered):
        return "delivered"
    words = [str(outcome.reason), getattr(outcome, "detail", ""), ADVICE.get(Reason(outcome.reason), "")]
    happened = ": ".join(part for part in words[:2] if part)
    return f"{happened.removesuffix('.')}. {words[2]}" if words[2] else happened
