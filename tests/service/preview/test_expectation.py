"""Tests of templates: what is found, what differs, and how it is said."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from otel_discord.config.problem import ConfigurationError
from otel_discord.service.preview.found_tests import find_tests
from otel_discord.service.preview.rehearsal import Setting
from otel_discord.service.preview.show import read_configuration
from otel_discord.service.preview.verdict import Verdict, junit, run_tests

CONFIGURATION = """
receivers: {otlp: {protocols: {grpc: {}}}}
exporters:
  discord:
    destinations:
      ops: {webhook_url: "${env:NOT_SET}", min_severity: WARN, mention: {min_severity: FATAL, roles: ["42"]}}
      all: {webhook_url: "${env:NOT_SET}", min_severity: INFO}
service: {pipelines: {logs: {receivers: [otlp], exporters: [discord]}}}
tests:
"""


def verdicts(tests: str, tmp_path: Path) -> list[Verdict]:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIGURATION + tests)
    configuration, _ = read_configuration([str(path)], (), {})
    return list(run_tests(Setting(configuration, "0"), find_tests([str(path)], configuration, ())))


RECORD = "{body: disk full, severity: FATAL, service: db, attributes: {password: long-secret-word}}"


@pytest.mark.parametrize(
    "expect",
    [
        "{destinations: [ops, all], messages: 2}",
        "{destination: ops, mention: ['42']}",
        "{destination: all, mention: []}",
        "{title: {equals: '🚨 disk full'}}",
        "{title: disk full, description: [db, password]}",
        "{title: {contains: disk, lacks: error, matches: '^🚨 d.sk'}}",
        "{description: {contains: [db, password]}, masked: [password]}",
        "{dropped: false, edited: false, files: []}",
    ],
)
def test_what_is_as_expected_is_good(expect: str, tmp_path: Path) -> None:
    (verdict,) = verdicts(f"  - {{record: {RECORD}, expect: {expect}}}", tmp_path)

    assert verdict.differences == []


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("{destinations: [ops]}", "destinations"),
        ("{destination: nobody}", "destination"),
        ("{destination: all, mention: ['42']}", "mention"),
        ("{title: {equals: disk}}", "title"),
        ("{title: disc}", "title contains"),
        ("{title: {lacks: disk}}", "title lacks"),
        ("{description: {matches: '^never'}}", "description matches"),
        ("{color: '#000001'}", "color"),
        ("{fields: {Order: '1'}}", "fields"),
        ("{masked: []}", "masked"),
        ("{dropped: true}", "dropped"),
        ("{messages: 1}", "messages"),
        ("{edited: true}", "edited"),
        ("{files: [trace.txt]}", "files"),
        ("{username: Ada}", "username"),
    ],
)
def test_what_differs_is_named(expect: str, said: str, tmp_path: Path) -> None:
    (verdict,) = verdicts(f"  - {{record: {RECORD}, expect: {expect}}}", tmp_path)

    assert verdict.differences[0] == said
    assert "long-secret-word" not in str(verdict.differences)


def test_repeats_fold_and_otlp_is_read(tmp_path: Path) -> None:
    otlp = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":17,"body":{"stringValue":"as OTLP"}}]}]}]}'
    (tmp_path / "one.json").write_text(otlp)
    tests = f"""
  - records: [{{record: {RECORD}, repeat: 3}}, {{record: {RECORD}, after: 1m}}]
    expect: {{title: {{contains: ×4}}, edited: true}}
  - {{input: {otlp}, expect: {{title: 🔴 as OTLP}}}}
"""

    assert [each.differences for each in verdicts(tests, tmp_path)] == [[], []]


@pytest.mark.parametrize(
    ("test", "line", "said"),
    [
        ("  - {record: {bdy: x}, expect: {messages: 1}}", 10, "bdy"),
        ("  - {record: {body: x}}", 10, "expect"),
        ("  - {expect: {messages: 1}}", 10, "record"),
        ("  - record: {body: x}\n    expect: {ttle: x}", 11, "ttle"),
        ("  - record: {body: x}\n    expect:\n      title: {matches: '('}", 12, "regular expression"),
        ("  - {input: gone.json, expect: {messages: 1}}", 10, "gone.json"),
    ],
)
def test_a_test_that_cannot_be_read_is_named_by_file_and_line(test: str, line: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        verdicts(test, tmp_path)

    (problem,) = caught.value.problems
    assert said in str(problem)
    assert (problem.file, problem.line) == (str(tmp_path / "config.yaml"), line)


def test_junit_counts_and_names_failures(tmp_path: Path) -> None:
    tests = f"""
  - {{name: 'a <b>', record: {RECORD}, expect: {{title: x}}}}
  - {{record: {RECORD}, expect: {{messages: 2}}}}
"""

    suite = ET.fromstring(junit(verdicts(tests, tmp_path)).encode())[0]

    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert suite[0].get("name") == "a <b>"
    assert "🚨 disk full" in (suite[0][0].text or "")
