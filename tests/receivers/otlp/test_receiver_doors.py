"""The receiver's doors: TLS, unix sockets, health, reflection, CORS."""

import asyncio
import socket
import ssl
from pathlib import Path

import aiohttp
import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from otel_discord.component import StartError
from otel_discord.signals import Signal
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink
from tests.receivers.otlp.receiving import LOGS_BYTES, receiver
from tests.receivers.otlp.rig import JSON, SERVICES, config, running

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
