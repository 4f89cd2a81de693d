"""Discord's rules of layout, one by one: columns of fields, pictures, buttons, posts, flags."""

import re
from typing import Any

import pytest

from otel_discord.discord_api.html_components import render_components
from otel_discord.discord_api.html_style import STYLE
from otel_discord.discord_api.html_view import render_messages


def embed_html(embed: dict[str, Any], **message: Any) -> str:
    return render_messages([{"embeds": [embed], **message}])


@pytest.mark.parametrize(
    ("inline", "columns_of_12"),
    [
        ("y", "12"),
        ("yy", "6 6"),
        ("yyy", "4 4 4"),
        ("yyyy", "4 4 4 12"),
        ("yyyyy", "4 4 4 6 6"),
        ("yynyy", "6 6 12 6 6"),
        ("nyyyn", "12 4 4 4 12"),
        ("nnn", "12 12 12"),
        ("yyyyyyy", "4 4 4 4 4 4 12"),
    ],
)
def test_up_to_three_inline_fields_share_a_row(inline: str, columns_of_12: str) -> None:
    fields = [{"name": "n", "value": "v", "inline": each == "y"} for each in inline]

    assert re.findall(r'class="dv-w(\d+)"', embed_html({"fields": fields})) == columns_of_12.split()


def test_the_parts_of_an_embed_come_in_discords_order() -> None:
    embed = {
        "footer": {"text": "F", "icon_url": "https://x.example/f.png"},
        "image": {"url": "https://x.example/i.png"},
        "thumbnail": {"url": "https://x.example/t.png"},
        "fields": [{"name": "N", "value": "V"}],
        "description": "D",
        "title": "T",
        "author": {"name": "A", "icon_url": "https://x.example/a.png"},
    }

    order = re.findall(r"dv-(author|title|description|fields|image|thumbnail|footer)\b", embed_html(embed))

    assert order == ["author", "title", "description", "fields", "image", "thumbnail", "footer"]


@pytest.mark.parametrize(
    ("selector", "rule"),
    [
        (".dv-inside>.dv-thumbnail", "grid-column:2"),  # right of the text
        (".dv-inside>.dv-thumbnail", "max-width:80px"),
        (".dv-inside>.dv-image", "grid-column:1/-1"),  # below, over the whole width
        (".dv-embed", "max-width:520px"),
        (".dv-image", "max-height:300px"),
    ],
)
def test_places_and_sizes(selector: str, rule: str) -> None:
    blocks = re.findall(r"([^{}]+)\{([^{}]*)\}", STYLE)

    assert any(selector in names and rule in body.replace("\n", "") for names, body in blocks)


def test_embeds_with_one_url_become_a_gallery_of_four_pictures_at_most() -> None:
    embeds = [{"url": "https://x.example", "image": {"url": f"https://x.example/{n}.png"}} for n in range(6)]

    html = render_messages([{"embeds": embeds}])

    assert html.count('class="dv-embed"') == 1
    assert re.findall(r"/(\d)\.png", html) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("button", "shown"),
    [
        ({"style": 5, "label": "Runbook", "url": "https://x.example/r"}, 'href="https://x.example/r"'),
        ({"style": 5, "label": "bad", "url": "javascript:alert(1)"}, "dv-inert"),
        ({"style": 5, "label": "off", "url": "https://x.example", "disabled": True}, "dv-inert"),
        ({"style": 1, "label": "<b>", "custom_id": "x"}, "&lt;b&gt;"),
        ({"style": 4, "emoji": {"name": "🔥"}}, "🔥"),
        ({"style": "odd", "label": 3}, "dv-secondary"),
    ],
)
def test_buttons(button: dict[str, Any], shown: str) -> None:
    html = render_components([{"type": 1, "components": [{"type": 2, **button}]}])

    assert shown in html
    assert "javascript:" not in html


@pytest.mark.parametrize("components", [None, [], [{}], "x", [{"type": 1}], [{"type": 1, "components": [3]}], [[1]]])
def test_what_is_no_row_is_left_out(components: Any) -> None:
    assert render_components(components) == ""


def test_a_menu_is_there_to_be_seen() -> None:
    html = render_components([{"type": 1, "components": [{"type": 3, "placeholder": "Silence for"}]}])

    assert "Silence for" in html


def test_the_title_of_a_forum_post_stands_above_and_is_text() -> None:
    html = embed_html({"title": "x"}, thread_name="<i>Payment declined</i>")

    assert '<div class="dv-thread">&lt;i&gt;Payment declined&lt;/i&gt;</div>' in html


def test_a_silent_message_says_so() -> None:
    assert "🔕" in render_messages([{"content": "x", "flags": 1 << 12}])
