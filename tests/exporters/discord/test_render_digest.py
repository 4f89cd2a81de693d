"""A digest: every problem once, the worst in full, all counts there, in bounded time."""

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.discord_api.models import Message
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord.cards import AttachmentRef, Card
from otel_discord.exporters.discord.render_digest import Digest, choose, headline
from otel_discord.exporters.discord.render_digest_file import digest_text
from otel_discord.exporters.discord.render_options import Preset
from tests.exporters.discord.composing import NOW_S, composer, stored
from tests.exporters.discord.records import RecordMaker
from tests.exporters.discord.test_render import card as error_card
from tests.exporters.discord.test_render_properties import EXAMPLES

LINE = re.compile(r"^(?:🔴|🚨|⚠️|ℹ️|🔍|▫️) (?:×([\d,]+) )?.", re.MULTILINE)
MORE = re.compile(r"^… ([\d,]+) more in 📎 digest\.txt, with ([\d,]+) events?", re.MULTILINE)
HEADLINE = re.compile(r"🔥 ([\d,]+) problems?, ([\d,]+) events?")


def problem(body: str, count: int = 1, severity: int = 17, service: str = "checkout", template: str = "") -> Card:
    made = error_card(body, None, count, **{"service.name": service})
    accepted_ns = int((NOW_S - 30) * 1e9)
    return replace(made, severity=severity, template=template, accepted_ns=accepted_ns)


def number(text: str) -> int:
    return int(text.replace(",", "")) if text else 1


def sums(message: Message) -> tuple[int, int]:
    """Return problems and records as a reader adds them up: lines, cards in full, and those in the file only."""
    text = message.content or "\n".join(f"{embed.title}\n{embed.description}" for embed in message.embeds[:1])
    counts = [number(count) for count in LINE.findall(text)]
    counts += [number((LINE.match(embed.title) or [""] * 2)[1] or "") for embed in message.embeds[1:]]
    more = MORE.search(text)
    return (
        len(counts) + (number(more[1]) if more else 0),
        sum(counts) + (number(more[2]) if more else 0),
    )


def told(message: Message) -> tuple[int, int]:
    found = HEADLINE.search(message.content or message.embeds[0].title)
    assert found
    return number(found[1]), number(found[2])


@pytest.mark.parametrize("preset", ["compact", "standard", "full", "plain"])
@pytest.mark.parametrize("size", [11, 18, 37, 300])
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_every_record_is_counted_once(preset: Preset, size: int, data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(1, 10**6) | st.just(1), min_size=size, max_size=size))
    cards = [problem(f"it broke in {n} ways", count, 9 + 4 * (n % 3), f"s{n % 7}") for n, count in enumerate(counts)]
    made = composer(preset)
    composed = made.compose_digest(stored(cards))
    assert problems(composed.message) == []
    assert told(composed.message) == sums(composed.message) == (size, sum(counts))
    assert sorted(card.id for card in composed.stored) == list(range(size))
    assert [Card.from_bytes(item.payload) for item in composed.stored] == list(composed.cards)
    kept = [replace(card, count=card.count + 7) for card in composed.cards[: composed.kept]]
    edited = made.recompose(kept, composed.note)
    assert problems(edited) == []
    assert (len(edited.embeds), edited.files) == (len(composed.message.embeds), ())
    assert told(edited) == sums(edited) == (size, sum(counts) + 7 * len(kept))


@given(seed=st.integers(0, 2**32), size=st.integers(1, 30), max_embeds=st.integers(1, 10))
@settings(max_examples=EXAMPLES, deadline=None)
@pytest.mark.parametrize("preset", ["compact", "plain"])
def test_a_digest_of_anything_keeps_every_limit(preset: Preset, seed: int, size: int, max_embeds: int) -> None:
    maker = RecordMaker(seed)
    cards = [maker.card() for _ in range(size)]
    made = composer(preset, max_embeds=max_embeds)
    composed = made.compose_digest(stored(cards))
    assert problems(composed.message) == []
    assert len(composed.message.embeds) <= max_embeds
    assert told(composed.message) == (size, sum(card.count for card in cards))
    edited = made.recompose(composed.cards[: composed.kept], composed.note)
    assert problems(edited) == []
    assert told(edited) == (size, sum(card.count for card in cards))


def test_how_it_reads() -> None:
    cards = [
        problem("Payment declined: gateway timeout", 3012),
        problem("redis connection lost", 1440, service="cart"),
        problem("slow shard 4", 512, 13, "search", "slow shard <*>"),
        problem("slow shard 5", 1, 13, "search", "slow shard <*>"),
        problem("cache is cold", 3, 9, ""),
    ]
    made = composer(max_embeds=2)
    message = made.compose_digest(stored(cards)).message
    assert message.embeds[0].title == "🔥 5 problems, 4,968 events in the last minute"
    assert message.embeds[0].description == (
        "×1,956 in 4 of them · the worst one is below\n"
        "🔴 ×1,440 **cart** redis connection lost\n"
        "⚠️ ×512 **search** slow shard <\\*>\n"
        "⚠️ **search** slow shard 5\n"
        "ℹ️ ×3 cache is cold"
    )
    assert message.embeds[1].title == "🔴 ×3,012 Payment declined: gateway timeout"
    assert message.files == ()


def test_the_worst_are_of_the_highest_severity_and_of_each_service() -> None:
    cards = [
        problem("a", 900), problem("b", 800), problem("c", 700), problem("d", 3, service="cart"),
        problem("e", 10**6, 13), problem("f", 1, 21, "auth"), problem("g", 5, service="mail"),
    ]  # fmt: skip
    chosen = choose(cards, most_full=5, most_lines=1)
    assert [cards[place].count for place in chosen.full] == [1, 900, 5, 3, 800]
    assert [cards[place].count for place in chosen.lines] == [700]
    assert [cards[place].count for place in chosen.others] == [10**6]
    assert sorted(chosen.order) == list(range(7))


def test_a_loud_service_leaves_room_for_the_others_in_full_and_in_lines() -> None:
    loud = [problem(f"loud {number}", 2) for number in range(3_000)]
    quiet = [
        problem(f"{service} broke", service=service) for service in ("cart", "mail", "auth", "search", "stock", "tax")
    ]
    chosen = choose([*loud, *quiet], most_full=5, most_lines=4)
    assert sorted(chosen.order) == list(range(3_006))
    assert [place for place in chosen.full if place < 3_000] == [0]
    assert set(range(3_000, 3_006)) <= {*chosen.full, *chosen.lines}


def test_the_file_lists_all_with_plain_numbers() -> None:
    cards = [problem("it ×9 broke\nbadly", 4312), *(problem(f"problem {n}", 2, 13, f"s{n}") for n in range(30))]
    attachment = AttachmentRef(filename="a", content_type="", description="", size_bytes=1, path="/x")
    cards[3] = replace(cards[3], attachments=(attachment, attachment))
    composed = composer().compose_digest(stored(cards))
    (part,) = composed.message.files
    text = bytes(part.open()).decode()  # type: ignore[arg-type]
    lines = text.splitlines()
    assert lines[0] == "31 problems, 4,372 events in the last minute, listed at 2023-11-14 22:13:50 UTC"
    assert lines[2].split() == ["severity", "events", "service", "first", "(UTC)", "last", "(UTC)", "problem"]
    assert re.fullmatch(
        r"ERROR +4,312  checkout +2023-11-14 22:13:20  2023-11-14 23:25:11  it ×\u200b9 broke", lines[3]
    )
    assert len(lines) == 3 + 31
    assert "problem 2 · 2 files left out" in text
    assert not re.search(r"×\d", text)
    assert part.size_bytes == len(text.encode())


def test_the_file_is_bounded_and_says_what_is_missing() -> None:
    text = digest_text([problem(f"problem {n}", 3) for n in range(2_500)], "head", NOW_S)
    assert text.count("\n") == 3 + 2_000 + 1
    assert text.endswith("… 500 more problems with 1,500 events not listed here\n")
    wide = digest_text([problem("ü" * 500, 1) for _ in range(2_000)], "head", NOW_S)
    assert len(wide.encode()) <= 256 * 1024
    shown = wide.count("ERROR")
    assert wide.endswith(f"… {2000 - shown:,} more problems with {2000 - shown:,} events not listed here\n")


@pytest.mark.parametrize(
    ("age_s", "words"),
    [
        (5, "the last minute"),
        (85, "the last minute"),
        (600, "the last 10 minutes"),
        (7200, "the last 2 hours"),
    ],
)
def test_the_headline_says_over_how_long(age_s: int, words: str) -> None:
    old = replace(problem("x", 5), accepted_ns=int((NOW_S - age_s) * 1e9))
    assert headline(Digest(full=[old], lines=[], now_s=NOW_S)) == f"1 problem, 5 events in {words}"


def test_an_edit_says_of_when_its_counts_are() -> None:
    made = composer()
    composed = made.compose_digest(stored([problem(f"problem {n}", 2) for n in range(40)]))
    description = made.recompose(composed.cards[: composed.kept], composed.note).embeds[0].description
    assert description.endswith(
        f"… 23 more in 📎 digest.txt, with 46 events when it was sent\ncounts as of <t:{int(NOW_S)}:R>"
    )


def test_a_digest_that_is_sent_again_is_the_same_digest_and_says_so() -> None:
    made = composer()
    first = made.compose_digest(stored([problem(f"problem {n}", 1 + n % 4) for n in range(60)]))
    second = made.again(first)
    assert second.stored == first.stored
    assert second.note == replace(first.note, repeated=True)
    assert second.message.embeds[1:] == first.message.embeds[1:]
    assert second.message.embeds[0].footer is not None
    assert second.message.embeds[0].footer.text == "sent again: the first try may have arrived"
    plain = made.again(made.compose(stored([problem("x")])))
    assert plain.message.embeds[0].footer == second.message.embeds[0].footer


def test_thousands_take_little_time() -> None:
    cards = stored([problem(f"problem {n}", 1 + n % 9, 13 + 4 * (n % 2), f"s{n % 600}") for n in range(5_000)])
    made = composer()
    took_s = []
    for _ in range(4):  # one of them may meet a look for garbage in all that the tests before have left
        started = time.process_time()
        composed = made.compose_digest(cards)
        took_s.append(time.process_time() - started)
    assert min(took_s) < 0.5  # a tenth of that on a quiet machine
    assert composed.records == sum(1 + n % 9 for n in range(5_000))
