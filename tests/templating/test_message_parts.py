"""Name, picture, thread and buttons of a message: only what Discord takes."""

import pytest

from otel_discord.templating.message_parts import (
    usable_address,
    usable_button,
    usable_emoji,
    usable_image,
    usable_username,
)
from otel_discord.templating.output import ButtonOutput
from otel_discord.templating.template_parser import parse_templates

TEMPLATE = """
username: "{{ name }} bot"
avatar_url: "https://a.example/{{ name }}.png"
thread_name: "{{ name }}\\n {{ long }}"
buttons:
  - {label: "Open {{ name }}", url: "https://a.example/?q={{ name }}", emoji: "📕"}
  - {label: hidden, url: "https://a.example", when: "name == 'no'"}
  - {each: links, label: "{{ item.name }}", url: "{{ item.url | address }}"}
"""


def test_all_of_it() -> None:
    links = [{"name": "trace", "url": "https://t.example/?a=1"}, {"name": "bad", "url": "javascript:x"}]
    made = parse_templates({"t.yaml": TEMPLATE}, {"name", "long", "links"})["t"]
    output = made.render({"name": "a b", "long": "x" * 200, "links": links})
    assert output.username == "a b bot"
    assert output.avatar_url == "https://a.example/a%20b.png"
    assert output.thread_name == "a b " + "x" * 95 + "…"
    assert output.buttons == (
        ButtonOutput("Open a b", "https://a.example/?q=a%20b", "📕"),
        ButtonOutput("trace", "https://t.example/?a=1"),
    )


def test_at_most_25_buttons() -> None:
    text = 'buttons: [{each: links, label: "{{ item }}", url: "https://a.example/{{ item }}"}]'
    assert len(parse_templates({"t.yaml": text})["t"].render({"links": list(range(1, 100))}).buttons) == 25


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("Telemetry", "Telemetry"), (" a \n b ", "a b"), ("", ""), ("My DISCORD bot", ""), ("Clyde", ""),
        ("Everyone", ""), ("here", ""), ("over here", "over here"), ("dis\u200bcord", ""), ("x" * 90, "x" * 79 + "…"),
    ],
)  # fmt: skip
def test_usernames(written: str, used: str) -> None:
    assert usable_username(written) == used


@pytest.mark.parametrize(
    ("written", "used"),
    [
        (" https://a.example/x ", True), ("http://a.example", True), ("ftp://a.example", False), ("https://", False),
        ("javascript:alert(1)", False), ("https://[::1", False), ("https://a.example/ b", False),
        ("https://a.example/" + "x" * 2048, False), ("", False),
    ],
)  # fmt: skip
def test_addresses(written: str, used: bool) -> None:
    assert usable_address(written) == (written.strip() if used else "")


@pytest.mark.parametrize(
    ("written", "used"),
    [
     ("📕", "📕"), ("👩\u200d💻", "👩\u200d💻"), ("<:party:12345678>", "party:12345678"),
     ("a:x1:12345678", "a:x1:12345678"),
     ("word", ""), ("1", ""), ("", ""), ("é", "")],
)  # fmt: skip
def test_emoji(written: str, used: str) -> None:
    assert usable_emoji(written) == used


def test_buttons_that_discord_would_refuse_are_left_out() -> None:
    assert usable_button("x", "https://a.example/" + "x" * 500) is None
    assert usable_button("", "https://a.example/") is None
    assert usable_button("", "https://a.example/", "📕") == ButtonOutput("", "https://a.example/", "📕")
    long = usable_button("x" * 100, "https://a.example/")
    assert long is not None
    assert len(long.label) == 80


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("attachment://chart.png", True),
        ("attachment://../x y", False),
        ("https://a.example/i.png", True),
        ("data:x", False),
    ],
)
def test_images(written: str, used: bool) -> None:
    assert usable_image(written) == (written if used else "")


def test_addresses_of_an_embed_that_discord_would_refuse_are_left_out() -> None:
    text = 'url: "{{ v | markdown }}"\nimage: "{{ v | markdown }}"\nauthor: {name: a, url: "{{ v | markdown }}"}'
    template = parse_templates({"t.yaml": text})["t"]
    for value, shown in (("javascript:x", ""), ("https://a.example/", "https://a.example/")):
        output = template.render({"v": value})
        assert (output.url, output.image_url, output.author_url) == (shown, shown, shown)
