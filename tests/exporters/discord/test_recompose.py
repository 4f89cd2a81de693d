"""A posted message is edited: as many embeds, within every limit, naming the files that it has."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.discord_api.bodies import SUPPRESS_EMBEDS
from otel_discord.discord_api.models import Embed, EmbedField, EmbedFooter, FilePart, Message
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord.cards import AttachmentRef, Card
from otel_discord.exporters.discord.folding.note import Note
from otel_discord.exporters.discord.packing_fit import fit_again, fit_all
from otel_discord.exporters.discord.render import Rendered
from otel_discord.exporters.discord.render_options import Preset
from tests.exporters.discord.composing import NOW_S, compose_all, composer, stored
from tests.exporters.discord.records import RecordMaker
from tests.exporters.discord.test_render import card
from tests.exporters.discord.test_render_properties import EXAMPLES, PRESETS, texts_of
from tests.exporters.discord.test_text_evidence import PYTHON as LONG_TRACE

NAMED = re.compile(r"📎 ([A-Za-z0-9._-]+)")
COUNTED = re.compile(r"×([\d,]+) ")


def said(message: Message) -> str:
    return "\n".join([message.content, *("\n".join(texts_of(embed)) for embed in message.embeds)])


def file(name: str) -> FilePart:
    return FilePart(filename=name, open=lambda: b"x", size_bytes=1)


def grown(card: Card, count: int, samples: tuple[str, ...]) -> Card:
    return replace(card, count=card.count + count, samples=samples, last_seen_ns=2 * 10**18)


@pytest.mark.parametrize("preset", PRESETS)
@given(seed=st.integers(0, 2**32), count=st.sampled_from((1, 999, 10**9)))
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_what_was_one_message_is_one_message_again(preset: Preset, seed: int, count: int) -> None:
    maker = RecordMaker(seed)
    made = composer(preset, trace_link="https://a.example/{trace_id}")
    for composed in compose_all(made, [replace(maker.card(), count=1, samples=()) for _ in range(5)]):
        edited = made.recompose([grown(card, count, maker.samples(2)) for card in composed.cards], composed.note)
        assert problems(edited) == []
        assert len(edited.embeds) == len(composed.message.embeds)
        assert (edited.files, edited.username, edited.thread_name) == ((), "", "")
        assert set(NAMED.findall(said(edited))) <= {part.filename for part in composed.message.files}
        if preset != "plain":
            assert COUNTED.findall(said(edited)) == [f"{card.count + count:,}" for card in composed.cards]


def test_each_card_names_its_own_file_as_before() -> None:
    attachment = AttachmentRef(filename="trace.txt", content_type="", description="", size_bytes=1, shelf_key=7)
    cards = [card(f"failed {n}", {"exception.stacktrace": LONG_TRACE, "exception.type": "E"}) for n in range(3)]
    cards[0] = replace(cards[0], attachments=(replace(attachment, shelf_key=0, path="/dev/null"),))
    made = composer()
    before = made.compose(stored(cards)).message
    edited = made.recompose([grown(card, 411, ("failed again",)) for card in cards])
    names = [NAMED.findall(embed.description) for embed in before.embeds]
    assert names == [["trace.txt"], ["trace-3.txt"], ["trace-4.txt"]]  # the attachment has had trace-2.txt
    assert [NAMED.findall(embed.description) for embed in edited.embeds] == names


def test_an_attachment_that_was_sent_keeps_its_name_after_it_was_let_go() -> None:
    attachment = AttachmentRef(filename="trace.txt", content_type="", description="", size_bytes=3, shelf_key=0)
    made = composer()
    key, _ = made.shelf.put(b"abc", ["errors"])
    first = replace(card("x"), attachments=(replace(attachment, shelf_key=key),))
    second = card("y", {"exception.stacktrace": LONG_TRACE, "exception.type": "E"})
    assert "📎 trace-2.txt" in made.compose(stored([first, second])).message.embeds[1].description
    made.shelf.release(key)
    edited = made.recompose([first, second])
    assert "📎 trace-2.txt" in edited.embeds[1].description
    assert "let go" not in said(edited)


def test_samples_go_before_words_are_cut() -> None:
    def one(number: int) -> Rendered:
        whole = Rendered(Embed(title=f"t{number}", description="why" * 150 + "\nalso: " + "s" * 300))
        return replace(whole, shorter=Rendered(Embed(title=f"t{number}", description="why" * 150)))

    fitted = fit_again([one(number) for number in range(10)])
    assert problems(fitted) == []
    assert [embed.title for embed in fitted.embeds] == [f"t{number}" for number in range(10)]
    with_samples = ["also" in embed.description for embed in fitted.embeds]
    assert with_samples == sorted(with_samples, reverse=True)
    assert 0 < sum(with_samples) < 10
    assert all("…(+" not in embed.description for embed in fitted.embeds)


@given(
    st.lists(
        st.tuples(st.integers(0, 256), st.integers(1, 4092), st.lists(st.integers(1, 1024), max_size=8), st.booleans()),
        min_size=1,
        max_size=10,
    )
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_ten_embeds_fit(sizes: list[tuple[int, int, list[int], bool]]) -> None:
    cards = [
        Rendered(
            Embed(
                title="t" * title,
                description="word " * (description // 5) + "end",
                fields=tuple(EmbedField("n", "v" * value) for value in fields),
                footer=EmbedFooter("f" * 100) if footer else None,
            ),
            files=(file("trace.txt"),),
        )
        for title, description, fields, footer in sizes
    ]
    fitted = fit_all(cards)
    assert problems(fitted) == []
    assert len(fitted.embeds) == len(cards)
    assert len(fitted.files) == len(cards)
    if sum(card.embed.text_chars + 9 for card in cards if card.embed) <= 6000:
        assert [embed.title for embed in fitted.embeds] == [card.embed.title for card in cards if card.embed]


def test_text_is_shortened_by_fair_shares() -> None:
    fitted = fit_again([Rendered(None, "short"), Rendered(None, "a" * 1900), Rendered(None, "b" * 1900)])
    assert len(fitted.content) <= 2000
    assert fitted.content.startswith("short\n\naaa")
    assert fitted.content.count("a") > 900
    assert fitted.content.count("b") > 900
    assert fitted.flags == SUPPRESS_EMBEDS


def test_files_of_all_cards_share_the_message() -> None:
    cards = [Rendered(Embed(description="📎 a.txt"), files=tuple(file("a.txt") for _ in range(4))) for _ in range(4)]
    fitted = fit_all(cards)
    assert len(fitted.files) == 10
    assert problems(fitted) == []
    assert fitted.embeds[3].description == "a.txt left out"


def test_nothing_is_not_fitted() -> None:
    with pytest.raises(ValueError, match="nothing"):
        fit_again([])


def test_what_came_late_says_so_also_after_an_edit() -> None:
    late = replace(card("x"), accepted_ns=int((NOW_S - 7200) * 1e9))
    made = composer()
    assert "2 h late" in said(made.compose(stored([late])).message)
    assert "late" not in said(made.recompose([late]))
    assert "2 h late" in said(made.recompose([late], posted_s=NOW_S))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("cards", [2, 40])
def test_what_was_sent_again_says_so_also_after_an_edit(preset: Preset, cards: int) -> None:
    made = composer(preset)
    head = stored([card(f"{chr(97 + n % 26)}{chr(97 + n // 26)} failed") for n in range(cards)])
    compose = made.compose if cards == 2 else made.compose_digest
    for repeated in (True, False):
        composed = compose(head, repeated=repeated)
        note = Note.from_bytes(composed.note.to_bytes())
        kept = [grown(each, 5, ()) for each in composed.cards[: composed.kept]]
        expected = said(composed.message).count("sent again")
        assert (expected > 0) is repeated
        assert said(made.recompose(kept, note)).count("sent again") == expected


@pytest.mark.parametrize(
    "crowded",
    [
        Embed(fields=(EmbedField("n", "v" * 1000),), footer=EmbedFooter("f" * 100)),
        Embed(title="t" * 256, fields=(EmbedField("n", "v" * 1000),), footer=EmbedFooter("f" * 100)),
        Embed(title="t" * 256, description="d" * 4000, footer=EmbedFooter("f" * 2000)),
    ],
)
def test_what_is_cut_hard_still_shows_something(crowded: Embed) -> None:
    others = [Rendered(Embed(description="word " * 800 + "end")) for _ in range(9)]
    for cards in ([Rendered(crowded), *others], [Rendered(crowded)] * 10):
        fitted = fit_all(cards, max_total_chars=1_000)
        assert all(embed.title or embed.description or embed.fields for embed in fitted.embeds)
        assert sum(embed.text_chars for embed in fitted.embeds) <= 1_000
