"""The receiver's life: starting, closing, what it counts, who may connect, slow and vanishing clients."""

import asyncio
import json
import logging
import socket
import ssl
from pathlib import Path

import aiohttp
import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from otel_discord.component import Outlets, PermanentError, Receipt, RetryableError, StartError
from otel_discord.component.endpoints import Listening
from otel_discord.receivers.otlp.factory import FACTORY
from otel_discord.signals import Signal
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_request, metrics_request, traces_request
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings
from tests.receivers.otlp.rig import JSON, SERVICES, config, running

LOGS = logs_request(3)
LOGS_BYTES = LOGS.SerializeToString()


def receiver(receiver_config: object, sink: Sink | None = None):
    return FACTORY.create(settings("otlp"), receiver_config, Outlets(dict.fromkeys(Signal, sink or Sink())))


async def until(condition, timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


# --- starting -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["grpc", "http"])
async def test_a_port_in_use_is_one_clear_message(protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StartError) as caught:
            async with receiver(config(**{f"{protocol}__endpoint": endpoint})).lifespan(NopHost()):
                raise AssertionError("started")
    assert endpoint in str(caught.value)
    assert f"receivers::otlp::protocols::{protocol}::endpoint" in str(caught.value)


async def test_localhost_with_one_of_its_addresses_taken_does_not_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = f"localhost:{taken.getsockname()[1]}"
        with pytest.raises(StartError):
            async with receiver(config(grpc__endpoint=endpoint)).lifespan(NopHost()):
                raise AssertionError("started")


async def test_a_second_receiver_cannot_share_a_port_silently() -> None:
    async with running() as otlp:
        for protocol in ("grpc", "http"):
            with pytest.raises(StartError):
                async with receiver(config(**{f"{protocol}__endpoint": otlp.receiver.endpoints[protocol]})).lifespan(
                    NopHost()
                ):
                    raise AssertionError("started")


async def test_ports_are_free_again_after_closing() -> None:
    async with running() as otlp:
        ports = otlp.receiver.grpc_port, otlp.receiver.http_port
        await otlp.call(LOGS)
        await otlp.post(LOGS_BYTES)
    again = config(grpc__endpoint=f"127.0.0.1:{ports[0]}", http__endpoint=f"127.0.0.1:{ports[1]}")
    async with running(receiver_config=again) as otlp:
        await otlp.call(LOGS)
        assert otlp.sink.item_count == 3


async def test_it_says_where_it_listens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with running() as otlp:
            assert isinstance(otlp.receiver, Listening)
            assert otlp.receiver.endpoints["http"] == f"127.0.0.1:{otlp.receiver.http_port}"
            assert otlp.receiver.endpoints["http"] in caplog.text
            assert otlp.receiver.endpoints["grpc"] in caplog.text
    assert "reached from the network" not in caplog.text


async def test_a_port_open_to_the_network_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    async with receiver(config(http__endpoint="0.0.0.0:0")).lifespan(NopHost()):
        assert "protocols::http::endpoint" in caplog.text
        assert "can be reached from the network" in caplog.text


async def test_a_missing_authenticator_stops_the_start() -> None:
    with pytest.raises(StartError, match=r"protocols::http::auth::authenticator: .*guard"):
        async with receiver(config(http__auth={"authenticator": "guard"})).lifespan(NopHost()):
            raise AssertionError("started")


# --- closing ------------------------------------------------------------------------------------------------------


async def test_closing_finishes_requests_in_hand() -> None:
    async with running() as otlp:
        otlp.sink.block()
        answers = [asyncio.create_task(otlp.call(LOGS)), asyncio.create_task(otlp.post(LOGS_BYTES))]
        await until(lambda: otlp.sink.offered == 2)
        asyncio.get_running_loop().call_later(0.2, otlp.sink.unblock)
        await otlp.close(drain_s=10)
        first, second = await asyncio.gather(*answers)
        assert first == b""
        assert second.status == 200
        assert otlp.sink.item_count == 6


async def test_closing_ends_at_the_deadline_and_tells_clients_to_try_again() -> None:
    async with running() as otlp:
        otlp.sink.block()
        answers = [asyncio.create_task(otlp.call(LOGS)), asyncio.create_task(otlp.post(LOGS_BYTES))]
        await until(lambda: otlp.sink.offered == 2)
        start_s = asyncio.get_running_loop().time()
        await otlp.close(drain_s=1)
        assert asyncio.get_running_loop().time() - start_s < 2.5
        first, second = await asyncio.gather(*answers, return_exceptions=True)
        assert first.code() is grpc.StatusCode.UNAVAILABLE
        assert second.status == 503
        assert otlp.sink.item_count == 0
        assert otlp.telemetry.value("otelcol_receiver_refused_log_records") == 6
        assert otlp.telemetry.value("otelcol_receiver_accepted_log_records") == 0


async def test_while_closing_open_connections_are_told_to_try_again() -> None:
    async with running() as otlp:
        await otlp.post(b"{}", JSON)  # a connection that stays open
        otlp.sink.block()
        held = asyncio.create_task(otlp.call(LOGS))
        await until(lambda: otlp.sink.offered == 1)
        closing = asyncio.create_task(otlp.close(drain_s=5))
        await asyncio.sleep(0.1)
        reply = await otlp.post(LOGS_BYTES)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        otlp.sink.unblock()
        await closing
        assert await held == b""
        assert otlp.sink.item_count == 3


# --- what it counts -----------------------------------------------------------------------------------------------


async def test_items_and_requests_are_counted_by_transport() -> None:
    async with running() as otlp:
        await otlp.call(LOGS)
        await otlp.call(metrics_request(4), "metrics")
        await otlp.post(traces_request(5).SerializeToString(), path="/v1/traces")
        otlp.sink.answer_next(Receipt(1, "old"), PermanentError("no"), RetryableError("busy"))
        await otlp.post(LOGS_BYTES)
        await otlp.post(LOGS_BYTES)
        await otlp.call_error(LOGS)
        await otlp.call_error(b"\xff")
        await otlp.post(b"{", JSON)
        await otlp.post(b"", "text/plain")
        of = otlp.telemetry.value
        assert of("otelcol_receiver_accepted_log_records", receiver="otlp", transport="grpc") == 3
        assert of("otelcol_receiver_accepted_metric_points", receiver="otlp", transport="grpc") == 4
        assert of("otelcol_receiver_accepted_spans", receiver="otlp", transport="http") == 5
        assert of("otelcol_receiver_accepted_log_records", transport="http") == 2
        assert of("otelcol_receiver_refused_log_records", transport="http") == 1 + 3
        assert of("otelcol_receiver_refused_log_records", transport="grpc") == 3
        assert of("otelcol_receiver_requests", outcome="failure") == 3
        assert of("otelcol_receiver_requests", outcome="refused") == 2
        assert of("otelcol_receiver_requests", outcome="success") == 4
        names = [span.name for span in otlp.telemetry.spans()]
        assert names[:3] == [
            "receiver/otlp/LogsReceived",
            "receiver/otlp/MetricsReceived",
            "receiver/otlp/TraceDataReceived",
        ]


# --- clients that vanish or dawdle --------------------------------------------------------------------------------


async def test_a_cancelled_client_leaves_no_batch_half_handed_over() -> None:
    async with running() as otlp:
        otlp.sink.block()
        call = asyncio.create_task(otlp.call(LOGS))
        await until(lambda: otlp.sink.offered == 1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.sleep(0.05)
        otlp.sink.unblock()
        await until(lambda: otlp.sink.item_count == 3)
        await until(lambda: otlp.telemetry.value("otelcol_receiver_accepted_log_records") == 3)
        assert otlp.telemetry.value("otelcol_receiver_refused_log_records") == 0
        assert otlp.sink.offered == 1


async def test_a_client_that_disconnects_mid_body_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as otlp:
        _, writer = await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port)
        writer.write(
            b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\nabc"
        )
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        assert (await otlp.post(LOGS_BYTES)).status == 200
        assert otlp.sink.offered == 1
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def raw(otlp, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause_s)
        return await asyncio.wait_for(reader.read(65_536), 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_slow_headers_and_silent_connections_are_closed() -> None:
    async with running(http__read_header_timeout="200ms") as otlp:
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        slow = raw(otlp, *[bytes([c]) for c in b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nX-A: "], b"y" * 20, pause_s=0.05)
        assert await asyncio.gather(slow, raw(otlp), raw(otlp, b"POST ")) == [b"", b"", b""]
        assert loop.time() - start_s < 4
        assert (await otlp.post(LOGS_BYTES)).status == 200


async def test_a_connection_that_sends_requests_outlives_the_wait_for_its_first_headers() -> None:
    async with running(http__read_header_timeout="200ms") as otlp:
        reader, writer = await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port)
        head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        for _ in range(3):
            writer.write(head + b"{}")
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert answer.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(2)
            await asyncio.sleep(0.25)
        writer.close()


async def test_a_slow_body_is_answered_and_closed() -> None:
    async with running(http__read_timeout="200ms") as otlp:
        head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        answer = await raw(otlp, head, b"{")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":4' in answer


async def test_many_slow_clients_do_not_stop_others() -> None:
    async with running(http__read_header_timeout="2s") as otlp, asyncio.TaskGroup() as slow:
        for _ in range(100):
            slow.create_task(raw(otlp, b"POST /v1/lo"))
        await asyncio.sleep(0.1)
        assert (await otlp.post(LOGS_BYTES)).status == 200


async def test_connections_are_capped() -> None:
    async with running(http__max_connections=3) as otlp:
        assert (await otlp.post(LOGS_BYTES)).status == 200
        others = [await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port) for _ in range(5)]
        ends = await asyncio.gather(*(asyncio.wait_for(r.read(), 0.3) for r, _ in others), return_exceptions=True)
        assert sum(isinstance(end, TimeoutError) for end in ends) == 2
        for _, writer in others:
            writer.close()
        assert (await otlp.post(LOGS_BYTES)).status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/logs HTTP/1.1\r\nA" + b"a" * 9000 + b": b\r\n\r\n",
        b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["tls", "version", "long header", "negative length"],
)
async def test_what_is_not_http_is_answered_without_a_trace(garbage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with running() as otlp:
        head, _, body = (await raw(otlp, garbage)).partition(b"\r\n\r\n")
        assert b" 400 " in head.splitlines()[0]
        assert json.loads(body)["message"].startswith("not a valid HTTP request: ")
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


class BrokenAuthenticator:
    def authenticate(self, headers) -> bool:
        raise RuntimeError("a bug")


async def test_a_failure_of_ours_is_503_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with running(extensions={"guard": BrokenAuthenticator()}, http__auth={"authenticator": "guard"}) as otlp:
        reply = await otlp.post(LOGS_BYTES)
        assert (reply.status, reply.rpc_status().code) == (503, 14)
        assert "a bug" in caplog.text


async def test_broken_chunks_are_400() -> None:
    async with running() as otlp:
        head = (
            b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert b" 400 " in (await raw(otlp, head + b"zz\r\nx\r\n")).splitlines()[0]


async def test_curl_with_a_large_body_is_told_to_continue() -> None:
    async with running() as otlp:
        head = (
            "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nConnection: close\r\n"
            f"Expect: 100-continue\r\nContent-Length: {len(LOGS_BYTES)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port)
        writer.write(head.encode())
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(LOGS_BYTES)
        assert (await asyncio.wait_for(reader.read(), 2)).startswith(b"HTTP/1.1 200 OK")
        writer.close()


async def test_an_oversize_body_is_refused_as_soon_as_that_is_known() -> None:
    async with running(http__max_request_body_size=1000) as otlp:
        head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        assert (await raw(otlp, head + b"Content-Length: 99999999999\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
        chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
        assert (await raw(otlp, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)).startswith(b"HTTP/1.1 413 ")


# --- TLS, unix sockets, health, reflection, CORS -------------------------------------------------------------------


class Certs:
    def __init__(self, directory: Path) -> None:
        self.ca = trustme.CA()
        self.ca_file = str(directory / "ca.pem")
        self.ca.cert_pem.write_to_path(self.ca_file)
        self.cert_file, self.key_file = str(directory / "cert.pem"), str(directory / "key.pem")
        self.renew()
        self.client = self.ca.issue_cert("client@example.com")

    def renew(self) -> bytes:
        server = self.ca.issue_cert("127.0.0.1", "localhost")
        server.cert_chain_pems[0].write_to_path(self.cert_file)
        server.private_key_pem.write_to_path(self.key_file)
        return ssl.PEM_cert_to_DER_cert(server.cert_chain_pems[0].bytes().decode())

    def tls(self, *, mutual: bool = False, **more: object) -> dict[str, object]:
        section = {"cert_file": self.cert_file, "key_file": self.key_file, **more}
        return {**section, "client_ca_file": self.ca_file} if mutual else section

    def client_context(self, *, with_certificate: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file)
        if with_certificate:
            self.client.configure_cert(context)
        return context


@pytest.fixture
def certs(tmp_path: Path) -> Certs:
    return Certs(tmp_path)


async def post_tls(otlp, context: ssl.SSLContext) -> int:
    url = f"https://127.0.0.1:{otlp.receiver.http_port}/v1/logs"
    async with otlp.session.post(
        url, data=LOGS_BYTES, headers={"Content-Type": "application/x-protobuf"}, ssl=context
    ) as r:
        return r.status


async def call_tls(otlp, credentials: grpc.ChannelCredentials) -> bytes:
    async with grpc.aio.secure_channel(f"localhost:{otlp.receiver.grpc_port}", credentials) as channel:
        return await channel.unary_unary(f"/{SERVICES['logs']}/Export")(LOGS_BYTES, timeout=5)


@pytest.mark.parametrize("mutual", [False, True])
async def test_tls_and_mutual_tls(certs: Certs, mutual: bool) -> None:
    tls = certs.tls(mutual=mutual)
    root, pair = (
        certs.ca.cert_pem.bytes(),
        (certs.client.private_key_pem.bytes(), certs.client.cert_chain_pems[0].bytes()),
    )
    anonymous, known = grpc.ssl_channel_credentials(root), grpc.ssl_channel_credentials(root, *pair)
    async with running(grpc__tls=tls, http__tls=tls) as otlp:
        assert await call_tls(otlp, known) == b""
        assert await post_tls(otlp, certs.client_context(with_certificate=True)) == 200
        if mutual:
            with pytest.raises(grpc.aio.AioRpcError):
                await call_tls(otlp, anonymous)
            with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
                await post_tls(otlp, certs.client_context(with_certificate=False))
        else:
            assert await call_tls(otlp, anonymous) == b""
            assert await post_tls(otlp, certs.client_context(with_certificate=False)) == 200
        with pytest.raises(aiohttp.ClientError):
            await otlp.post(LOGS_BYTES)
        assert otlp.sink.item_count == (6 if mutual else 12)


async def test_a_renewed_certificate_is_used_for_new_connections(certs: Certs) -> None:
    tls = certs.tls(reload_interval="50ms")

    async def shown(port: int) -> bytes:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=certs.client_context(with_certificate=False))
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return certificate

    async with running(grpc__tls=tls, http__tls=tls) as otlp:
        ports = (otlp.receiver.grpc_port, otlp.receiver.http_port)
        before = [await shown(port) for port in ports]
        Path(certs.key_file).write_text("not a key")
        await asyncio.sleep(0.2)
        assert [await shown(port) for port in ports] == before
        renewed = certs.renew()
        await asyncio.sleep(0.3)
        assert [await shown(port) for port in ports] == [renewed, renewed]


async def test_unusable_certificates_stop_the_start(certs: Certs, tmp_path: Path) -> None:
    for change, word in (
        ({"cert_file": str(tmp_path / "none")}, "cert_file"),
        ({"key_file": certs.ca_file}, "cannot be used"),
    ):
        for protocol in ("grpc", "http"):
            with pytest.raises(StartError, match=word):
                async with receiver(config(**{f"{protocol}__tls": certs.tls() | change})).lifespan(NopHost()):
                    raise AssertionError("started")


async def test_unix_sockets(tmp_path: Path) -> None:
    paths = {name: str(tmp_path / f"{name}.sock") for name in ("grpc", "http")}
    sections = {f"{name}__transport": "unix" for name in paths} | {f"{name}__endpoint": p for name, p in paths.items()}
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(paths["http"])
    stale.close()  # a process died and left its socket
    sink = Sink()
    async with receiver(config(**sections), sink).lifespan(NopHost()):
        async with grpc.aio.insecure_channel(f"unix:{paths['grpc']}") as channel:
            assert await channel.unary_unary(f"/{SERVICES['logs']}/Export")(LOGS_BYTES, timeout=5) == b""
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(paths["http"])) as session,
            session.post("http://otlp/v1/logs", data=b"{}", headers={"Content-Type": JSON}) as response,
        ):
            assert response.status == 200
        for name in paths:
            with pytest.raises(StartError, match="already in use"):
                async with receiver(config(**{k: v for k, v in sections.items() if k.startswith(name)})).lifespan(
                    NopHost()
                ):
                    raise AssertionError("started")
    assert sink.item_count == 3
    assert not Path(paths["http"]).exists()
    Path(paths["http"]).write_text("precious")
    with pytest.raises(StartError, match="not a socket"):
        async with receiver(config(**sections)).lifespan(NopHost()):
            raise AssertionError("started")
    assert Path(paths["http"]).read_text() == "precious"


async def test_health_and_reflection() -> None:
    async with running(signals=(Signal.LOGS,)) as otlp:
        health = health_pb2_grpc.HealthStub(otlp.channel)
        for service in ("", SERVICES["logs"]):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError):
            await health.Check(health_pb2.HealthCheckRequest(service=SERVICES["traces"]))
        stub = reflection_pb2_grpc.ServerReflectionStub(otlp.channel)
        call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        names = {s.name async for answer in call for s in answer.list_services_response.service}
        assert SERVICES["logs"] in names
        assert SERVICES["traces"] not in names


async def test_a_browser_may_send_from_an_allowed_origin() -> None:
    cors = {"allowed_origins": ["https://app.example.com"], "allowed_headers": ["*"]}
    async with running(http__cors=cors) as otlp:
        asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
        reply = await otlp.request("OPTIONS", "/v1/logs", Origin="https://app.example.com", **asked)
        assert reply.status == 204
        assert reply.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
        reply = await otlp.request("OPTIONS", "/v1/logs", Origin="https://evil.example.com", **asked)
        assert "Access-Control-Allow-Origin" not in reply.headers
        reply = await otlp.post(b"{}", JSON, Origin="https://app.example.com")
        assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, "https://app.example.com")
        reply = await otlp.post(b"{", JSON, Origin="https://app.example.com")
        assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (400, "https://app.example.com")


async def test_response_headers_and_connections_closed_on_wish() -> None:
    async with running(http__response_headers={"X-House": "yes"}, http__keep_alives_enabled=False) as otlp:
        reply = await otlp.post(LOGS_BYTES)
        assert (reply.headers["X-House"], reply.headers["Connection"]) == ("yes", "close")
