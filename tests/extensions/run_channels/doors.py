"""A desk that keeps runs in a dictionary, and both doors in front of it on real ports."""

import logging
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from otel_discord.config import Secret
from otel_discord.extensions.run_channels.attendant import Attendant
from otel_discord.extensions.run_channels.audit import AuditLog
from otel_discord.extensions.run_channels.config import TokenConfig
from otel_discord.extensions.run_channels.http_door import serve_http
from otel_discord.extensions.run_channels.http_front import HttpFront
from otel_discord.extensions.run_channels.openapi import openapi_document
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Created, Finalized, NewRun, Page, Placement, Run, State
from otel_discord.extensions.run_channels.tokens import KnownTokens

TOKEN = "a-token-of-the-tests-0001"
READER = "a-token-of-the-tests-0002"
LIMITED = "a-token-of-the-tests-0003"
EXPIRED = "a-token-of-the-tests-0004"
SLOW = "a-token-of-the-tests-0005"
WEBHOOK_TOKEN = "made-up-webhook-token-of-the-tests"
GUILD, OTHER_GUILD = "1034567890123456789", "1034567890123456790"
NOW_MS = 1_800_000_000_000
MOST_HOURS = 720
LOGGER = logging.getLogger("test.run_channels")

TOKENS = [
    TokenConfig(name="ci", token=Secret(TOKEN), requests_per_minute=100_000),
    TokenConfig(name="reader", token=Secret(READER), allow=("read",)),
    TokenConfig(name="limited", token=Secret(LIMITED), guilds=(OTHER_GUILD,)),
    TokenConfig(name="expired", token=Secret(EXPIRED), expires_at="2020-01-01T00:00:00Z"),
    TokenConfig(name="slow", token=Secret(SLOW), requests_per_minute=2),
]
NEW = {"taskId": "build-42", "attempt": 1, "shortId": "ab12", "guildId": GUILD}


@dataclass(slots=True)
class FakeDesk:
    """A :class:`RunDesk` without Discord; ``problem`` is raised instead of an answer."""

    runs: dict[str, Run] = field(default_factory=dict)
    problem: Exception | None = None
    is_ready: bool = True
    most_pages_asked: int = 0

    async def create(self, wanted: NewRun, *, by: str) -> Created:
        if self.problem:
            raise self.problem
        found = next((run for run in self.runs.values() if run.key == wanted.key), None)
        is_new = found is None
        if found is None:
            number = str(1_100_000_000_000_000_000 + len(self.runs))
            found = Run(
                run_id=f"run{number}",
                key=wanted.key,
                state=State.RUNNING,
                placement=Placement.CHANNEL,
                created_ms=NOW_MS,
                retention_hours=24 if wanted.retention_hours is None else wanted.retention_hours,
                title=wanted.title,
                metadata=dict(wanted.metadata),
                by=by,
                channel_id=number,
                channel_name=f"run-{wanted.key.task_id}",
                webhook_id=number,
                webhook_token=Secret(WEBHOOK_TOKEN),
            )
            self.runs[number] = found
        if found.finalized_ms:
            raise RunProblem(Code.RUN_ENDED, "this run was finalized")
        url = Secret(f"https://discord.com/api/webhooks/{found.webhook_id}/{WEBHOOK_TOKEN}")
        return Created(run=found, webhook_url=url, is_new=is_new)

    async def finalize(self, channel_id: str, *, outcome: str, by: str, guilds: Collection[str] = ()) -> Finalized:
        if self.problem:
            raise self.problem
        run = self.find(channel_id)
        if guilds and run.key.guild_id not in guilds:
            raise RunProblem(Code.FORBIDDEN, "another guild")
        if not run.finalized_ms:
            state = State.ARCHIVED if run.retention_hours else State.CLEANED
            run = replace(run, state=state, outcome=outcome, finalized_ms=NOW_MS + 5_000)
            self.runs[channel_id] = run
        return Finalized(run=run, is_cleaned=run.state is State.CLEANED)

    def find(self, channel_id: str) -> Run:
        if channel_id not in self.runs:
            raise RunProblem(Code.NOT_FOUND, "there is no run with this channel")
        return self.runs[channel_id]

    def page(self, *, guild_id: str = "", state: str = "", size: int = 50, token: str = "") -> Page:
        if token and not token.isdigit():
            raise RunProblem(Code.INVALID, "no page", fields={"pageToken": "is none that an answer gave"})
        self.most_pages_asked += 1
        found = [
            run
            for run in reversed(self.runs.values())
            if guild_id in {"", run.key.guild_id} and state in {"", run.state.value}
        ]
        begin = int(token or 0)
        following = str(begin + size) if begin + size < len(found) else ""
        return Page(runs=tuple(found[begin : begin + size]), next_token=following)


def attendant_of(desk: Any, *, patience_s: float = 5.0, tokens: list[TokenConfig] | None = None) -> Attendant:
    pairs = [(config, config.token.reveal()) for config in tokens or TOKENS if config.token is not None]
    return Attendant(
        desk=desk,
        tokens=KnownTokens(pairs),
        audit=AuditLog(LOGGER),
        logger=LOGGER,
        patience_s=patience_s,
        unix_now_s=time.time,
    )


def front_of(attendant: Attendant) -> HttpFront:
    document = openapi_document(version="1", max_retention_hours=MOST_HOURS, default_retention_hours=24)
    return HttpFront(attendant, MOST_HOURS, document)


@dataclass(slots=True)
class Site:
    """The HTTP door at an address."""

    url: str
    session: aiohttp.ClientSession
    front: HttpFront

    async def ask(
        self, method: str, path: str, *, token: str = TOKEN, body: Any = None, data: bytes | None = None, **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, document, headers in lower case."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            given.setdefault("Authorization", f"Bearer {token}")
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        async with self.session.request(method, self.url + path, json=body, data=data, headers=given) as answer:
            document = None if method == "HEAD" else await answer.json()
            return answer.status, document, {name.lower(): value for name, value in answer.headers.items()}


@asynccontextmanager
async def http_site(desk: Any, *, attendant: Attendant | None = None) -> AsyncIterator[Site]:
    front = front_of(attendant or attendant_of(desk))
    serving = serve_http("127.0.0.1:0", front, context=None, key_path="here", logger=LOGGER)
    async with serving as address, aiohttp.ClientSession() as session:
        yield Site(f"http://{address}", session, front)
