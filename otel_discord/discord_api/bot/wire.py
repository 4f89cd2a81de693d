"""One request of a bot made, sent and understood: the only place that reveals the bot's token."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from otel_discord.config import Secret
from otel_discord.config.secret import REDACTED
from otel_discord.discord_api.answer_text import parse_json
from otel_discord.discord_api.bot.answers import Failed, Failure
from otel_discord.discord_api.bot.asks import Ask
from otel_discord.discord_api.bot.audit_reason import HEADER, encode_reason
from otel_discord.discord_api.bot.translate import failure_of, is_json_object, understand
from otel_discord.discord_api.bot.turns import Attempt
from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport, TransportError
from otel_discord.discord_api.outcome_types import Delivered, RateLimited
from otel_discord.discord_api.outcomes import from_transport_error
from otel_discord.discord_api.ratelimit.answer import Answer, Limited

_LEAST_TOKEN_CHARS: Final = 8
"""A shorter one is no token; to look for it in every answer would only blacken words."""


@dataclass(frozen=True, slots=True)
class Success:
    """A 2xx. ``json`` is None where the body is cut or no JSON."""

    json: Any


class BotWire:
    """Sends a bot's requests over a transport."""

    def __init__(self, transport: Transport, token: Secret, *, endpoint: str, user_agent: str) -> None:
        self._transport = transport
        self._token = token
        self._endpoint = endpoint.rstrip("/")
        self._user_agent = user_agent

    async def send(self, ask: Ask) -> Attempt[Success | Failure]:
        """Send one request and return what came of it."""
        loop = asyncio.get_running_loop()
        sent_at = loop.time()
        try:
            response = await self._transport.send(self._request(ask))
        except TransportError as error:
            outcome = from_transport_error(error)
            return Attempt(failure_of(outcome, method=ask.method, needs=ask.needs, is_json=False), None)
        return self._understood(ask, response, sent_at, loop.time())

    def _request(self, ask: Ask) -> HttpRequest:
        headers = {"User-Agent": self._user_agent, "Authorization": f"Bot {self._token.reveal()}"}
        reason = encode_reason(ask.reason)
        if reason:
            headers[HEADER] = reason
        query = f"?{urlencode(ask.query)}" if ask.query else ""
        return HttpRequest(
            method=ask.method,
            url=f"{self._endpoint}{ask.path}{query}",
            headers=headers,
            json=ask.json,
            answer_max_bytes=ask.answer_max_bytes,
        )

    def _understood(
        self, ask: Ask, response: HttpResponse, sent_at: float, received_at: float
    ) -> Attempt[Success | Failure]:
        status, headers, body = response.status, response.headers, response.body
        if not 200 <= status < 300:
            headers, body = self._without_token(headers, body)
        outcome = understand(status, headers, body)
        if isinstance(outcome, Delivered):
            answer = Answer(status=status, headers=headers, sent_at=sent_at, received_at=received_at)
            return Attempt(Success(parse_json(body) if response.body_complete else None), answer)
        limited = None
        if isinstance(outcome, RateLimited):
            # For the limiter a 403 by which an edge server bans this address is a 429 of the host.
            limited, status = Limited(outcome.retry_after_s, outcome.scope, outcome.code), 429
        answer = Answer(status=status, headers=headers, limited=limited, sent_at=sent_at, received_at=received_at)
        is_json = is_json_object(body)
        return Attempt(failure_of(outcome, method=ask.method, needs=ask.needs, is_json=is_json), answer)

    def _without_token(self, headers: Mapping[str, str], body: bytes) -> tuple[Mapping[str, str], bytes]:
        """Return an error without our token, which something in between may have repeated in it."""
        token = self._token.reveal()
        if len(token) < _LEAST_TOKEN_CHARS:
            return headers, body
        shown = {name: value.replace(token, REDACTED) for name, value in headers.items()}
        return shown, body.replace(token.encode(), REDACTED.encode())


def unreadable(ask: Ask) -> Failed:
    """Return the failure where Discord has said yes, but not in words that can be read."""
    return Failed(ask.method != "GET", f"Discord's answer to {ask.method} {ask.template} could not be read")
