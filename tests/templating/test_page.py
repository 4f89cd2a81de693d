"""What the reference page of templates shows is what templates do."""

import re
from pathlib import Path
from typing import Any

import pytest

from otel_discord.templating.environment import ENVIRONMENT, compile_text, with_globals
from otel_discord.templating.errors import TemplateErrors
from otel_discord.templating.filters import FILTERS
from otel_discord.templating.lookup import LOOKUP_NAMES, Lookup
from otel_discord.templating.sandbox import refill_budget
from otel_discord.templating.template_match import KINDS
from otel_discord.templating.template_set import TemplateSet
from otel_discord.templating.template_source import KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "templates.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^(\{[{%].*)\n    → (.*)$", PAGE, re.MULTILINE)
TEMPLATES = re.findall(r"^```yaml\n# templates/(\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
VALUES: dict[str, Any] = {
    "note": "**read** the *runbook*",
    "trace": "Traceback (most recent call last):\nTypeError: x",
    "entries": {"http.route": "/cart", "tries": 3},
    "rows": [{"name": "checkout", "count": 3012}, {"name": "検索", "count": 9}],
    "time": 1700000000000000000,
    "attr": Lookup({"order.id": 48213, "runbook.url": "https://wiki.example/gateway"}),
    "resource_attr": Lookup({"service.version": "1.8.2"}),
}
NAMES = {
    "title", "count_mark", "service", "environment", "when", "body", "link_line", "pairs", *LOOKUP_NAMES,
}  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_an_example_shows_what_it_says(text: str, shown: str) -> None:
    refill_budget()
    printed = compile_text(text)(with_globals(VALUES))
    assert printed.replace("\n", "⏎").replace("\u200b", "‸").rstrip(" ") == shown


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_each_filter_has_an_example(name: str) -> None:
    assert any(re.search(rf"\| {name}\b", text) for text, _ in EXAMPLES)


@pytest.mark.parametrize("name", sorted({*ENVIRONMENT.globals, *LOOKUP_NAMES}))
def test_each_function_has_an_example(name: str) -> None:
    assert any(f"{name}(" in text for text, _ in EXAMPLES)


@pytest.mark.parametrize("name", sorted(KEYS) + sorted(KINDS))
def test_each_key_and_kind_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_templates_of_the_page_are_good() -> None:
    templates = TemplateSet(dict(TEMPLATES), built_in={"compact.yaml": "title: x"}, names=NAMES)
    values = dict.fromkeys(NAMES, "") | {"service": "pay-a", "title": "t", "body": "b", "link_line": "l", "pairs": []}
    (match, template), *others = templates.matching()
    assert others == []
    assert match.accepts(severity_number=17, event_name="", service="pay-a", kind="record")
    output = template.render(values)
    assert (output.title, output.description) == ("💳 t", "pay-a\nb\nl")
    assert output.buttons[0].url == "https://wiki.example/runbooks/pay-a"
    assert template.tests[0].record is not None


def test_the_errors_of_the_page_are_real() -> None:
    _, *others = TEMPLATES
    payments = """extends: compact
title: x
description:
  - '{{ titel }}'
fields:
  - name: a
    value: '{{ title | tojson }}'
    inline: true
  - {name: a}"""
    with pytest.raises(TemplateErrors) as found:
        TemplateSet({"payments.yaml": payments, **dict(others)}, built_in={"compact.yaml": "title: x"}, names=NAMES)
    assert f"```text\n{found.value}\n```" in PAGE
