"""Whatever telemetry says, in any field: no mention, no link, no formatting, no line that is not ours."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from otel_discord.discord_api.html_view import render_messages
from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord.cards import Card, PastLife
from otel_discord.exporters.discord.render_options import Preset
from tests.exporters.discord.composing import compose_all, composer, stored
from tests.exporters.discord.discord_markdown import live_parts
from tests.exporters.discord.records import FRAGMENTS, RecordMaker, card_of
from tests.exporters.discord.test_render import card
from tests.exporters.discord.test_render_properties import EXAMPLES, PRESETS, check_plain, texts_of

CORPUS = (
    "@everyone @here <@80351110224678912> <@!8> <@&165511591545143296> <#103735883630395392>",
    "</airhorn:816437322781949972> <t:1618953630:R> <:mmLol:216154654256398347> <a:b1nzy:39> <id:customize>",
    "# Header\n-# small\n- item\n* item\n1. one\n> quote\n>>> all of it",
    "||spoiler|| **bold** *it* __under__ _it_ ~~strike~~ `code` ``co``",
    "```py\nprint(1)\n``` after ``` and ````",
    "[Reset your password](https://evil.example/login) [x](<https://evil.example>)",
    "<https://evil.example> https://evil.example/a_b_c?x=_1_#f HTTPS://EVIL.example discord://x steam://run/1",
    "<mailto:a@b.example> <+1555> <a@b.example>",
    "right \u202egnp.exe\u202c isolate \u2066x\u2069 mark\u200e\u200f",
    "zero\u200bwidth\u2060word\u00ad \u3164\u115f \u2800\u2800 tag\U000e0068\U000e0069",
    "Z" + "\u0334\u0335\u0336\u0337" * 20 + "algo",
    "tab\there\x00nul\x1b[31mred\x07",
    "A" * 400,
    "ERROR ×999 and 📎 trace.txt",
    "¯\\_(ツ)_/¯ C:\\new\\_x_ \\\\server\\share snake_case_name __init__ \\",
    "ends with <",
    "ends with @",
)
OWN = {
    "compact": {"time", "fence"},
    "standard": {"time", "fence", "code"},
    "full": {"time", "fence", "code"},
    "plain": {"time", "fence", "bold"},
}
nasty = st.lists(st.sampled_from([*FRAGMENTS, *CORPUS]) | st.text(max_size=12), max_size=6).map("".join)


def everywhere(text: str, count: int = 1) -> Card:
    """Return a card that says the text in every place that telemetry reaches."""
    text = text.encode("utf-8", "replace").decode()
    attributes = {"note": text, text[:80]: "value", "list": [text], "event.name": text}
    resource = {"service.name": text, "deployment.environment.name": text, "host.name": text}
    made = card(text, attributes, count, **resource)
    past = PastLife(first_seen_ns=10**18, last_seen_ns=10**18, count=5, first_version=text)
    samples = (text[:200], f"another {text}"[:200]) if count > 1 else ()
    return replace(made, template=text[:200], samples=samples, past=past)


def check_data(message: Message, own: set[str]) -> None:
    """No part of the message is live but what the templates made."""
    texts = [message.content]
    for embed in message.embeds:
        *formatted, footer = texts_of(embed)
        check_plain(footer)
        texts += formatted
    for text in texts:
        check_plain(text)
        assert [part for part in live_parts(text) if part.kind not in own] == []
        assert "<t:1618953630" not in text
        assert text.count("```") % 2 == 0
    for part in message.files:
        assert re.fullmatch(r"[A-Za-z0-9._-]+", part.filename)
    seen = _Seen()
    seen.feed(render_messages([message.to_json()]))
    allowed = {kind for own_kind, kinds in _PAGE.items() if own_kind in own for kind in kinds}
    assert seen.live <= allowed, seen.live


_PAGE = {"time": ["time"], "fence": ["pre", "code"], "code": ["dv-code"], "bold": ["strong"]}


class _Seen(HTMLParser):
    """Notes what is live on the page."""

    def __init__(self) -> None:
        super().__init__()
        self.live: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        css = (dict(attrs).get("class") or "").split()
        marks = {"dv-mention", "dv-emoji", "dv-spoiler", "dv-heading", "dv-subtext", "dv-item", "dv-code"} & set(css)
        if marks:
            self.live |= marks
        elif tag in {"a", "strong", "em", "u", "s", "blockquote", "time", "pre", "script", "img"}:
            self.live.add(tag)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("text", CORPUS)
@pytest.mark.parametrize("count", [1, 4312])
def test_the_corpus_is_shown_as_text(preset: Preset, text: str, count: int) -> None:
    for composed in compose_all(composer(preset), [everywhere(text, count)]):
        check_data(composed.message, OWN[preset])


@pytest.mark.parametrize("preset", PRESETS)
@given(seed=st.integers(0, 2**32), text=nasty)
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_any_text_is_shown_as_text(preset: Preset, seed: int, text: str) -> None:
    maker = RecordMaker(seed)
    cards = [everywhere(text, 1 + seed % 3), maker.card(), maker.card()]
    made = composer(preset)
    for composed in compose_all(made, cards):
        check_data(composed.message, OWN[preset])
        check_data(made.recompose(composed.cards), OWN[preset])


@pytest.mark.parametrize("preset", ["compact", "plain"])
@given(seed=st.integers(0, 2**32), text=nasty)
@example(seed=2403, text=f"{'0' * 9}{CORPUS[0]}{'0' * 6}")
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_any_text_in_a_digest_is_shown_as_text(preset: Preset, seed: int, text: str) -> None:
    maker = RecordMaker(seed)
    cards = [everywhere(text, 1 + place % 2) for place in range(9)] + [maker.card() for _ in range(9)]
    made = composer(preset)
    composed = made.compose_digest(stored(cards))
    check_data(composed.message, OWN[preset] | {"bold"})
    check_data(made.recompose(composed.cards[: composed.kept], composed.note), OWN[preset] | {"bold"})


def test_the_reader_of_these_tests_sees_what_is_live() -> None:
    for text in CORPUS[:8]:
        assert [*live_parts(text)], text
    assert [*live_parts("snake_case_name, C:\\x and 1 * 2 ~ 3 | 4 <*> a_b")] == []


def test_an_address_can_be_read_and_copied() -> None:
    message = composer().compose(stored([card_of(card("x").parts()[2])])).message
    assert message.embeds
    shown = composer().compose(stored([card("GET https://api.example.com/v1/a_b failed")])).message.embeds[0].title
    assert shown.replace("\\", "") == "🔴 GET https://api.example.com/v1/a_b failed"
