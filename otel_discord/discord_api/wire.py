"""One request made, sent and understood: the only place that puts a webhook's token into a URL."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport, TransportError
from otel_discord.discord_api.models import FilePart, Json
from otel_discord.discord_api.multipart import FileUnreadableError
from otel_discord.discord_api.outcome_types import Outcome, RateLimited, Reason, Refused
from otel_discord.discord_api.outcomes import classify, from_transport_error
from otel_discord.discord_api.permit import Permit
from otel_discord.discord_api.ratelimit import Answer, Limited
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.webhook_url import WebhookUrl, is_snowflake


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """One request as it went out, for metrics and spans. ``started_at`` is ``loop.time()``; no token, no text."""

    webhook_id: str
    started_at: float
    waited_s: float
    status: int
    """0 where there was no answer."""
    embeds: int = 0
    files: int = 0


class ClientObserver(Protocol):
    """Is told what happens; it must be quick and not raise."""

    def waited(self, operation: Operation, seconds: float) -> None:
        """A turn was granted after so long."""
        ...

    def attempted(self, operation: Operation, outcome: Outcome, seconds: float, facts: AttemptFacts) -> None:
        """A request ended, answered or not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked of one webhook."""

    operation: Operation
    webhook: WebhookUrl
    message_id: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    json: Json | None = None
    files: tuple[FilePart, ...] = ()

    def request(self, endpoint: str, headers: Mapping[str, str]) -> HttpRequest:
        """Return the request.

        Raises:
            ValueError: ``message_id`` is not an id, so it has no place in a URL.
        """
        path = f"/webhooks/{self.webhook.id}/{self.webhook.token.reveal()}"
        if "{message_id}" in self.operation.value:
            if not is_snowflake(self.message_id):
                raise ValueError("not the id of a message")
            path += f"/messages/{self.message_id}"
        query = dict(self.query)
        if self.webhook.thread_id and self.operation is not Operation.GET_WEBHOOK:
            query["thread_id"] = self.webhook.thread_id
        url = f"{endpoint}{path}" + (f"?{urlencode(query)}" if query else "")
        return HttpRequest(method=self.operation.method, url=url, headers=headers, json=self.json, files=self.files)


class Wire:
    """Sends calls over a transport and tells the limiter and the observer what came of them."""

    def __init__(
        self, transport: Transport, *, endpoint: str, user_agent: str, observer: ClientObserver | None
    ) -> None:
        self._transport = transport
        self._endpoint = endpoint.rstrip("/")
        self._headers = {"User-Agent": user_agent}
        self._observer = observer

    async def send(self, call: Call, permit: Permit) -> Outcome:
        """Send one request and return what came of it.

        Raises:
            ValueError: the call names no message where it must.
        """
        request = call.request(self._endpoint, self._headers)
        await permit.ready()
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        status = 0
        outcome: Outcome
        permit.sending()
        try:
            response = await self._transport.send(request)
        except FileUnreadableError as error:
            outcome = Refused(Reason.BAD_REQUEST, 0, detail=str(error))
        except TransportError as error:
            outcome = from_transport_error(error)
        else:
            status = response.status
            outcome = classify(status, response.headers, response.body)
            permit.seen(_answer(response, outcome, started_at, loop.time()))
        if self._observer is not None:
            embeds = len((call.json or {}).get("embeds", ()))
            facts = AttemptFacts(call.webhook.id, started_at, permit.waited_s, status, embeds, len(call.files))
            self._observer.attempted(call.operation, outcome, loop.time() - started_at, facts)
        return outcome


def _answer(response: HttpResponse, outcome: Outcome, sent_at: float, received_at: float) -> Answer:
    """Return what the limiter hears; for it, a 403 by which an edge server bans this address is a 429 of the host."""
    limited, status = None, response.status
    if isinstance(outcome, RateLimited):
        limited, status = Limited(outcome.retry_after_s, outcome.scope, outcome.code), 429
    return Answer(status=status, headers=response.headers, limited=limited, sent_at=sent_at, received_at=received_at)
