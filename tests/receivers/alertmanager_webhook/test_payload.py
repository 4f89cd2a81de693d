"""What Alertmanager and Grafana post, as OTLP: golden files, tables of what is wrong, and anything at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.receivers.alertmanager_webhook.payload import (
    MAX_TEXTS,
    FoundAlert,
    Rules,
    TooManyError,
    read_payload,
)
from otel_discord.receivers.alertmanager_webhook.reading import PayloadError
from otel_discord.receivers.alertmanager_webhook.records import batch_of
from otel_discord.signals import LogsBatch, Severity, otlp_json
from otel_discord.signals.alert_event import AlertState, alert_event

PAYLOADS = Path(__file__).parent / "payloads"
NOW_NS = 1_769_860_800_000_000_000  # 2026-01-31T12:00:00Z
RULES = Rules(
    service_labels=("service_name", "service", "app", "job"),
    severity_labels=("severity", "priority", "level"),
    default_severity="warning",
    max_alerts=100,
)


def read(payload: Any, rules: Rules = RULES) -> list[FoundAlert]:
    return read_payload(payload if isinstance(payload, bytes) else orjson.dumps(payload), rules, NOW_NS)


def one(alert: Mapping[str, Any], **whole: Any) -> FoundAlert:
    (found,) = read({"status": "firing", "alerts": [alert], **whole})
    return found


# ------------------------------------------------------------------------------------------------------------ golden
@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_a_payload_is_this_otlp(path: Path) -> None:
    made = json.loads(otlp_json.encode(batch_of(read(path.read_bytes()), "1.2.3").request))
    golden = path.parent / "otlp" / path.name
    if os.environ.get("WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert made == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_what_is_written_is_read_as_the_same_alert(path: Path) -> None:
    found = read(path.read_bytes())
    events = [alert_event(record) for _, _, record in batch_of(found).records()]
    assert sorted((e.name, e.state, e.fingerprint) for e in events if e) == sorted(
        (each.event.name, each.event.state, each.event.identity) for each in found
    )


def test_the_old_grafana_begins_and_ends_the_same_alert() -> None:
    (begun,) = read((PAYLOADS / "grafana_legacy_alerting.json").read_bytes())
    (ended,) = read((PAYLOADS / "grafana_legacy_ok.json").read_bytes())
    assert begun.event.identity == ended.event.identity
    assert (begun.event.state, ended.event.state) == (AlertState.FIRING, AlertState.RESOLVED)
    assert begun.service == ended.service == "queue"


# ----------------------------------------------------------------------------------------------------- what is found
@pytest.mark.parametrize(
    ("labels", "severity", "number"),
    [
        ({"severity": "critical"}, "critical", Severity.FATAL),
        ({"severity": "Page"}, "page", Severity.FATAL),
        ({"severity": "WARNING"}, "warning", Severity.WARN),
        ({"severity": "info"}, "info", Severity.INFO),
        ({"severity": "none"}, "none", Severity.INFO),
        ({"severity": "purple"}, "purple", Severity.WARN),
        ({"severity": "", "priority": "P1"}, "critical", Severity.FATAL),
        ({"priority": "p3"}, "warning", Severity.WARN),
        ({"level": "error"}, "error", Severity.ERROR),
        ({"priority": 2}, "2", Severity.WARN),
        ({}, "warning", Severity.WARN),
        (None, "warning", Severity.WARN),
    ],
)
def test_how_bad_it_is(labels: Any, severity: str, number: int) -> None:
    event = one({"labels": labels}).event
    assert (event.severity, event.severity_number) == (severity, number)


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({"job": "node", "app": "shop", "service": "cart", "service_name": "checkout"}, "checkout"),
        ({"job": "node", "app": "shop", "service": ""}, "shop"),
        ({"job": "node"}, "node"),
        ({"instance": "a:1"}, ""),
    ],
)
def test_which_service_it_is_about(labels: dict[str, str], service: str) -> None:
    assert one({"labels": labels}).service == service


@pytest.mark.parametrize(
    ("alert", "value"),
    [
        ({"values": {"B": 22.5, "C": 1}}, 22.5),
        ({"values": {"B0": 3}}, 3.0),
        ({"values": {"B": "12", "C": None}}, 12.0),
        (
            {
                "values": {},
                "valueString": "[ var='C' labels={} value=1 ], [ var='B' labels={a=b value=9} value=-2.5e3 ]",
            },
            -2500.0,
        ),
        ({"valueString": "[ metric='cpu' labels={} value=80 ]"}, 80.0),
        ({"valueString": "[ var='A' labels={} value=null ]"}, None),
        ({"valueString": "[ var='A' labels={} value=NaN ], [ var='B' labels={} value=+Inf ]"}, None),
        ({"values": {"A": "NaN", "B": None, "C": 1}}, 1.0),
        ({"values": None, "valueString": ""}, None),
        ({"valueString": "no values"}, None),
        ({"annotations": {"value": "95.2 %"}}, 95.2),
        ({"annotations": {"value": "many"}}, None),
        ({"annotations": {"value": "1e999"}}, None),
        ({"annotations": {"value": "NaN"}}, None),
        ({"values": {"A": True}}, None),
        ({}, None),
    ],
)
def test_the_value(alert: dict[str, Any], value: float | None) -> None:
    assert one(alert).event.value == value


@pytest.mark.parametrize(
    ("written", "expected_ns"),
    [
        ("2026-01-31T12:00:00Z", NOW_NS),
        ("2026-01-31T13:00:00.5+01:00", NOW_NS + 500_000_000),
        ("2026-01-31T12:00:00.123456789Z", NOW_NS + 123_456_000),
        ("0001-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00+23:59", 0),
        ("9999-12-31T23:59:59Z", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_times(written: str | None, expected_ns: int) -> None:
    found = one({"status": "resolved", "startsAt": written, "endsAt": written}).event
    assert (found.started_ns, found.ended_ns, found.at_ns) == (expected_ns, expected_ns, NOW_NS)


def test_an_alert_that_fires_has_no_end_although_alertmanager_names_when_it_would_forget_it() -> None:
    found = one({"labels": {"alertname": "A"}, "endsAt": "2026-01-31T12:05:00Z"}).event
    assert found.ended_ns == 0


def test_the_words_of_annotations_and_what_is_left_of_them() -> None:
    found = one(
        {"annotations": {"message": "Disk full", "runbook": "https://r.example.com", "team": "db", "__x__": "1"}}
    )
    assert (found.event.summary, found.event.description) == ("Disk full", "")
    assert found.event.runbook_url == "https://r.example.com"
    assert found.extras["alert.annotations"] == {"team": "db"}


def test_a_repeated_firing_is_the_same_alert_again() -> None:
    body = (PAYLOADS / "alertmanager_firing_and_resolved.json").read_bytes()
    first, again = read(body)[0].event, read_payload(body, RULES, NOW_NS + 10**12)[0].event
    assert (first.identity, first.started_ns) == (again.identity, again.started_ns)


def test_without_fingerprint_name_and_labels_make_it() -> None:
    same = [one({"labels": {"alertname": "A", "host": host, "x": "1"}}).event.identity for host in ("a", "a", "b")]
    assert same[0] == same[1] != same[2]


def test_a_name_that_only_the_group_has() -> None:
    assert one({"labels": {}}, commonLabels={"alertname": "Of the group"}).event.name == "Of the group"
    assert one({}, title="A title").event.name == "A title"
    assert one({}).event.name == "Alert"


def test_alerts_of_a_service_are_together() -> None:
    alerts = [{"labels": {"alertname": str(n), "job": job}} for n, job in enumerate(["a", "b", "a", ""])]
    request = batch_of(read({"status": "firing", "alerts": alerts})).request
    names = [
        [r.attributes[0].value.string_value for r in each.scope_logs[0].log_records] for each in request.resource_logs
    ]
    assert [len(each) for each in names] == [2, 1, 1]
    assert len(request.resource_logs[2].resource.attributes) == 0


# ----------------------------------------------------------------------------------------------------- what is wrong
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"alerts": [NaN]}', "not JSON"),
        (b'{"alerts": "\\ud800"}', "not JSON"),
        (b"[" * 5000 + b"]" * 5000, "not JSON"),
        (b"null", "the body: must be an object, is null"),
        (b"[]", "the body: must be an object, is a list"),
        (b"{}", "alerts: is missing"),
        ({"alerts": "many"}, "alerts: must be a list, is a text"),
        ({"alerts": {}}, "alerts: must be a list, is an object"),
        ({"alerts": [None]}, "alerts[0]: must be an object, is null"),
        ({"alerts": [{}]}, 'alerts[0].status: must be "firing" or "resolved", is missing'),
        ({"status": "firing", "alerts": [{}, {"status": "maybe"}]}, "alerts[1].status: must be"),
        ({"status": ["firing"], "alerts": [{}]}, "status: must be a text, is a list"),
        ({"status": "firing", "alerts": [{"labels": []}]}, "alerts[0].labels: must be an object, is a list"),
        ({"status": "firing", "alerts": [{"labels": {"a": {}}}]}, "alerts[0].labels.a: must be a text, is an object"),
        ({"status": "firing", "alerts": [{"annotations": 7}]}, "alerts[0].annotations: must be an object, is a number"),
        ({"status": "firing", "alerts": [{"startsAt": "soon"}]}, "alerts[0].startsAt: must be a time"),
        ({"status": "firing", "alerts": [{"startsAt": 5}]}, "alerts[0].startsAt: must be a time"),
        ({"status": "firing", "alerts": [{"values": 3}]}, "alerts[0].values: must be an object, is a number"),
        ({"status": "firing", "alerts": [], "groupLabels": 3}, "groupLabels: must be an object, is a number"),
        ({"ruleName": "R"}, "state: must be one of alerting"),
        ({"ruleName": "R", "state": "alerting", "evalMatches": {}}, "evalMatches: must be a list"),
        ({"ruleName": "R", "state": "alerting", "evalMatches": [1]}, "evalMatches[0]: must be an object"),
    ],
)
def test_what_is_wrong_is_named(body: Any, said: str) -> None:
    with pytest.raises(PayloadError) as refused:
        read(body)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("state", ["pending", "paused", "unknown"])
def test_states_of_the_old_grafana_that_are_no_alert(state: str) -> None:
    assert read({"ruleName": "R", "state": state}) == []


@pytest.mark.parametrize("alerts", [None, []])
def test_no_alerts_is_nothing(alerts: Any) -> None:
    assert read({"alerts": alerts}) == []


def test_too_many_alerts() -> None:
    with pytest.raises(TooManyError, match="max_alerts"):
        read({"status": "firing", "alerts": [{}] * 101})


def test_too_many_labels() -> None:
    labels = {str(n): "" for n in range(MAX_TEXTS + 1)}
    with pytest.raises(TooManyError, match="labels"):
        read({"status": "firing", "alerts": [{"labels": labels}]})


# --------------------------------------------------------------------------------------------------------- anything
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
texts = st.none() | st.dictionaries(
    st.sampled_from(["alertname", "severity", "job", "", "alert.name", "value", "summary"]), anything, max_size=5
)
times = (
    st.none()
    | st.datetimes().map(lambda at: at.isoformat() + "Z")
    | st.text(max_size=30)
    | st.integers(-(2**63), 2**64 - 1)
)
alerts = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["firing", "resolved", "FIRING"]) | anything,
        "labels": texts | anything,
        "annotations": texts | anything,
        "startsAt": times,
        "endsAt": times,
        "fingerprint": anything,
        "generatorURL": anything,
        "values": anything,
        "valueString": st.text(max_size=80) | st.just("[ var='A' value=") | anything,
        "panelURL": anything,
    },
)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["firing", "resolved"]) | anything,
        "alerts": st.lists(alerts | anything, max_size=4) | anything,
        "groupLabels": anything,
        "commonLabels": anything,
        "groupKey": anything,
        "truncatedAlerts": anything,
        "ruleName": anything,
        "state": st.sampled_from(["alerting", "ok", "no_data"]) | anything,
        "evalMatches": anything,
        "tags": anything,
        "ruleId": anything,
    },
)


@given(payload=payloads | anything)
def test_anything_is_alerts_or_a_reason(payload: Any) -> None:
    try:
        found = read(payload)
    except PayloadError:
        return
    batch = batch_of(found)
    assert isinstance(batch, LogsBatch)
    assert batch.item_count == len(found)
    otlp_json.encode(batch.request)
    for _, _, record in batch.records():
        assert alert_event(record) is not None


@given(body=st.binary(max_size=200))
def test_any_bytes_are_alerts_or_a_reason(body: bytes) -> None:
    try:
        read(body)
    except PayloadError as refused:
        said = str(refused)
    else:
        return
    assert said
