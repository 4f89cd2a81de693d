"""Whatever a record holds, its card keeps every limit and stays text."""

import os
import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from otel_discord.discord_api.models import Embed, Message
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.packing import pack
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_options import Preset, RenderOptions
from otel_discord.testing.fake_discord.form_body import Body, UploadedFile
from otel_discord.testing.fake_discord.form_message import check_create
from otel_discord.testing.fake_discord.rules import Switches
from tests.exporters.discord.records import RecordMaker

EXAMPLES = int(os.environ.get("OTEL_DISCORD_TEST_EXAMPLES", "60"))
seeds = st.integers(0, 2**32)
PRESETS: tuple[Preset, ...] = ("compact", "standard", "full", "plain")
LINK = "https://grafana.example/explore?trace={trace_id}"
LINK_START = LINK.split("{", 1)[0]
RENDERERS = {
    (preset, links): Renderer(RenderOptions(preset=preset, trace_link=LINK if links else ""))
    for preset in PRESETS
    for links in (False, True)
}
LIVE = re.compile(r"@everyone|@here|<@[!&]?\d|<#\d|</\w|<a?:\w+:\d|<id:\w", re.IGNORECASE)
FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff]")
OWN_COUNT = re.compile(r"×([\d,]+)")


def texts_of(embed: Embed) -> list[str]:
    """Return the texts of an embed in the order of Discord's JSON."""
    fields = [text for item in embed.fields for text in (item.name, item.value)]
    return [embed.title, embed.description, *fields, embed.footer.text if embed.footer else ""]


def check_message(message: Message) -> None:
    assert problems(message) == []
    uploads = []
    for index, part in enumerate(message.files):
        content = part.open()
        assert isinstance(content, bytes)
        assert len(content) == part.size_bytes
        uploads.append(UploadedFile(index, part.filename, content, part.content_type))
    check_create(Body(message.to_json(), tuple(uploads)), Switches(), with_components=False)


def check_plain(text: str) -> None:
    assert not FORBIDDEN.search(text)
    assert not re.search("@everyone|@here|<@", text, re.IGNORECASE)


def check_markdown(text: str) -> None:
    check_plain(text)
    assert text.count("```") % 2 == 0
    outside = FENCED.sub("", text)
    assert not LIVE.search(outside)
    assert "](" not in re.sub(r"`[^`]*`", "", outside.replace(f"]({LINK_START}", ""))


def batch_of(seed: int, cards: int) -> list[Card]:
    maker = RecordMaker(seed)
    return [maker.card() for _ in range(cards)]


def pack_all(batch: Sequence[Card], renderer: Renderer) -> list[Message]:
    left = [renderer.render(card) for card in batch]
    messages = []
    while left:
        packed = pack(left)
        assert packed.taken >= 1
        messages.append(packed.message)
        left = left[packed.taken :]
    return messages


@pytest.mark.parametrize("preset", PRESETS)
@given(seed=seeds, links=st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_packed_messages_break_no_rule(preset: Preset, seed: int, links: bool) -> None:
    batch = batch_of(seed, 4)
    messages = pack_all(batch, RENDERERS[preset, links])
    for message in messages:
        check_message(message)
        check_markdown(message.content)
        for embed in message.embeds:
            *formatted, footer = texts_of(embed)
            check_plain(footer)
            for text in formatted:
                check_markdown(text)
    if preset != "plain":
        assert sum(len(message.embeds) for message in messages) == len(batch)


@pytest.mark.parametrize("preset", PRESETS)
@given(seed=seeds)
@example(seed=228560)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_card_shows_its_count_before_any_other_cross(preset: Preset, seed: int) -> None:
    card = RecordMaker(seed).card()
    rendered = RENDERERS[preset, False].render(card)
    shown = "\n".join(texts_of(rendered.embed)) if rendered.embed else rendered.content
    if card.count == 1:
        assert not OWN_COUNT.search(shown)
    else:
        assert shown.index("×") == shown.index(f"×{card.count:,} ")
        assert OWN_COUNT.findall(shown) == [f"{card.count:,}"]


@given(seed=seeds)
@settings(max_examples=EXAMPLES, deadline=None)
def test_ten_compact_cards_fit_in_one_message(seed: int) -> None:
    batch = batch_of(seed, 10)
    rendered = [RENDERERS["compact", False].render(card) for card in batch]
    assert all(card.embed and card.embed.text_chars <= 590 for card in rendered)
    few_files = [card for card in rendered if len(card.files) <= 1]
    if few_files:
        assert pack(few_files).taken == len(few_files)
