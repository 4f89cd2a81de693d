"""The schema for editors says yes to what the service says yes to."""

from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import yaml

from otel_discord.service.json_schema import configuration_schema
from otel_discord.service.registry import Registry


@pytest.fixture(scope="module")
def schema() -> Any:
    built = configuration_schema(Registry.from_entry_points())
    jsonschema.Draft202012Validator.check_schema(built)
    return built


GOOD = """
receivers: {nop: , nop/2: {}}
exporters: {nop: }
service:
  extensions: []
  shutdown_timeout: 5s
  telemetry: {metrics: {level: "${env:LEVEL}", readers: [{pull: {exporter: {prometheus: {port: "${env:PORT}"}}}}]}}
  pipelines:
    logs: {receivers: [nop], exporters: [nop]}
"""


def test_good(schema: Any) -> None:
    jsonschema.validate(yaml.safe_load(GOOD), schema)


def test_what_init_writes(schema: Any) -> None:
    text = files("otel_discord.cli").joinpath("init_config.yaml").read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(text), schema)


@pytest.mark.parametrize(
    "change",
    [
        {"recievers": {}},
        {"exporters": {"nothing": None}},
        {"exporters": {"nop": {"x": 1}}},
        {"service": {"pipelines": {"logs": {"reveivers": []}}}},
        {"service": {"telemetry": {"metrics": {"readers": 7}}}},
    ],
)
def test_bad(schema: Any, change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**yaml.safe_load(GOOD), **change}, schema)
