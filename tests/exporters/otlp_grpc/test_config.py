"""Keys and their ranges."""

from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.exporters.otlp_grpc.channel import channel_options
from otel_discord.exporters.otlp_grpc.config import OtlpGrpcConfig
from otel_discord.exporters.otlp_grpc.factory import FACTORY


def config(**keys: Any) -> OtlpGrpcConfig:
    return OtlpGrpcConfig.model_validate({"endpoint": "collector:4317", **keys})


def test_the_factory_names_every_signal() -> None:
    assert FACTORY.type_name == "otlp_grpc"
    assert {signal.value for signal in FACTORY.signals} == {"logs", "metrics", "traces"}


def test_defaults_are_the_collectors() -> None:
    plain = config()
    assert (plain.timeout, plain.compression, plain.wait_for_ready, plain.balancer_name) == (
        5.0,
        "gzip",
        False,
        "round_robin",
    )
    assert (plain.sending_queue.queue_size, plain.retry_on_failure.max_elapsed_time) == (1000, 300.0)
    assert not plain.plain_text


@pytest.mark.parametrize(
    ("endpoint", "target", "plain_text"),
    [
        ("collector:4317", "collector:4317", False),
        ("http://collector:4317", "collector:4317", True),
        ("https://collector:4317/", "collector:4317", False),
        ("dns:///collector:4317", "dns:///collector:4317", False),
        ("[::1]:4317", "[::1]:4317", False),
        ("unix:///run/otel.sock", "unix:///run/otel.sock", False),
    ],
)
def test_endpoints(endpoint: str, target: str, plain_text: bool) -> None:
    made = config(endpoint=endpoint)
    assert (made.target, made.plain_text) == (target, plain_text)


@pytest.mark.parametrize(
    "keys",
    [
        {"endpoint": ""},
        {"endpoint": "collector"},
        {"endpoint": "collector:0"},
        {"endpoint": "collector:x"},
        {"endpoint": "http://collector:4317/v1/logs"},
        {"compression": "snappy"},
        {"balancer_name": "grpclb"},
        {"timeout": "-1s"},
        {"headers": {"grpc-timeout": "1S"}},
        {"headers": {"with space": "x"}},
        {"headers": {"key-bin": "x"}},
        {"headers": {"key": "line\nbreak"}},
        {"tls": {"cert_file": "cert.pem"}},
        {"auth": {"authenticator": "oauth2client"}},
    ],
)
def test_what_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**keys)


def test_skipping_verification_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValidationError, match="give the server's certificate as `ca_file`"):
        config(tls={"insecure_skip_verify": True})


def test_headers_are_secrets() -> None:
    made = config(headers={"Authorization": "Bearer abcdef"})
    assert "abcdef" not in repr(made) + made.model_dump_json()
    assert made.headers["authorization"].reveal() == "Bearer abcdef"


def test_what_grpc_is_told() -> None:
    keepalive = {"time": "30s", "timeout": "5s", "permit_without_stream": True}
    made = config(keepalive=keepalive, tls={"server_name_override": "a"}, balancer_name="pick_first")
    options = dict(channel_options(made, "otel-discord/1"))
    assert options["grpc.keepalive_time_ms"] == 30_000
    assert options["grpc.keepalive_timeout_ms"] == 5_000
    assert options["grpc.keepalive_permit_without_calls"] == 1
    assert options["grpc.ssl_target_name_override"] == options["grpc.default_authority"] == "a"
    assert options["grpc.lb_policy_name"] == "pick_first"
    assert options["grpc.enable_retries"] == 0
    assert options["grpc.max_reconnect_backoff_ms"] == 30_000
