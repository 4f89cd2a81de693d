"""Templates: what they may do, and that nothing else can be done, in bounded time and memory."""

import time
from typing import Any

import pytest

from otel_discord.templating.environment import compile_condition, compile_text, with_globals
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.sandbox import Slot, refill_budget
from otel_discord.templating.text import Markdown

VALUES: dict[str, Any] = {
    "title": "a *b* <@1> @everyone",
    "name": "x",
    "count": 1240,
    "rows": [["a", 1], ["bb", 22]],
    "entries": {"http.route": "/cart", "items": 3},
    "link": Markdown("[t](https://a.example)"),
    "nothing": "",
    "big": "x" * 60_000,
}


def render(text: str, slot: str = Slot.MARKDOWN) -> str:
    refill_budget()
    return compile_text(text, slot, source="t.yaml", line=3)(with_globals(VALUES))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("{{ title }}", "a \\*b\\* <\u200b@1> @\u200beveryone"),
        ("**{{ name }}**", "**x**"),
        ("{{ link }}", "[t](https://a.example)"),
        ("{{ name ~ ' ' ~ link }}", "x [t](https://a.example)"),
        ("{{ '*' ~ link }}", "\\*[t](https://a.example)"),
        ("{{ title | markdown }}", "a *b* <\u200b@1> @\u200beveryone"),
        ("{{ title | upper | truncate_middle(7) }}", "A \\*B\\*…"),
        ("{{ title | code }}", "`a *b* <\u200b@1> @\u200beveryone`"),
        ("{{ title | code_block('py') }}", "```py\na *b* <\u200b@1> @\u200beveryone\n```"),
        ("{{ title | code_block('py\n```') }}", "```\na *b* <\u200b@1> @\u200beveryone\n```"),
        ("{{ name | bold }} {{ nothing | bold }}", "**x** "),
        ("{{ 'a]b' | link('https://e.example/a b)') }}", "[a\\]b](https://e.example/a%20b%29)"),
        ("{{ 'a' | link('javascript:alert') }}", "a"),
        ("{{ count | number }} {{ 0.82 | percent }}", "1,240 82 %"),
        ("{{ 1536 | bytes }} {{ 192 | duration }}", "1.5 KiB 3 m 12 s"),
        ("{{ 5 | number('ms') }}", "5 ms"),
        ("{{ 1700000000000000000 | timestamp('t') }}", "<t:1700000000:t>"),
        ("{{ [name, nothing, 'y'] | present | join(' · ') }}", "x · y"),
        ("{{ entries.items }} {{ entries['http.route'] }} {{ entries | attribute('no', '?') }}", "3 /cart ?"),
        ("{% for row in rows %}{{ loop.index }}:{{ row[0] }} {% endfor %}", "1:a 2:bb "),
        ("{% if count > 1000 %}many{% else %}few{% endif %}", "many"),
        ("{% set n = count - 240 %}{{ n | number }}", "1,000"),
        ("{{ name | truncate(4) }}{{ link | truncate(3) }}", "x[t…"),
        ("{{ 2.345 | round(1) }} {{ 2.5 | round }}", "2.3 2"),
        ("{{ 'ab' * 3 }}{{ 'ab' * -1 }}", "ababab"),
        ("{{ rows | pairs }}{{ [['', 1]] | pairs }}", "a=1  bb=221"),
        ("{{ rows | table }}", "```\na    1\nbb  22\n```"),
        ("{{ [1, 5, 3] | sparkline }}", "▁█▄"),
        ("{{ rows }}", "\\[a, 1], [bb, 22]".replace("\\[", "[")),
        ("{{ none }}{{ true }}", "true"),
        ("{{ rows | map(attribute=0) | join }}", "abb"),
        ("{{ '{{ name }}' }}", "{{ name }}"),
    ],
)  # fmt: skip
def test_what_templates_do(text: str, shown: str) -> None:
    assert render(text) == shown


@pytest.mark.parametrize(
    ("slot", "shown"),
    [
        (Slot.MARKDOWN, "a \\*b\\* <\u200b@1> @\u200beveryone"),
        (Slot.PLAIN, "a *b* <\u200b@1> @\u200beveryone"),
        (Slot.URL, "a%20%2Ab%2A%20%3C%401%3E%20%40everyone"),
        (Slot.RAW, "a *b* <@1> @everyone"),
    ],
)
def test_values_are_escaped_for_their_place(slot: str, shown: str) -> None:
    assert render("{{ title }}", slot) == shown


HOSTILE = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ name.__init__.__globals__ }}",
    "{{ rows.append(1) }}",
    "{{ entries.update(a=1) }}",
    "{{ entries.pop('items') }}",
    "{{ range.__self__ }}",
    "{{ render.__globals__ }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ namespace.__init__ }}",
    "{{ namespace().__class__ }}",
    "{{ loop }}",
    "{{ cycler }}",
    "{{ lipsum() }}",
    "{{ joiner() }}",
    "{{ dict(a=1) }}",
    "{{ open('/etc/passwd') }}",
    "{{ name | attr('__class__') }}",
    "{{ name | format }}",
    "{{ name | pprint }}",
    "{{ name | xmlattr }}",
    "{{ name | center(1000000000) }}",
    "{{ name.center(1000000000) }}",
    "{{ name.ljust(1000000000) }}",
    "{{ name.encode() }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{a}'.format_map({'a': 1}) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 1000000000 * 'a' }}",
    "{{ [1] * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 10 ** 100 }}",
    "{{ range(100000000) | list }}",
    "{{ range(0, 100000000, 1) | join }}",
    "{% for a in range(999) %}{% for b in range(999) %}{% for c in range(9) %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in range(1000) %}{% for b in range(1000) %}{{ a }}{% endfor %}{% endfor %}",
    "{% for a in range(1000) %}{{ big }}{% endfor %}",
    "{% for a in range(1000) %}{% set x = big.upper() %}{% endfor %}",
    "{% for a in range(1000) %}{% set x = big | upper %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(200) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(200) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x='aa') %}{% for i in range(200) %}{% set n.x = n.x | replace('a', 'aaaa') %}{% endfor %}",
    "{% set n = namespace(x='aa') %}{% for i in range(200) %}{% set n.x = n.x.replace('a', 'aaaa') %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(200) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(200) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=(1,)) %}{% for i in range(200) %}{% set n.x = (n.x, n.x) %}{% endfor %}{{ n.x == n.x }}",
    "{% set n = namespace(x={}) %}{% for i in range(200) %}{% set n.x = {'a': n.x, 'b': n.x} %}{% endfor %}",
    "{% set n = namespace(x=2) %}{% for i in range(200) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% for a in rows recursive %}{{ loop(rows) }}{% endfor %}",
    "{% include 'x' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'x' %}",
    "{% block x %}{% endblock %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% set x %}y{% endset %}",
    "{% autoescape false %}{{ title }}{% endautoescape %}",
    "{% do rows.append(1) %}",
    "{% debug %}",
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "{{ " + "-" * 15_000 + "1 }}",
    "x" * 20_000 + "{{ name }}",
    "{{ name",
    "{% if %}",
    "{{ 1 / 0 }}",
    "{{ name + 1 }}",
    "{{ missing }}",
    "{{ missing.deeper }}",
    "{{ entries.missing }}",
    "{{ missing | upper }}",
    "{{ missing ~ 'x' }}",
    "{{ missing * 2 }}",
    "{{ rows | map('attr', '__class__') | list }}",
    "{{ rows | map(attribute='__class__') | list }}",
    "{{ rows | sort(attribute='__class__') }}",
    "{{ rows | sum(attribute='__class__') }}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:60])
def test_the_rest_is_refused_or_bounded(text: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateError) as refused:
        render(text)
    assert time.process_time() - started < 2.0
    assert str(refused.value).startswith("t.yaml:")
    assert refused.value.line >= 3


def test_data_is_never_a_template() -> None:
    values = with_globals({"body": "{{ 7*7 }} {% raw %}"})
    assert compile_text("{{ body }}")(values) == "{{ 7\\*7 }} {% raw %}"


def test_errors_name_file_line_and_reason() -> None:
    with pytest.raises(TemplateError, match=r"t\.yaml:5: unexpected '}'"):
        render("a\nb\n{{ } }}")
    with pytest.raises(TemplateError, match=r"t\.yaml:3: unknown name 'titel', did you mean 'title'\?"):
        render("{{ titel }}")
    with pytest.raises(TemplateError, match=r"a\.yaml:7: unknown name 'x'; known are title"):
        compile_text("{{ x }}", source="a.yaml", line=7, names={"title"})


@pytest.mark.parametrize(
    ("expression", "value"),
    [("count", 1240), ("count > 3 and name", "x"), ("not nothing", True), ("name in ['x', 'y']", True), ("true", True)],
)
def test_conditions(expression: str, value: object) -> None:
    refill_budget()
    assert compile_condition(expression)(with_globals(VALUES)) == value


@pytest.mark.parametrize("expression", ["", "{{ count }}", "count >", "count; 1", "missing", "count.__class__", "1 2"])
def test_bad_conditions(expression: str) -> None:
    refill_budget()
    with pytest.raises(TemplateError):
        compile_condition(expression)(with_globals(VALUES))


@pytest.mark.parametrize("piece", ["+a", ".a", "|upper"])
def test_an_expression_too_long_to_compile_is_an_error_of_the_template(piece: str) -> None:
    with pytest.raises(TemplateError, match=r"^t\.yaml:3: "):
        compile_text("{{ a" + piece * 1500 + " }}", Slot.MARKDOWN, source="t.yaml", line=3)


def test_values_that_are_nested_deep_are_not_walked_in_a_literal() -> None:
    refill_budget()
    deep: Any = "x"
    for _ in range(50):
        deep = [deep]
    with pytest.raises(TemplateError, match="nested 6 levels deep"):
        compile_text("{{ [deep] }}", Slot.MARKDOWN, source="t.yaml", line=3)(with_globals({"deep": deep}))


def test_what_a_condition_finds_is_no_name_for_what_comes_after() -> None:
    refill_budget()
    scope = with_globals({"n": 1, "result": "the value"})
    assert compile_condition("n + 1")(scope) == 2
    assert compile_text("{{ result }}", Slot.PLAIN)(scope) == "the value"
    with pytest.raises(TemplateError, match="division"):
        compile_condition("n / 0")(scope)
    assert compile_condition("n - 1")(scope) == 0
    with pytest.raises(TemplateError, match="unknown name 'result'"):
        compile_text("{{ result }}", Slot.PLAIN)(with_globals({"n": 1}))
