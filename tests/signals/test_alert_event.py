"""An alert's records: written and read back, and those of other tools understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.signals.alert_event import AlertEvent, AlertState, alert_event, fingerprint_of, is_alert
from otel_discord.signals.from_plain import from_plain

START_NS = 1_700_000_000_123_456_000


def record(event_name: str = "", **attributes: object) -> LogRecord:
    made = LogRecord(event_name=event_name, time_unix_nano=START_NS)
    for key, value in attributes.items():
        made.attributes.add(key=key, value=from_plain(value))
    return made


def test_everything_is_read_back() -> None:
    event = AlertEvent(
        name="QueueTooDeep",
        state=AlertState.UPDATED,
        severity="critical",
        fingerprint="abc",
        at_ns=START_NS + 5_000_000_000,
        started_ns=START_NS,
        ended_ns=START_NS + 9_000_000_000,
        value=1240.0,
        peak=1410.5,
        threshold="> 1000",
        unit="{job}",
        metric="queue.depth",
        resolution="recovered",
        labels={"service.name": "worker", "shard": 3},
        summary="worker has 1,240 jobs waiting",
        description="more",
        runbook_url="https://wiki.example/queue",
        source_url="https://prometheus.example/graph",
        series=((1_700_000_000_000_000_000, 1.0), (1_700_000_001_000_000_000, 2.5)),
    )
    made = event.to_record()
    assert alert_event(made) == event
    assert (made.event_name, made.severity_number, made.severity_text) == ("alert.updated", 21, "CRITICAL")
    assert made.body.string_value == "worker has 1,240 jobs waiting"


@given(
    labels=st.dictionaries(
        st.text(min_size=1).filter(lambda key: not key.startswith("alert.")),
        st.text() | st.integers(-(2**63), 2**63 - 1),
        max_size=4,
    ),
    state=st.sampled_from(AlertState),
    value=st.none() | st.floats(allow_nan=False),
)
def test_any_labels_survive(labels: dict[str, str | int], state: AlertState, value: float | None) -> None:
    try:
        for key, each in labels.items():
            f"{key}{each}".encode()
    except UnicodeEncodeError:
        return
    event = AlertEvent(name="Rule", state=state, value=value, labels=labels)
    found = alert_event(event.to_record())
    assert found is not None
    assert (found.labels, found.state, found.value, found.fingerprint) == (labels, state, value, event.identity)


@pytest.mark.parametrize(
    ("word", "number"),
    [("info", 9), ("warning", 13), ("error", 17), ("critical", 21), ("page", 21), ("P1", 13), ("FATAL", 21)],
)
def test_severities(word: str, number: int) -> None:
    assert AlertEvent(name="x", state=AlertState.FIRING, severity=word).severity_number == number


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({"alertname": "DiskFull", "status": "firing", "severity": "critical"}, AlertState.FIRING),
        ({"alertname": "DiskFull", "state": "Resolved"}, AlertState.RESOLVED),
        ({"alertname": "DiskFull", "state": "alerting"}, AlertState.FIRING),
        ({"alertname": "DiskFull", "state": "ok"}, AlertState.RESOLVED),
    ],
)
def test_words_of_other_tools(attributes: dict[str, str], state: AlertState) -> None:
    found = alert_event(
        record(instance="db-1", startsAt="2023-11-14T22:13:20.123456789Z", endsAt="0001-01-01T00:00:00Z", **attributes)
    )
    assert found is not None
    assert (found.name, found.state, found.labels) == ("DiskFull", state, {"instance": "db-1"})
    assert (found.started_ns, found.ended_ns) == (START_NS, 0)
    assert found.fingerprint == fingerprint_of("DiskFull", {"instance": "db-1"})


@pytest.mark.parametrize(
    "no_alert",
    [
        record(),
        record(name="x"),
        record("checkout.failed", alertname="x", status="firing"),
        record("alert.snoozed", alertname="x"),
        record("alert.firing"),
        record(alertname="x"),
        record(alertname="x", status="maybe"),
    ],
)
def test_what_is_none(no_alert: LogRecord) -> None:
    assert alert_event(no_alert) is None


def test_nonsense_in_its_facts_is_left_out() -> None:
    found = alert_event(
        record(
            "alert.firing",
            **{
                "alert.name": "x",
                "alert.value": "high",
                "alert.peak": float("nan"),
                "alert.started_at": "yesterday",
                "alert.ended_at": True,
                "alert.labels": ["gone", 7],
                "alert.series": {"times": [1, "two", True, 4], "values": [1.0, 2.0, 3.0]},
            },
        )
    )
    assert found is not None
    assert (found.value, found.peak, found.started_ns, found.ended_ns) == (None, None, 0, 0)
    assert (found.labels, found.series) == ({}, ((1_000_000_000, 1.0),))


def test_times_as_numbers() -> None:
    found = alert_event(
        record(
            "alert.firing", **{"alert.name": "x", "alert.started_at": "2023-11-14T22:13:20", "alert.ended_at": START_NS}
        )
    )
    assert found is not None
    assert (found.started_ns, found.ended_ns) == (1_700_000_000_000_000_000, START_NS)
    assert alert_event(record("alert.firing", **{"alert.name": "x", "alert.series": {"times": 1}})) is not None
    assert is_alert(record("alert.firing"))
    assert not is_alert(record("alert."))


def test_ids_of_traces_go_along_and_what_is_none_is_left_out():
    event = AlertEvent(name="Slow", state=AlertState.FIRING, exemplars=("ab" * 16, "cd" * 16))
    record = event.to_record()
    read = alert_event(record)
    assert read is not None
    assert read.exemplars == ("ab" * 16, "cd" * 16)
    for wrong in ("0" * 32, "xyz", "", "ab" * 15):
        odd = alert_event(AlertEvent(name="Slow", state=AlertState.FIRING, exemplars=(wrong,)).to_record())
        assert odd is not None
        assert odd.exemplars == ()
