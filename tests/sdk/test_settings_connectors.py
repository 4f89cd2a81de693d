"""Rules and sections of connectors are found where they were said, and what is wrong is named there."""

from pathlib import Path
from typing import Any

import pytest

from otel_discord.sdk.settings import SettingsError, read_settings
from otel_discord.sdk.settings_connectors import read_metric_settings, read_span_settings

URL = f"https://discord.com/api/webhooks/123456789012345678/{'a' * 68}"
RULE = {"name": "Deep", "metric": "queue.depth", "conditions": {"warning": "> 5"}}
BY_ITSELF = "evaluation_interval: 2s\nrules: [{name: Deep, metric: queue.depth, conditions: {warning: '> ${LIMIT}'}}]\n"
OF_THE_SERVICE = f"""\
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "${{NOT_SET}}"}}}}}}}}
connectors:
  threshold/shop:
    rules: [{{name: Deep, metric: queue.depth, conditions: {{warning: "> 5"}}}}]
  slow_spans: {{limits: [{{over: 3s}}]}}
  count: {{nonsense: "${{NOT_SET}}"}}
exporters:
  discord: {{webhook_url: {URL}}}
"""


def problems(read: Any, arguments: dict[str, Any], environ: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        read({"webhook_url": URL, **arguments}, environ or {})
    assert URL not in str(caught.value)
    return str(caught.value)


def test_rules_as_an_argument() -> None:
    found = read_metric_settings({"webhook_url": URL, "rules": [RULE], "evaluation_interval": "5s"}, {})
    assert found.connectors == {"threshold": {"rules": [RULE], "evaluation_interval": "5s"}}


@pytest.mark.parametrize("way", ["variable", "argument", "path"])
def test_rules_in_a_file(tmp_path: Path, way: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(BY_ITSELF)
    arguments, environ = {"webhook_url": URL}, {"LIMIT": "7"}
    if way == "variable":
        environ["OTEL_EXPORTER_DISCORD_RULES"] = str(file)
    else:
        arguments["rules"] = str(file) if way == "argument" else file  # type: ignore[assignment]
    threshold = read_metric_settings(arguments, environ).connectors["threshold"]
    assert threshold["rules"][0]["conditions"]["warning"] == "> 7"
    assert threshold["evaluation_interval"] == "2s"


def test_the_argument_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(BY_ITSELF)
    environ = {"LIMIT": "7", "OTEL_EXPORTER_DISCORD_RULES": str(tmp_path / "rules.yaml")}
    found = read_metric_settings({"webhook_url": URL, "rules": [RULE]}, environ).connectors["threshold"]
    assert found == {"rules": [RULE]}
    found = read_metric_settings({"webhook_url": URL, "evaluation_interval": "9s"}, environ).connectors["threshold"]
    assert (found["evaluation_interval"], len(found["rules"])) == ("9s", 1)


def test_the_files_of_the_service(tmp_path: Path) -> None:
    """One file serves all: logs, metrics and spans, and the service."""
    (tmp_path / "config.yaml").write_text(OF_THE_SERVICE)
    environ = {"OTEL_EXPORTER_DISCORD_CONFIG": str(tmp_path / "config.yaml")}
    metrics, spans, logs = (
        read_metric_settings({}, environ),
        read_span_settings({}, environ),
        read_settings({}, environ),
    )
    assert metrics.connectors["threshold"]["rules"][0]["name"] == "Deep"
    assert spans.connectors == {"exceptions": {}, "slow_spans": {"limits": [{"over": "3s"}]}}
    assert metrics.sdk.section == spans.sdk.section == logs.section


def test_spans_need_no_settings() -> None:
    assert read_span_settings({"webhook_url": URL}, {}).connectors == {"exceptions": {}, "slow_spans": {}}
    arguments = {"webhook_url": URL, "exceptions": False, "slow_spans": True}
    assert read_span_settings(arguments, {}).connectors == {"slow_spans": {}}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "OTEL_EXPORTER_DISCORD_RULES"),
        ({"rules": []}, "OTEL_EXPORTER_DISCORD_RULES"),
        ({"rules": 5}, "argument rules: must be a list"),
        ({"rules": ["a"]}, "argument rules::0: must be a map"),
        ({"rules": [{**RULE, "metrik": "x"}]}, 'metrik; did you mean "metric"?'),
        ({"rules": [RULE], "evaluation_interval": "soon"}, "argument evaluation_interval: "),
        ({"rules": [RULE], "storage": "file_storage"}, "argument storage: "),
        ({"rules": "/there/is/none.yaml"}, "argument rules: there is no file"),
        ({"rules": [RULE], "min_severity": "loud"}, "min_severity"),
    ],
)
def test_wrong_rules(arguments: dict[str, Any], said: str) -> None:
    assert said in problems(read_metric_settings, arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"exceptions": False, "slow_spans": False}, "switched off"),
        ({"slow_spans": 3}, "argument slow_spans: must be a map"),
        ({"slow_spans": {"limitz": []}}, "argument slow_spans::limitz"),
        ({"exceptions": {"where": "("}}, "argument exceptions::where"),
        ({"slow_spans": {"limits": [{"over": "long"}]}}, "argument slow_spans::limits::0::over"),
        ({"rules": [RULE]}, "argument rules: is not known"),
    ],
)
def test_wrong_settings_of_spans(arguments: dict[str, Any], said: str) -> None:
    assert said in problems(read_span_settings, arguments)


def test_a_wrong_file_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules:\n  - {name: A, metric: a, conditions: {warning: '> 1'}}\n  - {name: B, metrik: b}\n")
    said = problems(read_metric_settings, {}, {"OTEL_EXPORTER_DISCORD_RULES": str(file)})
    assert "rules.yaml:3: rules::1::metrik" in said


def test_rules_are_no_setting_of_logs() -> None:
    assert "rules" in problems(read_settings, {"rules": [RULE]})
    environ = {"OTEL_EXPORTER_DISCORD_RULES": "anything"}
    assert read_settings({"webhook_url": URL}, environ).section == {"webhook_url": URL}
