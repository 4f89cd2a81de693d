"""What an answer teaches each layer, and whom a 429 makes wait."""

from typing import Final

from otel_discord.discord_api.outcome_types import Scope
from otel_discord.discord_api.ratelimit.answer import Answer, Limited
from otel_discord.discord_api.ratelimit.lane import Lane
from otel_discord.discord_api.ratelimit.layers import Layers
from otel_discord.discord_api.ratelimit.rate_headers import read_rate_headers
from otel_discord.discord_api.ratelimit.ticket import Ticket
from otel_discord.discord_api.ratelimit.waiting import retry_wait_s

_CHANNEL_WRITE_CODES: Final = frozenset({20016, 20022, 20028, 20029, 40062})
"""Short limits on writing to a channel, not its budget per minute."""


def learn(layers: Layers, lane: Lane, ticket: Ticket, answer: Answer, now: float, dice: float) -> None:
    """Tell the layers of an answer to a ticket of this lane; ``dice`` is from 0 to 1."""
    headers = read_rate_headers(answer.headers)
    if answer.status != 429:
        layers.host.answered(ticket)
        lane.bucket.answered(headers, answer.sent_at, answer.received_at)
        return
    limited = answer.limited or Limited(0.0, Scope.HOST)
    until = now + retry_wait_s(limited.retry_after_s, dice)
    if limited.scope is Scope.HOST:
        layers.host.banned(ticket, limited.retry_after_s, now, dice)
        return
    layers.host.answered(ticket)
    if limited.scope is Scope.GLOBAL:
        layers.together.limited(limited.retry_after_s, now, dice)
    elif limited.scope is Scope.SHARED or limited.code in _CHANNEL_WRITE_CODES:
        channel = layers.channels.of(lane.route.webhook_id, now)
        channel.pause(until)
        if limited.code not in _CHANNEL_WRITE_CODES:
            channel.fill(now, limited.retry_after_s)
        if not lane.route.operation.writes:
            lane.paused_until = max(lane.paused_until, until)
    else:
        lane.paused_until = max(lane.paused_until, until)
        if headers is None or headers.remaining == 0:
            lane.bucket.refused(headers, answer.sent_at, answer.received_at)
