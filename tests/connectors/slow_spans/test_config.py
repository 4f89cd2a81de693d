"""What is refused, and with which words."""

from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.config.model_errors import explain
from otel_discord.connectors.slow_spans.config import SlowSpansConfig


@pytest.mark.parametrize(
    ("keys", "path", "words"),
    [
        ({"limits": [{"where": "span.kind = 2", "over": "2s"}]}, "limits::0::where", "column"),
        ({"limits": [{"over": "2s"}, {"where": "true", "over": "1s"}]}, "limits::0::where", "put it last"),
        ({"limits": [{"where": "true"}]}, "limits::0::over", "is required"),
        ({"limits": [{"over": "0s"}]}, "limits::0::over", "above 0"),
        ({"where": "log.body == 1"}, "where", "column"),
        ({"learned": {"enabled": False}}, "learned::enabled", "nothing can be slow"),
        ({"learned": {"percentile": 101}}, "learned::percentile", "100"),
        ({"learned": {"factor": 0.5}}, "learned::factor", "1"),
        ({"wait": "2m"}, "wait", "longer than keep (1m)"),
        ({"wait": "2m", "keep": "90s"}, "keep", "shorter than wait"),
        ({"severity": "LOUD"}, "severity", "is not a severity"),
        ({"escalate": [{"times": 1, "severity": "ERROR"}]}, "escalate::0::times", "1"),
        ({"max_traces": 0}, "max_traces", "1"),
        ({"limit": []}, "limit", "has invalid keys"),
    ],
)
def test_wrong_ones_are_refused(keys: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SlowSpansConfig.model_validate(keys)
    problems = {"::".join(map(str, each[0])): each[1] for each in explain(refused.value, SlowSpansConfig, keys)}
    assert words in problems[path], problems


def test_without_keys_limits_are_learned() -> None:
    config = SlowSpansConfig.model_validate({})
    assert config.learned.enabled
    assert (config.learned.percentile, config.learned.factor, config.learned.floor) == (99, 2, 0.1)
