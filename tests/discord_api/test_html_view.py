"""Messages as HTML: what Discord's markdown becomes, and that nothing in a message becomes markup."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.html_markdown import blocks, inline
from otel_discord.discord_api.html_style import STYLE
from otel_discord.discord_api.html_view import CONTENT_POLICY, page, render_messages
from otel_discord.discord_api.models import Embed, EmbedField, Message

NOW = 1_795_299_300.0  # 2026-11-21T22:15:00Z
AT = "2026-11-21T22:10:00.123000+00:00"


def run(text: str) -> str:
    """Return what is inside the one run of text."""
    html = blocks(text, now=NOW)
    assert html.startswith('<div class="dv-run">'), html
    return html.removeprefix('<div class="dv-run">').removesuffix("</div>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain & <b>", "plain &amp; &lt;b&gt;"),
        ("**bold** *it* _it_", "<strong>bold</strong> <em>it</em> <em>it</em>"),
        ("***both***", "<strong><em>both</em></strong>"),
        ("__under__ ~~gone~~", "<u>under</u> <s>gone</s>"),
        ("**a *b* c**", "<strong>a <em>b</em> c</strong>"),
        ("**over\ntwo lines**", "<strong>over\ntwo lines</strong>"),
        ("||secret||", '<span class="dv-spoiler" tabindex="0">secret</span>'),
        ("`a * b` ``c ` d``", '<code class="dv-code">a * b</code> <code class="dv-code">c ` d</code>'),
        ("`**x**`", '<code class="dv-code">**x**</code>'),
        (r"\*no\* \_no\_ \`no\` \<@1> \\", "*no* _no_ `no` &lt;@1&gt; \\"),
        ("snake_case_name 2 * 3 * 4 a*", "snake_case_name 2 * 3 * 4 a*"),
        ("** not bold **x", "<strong> not bold </strong>x"),
        ("<@12> <@!12>", '<span class="dv-mention">@12</span> <span class="dv-mention">@12</span>'),
        ("<@&3> <#4>", '<span class="dv-mention">@3</span> <span class="dv-mention">#4</span>'),
        (
            "@everyone @here @heretic",
            '<span class="dv-mention">@everyone</span> <span class="dv-mention">@here</span> @heretic',
        ),
        ("<id:customize>", '<span class="dv-mention">#customize</span>'),
        ("</run now:5> <:ok:6>", '<span class="dv-mention">/run now</span> <span class="dv-emoji">:ok:</span>'),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("<t:99999999999999:R>", "&lt;t:99999999999999:R&gt;"),
    ],
)
def test_what_stands_in_a_line(text: str, html: str) -> None:
    assert run(text) == html


@pytest.mark.parametrize(
    ("text", "address", "label"),
    [
        ("[docs](https://a.example/x?b=1&c=2)", "https://a.example/x?b=1&amp;c=2", "docs"),
        ("[**docs**](<https://a.example>)", "https://a.example", "<strong>docs</strong>"),
        ("[a](https://a.example/x_(y))", "https://a.example/x_(y)", "a"),
        ('[a](https://a.example "title")', "https://a.example", "a"),
        ("<https://a.example/_x_>", "https://a.example/_x_", "https://a.example/_x_"),
        ("https://a.example/x_y_z", "https://a.example/x_y_z", "https://a.example/x_y_z"),
        (r"[a\]b](https://a.example)", "https://a.example", "a]b"),
    ],
)
def test_links(text: str, address: str, label: str) -> None:
    assert run(text) == f'<a href="{address}" rel="noopener noreferrer nofollow" target="_blank">{label}</a>'


def test_the_full_stop_after_an_address_is_not_part_of_it() -> None:
    assert run("see https://a.example/x.").endswith("https://a.example/x</a>.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<t:1795299180:R>", "2 minutes ago"),
        ("<t:1795299301:R>", "in 1 second"),
        ("<t:1795299300:R>", "now"),
        ("<t:1700000000:R>", "3 years ago"),
        ("<t:1795299300>", "21 November 2026 22:15"),
        ("<t:1795299300:t>", "22:15"),
        ("<t:1795299300:T>", "22:15:00"),
        ("<t:1795299300:d>", "21/11/2026"),
        ("<t:1795299300:D>", "21 November 2026"),
        ("<t:1795299300:F>", "Saturday, 21 November 2026 22:15 UTC"),
        ("<t:-1:d>", "31/12/1969"),
    ],
)
def test_times(text: str, shown: str) -> None:
    assert re.sub("<[^>]*>", "", run(text)) == shown


def test_without_a_clock_times_are_absolute() -> None:
    assert "21 November 2026 22:15</time>" in blocks("<t:1795299300:R>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "```py\nx = '<b>'\n```",
            '<pre class="dv-fence" data-language="py"><code>x = &#x27;&lt;b&gt;&#x27;</code></pre>',
        ),
        ("```\nno **bold**\n```", '<pre class="dv-fence"><code>no **bold**</code></pre>'),
        ("```one line```", '<pre class="dv-fence"><code>one line</code></pre>'),
        (
            "a\n```\nb\n```\nc",
            '<div class="dv-run">a</div><pre class="dv-fence"><code>b</code></pre><div class="dv-run">c</div>',
        ),
        ("```\n\n```", '<div class="dv-run"><code class="dv-code">\n\n</code></div>'),
        ("``` ```", '<pre class="dv-fence"><code> </code></pre>'),
        ("# H", '<div class="dv-heading dv-heading-1">H</div>'),
        ("### H **b**", '<div class="dv-heading dv-heading-3">H <strong>b</strong></div>'),
        ("#### H", '<div class="dv-run">#### H</div>'),
        ("#no", '<div class="dv-run">#no</div>'),
        ("-# small", '<div class="dv-subtext">small</div>'),
        ("> a\n> b", "<blockquote>a\nb</blockquote>"),
        (">>> a\nb\n# c", "<blockquote>a\nb\n# c</blockquote>"),
        ("- a", '<div class="dv-item dv-depth-0"><span class="dv-bullet">•</span><span>a</span></div>'),
        ("  2. a", '<div class="dv-item dv-depth-1"><span class="dv-bullet">2.</span><span>a</span></div>'),
        ("", ""),
    ],
)
def test_what_takes_a_block(text: str, html: str) -> None:
    assert blocks(text, now=NOW) == html


def test_a_title_that_is_a_link_holds_no_other() -> None:
    assert inline("see https://a.example and [b](https://b.example)", links=False) == "see https://a.example and b"


# ------------------------------------------------------------------------------------------- whole messages


def text_of(html: str) -> str:
    return re.sub("<[^>]*>", "", html)


def test_a_message_as_discord_returns_it() -> None:
    message = {
        "author": {"username": "Telemetry"},
        "timestamp": AT,
        "edited_timestamp": AT,
        "content": "hello",
        "flags": 1 << 12,
        "embeds": [
            {
                "type": "rich",
                "author": {"name": "checkout", "url": "https://a.example"},
                "title": "Declined",
                "url": "https://t.example",
                "description": "why",
                "color": 0xD93F3F,
                "footer": {"text": "foot"},
                "timestamp": AT,
                "image": {"url": "https://i.example/x.png"},
                "thumbnail": {"url": "attachment://gone.png"},
            }
        ],
        "attachments": [{"id": "1", "filename": "trace.txt", "size": 1536, "url": "https://c.example/trace.txt"}],
    }
    html = render_messages([message], now=NOW, preview=lambda item: "Traceback" if item["id"] == "1" else "")
    assert html.startswith('<div class="dv dv-dark"><article class="dv-message">')
    assert '<span class="dv-name">Telemetry</span><span class="dv-app">APP</span>' in html
    assert "Today at 22:10" in html
    assert "🔕" in html
    assert '<div class="dv-run">hello<span class="dv-edited"> (edited)</span></div>' in html
    assert '<rect width="4" height="100%" fill="#d93f3f">' in html
    assert '<div class="dv-title"><a href="https://t.example"' in html
    assert "foot • <time" in html
    assert 'src="https://i.example/x.png"' in html
    assert '<div class="dv-thumbnail dv-absent">gone.png</div>' in html
    assert "<code>Traceback</code>" in html
    assert "1.50 KB" in html


def test_a_message_as_we_send_it() -> None:
    message = Message(username="Ops", content="x", embeds=(Embed(title="t", fields=(EmbedField("n", "v"),)),))
    html = render_messages([message.to_json()], theme="light")
    assert html.startswith('<div class="dv dv-light">')
    assert "Ops" in html
    assert 'class="dv-w12"><div class="dv-field-name">n</div>' in html


@pytest.mark.parametrize(
    ("inline_flags", "widths"),
    [
        ("1", "12"),
        ("11", "6 6"),
        ("111", "4 4 4"),
        ("1111", "4 4 4 12"),
        ("0110", "12 6 6 12"),
        ("11011", "6 6 12 6 6"),
    ],
)
def test_inline_fields_stand_beside_each_other(inline_flags: str, widths: str) -> None:
    fields = [{"name": "n", "value": "v", "inline": flag == "1"} for flag in inline_flags]
    html = render_messages([{"embeds": [{"fields": fields}]}])
    assert re.findall(r"dv-w(\d+)", html) == widths.split()


def test_of_two_embeds_with_one_url_the_first_is_shown_as_in_discord() -> None:
    embeds = [{"title": "first", "url": "https://a.example"}, {"title": "second", "url": "https://a.example"}]
    html = render_messages([{"embeds": embeds}])
    assert "first" in html
    assert "second" not in html


def test_suppressed_embeds_are_not_shown() -> None:
    assert "unseen" not in render_messages([{"content": "x", "flags": 4, "embeds": [{"title": "unseen"}]}])


def test_an_attached_picture_is_shown_where_the_embed_names_it() -> None:
    message = {
        "embeds": [{"image": {"url": "attachment://chart.png"}}],
        "attachments": [{"filename": "chart.png", "url": "http://127.0.0.1:1/chart.png"}],
    }
    assert render_messages([message]).count("http://127.0.0.1:1/chart.png") == 1


def test_the_same_speaker_is_named_once() -> None:
    def said(minute: int, name: str = "a") -> dict[str, Any]:
        return {"author": {"username": name}, "timestamp": f"2026-11-21T22:{minute:02}:00+00:00", "content": "x"}

    html = render_messages([said(0), said(3), said(20), said(21, "b"), said(22, "b")], now=NOW)
    assert html.count("dv-same") == 2
    assert html.count("dv-name") == 3


def test_a_long_preview_is_cut_and_says_so() -> None:
    html = render_messages([{"attachments": [{"filename": "a.txt"}]}], preview=lambda item: "x" * 5000)
    assert "… 1,000 more characters" in html


def test_the_page_runs_under_a_strict_policy() -> None:
    html = page([{"content": "x"}], title="<T>")
    assert "script" not in CONTENT_POLICY.replace("default-src 'none'", "")
    assert "unsafe" not in CONTENT_POLICY
    assert "<title>&lt;T&gt;</title>" in html
    assert f"<style>{STYLE}</style>" in html
    assert "<" not in STYLE


# ------------------------------------------------------------------------------------------- hostile messages

ALLOWED: dict[str, set[str]] = {
    "a": {"href", "rel", "target"},
    "article": {"class"},
    "blockquote": set(),
    "code": {"class"},
    "div": {"class", "aria-hidden"},
    "em": set(),
    "img": {"class", "src", "alt", "loading", "referrerpolicy"},
    "path": {"d"},
    "pre": {"class", "data-language"},
    "rect": {"width", "height", "fill"},
    "s": set(),
    "span": {"class", "tabindex", "title"},
    "strong": set(),
    "svg": {"class", "aria-hidden", "viewbox"},
    "time": {"class", "datetime", "title"},
    "u": set(),
}


class Inspector(HTMLParser):
    """Holds every tag and attribute against what this page may have, and that tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert name in ALLOWED[tag], (tag, name)
            if name in {"href", "src"}:
                assert re.match(r"https?://[^\s]", value or ""), value
            if name == "class":
                assert re.fullmatch(r"(dv[a-z0-9-]*)( dv-[a-z0-9-]+)*", value or ""), value
        if tag != "img":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)


def inspect(html: str) -> None:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    assert inspector.open == []
    html.encode("utf-8")


HOSTILE = [
    "<script>alert(1)</script>",
    "</div></article></body><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<!-- --><!DOCTYPE x>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    '[x](https://a.example/"onclick="alert(1))',
    "[x](https://a.example/'><script>)",
    "[<script>](https://a.example)",
    "[x](data:text/html,<script>alert(1)</script>)",
    '<https://a.example/"onmouseover=alert(1)>',
    'https://a.example/"onmouseover="alert(1)',
    "javascript://a.example/%0aalert(1)",
    "```html\n</code></pre><script>\n```",
    '```"><script>\nx\n```',
    "`</code><script>`",
    "**<b>**__</u>__||</span>||",
    "**a __b** c__ *d ~~e* f~~",
    '<t:1:R"><script>',
    '</x"><script>:1>',
    '<:a"b:1>',
    "> </blockquote><script>",
    "# <h1 onclick=x>",
    "&lt;script&gt; &amp;#60;",
    "\ud800\udfff\x00\x1b[31m\u202e\u2066",
    "<svg/onload=alert(1)>",
    "<style>*{}</style>",
    "https://user:pass@a.example",
    "//evil.example/x.png",
    "https://[::1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_message_becomes_markup(text: str) -> None:
    inspect(render_messages([_everywhere(text)], now=NOW, preview=lambda item: text))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(HOSTILE),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "name", "value", "text", "title"]), inner)
    ),
    max_leaves=5,
)
KEYS = [
    "author",
    "username",
    "content",
    "embeds",
    "attachments",
    "timestamp",
    "edited_timestamp",
    "flags",
    "avatar_url",
]


@given(st.dictionaries(st.sampled_from(KEYS), JSON), st.floats(0, 4e9))
def test_no_json_can_break_it(message: dict[str, Any], now: float) -> None:
    inspect(render_messages([message, message], now=now))


@given(
    st.lists(
        st.sampled_from(["*", "**", "_", "__", "~~", "||", "`", "```", "\n", "> ", "a", " ", "[", "](", ")", "\\", "<"])
    )
)
def test_any_markdown_is_closed_in_order(parts: list[str]) -> None:
    inspect(blocks("".join(parts), now=NOW))


@given(st.text(alphabet="abc<>&\"'", max_size=40))
def test_text_without_markdown_is_shown_as_it_is(text: str) -> None:
    from html import unescape

    assert unescape(text_of(inline(text))) == text


def _everywhere(text: str) -> dict[str, Any]:
    picture = {"url": text, "icon_url": text, "name": text, "text": text}
    embed = {
        "title": text,
        "url": text,
        "description": text,
        "color": text,
        "timestamp": text,
        "author": picture,
        "footer": picture,
        "image": picture,
        "thumbnail": picture,
        "fields": [{"name": text, "value": text, "inline": text}],
    }
    file = {"filename": text, "url": text, "size": text, "description": text}
    return {
        "author": {"username": text},
        "avatar_url": text,
        "content": text,
        "timestamp": text,
        "edited_timestamp": text,
        "flags": text,
        "embeds": [embed, {**embed, "url": "https://a.example", "color": 1}],
        "attachments": [file, {**file, "url": "https://a.example/x"}],
    }
