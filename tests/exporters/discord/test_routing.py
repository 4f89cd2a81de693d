"""Where a record goes, by its severity."""

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.config import Secret
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.routing import Router, keep_from, record_severity
from otel_discord.signals import LogsBatch


def destination(name: str, min_severity: int) -> Destination:
    webhook = WebhookUrl("1", Secret("token"))
    return Destination(name=name, webhook=webhook, min_severity=min_severity, preset="compact")


ROUTER = Router([destination("info", 9), destination("errors", 17)], 21, critical_to_all=False)


@pytest.mark.parametrize(
    ("severity", "names"), [(5, []), (9, ["info"]), (16, ["info"]), (17, ["info", "errors"]), (24, ["info", "errors"])]
)
def test_every_destination_takes_what_reaches_it(severity: int, names: list[str]) -> None:
    assert [item.name for item in ROUTER.way(severity).destinations] == names


def test_critical_to_all() -> None:
    picky = Router([destination("none", 25), destination("errors", 17)], 21, critical_to_all=True)
    assert [item.name for item in picky.way(21).destinations] == ["none", "errors"]
    assert [item.name for item in picky.way(20).destinations] == ["errors"]
    assert picky.floor == 17
    assert [picky.priority(n) for n in (20, 21)] == [0, 1]


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [
        (17, "", 17),
        (0, "error", 17),
        (0, "", 9),
        (0, "gibberish", 9),
        (240, "FATAL", 21),
        (-3, "", 9),
        (17, "INFO", 17),
    ],
)
def test_the_number_first_then_the_text_else_info(number: int, text: str, expected: int) -> None:
    assert record_severity(LogRecord(severity_number=number, severity_text=text)) == expected  # type: ignore[arg-type]


def batch(*severities: int) -> LogsBatch:
    request = ExportLogsServiceRequest()
    for severity in severities:
        scope = request.resource_logs.add(schema_url="r").scope_logs.add(schema_url="s")
        scope.log_records.add(severity_number=severity)  # type: ignore[arg-type]
        scope.log_records.add(severity_number=1)
    return LogsBatch(request)


def test_only_what_reaches_the_floor_is_kept_and_nothing_is_copied_in_vain() -> None:
    whole = LogsBatch(ExportLogsServiceRequest())
    assert keep_from(whole, 13) == (None, 0)
    assert keep_from(batch(5, 9), 13) == (None, 0)
    all_of_it = batch(17, 21)
    assert keep_from(all_of_it, 1) == (all_of_it, 21)
    assert keep_from(all_of_it, 1)[0] is all_of_it
    kept, highest = keep_from(batch(5, 17, 13), 13)
    assert kept is not None
    assert highest == 17
    assert [record.severity_number for _, _, record in kept.records()] == [17, 13]
    assert [item.schema_url for item in kept.request.resource_logs] == ["r", "r"]


def test_a_resource_with_several_scopes_is_kept_once_and_a_severity_out_of_range_says_nothing() -> None:
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    for number, text in ((17, ""), (99, "FATAL"), (0, ""), (1, "")):
        resource.scope_logs.add().log_records.add(severity_number=number, severity_text=text)  # type: ignore[arg-type]
    kept, highest = keep_from(LogsBatch(request), 13)
    assert kept is not None
    assert highest == 21
    assert len(kept.request.resource_logs) == 1
    assert [record.severity_number for _, _, record in kept.records()] == [17, 99]
