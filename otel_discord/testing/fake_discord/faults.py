"""Scripts of what goes wrong: which request, at which of its hits, and how.

    fake.faults.add(Fault(Answer(503), match=posts, first=3, times=2))

lets the third and fourth POST be answered 503. With ``commit`` the message exists although the client is not told so.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from otel_discord.testing.fake_discord.exchange import Cut, FakeRequest
from otel_discord.testing.fake_discord.routes import find_route

if TYPE_CHECKING:
    from otel_discord.testing.fake_discord.fake import FakeDiscord


@dataclass(frozen=True, slots=True)
class Answer:
    """Another answer than Discord's own. A ``body`` that is no text or bytes is sent as JSON."""

    status: int
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    commit: bool = False
    """Whether the request is carried out all the same."""

    def encoded(self) -> bytes:
        """Return the body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    def content_type(self) -> str:
        """Return what the body looks like."""
        text = self.encoded().lstrip()
        if text.startswith(b"<"):
            return "text/html; charset=UTF-8"
        return "application/json" if text.startswith((b"{", b"[")) else "text/plain; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Break:
    """The connection breaks. ``REFUSED`` and ``UPLOAD`` never commit."""

    cut: Cut
    commit: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence for ``seconds``; then the true answer with ``commit``, otherwise a broken connection."""

    seconds: float = inf
    commit: bool = False


@dataclass(frozen=True, slots=True)
class Drip:
    """The true answer, its body in small pieces with a pause before each."""

    chunk_bytes: int = 16
    interval_s: float = 0.1


@dataclass(frozen=True, slots=True)
class Truncate:
    """The true answer, its body cut to ``keep_bytes`` though complete by Content-Length: JSON that ends too soon."""

    keep_bytes: int = 20


@dataclass(frozen=True, slots=True)
class Gzip:
    """The true answer, compressed though nobody asked."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something happens just before the request: ``Change(lambda fake: fake.delete_webhook(hook))``."""

    change: "Callable[[FakeDiscord], object]"


@dataclass(frozen=True, slots=True)
class CloseAfter:
    """The true answer; then the connection is closed (keep-alive ends)."""


Action: TypeAlias = Answer | Break | Stall | Drip | Truncate | Gzip | Change | CloseAfter
Match: TypeAlias = Callable[[FakeRequest], bool]


def any_request(request: FakeRequest) -> bool:
    """Match every request."""
    return bool(request)


def posts(request: FakeRequest) -> bool:
    """Match POSTs."""
    return request.method == "POST"


def method_is(method: str) -> Match:
    """Return a match for one method."""
    return lambda request: request.method == method


def webhook_is(webhook_id: str) -> Match:
    """Return a match for the requests to one webhook."""
    return lambda request: f"/webhooks/{webhook_id}/" in request.path


def operation_is(name: str) -> Match:
    """Return a match for one operation by its name in Discord's contract, such as ``create_webhook``."""
    return lambda request: find_route(request.method, request.path).operation == name


@dataclass(slots=True)
class Fault:
    """One line of a script: hits ``first`` to ``first + times - 1`` of what matches meet the action."""

    action: Action
    match: Match = any_request
    first: int = 1
    times: float = 1
    """How many hits; ``math.inf`` for ever."""
    hits: int = 0
    """How many requests matched so far."""

    def meets(self, request: FakeRequest) -> bool:
        """Count a request that matches and return whether it meets the action."""
        if not self.match(request):
            return False
        self.hits += 1
        return self.first <= self.hits < self.first + self.times


class Faults:
    """The script of one FakeDiscord."""

    def __init__(self) -> None:
        self._lines: list[Fault] = []

    def add(self, *lines: Fault) -> None:
        """Append lines; of several that a request meets at once the first one acts."""
        self._lines += lines

    def clear(self) -> None:
        """Let everything go well from now on."""
        self._lines.clear()

    def next(self, request: FakeRequest) -> Fault | None:
        """Return the line that a request meets."""
        met = [line for line in self._lines if line.meets(request)]
        return met[0] if met else None
