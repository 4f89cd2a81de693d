"""How the client behaves over time: does it wait as told, stay away from what is gone, post one at a time?

A request that was on its way before the client could know is excused.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from otel_discord.testing.fake_discord.bot_limits import sub_limited_keys
from otel_discord.testing.fake_discord.exchange import FakeRequest, FakeResponse
from otel_discord.testing.fake_discord.routes import Route

Note = Callable[[str, str], None]

_ROUNDING_S = 0.0005


@dataclass(frozen=True, slots=True)
class _Block:
    """A wait that the client was told of at ``told_at_s``; ``covers`` says which requests it holds for."""

    scope: str
    covers: tuple[str, str]
    told_at_s: float
    until_s: float


@dataclass(slots=True)
class Conduct:
    """Remembers what the client was told."""

    note: Note
    order_matters: bool = True
    _blocks: list[_Block] = field(default_factory=list)
    _gone: dict[tuple[str, str], float] = field(default_factory=dict)
    _posting: dict[str, int] = field(default_factory=dict)

    def arrived(self, request: FakeRequest, route: Route, channel_id: str, now_s: float) -> None:
        """Judge a request by what the client knew when it sent it."""
        sent_at_s = now_s if request.sent_at_s is None else request.sent_at_s
        self._blocks = [block for block in self._blocks if block.until_s > now_s + _ROUNDING_S]
        for block in self._blocks:
            if block.told_at_s < sent_at_s and _covered(block, request, route, channel_id):
                early_ms = (block.until_s - now_s) * 1000
                self.note("retry_after_ignored", f"{block.scope}: {early_ms:.0f} ms too early")
                break
        told_at_s = self._gone.get((route.webhook_id, route.token)) if route.token else None
        if told_at_s is not None and told_at_s < sent_at_s:
            self.note("tombstoned", f"a request to webhook {route.webhook_id} after it was refused for good")
        if request.path.endswith("/redirected"):
            self.note("redirect_followed", "a redirect was followed")

    def answered(
        self,
        request: FakeRequest,
        route: Route,
        channel_id: str,
        response: FakeResponse,
        now_s: float,
        told_at_s: float,
    ) -> None:
        """Remember what an answer tells the client, which has it at ``told_at_s``."""
        if response.wire.cut is not None and not response.status:
            return
        if response.status == 429:
            wait_s = retry_after_s(response)
            if wait_s is not None:
                scope = scope_of(response)
                for covers in _covers(scope, request, route, channel_id, response):
                    self._blocks.append(_Block(scope, covers, told_at_s, now_s + wait_s))
        if route.token and is_gone(response):
            self._gone.setdefault((route.webhook_id, route.token), told_at_s)

    @contextmanager
    def in_flight(self, route: Route) -> Iterator[None]:
        """Watch one request from its sending to the end of its answer."""
        watched = self.order_matters and route.operation == "execute_webhook"
        if not watched:
            yield
            return
        if self._posting.get(route.webhook_id):
            self.note("concurrent_post", f"a second POST to webhook {route.webhook_id} while one is under way")
        self._posting[route.webhook_id] = self._posting.get(route.webhook_id, 0) + 1
        try:
            yield
        finally:
            self._posting[route.webhook_id] -= 1


def retry_after_s(response: FakeResponse) -> float | None:
    """Return the wait that a 429 asks for: the body's number, else the header's; None where it has neither."""
    number = _body(response).get("retry_after")
    if isinstance(number, (int, float)) and not isinstance(number, bool) and 0 <= number < float("inf"):
        return float(number)
    try:
        return float(response.header("Retry-After") or "none")
    except ValueError:
        return None


def scope_of(response: FakeResponse) -> str:
    """Return whose limit a 429 speaks of."""
    scope = response.header("X-RateLimit-Scope")
    if scope:
        return scope
    body = _body(response)
    if body.get("global") is True:
        return "global"
    return "user" if "retry_after" in body else "host"


def code_of(response: FakeResponse) -> int:
    """Return Discord's code of an answer, 0 where it has none."""
    code = _body(response).get("code")
    return code if isinstance(code, int) else 0


def is_gone(response: FakeResponse) -> bool:
    """Return whether an answer says that a webhook is of no use any more."""
    return (response.status, code_of(response)) in {(404, 10015), (401, 50027), (404, 10003)}


def _body(response: FakeResponse) -> dict[str, object]:
    try:
        body = json.loads(response.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _covers(
    scope: str, request: FakeRequest, route: Route, channel_id: str, response: FakeResponse
) -> list[tuple[str, str]]:
    """Return what a 429 is about; with requests remaining in the bucket it is about single keys of the body."""
    match scope:
        case "user":
            keys = sub_limited_keys(request, route)
            if keys and int(response.header("X-RateLimit-Remaining") or 0) > 0:
                return [(f"{route.operation}.{key}", route.major) for key in keys]
            return [(route.operation, route.major)]
        case "shared":
            return [("", channel_id)]
        case "global":
            return [("", _identity(request))]
    return [("", "")]


def _covered(block: _Block, request: FakeRequest, route: Route, channel_id: str) -> bool:
    match block.scope:
        case "user":
            operation, major = block.covers
            if major != route.major or not operation.startswith(route.operation):
                return False
            return operation == route.operation or operation in {
                f"{route.operation}.{key}" for key in sub_limited_keys(request, route)
            }
        case "shared":
            return route.operation in {"execute_webhook", "create_message"} and block.covers[1] == channel_id
        case "global":
            return block.covers[1] == _identity(request)
    return True


def _identity(request: FakeRequest) -> str:
    """Return whose global limit a request counts to: "" for the address."""
    authorization = request.headers.get("authorization", "")
    return hashlib.blake2s(authorization.encode()).hexdigest() if authorization else ""
