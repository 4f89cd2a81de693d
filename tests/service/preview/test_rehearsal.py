"""Every sample goes through the real exporter of a configuration, with nothing sent and nothing written."""

import socket
from pathlib import Path
from typing import Any

import pytest

from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.preview.otlp_input import scenario_of
from otel_discord.service.preview.placeholders import with_placeholders
from otel_discord.service.preview.rehearsal import Setting, rehearse
from otel_discord.service.preview.samples import chosen, samples
from otel_discord.service.preview.scenario import Scenario
from otel_discord.service.registry import Registry

CONFIGURATION = """
receivers: {otlp: {protocols: {grpc: {}, http: {}}}}
extensions: {file_storage: {directory: ./data}}
processors: {filter/noise: {logs: {log_record: ['IsMatch(body, "Stock")']}}}
exporters:
  discord:
    destinations:
      ops: {webhook_url: "${env:NOT_SET_OPS}", min_severity: WARN, mention: {min_severity: FATAL, roles: ["42"]}}
      all: {webhook_url: "${env:NOT_SET_ALL}", min_severity: TRACE}
    routes: [{condition: 'resource.attributes["service.name"] == "checkout"', destinations: [ops]}]
    min_severity: TRACE
    sending_queue: {storage: file_storage}
service:
  extensions: [file_storage]
  pipelines: {logs: {receivers: [otlp], processors: [filter/noise], exporters: [discord]}}
"""


def loaded(text: str = CONFIGURATION) -> Configuration:
    sources = [f"yaml:{text}"]
    environment, _ = with_placeholders(sources, [], {})
    return load_configuration(sources, [], Registry.from_entry_points(), environment)


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a preview opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setting:
    monkeypatch.chdir(tmp_path)
    return Setting(loaded(), "0.0.0")


@pytest.mark.usefixtures("no_sockets")
@pytest.mark.parametrize("sample", samples(), ids=lambda each: each.name)
def test_every_sample_is_shown_without_network_and_files(sample: Scenario, setting: Setting, tmp_path: Path) -> None:
    outcome = rehearse(setting, sample)

    if sample.name == "warning":
        assert not outcome.messages
        assert [(each.taken, each.passed) for each in outcome.passages] == [(1, 0)]
    else:
        assert outcome.messages
        assert not outcome.passages
    assert not list(tmp_path.iterdir())


def test_routes_and_mentions_are_those_of_the_configuration(setting: Setting) -> None:
    (fatal,) = chosen(["fatal"])

    outcome = rehearse(setting, fatal)

    (message,) = outcome.messages
    assert message.destination == "ops"
    assert message.last.request.payload["allowed_mentions"] == {"parse": [], "roles": ["42"]}
    (way,) = outcome.exporters[0].ways
    assert way.destinations == ["ops"]
    assert way.routes


def test_an_alert_is_one_message_in_three_states(setting: Setting) -> None:
    (alert,) = chosen(["alert"])

    outcome = rehearse(setting, alert)

    of_ops = next(each for each in outcome.messages if each.destination == "ops")
    titles = [state.whole["embeds"][0]["title"] for state in of_ops.states]
    assert [state.request.method for state in of_ops.states] == ["POST", "PATCH", "PATCH"]
    assert "1,240" in titles[0]
    assert "resolved" in titles[2]


def test_a_refused_message_is_followed_by_a_notice(setting: Setting) -> None:
    (letter,) = chosen(["dead-letter"])

    outcome = rehearse(setting, letter)

    refused, notice = [each for each in outcome.messages if each.destination == "ops"]
    assert refused.states[0].request.is_refused
    assert "could not be delivered" in notice.last.whole["embeds"][0]["title"]


def test_what_is_masked_is_named(setting: Setting) -> None:
    (hostile,) = chosen(["hostile"])

    outcome = rehearse(setting, hostile)

    assert outcome.exporters[0].ways[0].masked == ("password",)
    assert "hunter2" not in str(outcome)


METRICS = """
receivers: {otlp: {protocols: {grpc: {}}}}
processors: {batch: {}}
connectors:
  threshold: {rules: [{name: QueueTooDeep, metric: queue.depth, conditions: {critical: '> 1000'}}]}
exporters:
  discord: {webhook_url: "${env:NOT_SET}"}
  otlp_grpc: {endpoint: "localhost:1", tls: {insecure: true}}
service:
  pipelines:
    metrics: {receivers: [otlp], processors: [batch], exporters: [threshold, otlp_grpc]}
    logs: {receivers: [threshold], exporters: [discord]}
"""


@pytest.mark.usefixtures("no_sockets")
def test_metrics_become_alerts_and_other_exporters_send_nothing() -> None:
    point = '{"asDouble":1240}'
    text = f"""{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[
      {{"name":"queue.depth","gauge":{{"dataPoints":[{point}]}}}}]}}]}}]}}"""

    outcome = rehearse(Setting(loaded(METRICS), "0"), scenario_of(text.encode(), "input"))

    (message,) = outcome.messages
    assert "QueueTooDeep" in message.last.whole["embeds"][0]["title"]
    assert outcome.others == {"otlp_grpc": 1}


def test_a_missing_address_is_no_problem_and_is_said() -> None:
    environment, missing = with_placeholders([f"yaml:{CONFIGURATION}"], [], {"NOT_SET_ALL": "https://example.com"})

    assert missing == ["NOT_SET_OPS"]
    assert environment["NOT_SET_ALL"] == "https://example.com"


@pytest.mark.usefixtures("no_sockets")
@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("hold", "maintenance move holds it back from default"),
        ("drop", "maintenance move drops what is for default"),
        ("no_ping", ""),
    ],
)
def test_what_maintenance_keeps_back_is_said(
    action: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    window = f"{{name: move, from: 2000-01-01T00:00, until: 2999-01-01T00:00, time_zone: UTC, action: {action}}}"
    configuration = loaded(f"""
receivers: {{otlp: {{protocols: {{http: {{}}}}}}}}
exporters: {{discord: {{webhook_url: "${{env:NOT_SET}}", maintenance: [{window}]}}}}
service: {{pipelines: {{logs: {{receivers: [otlp], exporters: [discord]}}}}}}
""")
    (way,) = rehearse(Setting(configuration, "0.0.0"), chosen(["error"])[0]).exporters[0].ways
    assert way.reason == reason


def test_a_run_is_one_message_that_is_edited_until_it_ends(setting: Setting) -> None:
    outcome = rehearse(setting, chosen(["run"])[0])
    (message,) = outcome.messages
    assert (message.destination, len(message.states)) == ("run", 3)
    assert [state.request.method for state in message.states] == ["POST", "PATCH", "PATCH"]
    first, *_, last = (state.whole["embeds"][0] for state in message.states)
    assert first["title"] == "🏃 Train the ranking model"
    assert last["title"] == "❌ Train the ranking model: failure after 55 m"
    assert "2 errors" in last["description"]
    assert all(state.request.payload["allowed_mentions"] == {"parse": []} for state in message.states)
    assert not outcome.notes


def test_the_users_template_of_a_run_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "run_header.yaml").write_text('title: "{{ name }} has {{ errors }} errors"\n')
    own = "    min_severity: TRACE\n    templates: {directory: ./templates}\n"
    text = CONFIGURATION.replace("    min_severity: TRACE\n", own)
    outcome = rehearse(Setting(loaded(text), "0.0.0"), chosen(["run"])[0])
    (message,) = outcome.messages
    assert message.last.whole["embeds"][0]["title"] == "Train the ranking model has 2 errors"
