"""The receiver over real sockets: what it answers, and that an answer 200 means that the pipeline has it."""

import asyncio
import gzip
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import trustme

from otel_discord.component import Outlets, PermanentError, Receipt, RetryableError
from otel_discord.signals import LogsBatch, Signal
from otel_discord.signals.alert_event import AlertState, alert_event
from otel_discord.testing.component_contract import check_component, check_failed_start
from otel_discord.testing.host import NopHost
from otel_discord.testing.receiver_contract import Client, Told, check_receiver
from otel_discord.testing.sinks import Sink
from tests.receivers.alertmanager_webhook.rig import ALERTS, make, running


class Guard:
    def authenticate(self, headers: Any) -> bool:
        return headers.get("authorization") == "Bearer right"


# ---------------------------------------------------------------------------------------------------------- contract
class Poster:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url

    async def send(self, batch: LogsBatch) -> Told:
        alerts = [
            {"labels": {"alertname": "A"}, "annotations": {"summary": record.body.string_value}}
            for _, _, record in batch.records()
        ]
        async with self._session.post(self._url, json={"status": "firing", "alerts": alerts}) as response:
            return {200: "accepted", 503: "retry", 400: "refused"}[response.status]  # type: ignore[return-value]


@asynccontextmanager
async def connect(receiver: Any) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Poster(session, f"http://127.0.0.1:{receiver.port}/")


async def test_every_alert_is_passed_on_or_given_back() -> None:
    await check_receiver(make, connect)


async def test_it_starts_and_stops_and_leaves_nothing_behind() -> None:
    await check_component(make)


async def test_a_failed_start_leaves_nothing_behind() -> None:
    said = await check_failed_start(lambda: make(auth={"authenticator": "nobody"}))
    assert "receivers::alertmanager_webhook::auth::authenticator" in said


async def test_a_taken_port_is_said() -> None:
    async with running() as first:
        said = await check_failed_start(lambda: make(endpoint=f"127.0.0.1:{first.receiver.port}"))
    assert "the port is taken" in said


# ----------------------------------------------------------------------------------------------------------- answers
@pytest.mark.parametrize("path", ["/", "/api/v1/alerts-webhook", "/api/v1/alerts-webhook/", "/?token=ignored"])
async def test_alerts_are_taken(path: str) -> None:
    async with running() as it:
        reply = await it.post(path=path)
    assert (reply.status, reply.said) == (200, {"accepted": 2})
    events = [alert_event(record) for record in it.sink.log_records]
    assert [(e.name, e.state, e.fingerprint) for e in events if e] == [
        ("A", AlertState.FIRING, "f1"),
        ("B", AlertState.RESOLVED, "f2"),
    ]
    assert it.telemetry.value("otelcol_receiver_accepted_log_records", transport="http") == 2


async def test_grafana_may_put() -> None:
    async with running() as it:
        assert (await it.post(method="PUT")).status == 200


async def test_a_path_of_ones_own() -> None:
    async with running(path="hooks/alerts") as it:
        statuses = [(await it.post(path=path)).status for path in ("/hooks/alerts", "/", "/api/v1/alerts-webhook")]
    assert statuses == [200, 200, 404]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_compressed_bodies(coding: str) -> None:
    import zlib

    body = orjson.dumps(ALERTS)
    packed = gzip.compress(body) if coding == "gzip" else zlib.compress(body)
    async with running() as it:
        assert (await it.post(packed, Content_Encoding=coding)).said == {"accepted": 2}


async def test_nothing_to_take_is_taken() -> None:
    async with running() as it:
        assert (await it.post({"alerts": []})).said == {"accepted": 0}
    assert it.sink.offered == 0


async def test_a_busy_pipeline_says_when_to_come_back() -> None:
    sink = Sink()
    sink.answer_next(RetryableError("queue is full", retry_after_s=3.2))
    async with running(sink) as it:
        reply = await it.post()
        again = await it.post()
    assert (reply.status, reply.headers["Retry-After"], reply.said["error"]) == (503, "4", "queue is full")
    assert again.status == 200
    assert it.telemetry.value("otelcol_receiver_refused_log_records") == 2


async def test_a_refusal_for_good() -> None:
    async with running(Sink(always=PermanentError("never"))) as it:
        reply = await it.post()
    assert (reply.status, reply.said) == (400, {"error": "never"})


async def test_a_part_that_was_refused_is_told() -> None:
    async with running(Sink(always=Receipt(1, "one is too old"))) as it:
        reply = await it.post()
    assert (reply.status, reply.said) == (200, {"accepted": 1, "rejected": 1, "message": "one is too old"})


async def test_a_fault_of_ours_keeps_the_alerts_with_their_sender(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Any) -> Any:
        raise KeyError("secret detail")

    async with running(Sink(decide=fail)) as it:
        reply = await it.post()
    assert reply.status == 503
    assert b"secret detail" not in reply.body
    assert "the pipeline failed on alerts" in caplog.text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"not json", "the body is not JSON"),
        (b"", "the body is not JSON"),
        (b'{"alerts": [{"status": "firing", "labels": 5}]}', "alerts[0].labels: must be an object, is a number"),
        (b'{"alerts": [{"status": "' + b"x" * 9000 + b'"}]}', "alerts[0].status: must be"),
    ],
)
async def test_what_is_wrong_is_answered(body: bytes, said: str, caplog: pytest.LogCaptureFixture) -> None:
    async with running() as it:
        reply = await it.post(body)
        good = await it.post()
    assert reply.status == 400
    assert reply.headers["Content-Type"] == "application/json"
    assert said in reply.said["error"]
    assert len(reply.body) < 1200
    assert said in caplog.text
    assert good.status == 200
    assert it.telemetry.value("otelcol_receiver_requests", outcome="failure") == 1


async def test_other_methods_and_paths() -> None:
    async with running() as it:
        get, elsewhere = await it.post(b"", method="GET"), await it.post(path="/v1/logs")
        coded = await it.post(Content_Encoding="br")
    assert (get.status, get.headers["Allow"]) == (405, "POST, PUT")
    assert elsewhere.status == 404
    assert (coded.status, "br" in coded.said["error"]) == (400, True)


async def test_what_is_no_http_is_answered() -> None:
    async with running() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.receiver.port)
        writer.write(b"\x16\x03\x01 hello\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert (await it.post()).status == 200
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))


# ------------------------------------------------------------------------------------------------------------ bounds
async def test_a_body_that_is_too_large_declared_or_not() -> None:
    async def slices() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b" " * 512

    async with running(max_request_body_size=1024) as it:
        declared = await it.post(b" " * 1025)
        chunked = await it.request("POST", "/", slices(), {})
        bomb = await it.post(gzip.compress(b" " * 100_000), Content_Encoding="gzip")
        good = await it.post()
    assert [reply.status for reply in (declared, chunked, bomb, good)] == [413, 413, 413, 200]


async def test_too_many_alerts_are_refused_with_advice() -> None:
    async with running(max_alerts=1) as it:
        reply = await it.post()
    assert (reply.status, "max_alerts" in reply.said["error"]) == (413, True)


async def test_a_large_body_is_taken_while_small_ones_pass() -> None:
    alert = {"labels": {"alertname": "A"}, "annotations": {"description": "x" * 300}}
    async with running() as it:
        large = asyncio.create_task(it.post({"status": "firing", "alerts": [alert] * 3000}))
        small = await it.post()
        assert (small.status, (await large).said) == (200, {"accepted": 3000})


async def test_many_large_bodies_at_once_are_told_to_come_back() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n"
    async with running(max_request_body_size=2**20) as it:
        held = [await asyncio.open_connection("127.0.0.1", it.receiver.port) for _ in range(20)]
        for _, writer in held:
            writer.write(head + b" " * (2**20 - 1))  # all but the last byte
        done, _ = await asyncio.wait({asyncio.create_task(reader.read(12)) for reader, _ in held}, timeout=2)
        assert {task.result() for task in done} == {b"HTTP/1.1 503"}
        assert len(done) <= 4
        assert (await it.post()).status == 200
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(5):
            while (await it.post(b" " * 2**19)).status != 400:
                await asyncio.sleep(0.02)


async def test_a_body_that_does_not_come_in_time() -> None:
    async with running(read_timeout="100ms") as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.receiver.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert b" 408 " in answer


# ------------------------------------------------------------------------------------------------------ who may post
async def test_only_who_has_the_token() -> None:
    async with running(extensions={"guard": Guard()}, auth={"authenticator": "guard"}) as it:
        nobody = await it.post()
        right = await it.post(Authorization="Bearer right")
    assert (nobody.status, nobody.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert right.status == 200
    assert len(it.sink.batches) == 1


async def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    tls = {"cert_file": str(chain), "key_file": str(key), "reload_interval": "10ms"}
    async with running(tls=tls) as it:
        it.scheme = "https"
        reply = await it.request("POST", "/", orjson.dumps(ALERTS), {}, ssl=trusting)
        await asyncio.sleep(0.03)
    assert reply.status == 200


async def test_a_certificate_that_cannot_be_read_is_said() -> None:
    tls = {"cert_file": "nowhere.pem", "key_file": "nowhere.pem"}
    said = await check_failed_start(lambda: make(tls=tls))
    assert "receivers::alertmanager_webhook::tls::cert_file" in said


@pytest.mark.parametrize(("endpoint", "warned"), [("127.0.0.1:0", False), ("localhost:0", False), ("0.0.0.0:0", True)])
async def test_an_open_door_is_warned_of(endpoint: str, warned: bool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with running(endpoint=endpoint):
            pass
    assert ("can be reached from the network" in caplog.text) is warned


# ----------------------------------------------------------------------------------------------------------- closing
async def test_closing_waits_for_what_is_in_hand() -> None:
    sink = Sink()
    sink.block()
    async with running(sink) as it:
        posting = asyncio.create_task(it.post())
        while not sink.offered:
            await asyncio.sleep(0.005)
        closing = asyncio.create_task(it.close(drain_s=5))
        await asyncio.sleep(0.05)
        sink.unblock()
        await closing
        assert (await posting).status == 200
    assert len(sink.batches) == 1


async def test_closing_gives_back_what_takes_too_long() -> None:
    sink = Sink()
    sink.block()
    async with running(sink) as it:
        posting = asyncio.create_task(it.post())
        while not sink.offered:
            await asyncio.sleep(0.005)
        await it.close(drain_s=0.6)
        reply = await posting
    assert (reply.status, "Retry-After" in reply.headers) == (503, True)


async def test_the_port_is_free_for_the_next_one() -> None:
    async with running() as first:
        port = first.receiver.port
        assert (await first.post()).status == 200
        await first.close(drain_s=1)
        async with running(endpoint=f"127.0.0.1:{port}") as second:
            assert (await second.post()).status == 200


# ------------------------------------------------------------------------------------------------------------ reload
async def test_over_a_reload_nobody_is_refused() -> None:
    host, sink = NopHost(), Sink()
    first, second = make(Outlets({Signal.LOGS: sink})), make(Outlets({Signal.LOGS: sink}), default_severity="info")
    assert second.takes_over(first)
    async with aiohttp.ClientSession() as session:
        async with first.lifespan(host):
            port = first.port
            host.hands_over = True
        posting = asyncio.create_task(session.post(f"http://127.0.0.1:{port}/", json=ALERTS))
        await asyncio.sleep(0.05)
        assert not posting.done()
        host.hands_over = False
        async with second.lifespan(host):
            assert second.port == port
            assert (await posting).status == 200
    assert len(sink.batches) == 1
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_what_nobody_takes_is_closed() -> None:
    host = NopHost()
    first = make()
    assert not make(endpoint="127.0.0.1:1").takes_over(first)
    async with first.lifespan(host):
        port = first.port
        host.hands_over = True
    host._kept.clear()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_sockets_of_another_endpoint_are_not_taken() -> None:
    host = NopHost()
    first, second = make(), make(endpoint="localhost:0")
    async with first.lifespan(host):
        port = first.port
        host.hands_over = True
    host.hands_over = False
    async with second.lifespan(host):
        assert second.port != port
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
