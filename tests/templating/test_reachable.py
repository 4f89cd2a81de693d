"""What a template reaches for is refused with its line when it is read; what values have by such names is not."""

import pytest
from jinja2 import Undefined

from otel_discord.templating.environment import ENVIRONMENT, compile_condition, compile_text, with_globals
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.lookup import Lookup
from otel_discord.templating.sandbox import refill_budget
from otel_discord.templating.template_parser import parse_templates

NAMES = {"title", "attr", "labels"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ title.__class__ }}", "what begins with an underscore is not available in templates: .__class__"),
        ("{{ title._x }}", "what begins with an underscore is not available in templates: ._x"),
        ("{{ title['__mro__'] }}", "Python's internals are not available in templates: ['__mro__']"),
        ("{{ upper(title) }}", "upper is a filter: write `value | upper`"),
        ("{{ labels() }}", "there is no function 'labels'"),
        ("{{ title.uper() }}", "there is no method 'uper' in templates, did you mean 'upper'?"),
        ("{{ title.format(1) }}", "there is no method 'format'"),
        ("{{ title['join'](labels) }}", "there is no method 'join'"),
        ("{{ 'x'() }}", "only functions and methods are called"),
    ],
)
def test_it_is_refused_when_the_text_is_compiled(text: str, reason: str) -> None:
    with pytest.raises(TemplateError) as found:
        compile_text(text, source="t.yaml", line=7, names=NAMES)
    assert found.value.reason.startswith(reason)
    assert (found.value.source, found.value.line) == ("t.yaml", 7)
    with pytest.raises(TemplateError):
        compile_condition(text.strip("{} "), names=NAMES)


def test_file_and_line_are_those_of_the_expression() -> None:
    text = "description:\n  - fine\n  - |-\n    one\n    two {{ name.__class__ }}\n"
    with pytest.raises(TemplateError, match=r"t\.yaml:5: what begins with an underscore"):
        parse_templates({"t.yaml": text})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ labels['__name__'] }}", "up"),
        ("{{ labels['_id'] }}", "7"),
        ("{{ attr('__name__') }}", "k"),
        ("{{ title.upper() }} {{ labels.get('_id', 1) }} {{ title | upper }}", "X 7 X"),
        ("{% for n in range(2) %}{{ n }}{% endfor %}", "01"),
        ("{% set kept = namespace(n=1) %}{% set kept.n = 2 %}{{ kept.n }}", "2"),
    ],
)
def test_maps_have_what_names_they_like_and_functions_are_called(text: str, shown: str) -> None:
    refill_budget()
    values = {"title": "x", "labels": {"__name__": "up", "_id": 7}, "attr": Lookup({"__name__": "k"})}
    assert compile_text(text, "in_plain", names=NAMES)(with_globals(values)) == shown


@pytest.mark.parametrize("name", ["__class__", "__mro__", "format", "_x"])
def test_the_sandbox_refuses_it_as_well(name: str) -> None:
    assert isinstance(ENVIRONMENT.getattr("text", name), Undefined)
    assert isinstance(ENVIRONMENT.getitem("text", name), Undefined)
