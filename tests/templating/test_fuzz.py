"""Whatever is written into a template file: a text comes out or a TemplateError, nothing else."""

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.config.yaml_file import dump_yaml
from otel_discord.templating.environment import compile_condition, compile_text, with_globals
from otel_discord.templating.errors import TemplateError, TemplateErrors
from otel_discord.templating.filters import FILTERS
from otel_discord.templating.lookup import Lookup
from otel_discord.templating.output import TemplateOutput
from otel_discord.templating.sandbox import refill_budget
from otel_discord.templating.slots import SLOT_FILTERS
from otel_discord.templating.template_set import TemplateSet
from otel_discord.templating.template_source import KEYS

VALUES: dict[str, Any] = {
    "name": "x", "number": 5, "rows": [["a", 1], ["bb", 2.5]], "maps": [{"a": 1}], "none": None,
    "attr": Lookup({"k": b"v"}),
}  # fmt: skip
arguments = st.sampled_from(
    ["", "(1)", "('a')", "(-1)", "(none)", "(rows)", "('a', 'b')", "(attribute='a')", "(1e999)"]
)
names = st.sampled_from(
    [*VALUES, "missing", "rows[0]", "maps[0].a", "1.5", "'é*'", "10**30", "[[], {}]", "(1e308 * 10)"]
)
calls = st.tuples(st.sampled_from([*sorted(FILTERS), "limited", "joined", "literal", "weighed", "nope"]), arguments)
chains = st.builds(
    lambda start, filters: start + "".join(f" | {name}{given}" for name, given in filters),
    names,
    st.lists(calls, max_size=4),
)
operations = st.builds(
    lambda left, sign, right: f"({left}) {sign} ({right})",
    chains,
    st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "not in", "and", "is", "is not", "if"]),
    chains,
)
pieces = st.sampled_from(
    ["{{", "}}", "{%", "%}", "for a in rows", "endfor", "if name", "endif", "set b = ", "|", "(", ")", "[", "]", ".",
     "name", "rows", " ", "'", "1", "~", "is defined", "else", "namespace(a=1)", "attr('k')", "loop.index", "{#", "#}"]
)  # fmt: skip


def rendered(text: str, slot: str) -> None:
    refill_budget()
    with suppress(TemplateError):
        assert isinstance(compile_text(text, slot)(with_globals(VALUES)), str)


@settings(max_examples=150, deadline=None)
@given(chains | operations, st.sampled_from(sorted(SLOT_FILTERS)))
def test_expressions(expression: str, slot: str) -> None:
    rendered(f"{{{{ {expression} }}}}", slot)
    refill_budget()
    with suppress(TemplateError):
        compile_condition(expression)(with_globals(VALUES))


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join), st.sampled_from(sorted(SLOT_FILTERS)))
def test_pieces(text: str, slot: str) -> None:
    rendered(text, slot)


scalars = st.sampled_from(
    ["x", "{{ name }}", "{{ nope }}", "{{ 1 / 0 }}", 5, True, None, "", "a/b", "t", "u", "rows", -1]
)
keys = st.sampled_from(
    [*sorted(KEYS), "include", "when", "each", "name", "value", "text", "label", "record", "expect", "kind", "priority"]
)
documents = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=8,
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(documents, documents)
def test_files(one: dict[str, Any], two: dict[str, Any]) -> None:
    with suppress(TemplateErrors):
        templates = TemplateSet({"t.yaml": dump_yaml(one), "u.yaml": dump_yaml(two)}, built_in={"t.yaml": "title: x"})
        for template in [*map(templates.get, templates.names()), *(found for _, found in templates.matching())]:
            with suppress(TemplateError):
                assert isinstance(template.render(VALUES), TemplateOutput)
