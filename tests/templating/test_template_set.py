"""Built-in templates and a user's files together."""

import pytest

from otel_discord.templating.errors import TemplateErrors
from otel_discord.templating.template_set import TemplateSet

BUILT_IN = {
    "compact.yaml": "title: 'built-in {{ title }}'\ncolor: 1\ndescription: [{include: _where}]",
    "compact_exception.yaml": "extends: compact\nfooter: trace",
    "_where.yaml": "description: ['{{ where }}', {text: '{{ host }}', when: host}]",
}
NAMES = {"title", "where", "host"}
VALUES = {"title": "t", "where": "w", "host": "h"}


def made(files: dict[str, str]) -> TemplateSet:
    return TemplateSet(files, built_in=BUILT_IN, names=NAMES)


def test_built_in_templates_alone() -> None:
    templates = made({})
    assert templates.names() == ("compact", "compact_exception")
    assert templates.matching() == ()
    output = templates.get("compact_exception").render(VALUES)
    assert (output.title, output.description, output.footer_text) == ("built-in t", "w\nh", "trace")
    with pytest.raises(KeyError):
        templates.get("none")


def test_a_file_of_the_same_name_stands_in_and_may_extend_the_built_in() -> None:
    templates = made({"compact.yaml": "extends: compact\nfooter: mine"})
    assert templates.get("compact").render(VALUES).title == "built-in t"
    assert templates.get("compact").render(VALUES).footer_text == "mine"
    assert templates.built_in("compact").render(VALUES).footer_text == ""
    assert templates.get("compact_exception").render(VALUES).footer_text == "trace"


def test_extends_and_include_go_across() -> None:
    templates = made(
        {
            "_where.yaml": "description: ['my {{ where }}', {include: _where}]",
            "mine.yml": "extends: compact\ndescription: ['{{ title }}', {include: _where, when: host}]",
        }
    )
    assert templates.names() == ("compact", "compact_exception", "mine")
    assert templates.get("mine").render(VALUES).description == "t\nmy w\nw\nh"
    assert templates.get("mine").render({**VALUES, "host": ""}).description == "t"
    assert templates.get("compact").render(VALUES).description == "w\nh"


def test_higher_priority_first_then_file_names() -> None:
    templates = made(
        {
            "b.yaml": "title: x\nmatch: {}",
            "a.yaml": "title: x\nmatch: {priority: 0}",
            "low.yaml": "title: x\nmatch: {priority: -1}",
            "z.yaml": "title: x\nmatch: {priority: 5}",
            "none.yaml": "title: x",
            "_part.yaml": "match: {priority: 9}",
        }
    )
    assert [template.name for _, template in templates.matching()] == ["z", "a", "b", "low"]


def test_a_file_with_match_does_not_stand_in_for_a_built_in() -> None:
    templates = made({"compact.yaml": "extends: compact\ntitle: mine\nmatch: {service: shop}"})
    assert templates.get("compact").render(VALUES).title == "built-in t"
    assert templates.matching()[0][1].render(VALUES).title == "mine"


def test_match_and_tests_are_not_taken_over() -> None:
    files = {
        "a.yaml": "match: {service: a}\ntests: [{record: {body: x}, expect: {title: x}}]\ntitle: x",
        "b.yaml": "extends: a",
    }
    templates = made(files)
    assert [template.name for _, template in templates.matching()] == ["a"]
    assert len(templates.get("a").tests) == 1
    assert templates.get("b").tests == ()


def test_every_problem_of_all_files_is_said_at_once_and_sorted() -> None:
    files = {
        "z.yaml": "titel: x\ntitle: '{{ tytle }}'\nfields:\n  - {name: a}\n  - {name: a, value: '{{ wher }}', x: 1}",
        "a.yaml": "title: 'x\n",
        "_p.yaml": "description: ['{{ | }}']",
        "child.yaml": "extends: z\nmatch: {kind: nope}",
    }
    with pytest.raises(TemplateErrors) as found:
        made(files)
    lines = str(found.value).splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        "_p.yaml:1:", "a.yaml:2:", "child.yaml:2:", "z.yaml:1:", "z.yaml:2:", "z.yaml:4:", "z.yaml:5:", "z.yaml:5:",
    ]  # fmt: skip
    assert "the key 'value' is missing" in lines[5]
    assert len(found.value.errors) == len(lines)


@pytest.mark.parametrize("text", ["", "title: null", "color: 1", "match: {}", "description: []\nlimits: {}"])
def test_a_file_that_is_used_and_can_say_nothing_is_refused(text: str) -> None:
    with pytest.raises(TemplateErrors, match=r"^compact\.yaml:1: says nothing"):
        made({"compact.yaml": text})


def test_a_user_cannot_break_a_built_in() -> None:
    templates = made({"_where.yaml": "description: []"})
    assert templates.get("compact").render(VALUES).description == "w\nh"


def test_names_may_depend_on_the_template() -> None:
    def names_of(farthest: str, kinds: tuple[str, ...]) -> set[str] | None:
        return {"digest_only"} if farthest == "digest" or "digest" in kinds else {"title"}

    built_in = {"digest.yaml": "title: '{{ digest_only }}'", "compact.yaml": "title: '{{ title }}'"}
    good = {
        "digest.yaml": "extends: digest\ntitle: '{{ digest_only }}'",
        "x.yaml": "match: {kind: [digest]}\ntitle: '{{ digest_only }}'",
    }
    assert TemplateSet(good, built_in=built_in, names=names_of).names() == ("compact", "digest", "x")
    with pytest.raises(TemplateErrors, match=r"x\.yaml:1: unknown name 'digest_only'"):
        TemplateSet({"x.yaml": "title: '{{ digest_only }}'"}, built_in=built_in, names=names_of)


def test_nothing_is_compiled_twice() -> None:
    one = made({"mine.yaml": "title: 'x {{ title }}'"}).get("mine")
    two = made({"mine.yaml": "title: 'x {{ title }}'\nfooter: more"}).get("mine")
    assert one.texts["title"] is two.texts["title"]
    templates = made({})
    assert templates.get("compact") is templates.get("compact")
    assert templates.get("compact").texts["title"] is templates.get("compact_exception").texts["title"]
