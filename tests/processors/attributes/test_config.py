"""Contrib's own examples load; what cannot work is refused with its place and with what to write."""

from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.component import Kind
from otel_discord.config.model_errors import explain
from otel_discord.processors.attributes.config import AttributesConfig
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry

GOOD = r"""
processors:
  attributes/a:
    actions:
      - {key: db.table, action: delete}
      - {key: redacted_span, value: true, action: upsert}
      - {key: copy_key, from_attribute: key_original, action: update}
      - {key: account_id, value: 2245, action: insert}
      - {key: account_email, action: hash}
      - {key: http.status_code, action: convert, converted_type: int}
      - {key: region, from_attribute: cloud.region, default_value: "us-east-1", action: insert}
      - key: "http.url"
        pattern: ^(?P<http_protocol>.*):\/\/(?P<http_domain>.*)\/(?P<http_path>.*)(?P<http_query_params>.*)
        action: extract
    include:
      match_type: regexp
      regexp: {cacheenabled: true, cachemaxnumentries: 10}
      services: ["auth.*", "login.*"]
    exclude:
      match_type: strict
      attributes: [{key: env, value: dev}, {key: test_request}, {key: redact_trace, value: false}]
      resources: [{key: host.type, value: n1-standard-1}]
      libraries: [{name: mongo-java-driver, version: "3.8.0"}, {name: other}]
  attributes/b:
    include: {match_type: strict, log_severity_number: {min: 9, match_undefined: true}}
    actions: [{key: token, action: delete}]
exporters: {nop: }
receivers: {nop: }
service:
  pipelines:
    traces: {receivers: [nop], processors: [attributes/a], exporters: [nop]}
    logs: {receivers: [nop], processors: [attributes/a, attributes/b], exporters: [nop]}
"""


def test_good_ones_load_with_the_types_as_written() -> None:
    configuration = load_configuration([f"yaml:{GOOD}"], [], Registry.from_entry_points(), {})
    configs = {str(each.id): each.config for each in configuration.components[Kind.PROCESSOR].values()}
    a: Any = configs["attributes/a"]
    assert [action.value for action in a.actions[1:4]] == [True, None, 2245]
    assert a.exclude.attributes[2].value is False
    b: Any = configs["attributes/b"]
    assert b.include.log_severity_number.min == 9


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        ({}, "actions", "is required"),
        ({"actions": []}, "actions", "must have at least 1 items"),
        ({"actions": [{"action": "delete"}]}, "actions::0", "action delete needs `key` or `pattern`"),
        ({"actions": [{"action": "insert", "value": 1}]}, "actions::0", "action insert needs `key`"),
        ({"actions": [{"key": "k", "action": "insert"}]}, "actions::0", "needs one of value, from_attribute"),
        (
            {"actions": [{"key": "k", "action": "upsert", "value": 1, "from_attribute": "b"}]},
            "actions::0",
            "has value and from_attribute; use one of them",
        ),
        ({"actions": [{"key": "k", "action": "hash", "value": ""}]}, "actions::0::value", "is not used by action hash"),
        ({"actions": [{"key": "k", "action": "drop"}]}, "actions::0::action", 'must be one of "insert"'),
        ({"actions": [{"key": "k", "action": "extract"}]}, "actions::0", "needs `pattern`"),
        ({"actions": [{"key": "k", "action": "extract", "pattern": "x"}]}, "actions::0::pattern", "every group"),
        ({"actions": [{"key": "k", "action": "delete", "pattern": "(?=x)"}]}, "actions::0::pattern", "RE2"),
        ({"actions": [{"key": "k", "action": "convert"}]}, "actions::0", "needs `converted_type`"),
        (
            {"actions": [{"key": "k", "action": "convert", "converted_type": "bool"}]},
            "actions::0::converted_type",
            'must be one of "int", "double" or "string"',
        ),
        ({"actions": [{"key": "k", "action": "insert", "value": 2**70}]}, "actions::0::value", "at most 64 bits"),
        ({"actions": [{"key": "k", "action": "delete"}], "include": {}}, "include::match_type", "is required"),
        ({"actions": [{"key": "k", "action": "delete"}], "include": {"match_type": "strict"}}, "include", "needs one"),
        (
            {"actions": [{"key": "k", "action": "delete"}], "exclude": {"match_type": "regexp", "services": ["a("]}},
            "exclude::services::0",
            "not a regular expression",
        ),
        (
            {
                "actions": [{"key": "k", "action": "delete"}],
                "exclude": {"match_type": "regexp", "attributes": [{"key": "a", "value": 1}]},
            },
            "exclude::attributes::0::value",
            "put it in quotes",
        ),
        (
            {"actions": [{"key": "k", "action": "delete"}], "include": {"match_type": "strict", "span_kinds": ["s"]}},
            "include::span_kinds::0",
            "SPAN_KIND_SERVER",
        ),
        (
            {"actions": [{"key": "k", "action": "delete", "from": "x"}]},
            "actions::0::from",
            "has invalid keys",
        ),
    ],
)
def test_wrong_ones_are_refused(data: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AttributesConfig.model_validate(data)
    problems = {"::".join(map(str, each[0])): each[1] for each in explain(refused.value, AttributesConfig, data)}
    assert path in problems
    assert words in problems[path]
