import pytest
from pydantic import ValidationError

from otel_discord.receivers.otlp.config import GrpcConfig, HttpConfig, OtlpConfig
from otel_discord.receivers.otlp.receiver import is_open_to_the_network


def load(value: object) -> OtlpConfig:
    return OtlpConfig.model_validate(value)


def test_a_protocol_without_a_value_has_its_defaults() -> None:
    protocols = load({"protocols": {"http": None}}).protocols
    assert protocols.grpc is None
    assert protocols.http == HttpConfig()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "protocols"),
        ({"protocols": None}, "protocols"),
        ({"protocols": {}}, "must specify at least one protocol"),
        ({"protocols": {"htttp": None}}, "htttp"),
        ({"protocols": {"grpc": {"endpoint": "localhost"}}}, "host:port"),
        ({"protocols": {"grpc": {"endpoint": "http://localhost:4317"}}}, "host:port"),
        ({"protocols": {"grpc": {"endpoint": "localhost:70000"}}}, "host:port"),
        ({"protocols": {"grpc": {"max_recv_msg_size_mib": 0}}}, "max_recv_msg_size_mib"),
        ({"protocols": {"grpc": {"tls": {"cert_file": "a"}}}}, "exactly one of key_file and key_pem"),
        ({"protocols": {"http": {"transport": "unix"}}}, "path of the socket"),
        ({"protocols": {"http": {"logs_url_path": "/v1/traces"}}}, "must differ"),
        ({"protocols": {"http": {"logs_url_path": "/a b"}}}, "not a URL path"),
        ({"protocols": {"http": {"compression_algorithms": ["snappy"]}}}, "not supported"),
        ({"protocols": {"http": {"read_timeout": 5}}}, "no unit"),
        ({"protocols": {"http": None}, "max_elements": 1000}, "max_elements"),
    ],
)
def test_what_is_wrong_is_named(value: object, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load(value)
    assert words in str(caught.value)


def test_the_collectors_keys_load() -> None:
    load(
        {
            "protocols": {
                "grpc": {
                    "endpoint": "0.0.0.0:4317",
                    "transport": "tcp",
                    "max_recv_msg_size_mib": 32,
                    "max_concurrent_streams": 16,
                    "read_buffer_size": 524288,
                    "write_buffer_size": 524288,
                    "include_metadata": True,
                    "auth": {"authenticator": "bearer_token_auth"},
                    "tls": {"cert_file": "c", "key_file": "k", "client_ca_file": "ca", "reload_interval": "1h"},
                    "keepalive": {
                        "server_parameters": {"max_connection_idle": "11s", "max_connection_age": "12s", "time": "30s"},
                        "enforcement_policy": {"min_time": "10s", "permit_without_stream": True},
                    },
                },
                "http": {
                    "endpoint": "localhost:4318",
                    "max_request_body_size": 1000,
                    "traces_url_path": "traces",
                    "cors": {"allowed_origins": ["*"], "allowed_headers": ["*"], "max_age": 7200},
                    "response_headers": {"X-A": "b"},
                    "read_header_timeout": "0s",
                    "write_timeout": "30s",
                    "idle_timeout": "1m",
                },
            }
        }
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (GrpcConfig(), False),
        (GrpcConfig(endpoint="127.0.0.2:1"), False),
        (GrpcConfig(endpoint="[::1]:1"), False),
        (GrpcConfig(endpoint="0.0.0.0:4317"), True),
        (GrpcConfig(endpoint=":4317"), True),
        (HttpConfig(endpoint="collector.internal:4318"), True),
        (HttpConfig(endpoint="/run/otel.sock", transport="unix"), False),
        (HttpConfig.model_validate({"endpoint": "0.0.0.0:1", "auth": {"authenticator": "a"}}), False),
        (HttpConfig.model_validate({"endpoint": "0.0.0.0:1", "tls": {"cert_file": "a", "key_file": "b"}}), False),
    ],
)
def test_who_is_open_to_the_network(config: GrpcConfig | HttpConfig, expected: bool) -> None:
    assert is_open_to_the_network(config) is expected


def test_a_key_in_the_configuration_is_a_secret() -> None:
    config = load({"protocols": {"http": {"tls": {"cert_pem": "x", "key_pem": "PRIVATE"}}}})
    assert "PRIVATE" not in repr(config)
    assert "PRIVATE" not in config.model_dump_json()
