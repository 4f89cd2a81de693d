"""Each record, span, metric and data point goes where the table says, as the Collector's documentation shows."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from pydantic import ValidationError

from otel_discord.component import (
    ACCEPTED,
    Outlets,
    PermanentError,
    QueueFullError,
    Receipt,
    RetryableError,
    StartError,
)
from otel_discord.config.problem import ConfigurationError
from otel_discord.connectors.routing.config import RoutingConfig
from otel_discord.connectors.routing.factory import FACTORY
from otel_discord.connectors.routing.split import split
from otel_discord.connectors.routing.table import table_of
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.signals import LogsBatch, MetricsBatch, Signal, attributes_to_dict
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import key_values, logs_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

NAMES = ("logs/a", "logs/b", "logs/c", "logs/other", "traces/a", "traces/other", "metrics/a", "metrics/other")


def logs(*groups: tuple[Mapping[str, Any], Sequence[tuple[str, int, Mapping[str, Any]]]]) -> LogsBatch:
    request = ExportLogsServiceRequest()
    for resource, records in groups:
        group = request.resource_logs.add()
        group.resource.attributes.extend(key_values(resource))
        scope_logs = group.scope_logs.add()
        for body, severity, attributes in records:
            record = scope_logs.log_records.add(severity_number=severity)
            record.body.string_value = body
            record.attributes.extend(key_values(attributes))
    return LogsBatch(request)


def bodies(batch: Any) -> list[str]:
    return [record.body.string_value for _, _, record in batch.records()]


def routed(config: str, batch: Any) -> dict[str, Any]:
    """Return the bodies that each pipeline gets; for other signals the parts themselves."""
    table = table_of(RoutingConfig.model_validate(yaml.safe_load(config)), batch.signal, lambda *_: None)
    before = batch.request.SerializeToString(deterministic=True)
    result = split(batch, table)
    assert batch.request.SerializeToString(deterministic=True) == before
    assert sum(result.counts.values()) == batch.item_count
    if batch.signal is Signal.LOGS:
        return {name: bodies(part) for name, part in result.parts.items()}
    return dict(result.parts)


LOGS = logs(
    (
        {"service.name": "service1", "env": "prod"},
        [("1 info east", 9, {"region": "east"}), ("1 error west", 17, {"region": "west"}), ("1 error", 17, {})],
    ),
    ({"service.name": "service2", "env": "dev"}, [("2 error east", 17, {"region": "east"})]),
    ({"service.name": "service3"}, [("3 error", 17, {})]),
)

CASES = {
    "by an attribute of the record": (
        """
        default_pipelines: [logs/other]
        table:
          - {context: log, condition: 'attributes["region"] == "east"', pipelines: [logs/a]}
          - {context: log, condition: 'attributes["region"] == "west"', pipelines: [logs/b]}
        """,
        {
            "logs/a": ["1 info east", "2 error east"],
            "logs/b": ["1 error west"],
            "logs/other": ["1 error", "3 error"],
        },
    ),
    "what is mild goes away, the rest by service; without default pipelines the rest ends": (
        """
        table:
          - {context: log, condition: severity_number < SEVERITY_NUMBER_ERROR, pipelines: [logs/c]}
          - {context: resource, condition: 'attributes["service.name"] == "service1"', pipelines: [logs/a]}
          - {context: resource, condition: 'attributes["service.name"] == "service2"', pipelines: [logs/b]}
        """,
        {"logs/c": ["1 info east"], "logs/a": ["1 error west", "1 error"], "logs/b": ["2 error east"]},
    ),
    "without a context it is about the resource": (
        """
        default_pipelines: [logs/other]
        table: [{condition: 'attributes["env"] == "prod"', pipelines: [logs/a]}]
        """,
        {"logs/a": ["1 info east", "1 error west", "1 error"], "logs/other": ["2 error east", "3 error"]},
    ),
    "a context found out from prefixes": (
        """
        default_pipelines: [logs/other]
        table: [{condition: 'log.severity_number < SEVERITY_NUMBER_ERROR', pipelines: [logs/a]}]
        """,
        {"logs/a": ["1 info east"], "logs/other": ["1 error west", "1 error", "2 error east", "3 error"]},
    ),
    "a statement": (
        """
        default_pipelines: [logs/other]
        table: [{statement: 'route() where attributes["env"] == "prod"', pipelines: [logs/a]}]
        """,
        {"logs/a": ["1 info east", "1 error west", "1 error"], "logs/other": ["2 error east", "3 error"]},
    ),
    "several pipelines for one entry": (
        """
        table:
          - {condition: 'attributes["env"] == "prod" or attributes["env"] == "dev"', pipelines: [logs/a, logs/b]}
        """,
        {
            "logs/a": ["1 info east", "1 error west", "1 error", "2 error east"],
            "logs/b": ["1 info east", "1 error west", "1 error", "2 error east"],
        },
    ),
    "the first that matches takes it": (
        """
        table:
          - {context: log, condition: 'true', pipelines: [logs/a]}
          - {context: log, condition: 'true', pipelines: [logs/b]}
        """,
        {"logs/a": ["1 info east", "1 error west", "1 error", "2 error east", "3 error"]},
    ),
    "copies are still seen by the entries after it and by the default": (
        """
        default_pipelines: [logs/other]
        table:
          - {context: log, condition: severity_number < SEVERITY_NUMBER_ERROR, pipelines: [logs/a], action: copy}
          - {context: log, condition: 'attributes["region"] == "east"', pipelines: [logs/b], action: move}
        """,
        {
            "logs/a": ["1 info east"],
            "logs/b": ["1 info east", "2 error east"],
            "logs/other": ["1 error west", "1 error", "3 error"],
        },
    ),
    "a pipeline gets a record once": (
        """
        default_pipelines: [logs/a]
        table: [{context: log, condition: 'body == "3 error"', pipelines: [logs/a], action: copy}]
        """,
        {"logs/a": ["1 info east", "1 error west", "1 error", "2 error east", "3 error"]},
    ),
    "nothing matches and there is no default": (
        "table: [{context: log, condition: 'false', pipelines: [logs/a]}]",
        {},
    ),
}


@pytest.mark.parametrize(("config", "expected"), CASES.values(), ids=CASES)
def test_log_records(config: str, expected: dict[str, list[str]]) -> None:
    assert routed(config, LOGS) == expected


def test_an_attribute_can_be_taken_out_on_the_way() -> None:
    config = """
    default_pipelines: [logs/other]
    table: [{statement: 'delete_key(attributes, "env") where attributes["env"] == "dev"', pipelines: [logs/a]}]
    """
    model = RoutingConfig.model_validate(yaml.safe_load(config))
    parts = split(LOGS, table_of(model, Signal.LOGS, lambda *_: None)).parts
    (group,) = parts["logs/a"].request.resource_logs  # type: ignore[union-attr]
    assert attributes_to_dict(group.resource.attributes) == {"service.name": "service2"}
    assert bodies(parts["logs/other"]) == ["1 info east", "1 error west", "1 error", "3 error"]
    assert attributes_to_dict(LOGS.request.resource_logs[1].resource.attributes)["env"] == "dev"


def test_spans() -> None:
    batch = traces_batch(3)
    names = [span.name for span in batch.request.resource_spans[0].scope_spans[0].spans]
    batch.request.resource_spans[0].scope_spans[0].spans[1].name = "slow"
    parts = routed(
        """
        default_pipelines: [traces/other]
        table: [{context: span, condition: 'name == "slow"', pipelines: [traces/a]}]
        """,
        batch,
    )
    spans = {
        name: [each.name for each in part.request.resource_spans[0].scope_spans[0].spans]
        for name, part in parts.items()
    }
    assert spans == {"traces/a": ["slow"], "traces/other": [names[0], names[2]]}


def test_metrics_and_their_data_points() -> None:
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    first, second = scope.metrics.add(name="first"), scope.metrics.add(name="second")
    for value in (1, 2, 3):
        first.gauge.data_points.add(as_int=value)
    second.sum.data_points.add(as_int=9)
    scope.metrics.add(name="empty").gauge.SetInParent()
    parts = routed(
        """
        default_pipelines: [metrics/other]
        table:
          - {context: metric, condition: name == "second", pipelines: [metrics/b]}
          - {context: datapoint, condition: value_int > 1, pipelines: [metrics/a]}
        """,
        MetricsBatch(request),
    )
    got = {
        name: [
            (metric.name, [point.as_int for point in getattr(metric, metric.WhichOneof("data")).data_points])
            for metric in part.request.resource_metrics[0].scope_metrics[0].metrics
        ]
        for name, part in parts.items()
    }
    assert got == {
        "metrics/a": [("first", [2, 3])],
        "metrics/b": [("second", [9])],
        "metrics/other": [("first", [1]), ("empty", [])],
    }


def test_a_part_that_is_everything_is_the_batch_itself() -> None:
    for condition in ("context: log, condition: 'true'", "condition: 'true'"):
        config = yaml.safe_load(f"table: [{{{condition}, pipelines: [logs/a]}}]")
        table = table_of(RoutingConfig.model_validate(config), Signal.LOGS, lambda *_: None)
        assert split(LOGS, table).parts["logs/a"] is LOGS


@given(st.lists(st.integers(0, 24), max_size=30), st.lists(st.integers(1, 24), min_size=1, max_size=3))
def test_each_record_goes_somewhere_exactly_once_when_it_is_moved(severities: list[int], limits: list[int]) -> None:
    batch = logs(({}, [(str(number), severity, {}) for number, severity in enumerate(severities)]))
    table = [
        {"context": "log", "condition": f"severity_number >= {limit}", "pipelines": [f"logs/{place}"]}
        for place, limit in enumerate(limits)
    ]
    got = routed(yaml.safe_dump({"table": table, "default_pipelines": ["logs/other"]}), batch)
    assert sorted(body for part in got.values() for body in part) == sorted(map(str, range(len(severities))))


# ------------------------------------------------------------------------------------------------------- the connector
TABLE = {
    "default_pipelines": ["logs/other"],
    "table": [
        {"context": "log", "condition": 'body == "record 0"', "pipelines": ["logs/a"]},
        {"context": "log", "condition": 'body == "record 1"', "pipelines": ["logs/a", "logs/b"]},
    ],
}


def make(sinks: Mapping[str, Any], config: Mapping[str, Any] = TABLE) -> Any:
    by_signal: dict[Signal, Any] = {}
    return FACTORY.create(settings("routing"), RoutingConfig.model_validate(config), Outlets(by_signal, sinks))


def sinks_with(**verdicts: Any) -> dict[str, Sink]:
    verdict_of = {f"logs/{name}": verdict for name, verdict in verdicts.items()}
    return {name: Sink(always=verdict_of.get(name, ACCEPTED)) for name in NAMES}


ANSWERS: dict[str, tuple[dict[str, Any], Receipt | type[Exception]]] = {
    "all accept": ({}, ACCEPTED),
    "one refuses for good: its part is rejected": ({"other": PermanentError("no")}, Receipt(2, "no")),
    "a part is rejected once, whoever refuses it": (
        {"a": PermanentError("no"), "b": PermanentError("no")},
        Receipt(2, "no"),
    ),
    "all refuse for good": ({name: PermanentError("no") for name in ("a", "b", "other")}, PermanentError),
    "one asks for another try": ({"b": RetryableError("busy")}, RetryableError),
    "another try beats a refusal for good": (
        {"a": PermanentError("no"), "b": QueueFullError("full", retry_after_s=2)},
        QueueFullError,
    ),
    "what they reject adds up": ({"a": Receipt(1, "long"), "other": Receipt(1, "long")}, Receipt(2, "long")),
}


@pytest.mark.parametrize(("verdicts", "expected"), ANSWERS.values(), ids=ANSWERS)
async def test_the_answer_is_sound_for_the_client(verdicts: dict[str, Any], expected: Any) -> None:
    connector = make(sinks_with(**verdicts))
    if isinstance(expected, Receipt):
        assert await connector.consume(logs_batch(4)) == expected
    else:
        with pytest.raises(expected) as caught:
            await connector.consume(logs_batch(4))
        assert getattr(caught.value, "retry_after_s", None) in (None, 2)


async def test_an_error_that_is_none_of_ours_goes_on_as_it_is() -> None:
    class Broken:
        async def consume(self, _: Any) -> Receipt:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await make({**sinks_with(), "logs/b": Broken()}).consume(logs_batch(4))


async def test_one_pipeline_for_all_of_it_gets_the_batch_itself_and_its_answer_goes_back() -> None:
    sinks = sinks_with(other=Receipt(0, "noted"))
    batch = logs_batch(2, body="x")
    assert await make(sinks).consume(batch) == Receipt(0, "noted")
    assert sinks["logs/other"].batches[0] is batch


async def test_what_goes_nowhere_is_accepted() -> None:
    config = {"table": [{"context": "log", "condition": "false", "pipelines": ["logs/a"]}]}
    assert await make(sinks_with(), config).consume(logs_batch(1)) == ACCEPTED


FAILING = {"context": "log", "condition": "Substring(body, 100, 5) == body", "pipelines": ["logs/a"]}


async def test_errors_propagate_unless_told_otherwise(caplog: pytest.LogCaptureFixture) -> None:
    table = {"default_pipelines": ["logs/other"], "table": [FAILING]}
    with pytest.raises(PermanentError, match="cannot be evaluated"):
        await make(sinks_with(), table).consume(logs_batch(1))
    for mode, lines in (("silent", 0), ("ignore", 2)):
        sinks = sinks_with()
        connector = make(sinks, {**table, "error_mode": mode})
        with caplog.at_level(logging.WARNING):
            async with connector.lifespan(NopHost()):
                await connector.consume(logs_batch(3))
        assert sinks["logs/other"].batches
        assert not sinks["logs/a"].batches
        assert len(caplog.records) == lines
        assert "record 0" not in caplog.text


def test_a_pipeline_that_is_not_there_is_refused() -> None:
    with pytest.raises(StartError, match="table::0::pipelines::0"):
        make({"logs/other": Sink()})


WRONG = {
    "requests": ({"context": "request", "condition": 'request["X-Tenant"] == "a"'}, "not kept with the data"),
    "their newer form": ({"condition": 'otelcol.client.metadata["x"] == "a"'}, "not kept with the data"),
    "span events": ({"condition": 'spanevent.name == "a"', "pipelines": ["traces/a"]}, "spanevent|span events"),
    "an unknown context": ({"context": "spans", "condition": "true"}, "must be one of resource"),
    "both texts": ({"condition": "true", "statement": "route()"}, "both"),
    "no text": ({"context": "log"}, "needs a condition"),
    "a wrong condition": ({"context": "log", "condition": "severity_number >"}, r"condition: .*\(column 18\)"),
    "a field of records without a context": ({"condition": "severity_number > 5"}, r"log\.severity_number.*column 1"),
    "another editor": ({"context": "log", "statement": 'set(body, "x")'}, "statement: .*set"),
    "no pipelines": ({"condition": "true", "pipelines": []}, "pipelines"),
}


@pytest.mark.parametrize(("entry", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_with_its_place(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RoutingConfig.model_validate({"table": [{"pipelines": ["logs/a"], **entry}]})


def test_match_once_is_explained() -> None:
    table = [{"condition": "true", "pipelines": ["logs/a"]}]
    RoutingConfig.model_validate({"match_once": True, "table": table})
    with pytest.raises(ValidationError, match="action: copy"):
        RoutingConfig.model_validate({"match_once": False, "table": table})


CONFIG = """yaml:
  receivers: {{nop: }}
  exporters: {{nop: }}
  connectors: {{routing: {{default_pipelines: [{default}], table: [{{condition: 'true', pipelines: [logs/a]}}]}}}}
  service:
    pipelines:
      logs/in: {{receivers: [nop], exporters: [routing]}}
      logs/a: {{receivers: [routing], exporters: [nop]}}
      logs/b: {{receivers: [nop], exporters: [nop]}}
"""


@pytest.mark.parametrize("default", ["logs/a", "", "' logs / a '"])
def test_pipelines_that_receive_are_good(default: str) -> None:
    load_configuration([CONFIG.format(default=default)], [], Registry.from_entry_points(), {})


@pytest.mark.parametrize(
    ("default", "message"),
    [
        ("logs/aa", 'names pipeline "logs/aa" which is not configured; did you mean "logs/a"?'),
        ("logs/b", 'pipeline "logs/b" does not receive from "routing"; add "routing" to service::pipelines::logs/b'),
        ("log/a", 'unknown signal "log"'),
    ],
)
def test_unknown_pipelines_are_refused_with_the_key(default: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_configuration([CONFIG.format(default=default)], [], Registry.from_entry_points(), {})
    (line,) = str(caught.value).splitlines()
    assert line.startswith("connectors::routing::default_pipelines::0: ")
    assert message in line


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(sinks_with()))
