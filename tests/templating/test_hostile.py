"""A corpus of templates that try to break out, to hang or to fill the memory: each is refused or bounded, quickly.

The first line of each file says how (``refused`` when it is loaded, ``bounded`` when it is rendered) and why.
"""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from otel_discord.templating.errors import TemplateError
from otel_discord.templating.lookup import Lookup
from otel_discord.templating.template_parser import parse_templates

CORPUS = sorted(Path(__file__).with_name("hostile").glob("*.yaml"))
VALUES: dict[str, Any] = {
    "name": "x",
    "rows": [["a", 1], ["bb", 22]],
    "entries": {"http.route": "/cart", "items": 3},
    "big": "x" * 60_000,
    "attr": Lookup({"k": "v"}),
}
MAX_SECONDS = 1.5


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 130


def _tried(name: str, text: str, how: str) -> None:
    template = parse_templates({f"{name}.yaml": text})[name]
    assert how == "bounded"
    template.render(VALUES)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_it_is_refused_or_bounded(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    how, _, reason = text.splitlines()[0].removeprefix("# ").partition(": ")
    assert how in ("refused", "bounded")
    started = time.process_time()
    with pytest.raises(TemplateError) as found:
        _tried(path.stem, text, how)
    assert time.process_time() - started < MAX_SECONDS
    assert reason in found.value.reason
    assert found.value.source == path.name
    assert found.value.line > 0


@pytest.mark.parametrize("text", ["x" * (10 * 1024 * 1024), "title: [" + "[" * (10 * 1024 * 1024)])
def test_ten_mib_are_refused_unread(text: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateError, match="limited to 256 KiB"):
        parse_templates({"t.yaml": text})
    assert time.process_time() - started < 0.2


def test_a_rendering_that_took_too_much_leaves_nothing_for_the_next() -> None:
    templates = parse_templates(
        {"greedy.yaml": "title: '{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}'",
         "modest.yaml": "title: '{{ name }}'"}
    )  # fmt: skip
    with pytest.raises(TemplateError, match="more than 20,000 steps"):
        templates["greedy"].render(VALUES)
    assert templates["modest"].render(VALUES).title == "x"


@pytest.mark.parametrize(
    "use",
    [
        "upper", "escape", "markdown", "code", "code('py')", "first_line", "json", "trim", "bold",
        "truncate_middle(99)", "truncate(99)", "replace('a', 'b')", "urlencode", "link('https://a.example')", "address",
        "string", "capitalize", "title", "lower", "list", "sort", "unique", "reverse", "length",
    ],
)  # fmt: skip
@pytest.mark.parametrize("piece", ["<@", "`", "\\", "_", "[a](", "\n- ", "https://a_", "e\u0301", "漢"])
def test_filters_of_text_are_linear(use: str, piece: str) -> None:
    big = piece * (60_000 // len(piece))
    template = parse_templates({"t.yaml": f'title: "{{% set x = big | {use} %}}"'})["t"]
    started = time.process_time()
    with suppress(TemplateError):  # what escaping makes longer than a text may be
        template.render({"big": big})
    assert time.process_time() - started < 2, "a quadratic one takes minutes; a look for garbage may take 0.5 s"


@pytest.mark.parametrize(
    "use",
    ["table", "sparkline", "join(',')", "pairs", "present", "json", "sum", "sort", "unique", "dictsort",
     "map('string')"],
)  # fmt: skip
def test_filters_of_lists_are_bounded(use: str) -> None:
    rows: list[Any] = [(n, n) for n in range(100_000)]
    numbers = list(range(100_000))
    template = parse_templates(
        {"t.yaml": f'title: "{{% for i in range(1000) %}}{{% set x = big | {use} %}}{{% endfor %}}"'}
    )["t"]
    for big in (rows, numbers, dict(rows), [numbers] * 100):
        started = time.process_time()
        with pytest.raises(TemplateError):
            template.render({"big": big})
        assert time.process_time() - started < MAX_SECONDS
