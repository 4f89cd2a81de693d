"""Ids as the Collector reads them."""

import pytest

from otel_discord.component import ComponentId
from otel_discord.service.ids import PipelineId, parse_component_id, parse_pipeline_id
from otel_discord.signals import Signal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("otlp", ComponentId("otlp")),
        (" otlp / two ", ComponentId("otlp", "two")),
        ("a/b/c", ComponentId("a", "b/c")),
        ("a_1/ünï-.", ComponentId("a_1", "ünï-.")),
        ("a" * 63, ComponentId("a" * 63)),
        ("a/" + "n" * 1024, ComponentId("a", "n" * 1024)),
    ],
)
def test_good(text: str, expected: ComponentId) -> None:
    assert parse_component_id(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "/", "/a", "a/", "a/ ", "1a", "_a", "a-b", "ä", "a b", "a/b c", "a/€", "a/\x07", "a" * 64, "a/" + "n" * 1025],
)
def test_bad(text: str) -> None:
    with pytest.raises(ValueError):
        parse_component_id(text)


def test_pipelines() -> None:
    assert parse_pipeline_id("logs/a") == PipelineId(Signal.LOGS, "a")
    assert str(parse_pipeline_id(" traces ")) == "traces"
    with pytest.raises(ValueError, match=r"valid values: \[logs, metrics, traces\]"):
        parse_pipeline_id("profiles")
