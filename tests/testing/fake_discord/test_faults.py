"""Each fault once, in process on a virtual clock and over a real socket with the real client's transport."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import pytest

from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport, TransportError
from otel_discord.discord_api.models import FilePart, Message
from otel_discord.discord_api.transport import AiohttpTransport
from otel_discord.testing.fake_discord import (
    ODD_ANSWERS,
    RATE_LIMITED,
    SERVER_ERRORS,
    Answer,
    Break,
    Change,
    CloseAfter,
    Cut,
    Drip,
    FakeDiscord,
    FakeWebhook,
    Fault,
    Gzip,
    Latency,
    Stall,
    Truncate,
    committed,
    method_is,
    posts,
    serve_fake_discord,
    webhook_is,
)

AGENT = {"User-Agent": "DiscordBot (https://example.invalid, 1.0)"}
Send = Callable[..., Any]


@pytest.fixture
def fake() -> FakeDiscord:
    return FakeDiscord("unlimited")


def sender(transport: Transport, hook: FakeWebhook) -> Send:
    async def send(method: str = "POST", suffix: str = "", **message: Any) -> HttpResponse:
        made = Message(**({"content": "x"} | message))
        body = None if method in {"GET", "DELETE"} else made.to_json()
        url = f"{hook.url}{suffix}?wait=true"
        return await transport.send(HttpRequest(method=method, url=url, headers=AGENT, json=body, files=made.files))

    return send


@asynccontextmanager
async def over_a_socket(fake: FakeDiscord) -> AsyncIterator[Send]:
    hook = fake.add_webhook()
    async with serve_fake_discord(fake), AiohttpTransport(total_timeout_s=0.4, answer_timeout_s=0.3) as transport:
        yield sender(transport, hook)


@asynccontextmanager
async def in_process(fake: FakeDiscord) -> AsyncIterator[Send]:
    yield sender(fake.transport(timeout_s=0.4), fake.add_webhook())


WAYS = pytest.mark.parametrize("way", [in_process, over_a_socket])


@WAYS
@pytest.mark.parametrize("shape", [RATE_LIMITED, SERVER_ERRORS, ODD_ANSWERS], ids=["429", "5xx", "odd"])
async def test_every_answer_arrives_as_written(way: Any, shape: dict[str, Answer], fake: FakeDiscord) -> None:
    async with way(fake) as send:
        for name, answer in shape.items():
            fake.faults.add(Fault(answer))
            got = await send()
            assert (got.status, got.body, got.body_complete) == (answer.status, answer.encoded(), True), name
            for key, value in answer.headers.items():
                assert got.headers[key.lower()] == value
            fake.faults.clear()
        assert fake.messages == []


@WAYS
async def test_a_committed_error_leaves_a_message(way: Any, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        fake.faults.add(Fault(committed(SERVER_ERRORS["502_html"])))
        assert (await send()).status == 502
        assert len(fake.messages) == 1


@WAYS
@pytest.mark.parametrize("commit", [False, True])
async def test_a_reset_before_the_answer(way: Any, commit: bool, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        fake.faults.add(Fault(Break(Cut.BEFORE_HEADERS, commit=commit)))
        with pytest.raises(TransportError) as failure:
            await send()
        assert (failure.value.sent, failure.value.timed_out) == (True, False)
        assert len(fake.messages) == commit
        assert fake.exchanges[0].status == 0
        assert (await send()).status == 200


@WAYS
@pytest.mark.parametrize(("commit", "status"), [(False, 500), (True, 200)])
async def test_a_reset_inside_the_body(way: Any, commit: bool, status: int, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        fake.faults.add(Fault(Break(Cut.MID_BODY, commit=commit)))
        got = await send()
        assert (got.status, got.body_complete) == (status, False)
        assert got.body
        assert len(fake.messages) == commit


@WAYS
@pytest.mark.parametrize("commit", [False, True])
async def test_silence(way: Any, commit: bool, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        fake.faults.add(Fault(Stall(commit=commit)))
        with pytest.raises(TransportError) as failure:
            await send()
        assert (failure.value.sent, failure.value.timed_out) == (True, True)
        assert len(fake.messages) == commit
        assert (await send()).status == 200
        assert fake.violations == []


@WAYS
async def test_a_late_answer_and_a_slow_body(way: Any, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        fake.faults.add(
            Fault(Stall(0.1, commit=True)),
            Fault(Drip(chunk_bytes=100, interval_s=0.001), first=2),
            Fault(Drip(chunk_bytes=10, interval_s=0.1), first=3),
        )
        assert (await send()).body_complete
        assert (await send()).body_complete
        assert not (await send()).body_complete
        assert len(fake.messages) == 3


@WAYS
async def test_a_body_that_ends_too_soon_and_a_closed_connection(way: Any, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        fake.faults.add(Fault(Truncate(20)), Fault(CloseAfter(), first=2))
        got = await send()
        assert (got.status, len(got.body), got.body_complete) == (200, 20, True)
        assert (await send()).status == (await send()).status == 200
        assert len(fake.messages) == 3


@WAYS
async def test_an_answer_that_is_compressed_unasked(way: Any, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        fake.faults.add(Fault(Gzip()))
        got = await send()
        assert (got.status, got.body_complete) == (200, True)
        assert json.loads(got.body)["id"] == fake.messages[0].id


async def test_a_request_beyond_all_bounds_over_a_socket(fake: FakeDiscord) -> None:
    hook = fake.add_webhook()
    async with serve_fake_discord(fake), AiohttpTransport() as transport:
        request = HttpRequest(method="POST", url=hook.url, headers=AGENT, json={"content": "x" * (27 << 20)})
        got = await transport.send(request)
        assert (got.status, json.loads(got.body)["code"]) == (413, 40005)


@WAYS
async def test_something_happens_in_the_middle_of_a_burst(way: Any, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        hook = fake.webhooks[0]
        fake.faults.add(
            Fault(Change(lambda it: it.rotate_token(hook)), first=3),
            Fault(Change(lambda it: it.delete_webhook(hook)), first=4),
        )
        former = [(await send()).status for _ in range(2)]
        token = hook.token
        assert (await send()).status == 401
        hook.token = token
        assert [*former, (await send()).status] == [200, 200, 404]


async def test_a_refused_connection_in_process(fake: FakeDiscord) -> None:
    async with in_process(fake) as send:
        fake.faults.add(Fault(Break(Cut.REFUSED)), Fault(Break(Cut.UPLOAD), first=2))
        for _ in range(2):
            with pytest.raises(TransportError) as failure:
                await send()
            assert not failure.value.sent
        assert fake.messages == []


async def test_a_refused_connection_over_a_socket(fake: FakeDiscord) -> None:
    hook = fake.add_webhook()
    async with serve_fake_discord(fake) as server, AiohttpTransport() as transport:
        await server.stop_listening()
        with pytest.raises(TransportError) as failure:
            await sender(transport, hook)()
        assert not failure.value.sent
        await server.listen_again()
        assert (await sender(transport, hook)()).status == 200


@WAYS
async def test_files_arrive_byte_for_byte(way: Any, fake: FakeDiscord) -> None:
    data = bytes(range(256)) * 300 + b"\r\n--x--\r\n"
    async with way(fake) as send:
        part = FilePart("trace.txt", lambda: data, len(data), "text/plain", "the whole trace")
        got = await send(files=(part, FilePart("b.bin", lambda: b"", 0)))
        assert got.status == 200
        first, second = fake.messages[0].files
        assert (first.filename, first.data, first.content_type) == ("trace.txt", data, "text/plain")
        assert (first.description, second.data) == ("the whole trace", b"")
        fake.assert_clean()


@WAYS
async def test_every_operation_goes_through(way: Any, fake: FakeDiscord) -> None:
    async with way(fake) as send:
        await send()
        message = f"/messages/{fake.messages[0].id}"
        assert (await send("PATCH", message, content="y")).status == 200
        assert b'"y"' in (await send("GET", message)).body
        assert (await send("DELETE", message)).status == 204
        assert (await send("GET")).headers["x-ratelimit-limit"] == "1000000"
        fake.assert_clean()


@pytest.mark.looptime
async def test_latency_is_virtual_and_seeded() -> None:
    async def times(seed: int) -> list[float]:
        fake = FakeDiscord("unlimited", latency=Latency(there_s=(0.1, 0.2), back_s=(0.3, 0.9), seed=seed))
        loop, ends = asyncio.get_running_loop(), []
        begin_s = loop.time()
        async with in_process(fake) as send:
            fake_send = sender(fake.transport(), fake.webhooks[0])
            for _ in range(20):
                await fake_send()
                ends.append(round(loop.time() - begin_s, 3))
        gaps = [later - earlier for earlier, later in zip([0.0, *ends], ends, strict=False)]
        assert all(0.39 <= gap <= 1.11 for gap in gaps)
        assert 0.1 <= fake.exchanges[0].at_s - begin_s <= 0.2
        assert send
        return ends

    assert await times(1) == await times(1)
    assert await times(1) != await times(2)


@pytest.mark.looptime
async def test_a_request_that_is_cancelled_on_its_way_never_arrives() -> None:
    fake = FakeDiscord("unlimited", latency=Latency(there_s=(1, 1), back_s=(1, 1)))
    send = sender(fake.transport(), fake.add_webhook())
    for patience_s, arrived in ((0.5, 0), (1.5, 1)):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(patience_s):
                await send()
        assert len(fake.messages) == arrived
    assert (await send()).status == 200
    assert fake.violations == []


@pytest.mark.looptime
async def test_two_posts_at_once_are_seen(fake: FakeDiscord) -> None:
    fake.latency = Latency(back_s=(1, 1))
    send = sender(fake.transport(), fake.add_webhook())
    await asyncio.gather(send(), send())
    assert [each.rule for each in fake.violations] == ["concurrent_post"]


async def test_matches_choose_and_hits_count(fake: FakeDiscord) -> None:
    async with in_process(fake) as send:
        other = sender(fake.transport(), fake.add_webhook())
        fake.faults.add(
            Fault(Answer(503), match=method_is("GET"), times=inf),
            Fault(Answer(500), match=webhook_is(fake.webhooks[1].id), first=2, times=2),
            Fault(Answer(504), match=posts, first=6),
        )
        assert [(await send("GET")).status for _ in range(3)] == [503] * 3
        assert [(await other()).status for _ in range(4)] == [200, 500, 500, 200]
        assert [(await send()).status for _ in range(3)] == [200, 504, 200]


async def test_a_fault_after_the_commit_waits_for_one() -> None:
    fake = FakeDiscord("tiny")
    async with in_process(fake) as send:
        fake.faults.add(Fault(Answer(502, commit=True), first=3))
        assert [(await send()).status for _ in range(3)] == [200, 200, 429]
        fake.limits = type(fake.limits)(fake.profile)
        assert [(await send()).status for _ in range(2)] == [502, 200]
        assert len(fake.messages) == 4
