"""Which records a template is for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.templating.errors import TemplateError, TemplateErrors
from otel_discord.templating.template_match import KINDS, TemplateMatch
from otel_discord.templating.template_parser import parse_templates
from otel_discord.templating.template_set import TemplateSet

RECORD: dict[str, Any] = {"severity_number": 17, "event_name": "deploy.done", "service": "shop", "kind": "record"}


def match_of(text: str) -> TemplateMatch:
    match = parse_templates({"t.yaml": f"match: {text}"})["t"].match
    assert match is not None
    return match


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("{}", True),
        ("{min_severity: ERROR}", True),
        ("{min_severity: error2}", False),
        ("{max_severity: WARN}", False),
        ("{max_severity: ERROR}", True),
        ("{min_severity: 17, max_severity: 17}", True),
        ("{max_severity: 16}", False),
        ('{event_name: "deploy.*"}', True),
        ('{event_name: "deploy"}', False),
        ('{event_name: [x, "*.done"]}', True),
        ("{service: shop}", True),
        ('{service: [cart, "sh?p"]}', True),
        ("{service: Shop}", False),
        ("{kind: record}", True),
        ("{kind: [exception, alert]}", False),
        ("{kind: record, service: cart}", False),
    ],
)
def test_what_fits(text: str, fits: bool) -> None:
    assert match_of(text).accepts(**RECORD) is fits


@given(st.integers(0, 24), st.sampled_from(KINDS), st.text(max_size=5), st.text(max_size=5))
def test_without_keys_everything_fits(severity: int, kind: str, event_name: str, service: str) -> None:
    match = TemplateMatch()
    assert match.accepts(severity_number=severity, kind=kind, event_name=event_name, service=service)


def test_max_severity_by_name_stands_for_its_four_numbers() -> None:
    assert match_of("{max_severity: WARN}").max_severity_number == 16
    assert match_of("{max_severity: WARN2}").max_severity_number == 14
    assert match_of("{max_severity: FATAL}").max_severity_number == 24


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "expected a map with the keys"),
        ("{servce: x}", "unknown key 'servce', did you mean 'service'?"),
        ("{min_severity: BAD}", "not a severity"),
        ("{max_severity: 25}", "not a severity number"),
        ("{min_severity: ERROR, max_severity: INFO}", "no record fits"),
        ("{kind: exceptoin}", "unknown kind 'exceptoin', did you mean 'exception'?"),
        ("{service: []}", "expected one text, or a list of 1 to 64"),
        ("{service: [1]}", "expected a text of 1 to 256"),
        ("{event_name: ''}", "expected a text of 1 to 256"),
        ("{priority: high}", "a priority is a whole number"),
        ("{priority: 1001}", "a priority is a whole number"),
        ("{priority: true}", "a priority is a whole number"),
        ("{condition: 3}", "expected an OTTL condition"),
    ],
)
def test_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(TemplateError) as found:
        parse_templates({"t.yaml": f"title: x\nmatch:\n  {text}"})
    assert (found.value.source, found.value.line) in (("t.yaml", 3), ("t.yaml", 2))
    assert reason in found.value.reason


def compile_condition(text: str) -> object:
    if "bad" in text:
        raise ValueError("column 1: there is no function bad")
    return ("compiled", text)


def test_a_condition_is_compiled_by_the_hook_and_keeps_its_text_and_line() -> None:
    made = TemplateSet(
        {"t.yaml": "match:\n  condition: 'x == 1'\ntitle: x"}, built_in={}, compile_condition=compile_condition
    ).matching()[0][0]
    assert (made.condition, made.condition_line, made.compiled_condition) == ("x == 1", 2, ("compiled", "x == 1"))


def test_what_the_hook_refuses_names_file_and_line() -> None:
    with pytest.raises(TemplateErrors, match=r"^t\.yaml:3: condition: column 1: there is no function bad$"):
        TemplateSet(
            {"t.yaml": "match:\n  priority: 3\n  condition: bad()"}, built_in={}, compile_condition=compile_condition
        )
