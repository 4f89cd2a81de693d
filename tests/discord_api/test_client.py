"""The client on a virtual clock: what it asks, what it makes of the answers, and what the limiter hears of them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.config import Secret
from otel_discord.discord_api.client import AttemptFacts, Turn, Urgency, WebhookClient, WebhookInfo
from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError
from otel_discord.discord_api.models import Embed, FilePart, Message
from otel_discord.discord_api.multipart import FileUnreadableError
from otel_discord.discord_api.outcome_types import (
    Delivered,
    Gone,
    Outcome,
    RateLimited,
    Reason,
    Refused,
    Scope,
    Unavailable,
)
from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.ratelimit import Limiter, LimiterSettings
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.webhook_url import WebhookUrl

pytestmark = pytest.mark.looptime

BASE = "https://discord.com/api/v10/webhooks/123/SECRET"
WEBHOOK = WebhookUrl("123", Secret("SECRET"))
THREAD = WebhookUrl("123", Secret("SECRET"), "777")
MESSAGE = Message(content="hello", embeds=(Embed(title="x"), Embed(title="y")), username="Ops", flags=1 << 12)
STORED = {"id": "900", "channel_id": "55"}


class ScriptedTransport:
    """Answers with what the test lists, in order; takes a second for each."""

    def __init__(self, *answers: HttpResponse | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        await asyncio.sleep(1)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Ledger:
    """Remembers what the observer is told."""

    def __init__(self) -> None:
        self.waits: list[tuple[Operation, float]] = []
        self.attempts: list[tuple[Operation, Outcome, float, AttemptFacts]] = []

    def waited(self, operation: Operation, seconds: float) -> None:
        self.waits.append((operation, seconds))

    def attempted(self, operation: Operation, outcome: Outcome, seconds: float, facts: AttemptFacts) -> None:
        self.attempts.append((operation, outcome, seconds, facts))


def answer(status: int, body: Any = None, **headers: str) -> HttpResponse:
    raw = b"" if body is None else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status=status, headers={"content-type": "application/json", "via": "x"} | names, body=raw)


def client_of(transport: ScriptedTransport, ledger: Ledger | None = None, **settings: Any) -> WebhookClient:
    limits = RateLimits(Limiter(), dice=lambda: 0.0)
    return WebhookClient(transport, limits, user_agent="DiscordBot (x, 1)", observer=ledger, **settings)


async def test_a_message_is_posted_with_wait_and_without_mentions() -> None:
    transport, ledger = ScriptedTransport(answer(200, STORED)), Ledger()
    client = client_of(transport, ledger)
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        outcome = await turn.execute(MESSAGE)
    assert isinstance(outcome, Delivered)
    assert (outcome.message_id, outcome.channel_id) == ("900", "55")
    (request,) = transport.requests
    assert (request.method, request.url) == ("POST", f"{BASE}?wait=true")
    assert request.headers == {"User-Agent": "DiscordBot (x, 1)"}
    assert request.json == MESSAGE.to_json()
    assert request.json["allowed_mentions"] == {"parse": []}
    assert ledger.waits == [(Operation.EXECUTE, 0.0)]
    ((operation, told, seconds, facts),) = ledger.attempts
    assert (operation, told, seconds) == (Operation.EXECUTE, outcome, 1.0)
    assert (facts.webhook_id, facts.status, facts.embeds, facts.files) == ("123", 200, 2, 0)
    assert "SECRET" not in repr(ledger.attempts)


@pytest.mark.parametrize(
    ("operation", "use", "method", "url"),
    [
        (Operation.EXECUTE, lambda turn: turn.execute(MESSAGE), "POST", f"{BASE}?wait=true&thread_id=777"),
        (Operation.EDIT, lambda turn: turn.edit("9", MESSAGE), "PATCH", f"{BASE}/messages/9?thread_id=777"),
        (Operation.DELETE_MESSAGE, lambda turn: turn.delete("9"), "DELETE", f"{BASE}/messages/9?thread_id=777"),
        (Operation.GET_MESSAGE, lambda turn: turn.get_message("9"), "GET", f"{BASE}/messages/9?thread_id=777"),
        (Operation.GET_WEBHOOK, lambda turn: turn.get_webhook(), "GET", BASE),
    ],
)
async def test_each_operation_keeps_its_thread(
    operation: Operation, use: Callable[[Turn], Any], method: str, url: str
) -> None:
    transport = ScriptedTransport(answer(200, STORED))
    async with client_of(transport).turn(THREAD, operation) as turn:
        await use(turn)
    assert (transport.requests[0].method, transport.requests[0].url) == (method, url)


async def test_requests_go_to_the_endpoint() -> None:
    transport = ScriptedTransport(answer(200, STORED))
    client = client_of(transport, endpoint="http://127.0.0.1:1/api/v10/")
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        await turn.execute(MESSAGE)
    assert transport.requests[0].url == "http://127.0.0.1:1/api/v10/webhooks/123/SECRET?wait=true"


async def test_an_edit_says_everything_anew_but_its_author() -> None:
    transport = ScriptedTransport(answer(200, STORED), answer(200, STORED))
    client = client_of(transport)
    async with client.turn(WEBHOOK, Operation.EDIT) as turn:
        await turn.edit("9", Message(username="a", avatar_url="https://a", thread_name="t", flags=(1 << 12) | 4))
    assert transport.requests[0].json == {
        "content": None,
        "embeds": [],
        "flags": 4,
        "allowed_mentions": {"parse": []},
    }
    async with client.turn(WEBHOOK, Operation.EDIT) as turn:
        await turn.edit("9", MESSAGE)
    assert transport.requests[1].json == {
        "content": "hello",
        "embeds": [{"title": "x"}, {"title": "y"}],
        "allowed_mentions": {"parse": []},
    }


async def test_a_filename_is_the_same_in_the_form_and_in_the_list() -> None:
    transport = ScriptedTransport(answer(200, STORED))
    async with client_of(transport).turn(WEBHOOK, Operation.EXECUTE) as turn:
        await turn.execute(Message(files=(FilePart("../stäck trace.txt", lambda: b"x", 1),)))
    (request,) = transport.requests
    assert request.json["attachments"] == [{"id": "0", "filename": "st_ck_trace.txt"}]
    assert request.files[0].filename == "st_ck_trace.txt"


@pytest.mark.parametrize(
    "files",
    [
        (FilePart("a", lambda: b"", 1001),),
        tuple(FilePart("a", lambda: b"", 1000) for _ in range(26_000)),
    ],
)
async def test_what_is_too_large_is_not_sent(files: tuple[FilePart, ...]) -> None:
    transport = ScriptedTransport(answer(200, STORED))
    client = client_of(transport, file_max_bytes=1000)
    for operation in (Operation.EXECUTE, Operation.EDIT):
        async with client.turn(WEBHOOK, operation) as turn:
            message = Message(files=files)
            outcome = await (turn.execute(message) if operation is Operation.EXECUTE else turn.edit("9", message))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.TOO_LARGE
    assert transport.requests == []


async def test_an_unused_turn_costs_nothing() -> None:
    transport, ledger = ScriptedTransport(answer(200, STORED)), Ledger()
    client = client_of(transport, ledger)
    for _ in range(200):
        async with client.turn(WEBHOOK, Operation.EXECUTE):
            pass
    assert asyncio.get_running_loop().time() == 0
    assert ledger.attempts == []


async def test_a_turn_is_for_one_request_of_its_kind() -> None:
    client = client_of(ScriptedTransport(answer(200, STORED)))
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        with pytest.raises(RuntimeError):
            await turn.get_webhook()
        await turn.execute(MESSAGE)
        with pytest.raises(RuntimeError):
            await turn.execute(MESSAGE)


@pytest.mark.parametrize("message_id", ["", "x", "../..", "1/../../2", "0", "9" * 30, "1?x=y"])
async def test_only_an_id_gets_into_a_url(message_id: str) -> None:
    transport = ScriptedTransport()
    async with client_of(transport).turn(WEBHOOK, Operation.DELETE_MESSAGE) as turn:
        with pytest.raises(ValueError) as caught:
            await turn.delete(message_id)
    assert "SECRET" not in str(caught.value)
    assert transport.requests == []


async def test_a_429_pauses_the_next_turn_and_nothing_else() -> None:
    transport = ScriptedTransport(answer(429, {"retry_after": 30.0, "global": False}), answer(200, STORED))
    ledger = Ledger()
    client = client_of(transport, ledger)
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        outcome = await turn.execute(MESSAGE)
    assert isinstance(outcome, RateLimited)
    assert (outcome.retry_after_s, outcome.scope) == (30.0, Scope.USER)
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        assert turn.waited_s == pytest.approx(30, abs=2)
        assert isinstance(await turn.execute(MESSAGE), Delivered)
    assert ledger.waits[1][1] == pytest.approx(30, abs=2)


async def test_a_ban_of_the_address_pauses_other_webhooks() -> None:
    page = HttpResponse(status=403, headers={"content-type": "text/html"}, body=b"<html>no")
    transport = ScriptedTransport(page, answer(200, STORED))
    client = client_of(transport)
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        await turn.execute(MESSAGE)
    async with client.turn(WebhookUrl("456", Secret("OTHER")), Operation.EXECUTE) as turn:
        assert turn.waited_s >= 58


async def test_a_failed_connection_is_an_outcome() -> None:
    ledger = Ledger()
    transport = ScriptedTransport(TransportError("reset", sent=True, timed_out=False), answer(200, STORED))
    client = client_of(transport, ledger)
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        outcome = await turn.execute(MESSAGE)
    assert outcome == Unavailable(Reason.CONNECTION, ambiguous=True, detail="reset")
    assert (ledger.attempts[0][1], ledger.attempts[0][3].status) == (outcome, 0)
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        assert isinstance(await turn.execute(MESSAGE), Delivered)


async def test_a_file_that_is_gone_will_not_come_back_by_trying() -> None:
    transport = ScriptedTransport(FileUnreadableError("attachment a.txt cannot be read: No such file or directory"))
    async with client_of(transport).turn(WEBHOOK, Operation.EXECUTE) as turn:
        outcome = await turn.execute(Message(files=(FilePart("a.txt", lambda: b"", 1),)))
    assert isinstance(outcome, Refused)
    assert "a.txt" in outcome.detail


async def test_what_is_deleted_already_is_deleted() -> None:
    transport = ScriptedTransport(answer(204), answer(404, {"code": 10008, "message": "Unknown Message"}))
    client = client_of(transport)
    for _ in range(2):
        async with client.turn(WEBHOOK, Operation.DELETE_MESSAGE) as turn:
            assert isinstance(await turn.delete("9"), Delivered)


@pytest.mark.parametrize(("status", "code"), [(404, 10008), (400, 30046), (400, 50083)])
async def test_what_cannot_be_edited_is_posted_anew(status: int, code: int) -> None:
    transport = ScriptedTransport(answer(status, {"code": code, "message": "no"}))
    async with client_of(transport).turn(WEBHOOK, Operation.EDIT) as turn:
        outcome = await turn.edit("9", MESSAGE)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.MESSAGE_GONE


async def test_the_webhook_tells_its_channel_but_not_its_token() -> None:
    body = {"id": "123", "type": 1, "name": "Ops", "channel_id": "55", "guild_id": "66", "token": "SECRET"}
    transport = ScriptedTransport(answer(200, body), answer(404, {"code": 10015, "message": "Unknown Webhook"}))
    client = client_of(transport)
    async with client.turn(WEBHOOK, Operation.GET_WEBHOOK) as turn:
        assert await turn.get_webhook() == WebhookInfo("123", "Ops", "55", "66")
    async with client.turn(WEBHOOK, Operation.GET_WEBHOOK) as turn:
        gone = await turn.get_webhook()
    assert isinstance(gone, Gone)
    assert gone.reason is Reason.NOT_FOUND


async def test_webhooks_of_one_channel_share_its_budget_once_it_is_known() -> None:
    shared = {"retry_after": 40.0, "global": False, "message": "The resource is being rate limited."}
    transport = ScriptedTransport(
        answer(200, STORED), answer(200, STORED), answer(429, shared, x_ratelimit_scope="shared"), answer(200, STORED)
    )
    client = client_of(transport)
    other = WebhookUrl("456", Secret("OTHER"))
    for webhook in (WEBHOOK, other, WEBHOOK):
        async with client.turn(webhook, Operation.EXECUTE) as turn:
            await turn.execute(MESSAGE)
    async with client.turn(other, Operation.EXECUTE) as turn:
        assert turn.waited_s > 35


async def test_a_thread_is_not_mistaken_for_the_channel() -> None:
    learnt: list[tuple[str, str]] = []
    limits = RateLimits(Limiter())
    limits.learn_channel = lambda webhook_id, channel_id: learnt.append((webhook_id, channel_id))  # type: ignore[method-assign]
    transport = ScriptedTransport(answer(200, STORED), answer(200, STORED), answer(200, STORED))
    client = WebhookClient(transport, limits, user_agent="x")
    for webhook, message in ((THREAD, MESSAGE), (WEBHOOK, Message(content="x", thread_name="t")), (WEBHOOK, MESSAGE)):
        async with client.turn(webhook, Operation.EXECUTE) as turn:
            await turn.execute(message)
    assert learnt == [("123", "55")]


async def test_cancelling_a_wait_leaves_the_line() -> None:
    transport = ScriptedTransport(answer(429, {"retry_after": 30.0}), answer(200, STORED))
    client = client_of(transport)
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        await turn.execute(MESSAGE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5), client.turn(WEBHOOK, Operation.EXECUTE):
            pytest.fail("it is not our turn yet")
    async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
        assert isinstance(await turn.execute(MESSAGE), Delivered)


async def test_a_turn_can_become_urgent_and_its_time_is_told() -> None:
    limits = RateLimits(Limiter(LimiterSettings(channel_messages_per_minute=4)), dice=lambda: 0.0)
    transport = ScriptedTransport(*[answer(200, STORED) for _ in range(3)])
    client = WebhookClient(transport, limits, user_agent="DiscordBot (x, 1)")
    loop = asyncio.get_running_loop()
    for _ in range(3):
        async with client.turn(WEBHOOK, Operation.EXECUTE) as turn:
            await turn.execute(MESSAGE)
    assert client.ready_at(WEBHOOK, Operation.EXECUTE) > loop.time() + 50
    assert client.ready_at(WEBHOOK, Operation.EXECUTE, priority=1) <= loop.time()
    assert client.ready_at(WEBHOOK, Operation.EDIT, -1) <= loop.time()
    urgency = Urgency()

    async def waited_s() -> float:
        async with client.turn(WEBHOOK, Operation.EXECUTE, urgency=urgency) as turn:
            return turn.waited_s

    waiting = asyncio.ensure_future(waited_s())
    await asyncio.sleep(3)
    urgency.raise_to(1)
    assert await waiting == pytest.approx(3.0)
