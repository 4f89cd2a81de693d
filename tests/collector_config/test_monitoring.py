"""The Grafana dashboard and the Prometheus rules ask for metrics and labels that the service has."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_discord.component.instrument_list import INSTRUMENTS, InstrumentKind
from otel_discord.config import parse_duration

FOLDER = Path(__file__).parents[2] / "collector-config"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
RULES_FILE = FOLDER / "prometheus-alerts.yaml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
ADDED_BY_PROMETHEUS = {"instance", "job"}
VARIABLES = {"__rate_interval", *(each["name"] for each in DASHBOARD["templating"]["list"])}

_SELECTOR = re.compile(r"\b((?:otelcol|otel_discord)_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPING = re.compile(r"\bby \(([^)]*)\)")


def queries() -> Iterator[tuple[str, str, str]]:
    """Yield ``(where, query, text that names labels)``."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield f"panel {panel['title']}", target["expr"], target["legendFormat"]
    for each in DASHBOARD["annotations"]["list"]:
        yield "annotations", each["expr"], each["textFormat"]
    for rule in RULES:
        yield rule["alert"], rule["expr"], " ".join(rule["annotations"].values())


QUERIES = list(queries())


def names_of(name: str) -> str:
    """Return the instrument behind a name of the Prometheus page; what is no such name is a KeyError."""
    for suffix in ("_bucket", "_sum", "_count"):
        spec = INSTRUMENTS.get(name.removesuffix(suffix))
        if name.endswith(suffix) and spec is not None and spec.kind is InstrumentKind.HISTOGRAM:
            return spec.name
    if INSTRUMENTS[name].kind is InstrumentKind.HISTOGRAM:
        raise KeyError(f"{name} is a histogram: only its _bucket, _sum and _count are shown")
    return name


def faults(query: str, text: str) -> list[str]:
    """Return what in a query is not on the page."""
    found: list[str] = []
    labels: set[str] = set()
    for name, matchers in _SELECTOR.findall(query):
        try:
            spec = INSTRUMENTS[names_of(name)]
        except KeyError as error:
            found.append(f"no metric {error}")
            continue
        own = {*spec.labels, *(["le"] if name.endswith("_bucket") else []), *ADDED_BY_PROMETHEUS}
        labels |= own
        found += [f"{name} has no label {label}" for label in _MATCHER.findall(matchers) if label not in own]
    grouped = {label.strip() for part in _GROUPING.findall(query) for label in part.split(",")}
    found += [f"nothing has the label {label}" for label in grouped - labels]
    result = grouped - {"le"} if grouped and " / " not in query else labels
    told = {*re.findall(r"\{\{\s*(\w+)\s*\}\}", text), *re.findall(r"\$labels\.(\w+)", text)}
    return found + [f"the result has no label {label}" for label in told - result]


@pytest.mark.parametrize(("where", "query", "text"), QUERIES, ids=[f"{n} {each[0]}" for n, each in enumerate(QUERIES)])
def test_each_query_asks_for_what_there_is(where: str, query: str, text: str) -> None:
    assert _SELECTOR.search(query)
    assert not faults(query, text)
    assert query.count("(") == query.count(")")
    assert set(re.findall(r"\$(\w+)", query)) <= VARIABLES


@pytest.mark.parametrize(
    ("query", "text", "fault"),
    [
        ("rate(otel_discord_message_sent_total[5m])", "", "no metric"),
        ("otel_discord_send_duration_seconds", "", "is a histogram"),
        ("otel_discord_breaker_state_bucket", "", "no metric"),
        ('otel_discord_dead_letters{destination="x"}', "", "has no label destination"),
        ("sum by (destination) (otel_discord_dead_letters)", "", "nothing has the label destination"),
        ("sum by (exporter) (otel_discord_breaker_state)", "{{destination}}", "the result has no label destination"),
        ("sum by (exporter) (otel_discord_breaker_state)", "{{ $labels.scope }}", "the result has no label scope"),
    ],
)
def test_the_check_finds_faults(query: str, text: str, fault: str) -> None:
    assert fault in " ".join(faults(query, text))


# -------------------------------------------------------------------------------------------------------- dashboard


def test_the_dashboard_is_of_one_schema() -> None:
    assert DASHBOARD["schemaVersion"] == 39  # Grafana 10.4; newer ones read it and write their own
    assert DASHBOARD["id"] is None  # Grafana gives it one
    assert DASHBOARD["uid"] == "otel-discord"
    assert {panel["type"] for panel in DASHBOARD["panels"]} == {"row", "stat", "timeseries", "state-timeline"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    for panel in DASHBOARD["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEFG"[: len(panel["targets"])])
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
        assert {"defaults", "overrides"} <= set(panel["fieldConfig"])


def test_panels_lie_side_by_side() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies over {taken[x, y]}"
                taken[x, y] = panel["title"]


def test_variables_take_labels_that_there_are() -> None:
    first, *others = DASHBOARD["templating"]["list"]
    assert (first["type"], first["query"]) == ("datasource", "prometheus")
    for each in others:
        metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", each["query"]["query"]).groups()  # type: ignore[union-attr]
        assert label in {*INSTRUMENTS[metric].labels, *ADDED_BY_PROMETHEUS}
        assert each["name"] == label


def test_each_metric_of_a_destination_is_shown() -> None:
    shown = {names_of(name) for _, query, _ in QUERIES for name, _ in _SELECTOR.findall(query)}
    of_destinations = {name for name, spec in INSTRUMENTS.items() if "destination" in spec.labels}
    with_a_better_one = {
        "otel_discord_batches_flushed_total",  # messages
        "otel_discord_last_429_timestamp_seconds",  # 429s by time
        "otel_discord_last_retry_after_seconds",
    }
    assert of_destinations - shown == with_a_better_one


# ------------------------------------------------------------------------------------------------------------- rules


def test_each_rule_says_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    for rule in RULES:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert parse_duration(rule.get("for", "0s")) <= 3600


@pytest.mark.parametrize(
    "metric",
    [
        "otelcol_exporter_queue_size", "otelcol_exporter_send_failed_log_records", "otel_discord_breaker_state",
        "otelcol_exporter_enqueue_failed_log_records", "otel_discord_dead_letters_written_total",
        "otel_discord_webhook_up", "otel_discord_rate_limited_total", "otel_discord_config_last_reload_successful",
        "otel_discord_storage_free_bytes",
    ],
)  # fmt: skip
def test_what_matters_has_a_rule(metric: str) -> None:
    assert any(metric in rule["expr"] for rule in RULES)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_likes_the_rules() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", str(RULES_FILE)], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
