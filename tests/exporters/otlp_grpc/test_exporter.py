"""What goes over the wire, and how it is secured."""

from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from otel_discord.component.errors import RetryableError, StartError
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch


async def test_all_signals_arrive_unchanged(server: Any, open_exporter: Any, telemetry: Any) -> None:
    batches = {"logs": logs_batch(3), "metrics": metrics_batch(4), "traces": traces_batch(5)}
    async with open_exporter(server.port) as exporter:
        for batch in batches.values():
            await exporter.consume(batch)
    assert {call.signal: call.request for call in server.calls} == {
        signal: batch.request for signal, batch in batches.items()
    }
    assert telemetry.value("otelcol_exporter_sent_log_records") == 3
    assert telemetry.value("otelcol_exporter_sent_metric_points") == 4
    assert telemetry.value("otelcol_exporter_sent_spans") == 5
    assert {span.name for span in telemetry.spans()} == {f"exporter/otlp_grpc/next/{s}" for s in batches}


@pytest.mark.parametrize("compression", ["gzip", "none", ""])
async def test_headers_user_agent_and_compression(
    compression: str, server: Any, open_exporter: Any, caplog: Any
) -> None:
    caplog.set_level("DEBUG")
    keys = {"headers": {"X-Api-Key": "hush-hush-hush"}, "compression": compression}
    async with open_exporter(server.port, **keys) as exporter:
        await exporter.consume(logs_batch(500))
    (call,) = server.calls
    assert call.metadata["x-api-key"] == "hush-hush-hush"
    assert str(call.metadata["user-agent"]).startswith("otel-discord/0.0.0-test (python/3")
    assert len(call.request.resource_logs[0].scope_logs[0].log_records) == 500
    assert "hush" not in caplog.text


async def test_the_deadline_is_told_to_the_server_and_kept(server: Any, open_exporter: Any) -> None:
    server.script += [5.0, 5.0]
    keys = {"timeout": "200ms", "sending_queue": {"enabled": False}, "retry_on_failure": {"enabled": False}}
    async with open_exporter(server.port, **keys) as exporter:
        with pytest.raises(RetryableError):
            await exporter.consume(logs_batch())


async def test_requests_are_merged_on_the_way(server: Any, open_exporter: Any) -> None:
    async with open_exporter(server.port, sending_queue={"batch": {"flush_timeout": "100ms"}}) as exporter:
        for number in range(5):
            await exporter.consume(logs_batch(2, first=2 * number))
    assert len(server.calls) == 1
    assert server.bodies == [f"record {number}" for number in range(10)]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def pem(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    ours = authority.issue_cert("client.test")
    files = {"ca_file": tmp_path / "ca.pem", "cert_file": tmp_path / "cert.pem", "key_file": tmp_path / "key.pem"}
    authority.cert_pem.write_to_path(files["ca_file"])
    ours.cert_chain_pems[0].write_to_path(files["cert_file"])
    ours.private_key_pem.write_to_path(files["key_file"])
    return {name: str(path) for name, path in files.items()}


def server_credentials(authority: trustme.CA, name: str, mutual: bool) -> grpc.ServerCredentials:
    theirs = authority.issue_cert(name)
    pair = (theirs.private_key_pem.bytes(), b"".join(pem.bytes() for pem in theirs.cert_chain_pems))
    root = authority.cert_pem.bytes() if mutual else None
    return grpc.ssl_server_credentials([pair], root, mutual)


@pytest.mark.parametrize("mutual", [False, True])
async def test_tls(
    mutual: bool, authority: trustme.CA, pem: dict[str, str], new_server: Any, open_exporter: Any
) -> None:
    tls = dict(pem) if mutual else {"ca_file": pem["ca_file"]}
    async with new_server().running(server_credentials(authority, "collector.test", mutual)) as server:
        async with open_exporter(server.port, tls={**tls, "server_name_override": "collector.test"}) as exporter:
            await exporter.consume(logs_batch())
        assert server.bodies == ["record 0"]


async def test_a_server_that_we_do_not_know_gets_nothing(
    authority: trustme.CA, pem: dict[str, str], new_server: Any, open_exporter: Any
) -> None:
    once = {"sending_queue": {"enabled": False}, "retry_on_failure": {"enabled": False}}
    async with new_server().running(server_credentials(trustme.CA(), "127.0.0.1", False)) as stranger:
        async with open_exporter(stranger.port, tls={"ca_file": pem["ca_file"]}, **once) as exporter:
            with pytest.raises(RetryableError):
                await exporter.consume(logs_batch())
        assert stranger.calls == []


async def test_a_missing_certificate_is_said_at_the_start(open_exporter: Any, tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"cannot read .*ca\.pem: No such file"):
        async with open_exporter(1, tls={"ca_file": str(tmp_path / "ca.pem")}):
            pass
