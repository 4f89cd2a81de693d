"""FakeDiscord: answers a request as Discord does, in Discord's order, and keeps a ledger of how the client behaves."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from otel_discord.testing.fake_discord import strict
from otel_discord.testing.fake_discord.answering import Answering
from otel_discord.testing.fake_discord.conduct import Conduct, code_of, retry_after_s, scope_of
from otel_discord.testing.fake_discord.counters import Buckets
from otel_discord.testing.fake_discord.exchange import Cut, Exchange, FakeRequest, FakeResponse
from otel_discord.testing.fake_discord.fault_effects import committed, uncommitted
from otel_discord.testing.fake_discord.faults import Change, Fault, Faults
from otel_discord.testing.fake_discord.guilds import AuditEntry, FakeBot, FakeGuild
from otel_discord.testing.fake_discord.latency import NO_LATENCY, Latency
from otel_discord.testing.fake_discord.permissions import RUN_SERVICE, FakeOverwrite
from otel_discord.testing.fake_discord.profiles import PROFILES, Profile
from otel_discord.testing.fake_discord.rate_limits import (
    RateLimits,
)
from otel_discord.testing.fake_discord.routes import Route, find_route
from otel_discord.testing.fake_discord.rules import RULES, Switches, Violation
from otel_discord.testing.fake_discord.state import TEXT, FakeChannel, FakeMessage, FakeWebhook, JournalEntry, State

if TYPE_CHECKING:
    from otel_discord.testing.fake_discord.transport import FakeTransport

DEFAULT_ENDPOINT = "https://discord.com/api/v10"
_STARTED = datetime(2026, 1, 1, tzinfo=UTC)
_UNSET: Any = object()


class FakeDiscord:
    """A strict stand-in for Discord: webhooks, and what bots do with channels, threads and messages.

    Args:
        profile: a name of :data:`PROFILES`, or a profile.
        buckets: the limit of POSTs and of each other operation of a webhook, in place of the profile's.
        channel_limit: ``(messages, seconds)`` of the hidden limit of a channel, or None for none.
        now: seconds on a clock that does not go back. By default the running loop's clock, so that it is virtual
            where the loop is.
        seed: of tokens, bucket hashes and latencies.
        switches: how to decide what is not established about Discord.
        latency: how long requests and answers travel.
        started: wall time of the first request.
        endpoint: where ``FakeWebhook.url`` points.
    """

    def __init__(
        self,
        profile: str | Profile = "default",
        *,
        buckets: Buckets | None = None,
        channel_limit: tuple[int, float] | None = _UNSET,
        now: Callable[[], float] | None = None,
        seed: int = 0,
        switches: Switches | None = None,
        latency: Latency = NO_LATENCY,
        started: datetime = _STARTED,
        endpoint: str = DEFAULT_ENDPOINT,
    ) -> None:
        chosen = PROFILES[profile] if isinstance(profile, str) else profile
        if buckets is not None:
            chosen = replace(chosen, execute=buckets, others=buckets)
        if channel_limit is not _UNSET:
            chosen = replace(chosen, channel=channel_limit and Buckets(*channel_limit, "log"))
        self.profile = chosen
        self.switches = switches or Switches()
        self.latency = latency
        self.faults = Faults()
        self.limits = RateLimits(chosen, seed)
        self.state = State(seed, endpoint)
        self.exchanges: list[Exchange] = []
        self.violations: list[Violation] = []
        self._now = now
        self._started_s = started.timestamp()
        self._first_s: float | None = None
        self._at_s = 0.0
        self.index = 0
        """Of the request that is being answered."""
        self._answering = Answering(self)
        self._conduct = Conduct(self.note, self.switches.order_matters)

    # ------------------------------------------------------------------ what is there

    @property
    def endpoint(self) -> str:
        """Where the URLs of webhooks point: a base that ends in ``/api/v10``."""
        return self.state.endpoint

    @endpoint.setter
    def endpoint(self, endpoint: str) -> None:
        self.state.endpoint = endpoint

    def add_bot(self, token: str = "", *, name: str = "Runner", application_id: str = "") -> FakeBot:
        """Add a bot, in no guild yet; requests with ``Authorization: Bot <token>`` are its own."""
        return self.state.add_bot(token, name=name, application_id=application_id)

    def add_guild(
        self,
        name: str = "Guild",
        *,
        bot: FakeBot | None = None,
        bots: Sequence[FakeBot] = (),
        permissions: int = RUN_SERVICE,
    ) -> FakeGuild:
        """Add an empty guild with bots, each of which has the permissions (bits)."""
        return self.state.add_guild(name, bots=[*([bot] if bot is not None else []), *bots], permissions=permissions)

    def add_channel(
        self,
        name: str = "alerts",
        *,
        type: int = TEXT,  # noqa: A002 - Discord's name
        requires_tag: bool = False,
        guild_id: str = "",
        parent_id: str = "",
        topic: str = "",
        overwrites: Sequence[FakeOverwrite] | None = None,
    ) -> FakeChannel:
        """Add a channel as somebody else would, in the guild of ``add_webhook`` where none is named.

        Type 4 is a category, 15 a forum. Neither bounds nor the form of the name are looked at.
        """
        return self.state.add_channel(
            name,
            type=type,
            requires_tag=requires_tag,
            guild_id=guild_id,
            parent_id=parent_id,
            topic=topic,
            overwrites=overwrites,
        )

    def add_thread(self, parent: FakeChannel, name: str = "thread") -> FakeChannel:
        """Add a thread to a channel."""
        return self.state.add_thread(parent, name)

    def add_webhook(self, channel: FakeChannel | None = None, *, name: str = "Spidey Bot") -> FakeWebhook:
        """Add a webhook to a channel, to a new one if none is given."""
        return self.state.add_webhook(channel, name=name)

    def delete_webhook(self, webhook: FakeWebhook) -> None:
        """Remove a webhook; its URL answers 404 with code 10015 from now on."""
        self.state.delete_webhook(webhook)

    def rotate_token(self, webhook: FakeWebhook) -> None:
        """Give a webhook another token; its former URL answers 401 with code 50027 from now on."""
        self.state.rotate_token(webhook)

    def delete_channel(self, channel: FakeChannel) -> None:
        """Remove a channel as a person would, with its threads and webhooks; channels of a category stay."""
        self.state.delete_channel(channel)

    @property
    def guilds(self) -> Sequence[FakeGuild]:
        """The guilds, first the one of ``add_webhook`` in which no bot is."""
        return list(self.state.guilds.values())

    @property
    def audit(self) -> Sequence[AuditEntry]:
        """What bots did to channels, threads and webhooks, with their reasons, in order."""
        return self.state.audit

    @property
    def webhooks(self) -> Sequence[FakeWebhook]:
        """The webhooks that exist, oldest first."""
        return list(self.state.webhooks.values())

    @property
    def messages(self) -> Sequence[FakeMessage]:
        """The messages that exist now, in order of creation."""
        return [message for message in self.state.messages.values() if not message.deleted]

    @property
    def journal(self) -> Sequence[JournalEntry]:
        """Every creation, edit and deletion, in order."""
        return self.state.journal

    def messages_of(self, webhook: FakeWebhook) -> Sequence[FakeMessage]:
        """Return the messages of one webhook, in order of creation."""
        return [message for message in self.messages if message.webhook_id == webhook.id]

    def messages_in(self, channel_id: str) -> Sequence[FakeMessage]:
        """Return the messages of one channel or thread, whoever wrote them; also of one that is gone by now."""
        return [message for message in self.messages if message.channel_id == channel_id]

    # ------------------------------------------------------------------ verdicts

    def count(self, status: int, scope: str = "") -> int:
        """Return how many answers had a status, and a scope where one is given."""
        return sum(each.status == status and scope in {"", each.scope} for each in self.exchanges)

    def assert_clean(self, *, allow: Sequence[str] = (), allow_codes: Collection[int] = ()) -> None:
        """Check that the client did nothing wrong: no violation (other than of rules in ``allow``), no own 4xx.

        Answers that a fault made do not count, nor refusals with one of Discord's codes in ``allow_codes``: 10003 where
        the client is to find out that a channel is gone.

        Raises:
            AssertionError: with what was found, at most ten of it.
        """
        found = [f"{each.rule}: {each.detail} (request {each.exchange})" for each in self.violations]
        found = [line for line in found if line.partition(":")[0] not in allow]
        for each in self.exchanges:
            if 400 <= each.status < 500 and not each.injected and each.code not in allow_codes:
                found.append(f"request {each.index} {each.operation}: {each.status} code {each.code} {each.scope}")
        if found:
            raise AssertionError("the client was not careful:\n  " + "\n  ".join(found[:10]))

    # ------------------------------------------------------------------ time

    def now(self) -> float:
        """Return the fake's time in seconds."""
        if self._now is not None:
            return self._now()
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return time.monotonic()

    def wall_s(self, now_s: float) -> float:
        """Return Unix seconds of a moment."""
        if self._first_s is None:
            self._first_s = now_s
        return self._started_s + now_s - self._first_s

    # ------------------------------------------------------------------ requests

    def transport(self, *, timeout_s: float = 10.0) -> "FakeTransport":
        """Return a :class:`~otel_discord.discord_api.http.Transport` that reaches this fake without a socket."""
        from otel_discord.testing.fake_discord.transport import FakeTransport

        return FakeTransport(self, timeout_s=timeout_s)

    @contextmanager
    def in_flight(self, request: FakeRequest) -> Iterator[None]:
        """Tell the fake that the client has a request under way; transports use it."""
        with self._conduct.in_flight(find_route(request.method, request.path)):
            yield

    def handle(self, request: FakeRequest, now_s: float | None = None, *, answer_takes_s: float = 0.0) -> FakeResponse:
        """Return the answer to a request that arrives now. Never raises.

        ``answer_takes_s`` is how long the answer will travel: until then the client does not know what it says.
        """
        now_s = self.now() if now_s is None else now_s
        self._at_s = now_s
        route = find_route(request.method, request.path)
        channel_id = self._channel_id(request, route)
        self._conduct.arrived(request, route, channel_id, now_s)
        for rule, detail in strict.find_in_request(request):
            self.note(rule, detail)
        fault = self.faults.next(request)
        if fault is not None and isinstance(fault.action, Change):
            fault.action.change(self)
            fault = None
        response, injected = self._with_fault(fault, request, route, channel_id, now_s)
        told_at_s = now_s + answer_takes_s + response.wire.stall_s
        self._conduct.answered(request, route, channel_id, response, now_s, told_at_s)
        self._record(route, request, response, injected=injected)
        return response

    def _with_fault(
        self, fault: Fault | None, request: FakeRequest, route: Route, channel_id: str, now_s: float
    ) -> tuple[FakeResponse, bool]:
        action = fault.action if fault is not None else None
        if fault is not None and not getattr(action, "commit", True):
            return uncommitted(action), True
        response = self._answering.answer(request, route, channel_id, now_s)
        if fault is None or response.status >= 300:
            if fault is not None:
                fault.hits -= 1  # the fault waits for a request that Discord carries out
            return response, False
        return committed(action, response)

    def _channel_id(self, request: FakeRequest, route: Route) -> str:
        if route.for_bots:
            return route.channel_id
        webhook = self.state.webhooks.get(route.webhook_id)
        if webhook is None:
            return ""
        thread_id = request.query.get("thread_id", "")
        return thread_id if thread_id and self.switches.threads_have_own_limit else webhook.channel_id

    # ------------------------------------------------------------------ ledger

    def note(self, rule: str, detail: str) -> None:
        """Add a violation by the request that is being answered."""
        self.violations.append(Violation(RULES[rule].name, detail, self._at_s, self.index))

    def _record(self, route: Route, request: FakeRequest, response: FakeResponse, *, injected: bool) -> None:
        seen = 0 if response.wire.cut in {Cut.REFUSED, Cut.UPLOAD, Cut.BEFORE_HEADERS} else response.status
        is_429 = seen == 429
        self.exchanges.append(
            Exchange(
                index=self.index,
                at_s=self._at_s,
                method=request.method,
                operation=route.operation,
                webhook_id=route.webhook_id,
                channel_id=route.channel_id,
                guild_id=route.guild_id,
                status=seen,
                code=code_of(response),
                scope=scope_of(response) if is_429 else "",
                injected=injected,
                retry_after_s=(retry_after_s(response) or 0.0) if is_429 else 0.0,
            )
        )
        self.index += 1
