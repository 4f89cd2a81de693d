"""Which items are changed, of every signal, and that a shared batch never is."""

import logging
from typing import Any

import pytest

from otel_discord.component import Receipt, RetryableError, StartError
from otel_discord.processors.attributes.config import AttributesConfig
from otel_discord.processors.attributes.factory import FACTORY
from otel_discord.processors.attributes.walk import items
from otel_discord.signals import Batch, LogsBatch, Signal, attributes_to_dict
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import any_value, key_values, logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

MARK = [{"key": "mark", "value": 1, "action": "upsert"}]


def make(sink: Sink, signal: Signal = Signal.LOGS, **keys: Any) -> Any:
    config = AttributesConfig.model_validate({"actions": MARK, **keys})
    return FACTORY.create(settings("attributes"), config, signal, sink)


async def marked(batch: Batch, **keys: Any) -> list[bool]:
    """Return for each item whether the action was done."""
    sink = Sink()
    await make(sink, batch.signal, **keys).consume(batch)
    return ["mark" in attributes_to_dict(item[3].attributes) for item in items(sink.batches[0])]


@pytest.mark.parametrize("batch", [logs_batch(2), metrics_batch(2), traces_batch(2)], ids=lambda b: b.signal)
async def test_each_signal_is_changed_in_a_copy(batch: Batch) -> None:
    before = batch.request.SerializeToString()
    assert await marked(batch) == [True, True]
    assert batch.request.SerializeToString() == before


async def test_the_same_batch_goes_on_where_nothing_changes() -> None:
    sink, batch = Sink(), logs_batch(3, attributes={"mark": 1})
    assert await make(sink).consume(batch) == Receipt()
    assert sink.batches[0] is batch


async def test_what_the_next_one_says_is_passed_back() -> None:
    with pytest.raises(RetryableError):
        await make(Sink(always=RetryableError("busy"))).consume(logs_batch())


def two_records() -> LogsBatch:
    """A WARN record with env=prod and n=1, and one without severity and with env=dev."""
    batch = logs_batch(2, body=lambda n: f"AUTH {n}" if n else {"user": "x"}, attributes={"env": "dev"})
    first, second = batch.request.resource_logs[0].scope_logs[0].log_records
    del first.attributes[:]
    first.attributes.extend(key_values({"env": "prod", "n": 1, "ok": True, "list": [1]}))
    first.severity_number, first.severity_text = 13, "WARN"  # type: ignore[assignment]
    second.severity_number = 0  # type: ignore[assignment]
    batch.request.resource_logs[0].scope_logs[0].scope.version = "1.2"
    return batch


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"attributes": [{"key": "env", "value": "prod"}]}, [True, False]),
        ({"attributes": [{"key": "env"}]}, [True, True]),
        ({"attributes": [{"key": "env"}, {"key": "n", "value": 1}]}, [True, False]),
        ({"attributes": [{"key": "n", "value": 1.0}]}, [False, False]),
        ({"attributes": [{"key": "ok", "value": 1}]}, [False, False]),
        ({"attributes": [{"key": "list", "value": [1]}]}, [True, False]),
        ({"match_type": "regexp", "attributes": [{"key": "env", "value": "d"}]}, [True, True]),
        ({"match_type": "regexp", "attributes": [{"key": "n", "value": "^1$"}]}, [True, False]),
        ({"match_type": "regexp", "attributes": [{"key": "list", "value": "."}]}, [False, False]),
        ({"resources": [{"key": "service.name", "value": "shop"}]}, [True, True]),
        ({"resources": [{"key": "service.name", "value": "sho"}]}, [False, False]),
        ({"resources": [{"key": "service.name"}, {"key": "gone"}]}, [False, False]),
        ({"services": ["shop", "x"]}, [True, True]),
        ({"services": ["sh"]}, [False, False]),
        ({"match_type": "regexp", "services": ["^sh"]}, [True, True]),
        ({"libraries": [{"name": "x"}, {"name": "testing"}]}, [True, True]),
        ({"libraries": [{"name": "testing", "version": ""}]}, [False, False]),
        ({"libraries": [{"name": "testing", "version": "1.2"}]}, [True, True]),
        ({"log_bodies": ["AUTH 1"]}, [False, True]),
        ({"match_type": "regexp", "log_bodies": ["user"]}, [True, False]),
        ({"log_severity_texts": ["WARN"]}, [True, False]),
        ({"log_severity_number": {"min": "INFO"}}, [True, False]),
        ({"log_severity_number": {"min": 13, "match_undefined": True}}, [True, True]),
        ({"log_severity_number": {"min": 17, "match_undefined": True}}, [False, True]),
        ({"log_bodies": ["AUTH 1"], "services": ["other"]}, [False, False]),
    ],
)
async def test_include_and_exclude_of_logs(match: dict[str, Any], expected: list[bool]) -> None:
    both = {"match_type": "strict", **match}
    assert await marked(two_records(), include=both) == expected
    assert await marked(two_records(), exclude=both) == [not each for each in expected]
    assert await marked(two_records(), include=both, exclude=both) == [False, False]


@pytest.mark.parametrize(
    ("batch", "match", "expected"),
    [
        (metrics_batch(), {"metric_names": ["requests"]}, True),
        (metrics_batch(), {"metric_names": ["request"]}, False),
        (metrics_batch(), {"match_type": "regexp", "metric_names": ["^req"], "attributes": [{"key": "n"}]}, True),
        (traces_batch(), {"span_names": ["operation"]}, True),
        (traces_batch(), {"span_names": ["login"]}, False),
        (traces_batch(), {"span_kinds": ["SPAN_KIND_SERVER"]}, False),
        (traces_batch(), {"span_kinds": ["SPAN_KIND_UNSPECIFIED"]}, True),
    ],
)
async def test_names_of_metrics_and_spans(batch: Batch, match: dict[str, Any], expected: bool) -> None:
    assert await marked(batch, include={"match_type": "strict", **match}) == [expected]


@pytest.mark.parametrize(
    ("signal", "keys"),
    [
        (Signal.LOGS, {"span_names": ["x"]}),
        (Signal.TRACES, {"log_bodies": ["x"]}),
        (Signal.METRICS, {"span_names": ["x"]}),
    ],
)
def test_a_key_of_another_signal_is_refused(signal: Signal, keys: dict[str, Any]) -> None:
    with pytest.raises(StartError, match=rf"exclude::{next(iter(keys))}: is for .*pipeline of {signal}; use"):
        make(Sink(), signal, exclude={"match_type": "strict", **keys})


async def test_a_body_that_is_no_text_is_compared_as_text() -> None:
    batch = logs_batch(1, body=lambda _: 7)
    assert await marked(batch, include={"match_type": "strict", "log_bodies": ["7"]}) == [True]
    batch.request.resource_logs[0].scope_logs[0].log_records[0].body.CopyFrom(any_value(None))
    assert await marked(batch, include={"match_type": "strict", "log_bodies": [""]}) == [True]


async def test_from_context_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    actions = [{"key": "t", "from_context": "metadata.tenant", "action": "insert", "default_value": "none"}]
    with caplog.at_level(logging.WARNING):
        async with make(Sink(), actions=actions).lifespan(NopHost()):
            pass
    assert "metadata.tenant" in caplog.text
    assert len(caplog.records) == 1


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(Sink()))
