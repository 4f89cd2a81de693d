"""The exporter and component contracts, over a real connection."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from otel_discord.component.component import Exporter
from otel_discord.exporters.otlp_grpc.config import OtlpGrpcConfig
from otel_discord.exporters.otlp_grpc.factory import FACTORY
from otel_discord.testing.component_contract import check_component, check_failed_start
from otel_discord.testing.exporter_contract import SCENARIOS, Decide, FarEnd, check_exporter
from otel_discord.testing.telemetry import settings

CODES = {"retryable": grpc.StatusCode.UNAVAILABLE, "permanent": grpc.StatusCode.INVALID_ARGUMENT}


def make_exporter(port: int, **keys: Any) -> Exporter:
    written = {
        "endpoint": f"127.0.0.1:{port}",
        "tls": {"insecure": True},
        "retry_on_failure": {"initial_interval": "5ms", "max_interval": "20ms"},
        **keys,
    }
    return FACTORY.create(settings("otlp_grpc"), OtlpGrpcConfig.model_validate(written))


class ThreadedServer:
    """A collector in threads of its own, so that its work is not taken for the exporter's."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, list[str]]] = []
        self.decide: Decide = lambda: "ok"
        self._threads = ThreadPoolExecutor(max_workers=1)
        self._server = grpc.server(self._threads)
        handler = grpc.unary_unary_rpc_method_handler(self._answer)
        service = "opentelemetry.proto.collector.logs.v1.LogsService"
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Export": handler})])
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def _answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        verdict = self.decide()
        self.answers.append((verdict, [number.decode() for number in re.findall(rb"record #(\d+)#", request)]))
        if verdict != "ok":
            context.abort(CODES[verdict], "as decided")
        return b""

    def stop(self) -> None:
        self._server.stop(None).wait(5)
        self._threads.shutdown()


class NextCollector(FarEnd):
    def __init__(self, server: ThreadedServer) -> None:
        self.server = server
        server.answers.clear()

    def make_exporter(self) -> Exporter:
        return make_exporter(self.server.port)

    def answer_by(self, decide: Decide) -> None:
        self.server.decide = decide

    def delivered(self) -> Sequence[str]:
        return [number for verdict, numbers in list(self.server.answers) if verdict == "ok" for number in numbers]

    def refused(self) -> set[str]:
        return {n for verdict, numbers in list(self.server.answers) if verdict == "permanent" for n in numbers}


@pytest.fixture(scope="module")
def collector() -> Iterator[ThreadedServer]:
    server = ThreadedServer()
    yield server
    server.stop()


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_record_is_delivered_or_accounted_for(scenario: str, collector: ThreadedServer) -> None:
    await check_exporter(lambda: NextCollector(collector), scenarios=[scenario], patience_s=20.0)


async def test_its_lifetime_is_as_it_must_be(collector: ThreadedServer) -> None:
    await check_component(lambda: make_exporter(collector.port))
    message = await check_failed_start(lambda: make_exporter(collector.port, tls={"ca_file": "/nowhere/ca.pem"}))
    assert "cannot read" in message
