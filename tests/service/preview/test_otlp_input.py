"""A user's own OTLP JSON: every shape that people have it in, and what is said of what is none."""

import pytest

from otel_discord.service.preview.otlp_input import InputError, scenario_of

LOGS = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}'
METRICS = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asDouble":1}]}}]}]}]}'
TRACES = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"s"}]}]}]}'


@pytest.mark.parametrize(
    ("text", "signals"),
    [
        (LOGS, ["logs"]),
        (METRICS, ["metrics"]),
        (TRACES, ["traces"]),
        (f"{LOGS}\n{TRACES}\n\n{METRICS}\n", ["logs", "traces", "metrics"]),
        (f"[{LOGS},{METRICS}]", ["logs", "metrics"]),
    ],
)
def test_every_shape_is_read(text: str, signals: list[str]) -> None:
    steps = scenario_of(text.encode(), "input").steps

    assert [str(step.batch(1, 1).signal) for step in steps] == signals


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "input:1"),
        ("{}", "resourceLogs"),
        ("[1]", "export request"),
        (f"{LOGS}\n{{oh", "input:2"),
        ('{"resourceLogs":[{"scopeLogs":3}]}', "resourceLogs"),
        ('{"resourceLogs":[]}', "holds no"),
    ],
)
def test_what_is_no_otlp_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        scenario_of(text.encode(), "input")
