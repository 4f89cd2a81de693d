"""Keys of service.telemetry: the Collector's, strictly."""

import pytest
from pydantic import ValidationError

from otel_discord.service.telemetry.config import TelemetryConfig
from otel_discord.service.telemetry.otlp_config import OtlpExporterConfig


def pull(**prometheus: object) -> dict[str, object]:
    return {"pull": {"exporter": {"prometheus": prometheus}}}


def test_default_is_one_prometheus_page_on_localhost_8888():
    (reader,) = TelemetryConfig().metrics.active_readers
    assert reader.pull is not None
    assert (reader.pull.exporter.prometheus.host, reader.pull.exporter.prometheus.port) == ("localhost", 8888)
    assert not TelemetryConfig().traces.active


def test_a_collector_file_is_taken():
    config = TelemetryConfig.model_validate(
        {
            "logs": {"level": "WARN", "encoding": "json", "sampling": {"tick": "1s", "initial": 5, "thereafter": 0}},
            "metrics": {
                "level": "detailed",
                "readers": [
                    pull(host="0.0.0.0", port=9090, without_type_suffix=True, without_units=True),
                    {
                        "periodic": {
                            "interval": 5000,
                            "exporter": {
                                "otlp": {
                                    "protocol": "grpc",
                                    "endpoint": "localhost:4317",
                                    "insecure": True,
                                    "headers": [{"name": "x-key", "value": "s3cret-value"}],
                                }
                            },
                        }
                    },
                ],
            },
            "traces": {
                "processors": [{"batch": {"exporter": {"otlp": {"endpoint": "http://localhost:4318"}}}}],
                "sampler": {"parent_based": {"root": {"trace_id_ratio_based": {"ratio": 0.5}}}},
            },
            "resource": {"deployment.environment.name": "prod", "service.instance.id": None},
        }
    )
    assert config.logs.level == "warn"
    periodic = config.metrics.readers[1].periodic
    assert periodic is not None
    assert periodic.interval == 5.0
    assert periodic.exporter.otlp.headers["x-key"].reveal() == "s3cret-value"
    assert "s3cret-value" not in repr(config) + config.model_dump_json()
    assert config.traces.active


def test_the_older_address_is_a_prometheus_reader():
    config = TelemetryConfig.model_validate({"metrics": {"address": "127.0.0.1:8889"}})
    (reader,) = config.metrics.active_readers
    assert reader.pull is not None
    assert (reader.pull.exporter.prometheus.host, reader.pull.exporter.prometheus.port) == ("127.0.0.1", 8889)


def test_level_none_has_no_readers():
    assert TelemetryConfig.model_validate({"metrics": {"level": "none", "readers": []}}).metrics.active_readers == ()
    assert TelemetryConfig.model_validate({"metrics": {"level": "none"}}).metrics.active_readers == ()


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"metrics": {"readers": []}}, "readers must not be empty unless level is none"),
        ({"metrics": {"readers": [{}]}}, "exactly one of pull and periodic"),
        ({"metrics": {"readers": [pull(port=70000)]}}, "less than or equal to 65535"),
        ({"metrics": {"address": "localhost"}}, "must be host:port"),
        ({"metrics": {"address": "localhost:1", "readers": [pull()]}}, "older spelling"),
        ({"metrics": {"level": "loud"}}, "'none', 'basic', 'normal' or 'detailed'"),
        ({"logs": {"sampling": {"tick": "0s"}}}, "longer than 0s"),
        ({"logs": {"output_paths": []}}, "at least one of stderr"),
        ({"logs": {"levle": "info"}}, "Extra inputs"),
        ({"traces": {"sampler": {}}}, "exactly one of"),
        ({"traces": {"sampler": {"always_on": {}, "always_off": {}}}}, "exactly one of"),
    ],
)
def test_what_is_wrong_is_said(section, message):
    with pytest.raises(ValidationError, match=message):
        TelemetryConfig.model_validate(section)


@pytest.mark.parametrize("endpoint", ["", "ftp://x:1", "http://", "localhost:99999", "http://u:p@host", "http://h:abc"])
def test_bad_endpoints(endpoint):
    with pytest.raises(ValidationError, match="endpoint"):
        OtlpExporterConfig(endpoint=endpoint)


@pytest.mark.parametrize(
    ("endpoint", "insecure", "url", "plaintext"),
    [
        ("localhost:4318", True, "http://localhost:4318/v1/traces", True),
        ("localhost:4318", False, "https://localhost:4318/v1/traces", False),
        ("http://localhost:4318/", False, "http://localhost:4318/v1/traces", True),
        ("https://example.org/otlp/v1/traces", True, "https://example.org/otlp/v1/traces", False),
    ],
)
def test_endpoint_forms(endpoint, insecure, url, plaintext):
    config = OtlpExporterConfig(endpoint=endpoint, insecure=insecure)
    assert config.http_url("/v1/traces") == url
    assert config.plaintext is plaintext
