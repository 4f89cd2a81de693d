"""HTTP as the mailbox sees it: a request, a response, and what carries them.

``transport.AiohttpTransport`` is the one implementation that opens sockets; ``otel_discord.testing`` has one that
hands requests to FakeDiscord in process, so that hours of traffic run on a virtual clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from otel_discord.discord_api.models import FilePart

ANSWER_MAX_BYTES: Final = 64 * 1024
"""What is read of an answer whose request asks for no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request. With ``files`` the JSON goes as ``payload_json`` of a multipart form, rebuilt for each attempt."""

    method: str
    url: str = field(repr=False)
    """Absolute; holds the webhook token, so it is never logged."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """May hold a bot's token."""
    json: Any = None
    files: tuple[FilePart, ...] = ()
    answer_max_bytes: int = ANSWER_MAX_BYTES
    """So much is read of the answer's body; lists are longer than single things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """Status, headers (names in lower case) and as much of the body as was asked for.

    ``body_complete`` is False where the connection broke, or the deadline passed, inside the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    """May hold a webhook's token."""
    body_complete: bool = True


class TransportError(Exception):
    """No response. ``sent`` says whether the request's body may have reached Discord in full."""

    def __init__(self, detail: str, *, sent: bool, timed_out: bool) -> None:
        super().__init__(detail)
        self.sent = sent
        self.timed_out = timed_out


class Transport(Protocol):
    """Carries one request; no retries, no redirects, no cookies."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Return the answer.

        Raises:
            TransportError: there was none; its text holds no URL.
        """
        ...
