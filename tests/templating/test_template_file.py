"""Template files: what they say, what they inherit, what is wrong with them and where."""

import pytest

from otel_discord.templating.errors import TemplateError
from otel_discord.templating.output import AttachmentOutput, FieldOutput
from otel_discord.templating.template_parser import parse_templates

NAMES = {"title", "where", "body", "entries", "color", "host", "time"}
BASE = """
title: "! {{ title }}"
limits: {title_chars: 100, body_chars: 50}
color: 0xE74C3C
description:
  - "{{ where }}"
  - "   "
  - {text: "{{ body }}", when: "body != title"}
fields:
  - {name: Host, value: "{{ host }}", inline: true, when: host}
  - {each: entries, name: "{{ item.key }}", value: "{{ item.value }}"}
footer: {text: "{{ host }}", icon_url: "https://a.example/i.png"}
author: "{{ where }}"
url: "https://a.example/?q={{ title }}"
show_time: time
attachments:
  - {filename: "{{ host }}.txt", text: "{{ body }}", when: body}
"""
VALUES = {
    "title": "a*",
    "where": "shop",
    "body": "b*",
    "entries": [{"key": "k", "value": 1}, {"key": "e", "value": ""}],
    "host": "h",
}


def test_every_part_is_rendered() -> None:
    output = parse_templates({"base.yaml": BASE}, NAMES)["base"].render({**VALUES, "time": 1, "color": 1})
    assert output.title == "! a\\*"
    assert output.description == "shop\nb\\*"
    assert output.fields == (FieldOutput("Host", "h", inline=True), FieldOutput("k", "1"))
    assert output.color == 0xE74C3C
    assert output.footer_text == "h"
    assert output.footer_icon_url == "https://a.example/i.png"
    assert output.author_name == "shop"
    assert output.url == "https://a.example/?q=a%2A"
    assert output.show_time
    assert output.attachments == (AttachmentOutput("h.txt", "b*"),)


def test_what_has_nothing_to_say_is_left_out() -> None:
    values = {"title": "", "where": "", "body": "", "entries": [], "host": "", "time": 0, "color": 1}
    output = parse_templates({"base.yaml": BASE}, NAMES)["base"].render(values)
    assert output.description == ""
    assert output.fields == ()
    assert output.attachments == ()
    assert not output.show_time


def test_extends_takes_what_the_file_does_not_say() -> None:
    child = "extends: base\ntitle: 'c {{ title }}'\nlimits: {body_chars: 9}\ncolor: '{{ color }}'\nfields: []"
    grandchild = "extends: child\ndescription: 'x'"
    made = parse_templates({"base.yaml": BASE, "child.yaml": child, "grandchild.yaml": grandchild}, NAMES)
    output = made["grandchild"].render({**VALUES, "time": 0, "color": 255})
    assert (output.title, output.description, output.color, output.fields) == ("c a\\*", "x", 255, ())
    assert output.footer_text == "h"
    assert made["grandchild"].limits == {"title_chars": 100, "body_chars": 9}


def test_only_what_is_wanted_is_compiled() -> None:
    files = {"good.yaml": "title: '{{ title }}'", "child.yaml": "extends: good", "bad.yaml": "title: '{{ tytle }}'"}
    assert set(parse_templates(files, NAMES, wanted=["child"])) == {"child"}
    with pytest.raises(TemplateError, match="tytle"):
        parse_templates(files, NAMES)
    with pytest.raises(KeyError):
        parse_templates(files, NAMES, wanted=["no such"])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("titel: x", 1, "unknown key 'titel', did you mean 'title'?"),
        ("title: x\ntitle: y", 2, "written twice"),
        ("title: [a]", 1, "expected a text"),
        ("title: '{{ title'", 1, "unexpected end of template, expected '}}'"),
        ("title: '{% if title {{ title }}'", 1, "'%}'"),
        ("- a", 1, "expected a map"),
        ("title: 'a\n", 2, "YAML"),
        ("title: !!python/object:os.system x", 1, "tag"),
        ("title: a\ndescription: |-\n  one\n  {{ two }}\n", 4, "unknown name 'two'"),
        ("title: a\ndescription: |-\n  one\n  {{ title | nope }}\n", 4, "nope"),
        ("fields: {}", 1, "expected a list"),
        ("fields:\n  - {name: a}", 2, "the key 'value' is missing"),
        ("fields:\n  - {name: a, value: b, inlin: true}", 2, "did you mean 'inline'?"),
        ("fields:\n  - {name: a, value: b, inline: 3}", 2, "true or false"),
        ("fields:\n  - {name: '{{ item }}', value: b}", 2, "unknown name 'item'"),
        ("fields:\n  - {name: a, value: b, when: '1 +'}", 2, "unexpected"),
        ("color: 0x1000000", 1, "0xFFFFFF"),
        ("color: true", 1, "a color is"),
        ("title: a\ncolor: puce", 2, "a color is a number"),
        ("color: '#1000000'", 1, "0xFFFFFF"),
        ("username: My Discord", 1, "Discord refuses a username"),
        ("username: here", 1, "Discord refuses a username"),
        ("avatar_url: me.png", 1, "http://"),
        ("url: javascript:alert(1)", 1, "http://"),
        ("image: file:///etc/passwd", 1, "attachment://FILENAME"),
        ("thumbnail: x", 1, "attachment://FILENAME"),
        ("title: a\nauthor:\n  name: x\n  url: wiki", 4, "http://"),
        ("footer: {text: a, icon_url: b}", 1, "http://"),
        ("limits: {a: -1}", 1, "whole number"),
        ("extends: nobody", 1, "there is no template 'nobody'"),
        ("extends: t", 1, "circle"),
        ("show_time: [1]", 1, "expected an expression"),
        ("limits: [1]", 1, "expected a map of whole numbers"),
        ("limits: {title_chars: -1}", 1, "expected a whole number from 0"),
        ("footer: {text: a, icon: b}", 1, "did you mean 'icon_url'?"),
        ("fields:\n" + "  - {name: a, value: b}\n" * 100, 1, "limited to 64"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(TemplateError) as found:
        parse_templates({"t.yaml": text}, NAMES)
    assert found.value.source == "t.yaml"
    assert found.value.line == line
    assert reason in found.value.reason


def test_an_empty_file_is_an_empty_template() -> None:
    output = parse_templates({"t.yaml": ""})["t"].render({})
    assert (output.title, output.description, output.content) == ("", "", "")


def test_a_list_of_thousands_makes_at_most_25_fields() -> None:
    made = parse_templates({"t.yaml": "fields: [{each: entries, name: a, value: '{{ item }}'}]"})
    assert len(made["t"].render({"entries": list(range(1, 2000))}).fields) == 25


def test_without_known_names_a_wrong_one_is_found_when_rendering() -> None:
    template = parse_templates({"t.yaml": "title: '{{ tytle }}'"})["t"]
    with pytest.raises(TemplateError, match=r"t\.yaml:1: unknown name 'tytle', did you mean 'title'"):
        template.render({"title": "x"})


@pytest.mark.parametrize(
    ("color", "shown"),
    [("#e74c3c", 0xE74C3C), ("0x10", 16), ("12", 12), ("red", None), ("#xyz", None), ("16777216", None), ("-1", None)],
)
def test_a_color_that_is_none_is_left_out(color: str, shown: int | None) -> None:
    template = parse_templates({"t.yaml": 'color: "{{ color }}"'}, NAMES)["t"]
    assert template.render({"color": color}).color == shown


def test_what_is_written_and_can_be_used_is_taken() -> None:
    text = "color: '#e74c3c'\nusername: Shop\nimage: attachment://a.png\nurl: https://a.example\nfooter: {icon_url: ''}"
    output = parse_templates({"t.yaml": text}, NAMES)["t"].render({})
    assert (output.color, output.username, output.image_url) == (0xE74C3C, "Shop", "attachment://a.png")
    assert output.url == "https://a.example"


def test_a_file_without_text_is_not_attached() -> None:
    template = parse_templates({"t.yaml": 'attachments: [{filename: a.txt, text: "{{ body }}"}]'}, NAMES)["t"]
    assert template.render({"body": ""}).attachments == ()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("color: 1\ncolour: 2", 2, "color and colour are the same key"),
        ("buttons: [{label: x, url: 'ftp://x'}]", 1, "a button opens an address"),
        ("buttons: [{label: x}]", 1, "the key 'url' is missing"),
        ("buttons: [{label: x, url: 'https://a', style: 1}]", 1, "unknown key 'style'"),
        ("tests: {}", 1, "expected a list"),
        ("tests:\n  - {record: {}, input: {}, expect: {a: 1}}", 2, "either the key 'record' or the key 'input'"),
        ("tests:\n  - {record: x, expect: {a: 1}}", 2, "expected a map: the record"),
        ("tests:\n  - {record: {}}", 2, "the key 'expect' is missing"),
        ("tests:\n  - {record: {}, expect: {}}", 2, "expected a map: what the message has to show"),
        ("tests:\n  - {input: [1], expect: {a: 1}}", 2, "expected OTLP JSON"),
        ("description:\n  - {include: nobody}", 2, "there is no template 'nobody'"),
        ("description:\n  - {include: ../t}", 2, "no path"),
        ("description:\n  - {include: t}", 2, "include goes round in a circle: t → t"),
        ("description: [{include: other, whn: x}]", 1, "unknown key 'whn'"),
        ("fields:\n  - {include: other}", 2, "the template 'other' has no fields to include"),
        ("description: [{include: other, when: '1 +'}]", 1, "unexpected"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_newer_keys(text: str, line: int, reason: str) -> None:
    with pytest.raises(TemplateError) as found:
        parse_templates({"t.yaml": text, "other.yaml": "title: x\ncontent: [a]"}, NAMES)
    assert (found.value.source, found.value.line) == ("t.yaml", line)
    assert reason in found.value.reason


def test_colour_is_color() -> None:
    assert parse_templates({"t.yaml": "colour: 0x10"})["t"].render({}).color == 16
    child = parse_templates({"t.yaml": "colour: 0x10", "u.yaml": "extends: t\ncolor: 2"})["u"]
    assert child.render({}).color == 2


def test_tests_are_kept_as_data() -> None:
    text = "tests:\n  - {name: a, record: {body: x}, expect: {title: x}}\n  - {input: in.json, expect: {fields: [1]}}"
    first, second = parse_templates({"t.yaml": text})["t"].tests
    assert (first.name, first.record, first.expect, first.line) == ("a", {"body": "x"}, {"title": "x"}, 2)
    assert (second.name, second.input, second.record, second.source) == ("test 2", "in.json", None, "t.yaml")


PARTS = {
    "_parts.yaml": """
description: ["{{ where }}", {text: "{{ host }}", when: host}]
fields: [{name: service, value: "{{ where }}"}, {each: entries, name: "{{ item }}", value: x}]
attachments: [{filename: a.txt, text: "{{ body }}"}]
buttons: [{label: a, url: "https://a.example"}]
""",
    "t.yaml": """
description: ["{{ title }}", {include: _parts}]
content: [{include: _parts, when: body}]
fields: [{include: _parts, when: host}, {name: last, value: y}]
attachments: [{include: _parts}]
buttons: [{include: _parts}]
""",
}


def test_what_is_included_stands_in_the_place_of_its_entry() -> None:
    made = parse_templates(PARTS, NAMES)
    assert set(made) == {"t"}
    values = {"title": "t", "where": "w", "host": "h", "body": "b", "entries": ["e"]}
    output = made["t"].render(values)
    assert output.description == "t\nw\nh"
    assert output.content == "w\nh"
    assert [field.name for field in output.fields] == ["service", "e", "last"]
    assert output.attachments == (AttachmentOutput("a.txt", "b"),)
    assert [button.label for button in output.buttons] == ["a"]
    without = made["t"].render({**values, "host": "", "body": ""})
    assert (without.description, without.content, [field.name for field in without.fields]) == ("t\nw", "", ["last"])


def test_includes_that_multiply_are_bounded() -> None:
    files = {f"p{n}.yaml": f"fields: [{', '.join([f'{{include: p{n + 1}}}'] * 60)}]" for n in range(7)}
    with pytest.raises(TemplateError, match="limited to 64 entries"):
        parse_templates({**files, "p7.yaml": "fields: []"}, wanted=["p0"])
