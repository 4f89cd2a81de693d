"""The processor around the rules: what it says, what it refuses, what it passes on."""

import contextlib
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from otel_discord.component import ACCEPTED, PermanentError, Receipt
from otel_discord.config.problem import ConfigurationError
from otel_discord.processors.filter.apply import filtered
from otel_discord.processors.filter.config import FilterConfig
from otel_discord.processors.filter.factory import FACTORY
from otel_discord.processors.filter.metric_expression import parse_metric_expression
from otel_discord.processors.filter.polarity import doubts
from otel_discord.processors.filter.rules import compile_rules
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.signals import LogsBatch, Signal
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings


def make(config: dict[str, Any], sink: Sink, signal: Signal = Signal.LOGS) -> Any:
    return FACTORY.create(settings("filter"), FilterConfig.model_validate(config), signal, sink)


async def test_an_empty_batch_is_not_passed_on_and_another_answer_is_given_back() -> None:
    sink = Sink(always=Receipt(1, "one is too long"))
    processor = make({"drop": ['log.body == "record 0"']}, sink)
    assert await processor.consume(logs_batch(1)) == ACCEPTED
    assert sink.offered == 0
    assert await processor.consume(logs_batch(3)) == Receipt(1, "one is too long")
    (left,) = sink.batches
    assert isinstance(left, LogsBatch)
    assert [record.body.string_value for _, _, record in left.records()] == ["record 1", "record 2"]


@pytest.mark.parametrize("batch", [metrics_batch(2), traces_batch(2)], ids=lambda batch: batch.signal)
async def test_a_filter_without_conditions_for_a_signal_passes_it_as_it_is(batch: Any) -> None:
    sink = Sink()
    await make({"log_conditions": ["true"]}, sink, batch.signal).consume(batch)
    assert sink.batches[0] is batch


async def test_propagate_refuses_the_batch_for_good() -> None:
    sink = Sink()
    processor = make({"error_mode": "propagate", "log_conditions": ["Substring(log.body, 100, 5) == log.body"]}, sink)
    with pytest.raises(PermanentError, match="cannot be evaluated"):
        await processor.consume(logs_batch(2))
    assert sink.offered == 0


@pytest.mark.parametrize("key", ["drop", "keep"])
async def test_a_condition_that_fails_drops_nothing_and_says_so_once(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Sink()
    processor = make({key: ["Substring(log.body, 100, 5) == log.body"]}, sink)
    batch = logs_batch(5)
    with caplog.at_level(logging.WARNING):
        async with processor.lifespan(NopHost()):
            await processor.consume(batch)
            await processor.consume(batch)
    assert sink.batches == [batch, batch]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "drops nothing" in said[0]
    assert "10 times" in said[1]
    assert "record 0" not in caplog.text


async def test_silent_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    conditions = [{"error_mode": "silent", "conditions": ["Substring(log.body, 100, 5) == log.body"]}]
    processor = make({"log_conditions": conditions}, sink)
    async with processor.lifespan(NopHost()):
        await processor.consume(logs_batch(5))
    assert not caplog.records
    assert sink.batches


async def test_what_is_dropped_is_counted() -> None:
    telemetry = InMemoryTelemetry()
    config = FilterConfig.model_validate({"drop": ['log.body == "record 0"']})
    processor = FACTORY.create(settings("filter", telemetry), config, Signal.LOGS, Sink())
    assert telemetry.value("otelcol_processor_filter_logs_filtered", filter="filter") == 0
    for count in (1, 3):
        await processor.consume(logs_batch(count))
    assert telemetry.value("otelcol_processor_filter_logs_filtered", filter="filter") == 2


@given(st.lists(st.integers(0, 24), max_size=40), st.integers(0, 24), st.integers(0, 24))
def test_what_is_left_is_what_each_condition_alone_says(severities: list[int], low: int, high: int) -> None:
    batch = logs_batch(len(severities))
    for (_, _, record), severity in zip(batch.records(), severities, strict=True):
        record.severity_number = severity  # type: ignore[assignment]  # the enum is open
    config = {"drop": [f"log.severity_number < {low}"], "keep": [f"log.severity_number <= {high}"]}
    rules = compile_rules(FilterConfig.model_validate(config), Signal.LOGS, lambda *_: None)
    left: Any = filtered(batch, rules)
    expected = [severity for severity in severities if low <= severity <= high]
    assert (left is batch) == (expected == severities)
    assert [record.severity_number for _, _, record in left.records()] == expected if left else not expected


WRONG = {
    "unknown field": ({"logs": {"log_record": ["true", "bdy == 1"]}}, r"logs::log_record::1: .*\(column 1\)"),
    "flat without prefix": ({"log_conditions": ["severity_number < 5"]}, r"log_conditions::0: .*\(column 1\)"),
    "another signal's": ({"log_conditions": ['log.body == "a" or span.name == "b"']}, r"\(column 20\)"),
    "in a group": ({"keep": [{"conditions": ["log.body =="]}]}, r"keep::0::conditions::0: .*\(column 12\)"),
    "a context that is none here": (
        {"trace_conditions": [{"context": "log", "conditions": ["true"]}]},
        r"trace_conditions::0::context: ",
    ),
    "a statement": ({"drop": ['set(log.body, "a")']}, r"drop::0: expected a condition"),
    "expression": (
        {"metrics": {"exclude": {"match_type": "expr", "expressions": ['MetricName = "a"']}}},
        r"expressions::0: .*\(column 12\)",
    ),
    "texts without match_type": ({"logs": {"include": {"bodies": ["a"]}}}, "match_type: is required with bodies"),
    "a bad pattern": ({"metrics": {"include": {"match_type": "regexp", "metric_names": ["("]}}}, "metric_names::0"),
    "an unknown key": ({"logs": {"log": ["true"]}}, "Extra inputs"),
    "a key of logs for spans": (
        {"spans": {"include": {"match_type": "strict", "log_bodies": ["a"]}}},
        "spans::include::log_bodies: is for logs",
    ),
    "an unknown severity": ({"logs": {"include": {"severity_number": {"min": "LOUD"}}}}, "severity_number.min"),
}


@pytest.mark.parametrize(("config", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_with_its_place(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FilterConfig.model_validate(config)


def test_a_configuration_says_where_the_wrong_condition_stands() -> None:
    text = """yaml:
      receivers: {nop: }
      exporters: {nop: }
      processors: {filter: {logs: {log_record: ['severity_number <']}}}
      service: {pipelines: {logs: {receivers: [nop], processors: [filter], exporters: [nop]}}}
    """
    with pytest.raises(ConfigurationError) as caught:
        load_configuration([text], [], Registry.from_entry_points(), {})
    assert str(caught.value).startswith("processors::filter::logs::log_record::0: expected a value")
    assert "(column 18)" in str(caught.value)


def test_what_is_wrong_with_a_group_is_said_of_the_group_alone() -> None:
    text = """yaml:
      receivers: {nop: }
      exporters: {nop: }
      processors: {filter: {log_conditions: [{contxt: log, conditions: ['true']}, {context: logs, conditions: []}]}}
      service: {pipelines: {logs: {receivers: [nop], processors: [filter], exporters: [nop]}}}
    """
    with pytest.raises(ConfigurationError) as caught:
        load_configuration([text], [], Registry.from_entry_points(), {})
    paths = {problem.path.removeprefix("processors::filter::log_conditions::") for problem in caught.value.problems}
    assert paths == {"0::contxt", "1::context", "1::conditions"}


DOUBTFUL = {
    "errors under log_record": (
        {"logs": {"log_record": ["severity_number >= SEVERITY_NUMBER_ERROR"]}},
        "drops severity ERROR and above",
    ),
    "flat": ({"log_conditions": ["log.severity_number > SEVERITY_NUMBER_INFO"]}, "drops severity INFO and above"),
    "texts": (
        {"log_conditions": ['log.severity_text == "ERROR" or log.severity_text == "FATAL"']},
        "drops severity ERROR",
    ),
    "pattern": ({"logs": {"log_record": ['IsMatch(severity_text, "(?i)error")']}}, "error"),
    "keeps the mild": ({"keep": ["log.severity_number < SEVERITY_NUMBER_WARN"]}, "keeps severity below WARN"),
    "drops everything": (
        {"log_conditions": ['resource.attributes["a"] != "x"', 'resource.attributes["a"] != "y"']},
        "drops everything",
    ),
    "drops everything, in one": ({"drop": ['log.body != "x" or log.body != "y"']}, "drops everything"),
    "two forms": (
        {"log_conditions": ['log.body == "a"'], "logs": {"log_record": ['body == "b"']}},
        "2 forms at once",
    ),
    "conditions and include": (
        {"logs": {"log_record": ['body == "a"'], "include": {"match_type": "strict", "bodies": ["b"]}}},
        "the Collector refuses that",
    ),
    "keep of another signal": ({"keep": ['span.name == "a"']}, "keeps everything"),
}


@pytest.mark.parametrize(("config", "words"), DOUBTFUL.values(), ids=DOUBTFUL)
async def test_what_looks_the_wrong_way_round_is_said_at_the_start(
    config: dict[str, Any], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(list(doubts(FilterConfig.model_validate(config), Signal.LOGS))) == 1
    async with make(config, Sink()).lifespan(NopHost()):
        pass
    assert words in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize(
    "config",
    [
        {"logs": {"log_record": ["severity_number < SEVERITY_NUMBER_WARN"]}},
        {"keep": ["log.severity_number >= SEVERITY_NUMBER_ERROR"]},
        {"log_conditions": ['log.severity_number >= SEVERITY_NUMBER_ERROR and log.body == "known"']},
        {"log_conditions": ['resource.attributes["a"] != "x" and resource.attributes["a"] != "y"']},
        {"log_conditions": ['resource.attributes["a"] != "x"', 'resource.attributes["b"] != "y"']},
        {"drop": ['log.body == "a"'], "keep": ["log.severity_number >= SEVERITY_NUMBER_WARN"]},
        {"keep": ['resource.attributes["a"] != "x"', 'resource.attributes["a"] != "y"']},
    ],
    ids=str,
)
def test_what_is_meant_as_it_is_raises_no_doubt(config: dict[str, Any]) -> None:
    assert not list(doubts(FilterConfig.model_validate(config), Signal.LOGS))


def test_spans_that_failed_are_severe_too() -> None:
    config = FilterConfig.model_validate({"traces": {"span": ["status.code == STATUS_CODE_ERROR"]}})
    assert "spans that failed" in next(doubts(config, Signal.TRACES))


@given(st.text(alphabet="MetricName ()!&|=\"'abLHasel\\", max_size=40))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse_metric_expression(text)


def test_deep_expressions_are_refused() -> None:
    with pytest.raises(ValueError, match="deeper"):
        parse_metric_expression("(" * 5000 + 'MetricName == "a"' + ")" * 5000)


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make({"keep": ["true"]}, Sink()))
