"""What a card says of further records and of the past."""

from dataclasses import replace
from typing import Any

import pytest

from otel_discord.exporters.discord.cards import SAMPLE_CHARS, PastLife
from otel_discord.exporters.discord.render_folded import (
    differing_samples,
    history,
    new_mark,
    seen,
    spoken,
    where_it_differs,
)
from otel_discord.signals import LogsBatch
from otel_discord.testing.otlp import logs_request
from tests.exporters.discord.records import card_of
from tests.exporters.discord.test_render import card, rendered
from tests.exporters.discord.test_render_properties import PRESETS

T0 = 1_700_000_000_000_000_000
S = 10**9
DAY = 86_400 * S


def past(**changes: Any) -> PastLife:
    return PastLife(**{"first_seen_ns": T0 - 9 * DAY, "last_seen_ns": T0 - 60 * S, "count": 7, **changes})


@pytest.mark.parametrize(
    ("life", "words"),
    [
        (None, ""),
        (past(count=0), ""),
        (past(), f"known since <t:{(T0 - 9 * DAY) // S}:D>"),
        (past(first_seen_ns=T0 - 7200 * S), f"known since <t:{(T0 - 7200 * S) // S}:t>"),
        (past(first_seen_ns=0), "known"),
        (past(first_version="1.8.2"), f"known since <t:{(T0 - 9 * DAY) // S}:D> · first seen in 1.8.2"),
        (past(last_seen_ns=T0 - 3 * DAY, first_version="1.8.2"), "back after 3 days · first seen in 1.8.2"),
        (past(last_seen_ns=T0 - 3 * DAY), f"back after 3 days · known since <t:{(T0 - 9 * DAY) // S}:D>"),
        (past(last_seen_ns=T0 - DAY, first_version="*1* <@2>"), "back after 1 day · first seen in \\*1\\* <\u200b@2>"),
        (past(last_seen_ns=T0 + DAY), f"known since <t:{(T0 - 9 * DAY) // S}:D>"),
    ],
)  # fmt: skip
def test_history(life: PastLife | None, words: str) -> None:
    assert history(replace(card(), past=life)) == words


def test_without_time_stamps_the_past_is_told_in_words() -> None:
    assert history(replace(card(), past=past()), timestamps=False) == "known"
    assert history(replace(card(), past=past(last_seen_ns=T0 - 7200 * S)), timestamps=False) == "back after 2 hours"


def test_only_what_storage_has_never_met_is_new() -> None:
    assert new_mark(replace(card(), past=past(count=0))) == "new"
    assert new_mark(replace(card(), past=past())) == new_mark(card()) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 minute"),
        (3599, "60 minutes"),
        (3600, "1 hour"),
        (7300, "2 hours"),
        (86_400, "1 day"),
        (10**9, "11,574 days"),
    ],
)
def test_spoken(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


@pytest.mark.parametrize(
    ("last_s", "words"),
    [
        (0, "last <t:1700000000:R>"),
        (59, "last <t:1700000059:R>"),
        (60, "first <t:1700000000:R> · last <t:1700000060:R>"),
    ],
)
def test_seen(last_s: int, words: str) -> None:
    assert seen(replace(card(count=2), last_seen_ns=T0 + last_s * S)) == words
    assert seen(card()) == ""


@pytest.mark.parametrize(
    ("text", "told", "shown"),
    [
        ("Payment declined: timeout for order 48214", "Payment declined: timeout for order 48213", "48214"),
        ("user 7 locked out after 5 attempts", "user 8 locked out after 5 attempts", "7"),
        ("user 7 locked out after 5 attempts", "user 8 locked out after 6 attempts", "7 … 5"),
        ("could not open file a.txt of user 7 today", "could not open file b.txt of user 7 today", "a.txt"),
        ("lost shard 3 of 9 again", "lost shard 3 again", "of 9"),
        ("all other words", "nothing alike at all", "all other words"),
        ("a b c d", "a b c", "d"),
        ("a b c", "a b c d", "a b c"),
        ("x", "x", "x"),
    ],
)
def test_where_it_differs(text: str, told: str, shown: str) -> None:
    assert where_it_differs(text, told) == shown


def test_samples_are_few_short_and_not_said_twice() -> None:
    samples = ("it broke", "a\nb", "a b", "c" * 100, "@everyone ×9", "one too many")
    told = differing_samples(replace(card(count=5), samples=samples), ["it broke"], most=3, max_chars=20, room=500)
    assert told == ["a b", "cccccccc…(+88)…cccc", "@everyone ×\u200b9"]
    assert differing_samples(replace(card(), samples=samples), [], most=3, max_chars=20, room=500) == []
    assert differing_samples(replace(card(count=2), samples=samples), [], most=3, max_chars=20, room=4) == []
    assert differing_samples(replace(card(count=2), samples=samples), [], most=0, max_chars=20, room=500) == []


@pytest.mark.parametrize(
    ("template", "told", "samples", "shown"),
    [
        ("order <*> is late", "order 1 is late", ("order 2 is late", "order 33 is late"), ["2", "33"]),
        ("no float: '<*>'", "no float: '19 %'", ("no float: '5 %'", "no float: 'none'"), ["'5 %'", "'none'"]),
        ("shard <*> took <*>", "shard eu took 1 s", ("shard eu took 9 s",), ["9 s"]),
        ("shard <*> took <*>", "shard eu took 1 s", ("shard eu took 9 s", "shard u took 1 s"), ["eu … 9 s", "u … 1 s"]),
        ("shard <*> took <*>", "Slow!", ("shard eu took 9 s", "shard us took 9 s"), ["eu", "us"]),
        ("shard <*> took <*>", "Slow!", ("shard eu took 9 s",), ["eu … 9 s"]),
        ("a <*>", "a 1", ("another one", "a 2"), ["another one", "2"]),
        ("<*> is late", "1 is late", ("2 is late", "2  is late"), ["2"]),
        ("<*>", "1", ("2",), ["2"]),
        ("", "order 1", ("order 2",), ["order 2"]),
        ("job <*> ends", "job 1 ends", ("job 1 ends now",), ["job 1 ends now"]),
        ("a <*> b <*> c", "a 1 b 2 c", ("a 1 b 3 b 2 c",), ["3 b 2"]),
    ],
)  # fmt: skip
def test_of_a_known_template_only_what_varies_is_said(
    template: str, told: str, samples: tuple[str, ...], shown: list[str]
) -> None:
    folded = replace(card(count=5), template=template, samples=samples)
    assert differing_samples(folded, [told], most=3, max_chars=60, room=500) == shown


def test_of_a_text_that_was_cut_the_parts_that_are_left_are_said() -> None:
    end = " and what came of it" * 20
    told, cut = f"order 1 of user 7 is late{end}", f"order 2 of user 7 is late{end}"[:SAMPLE_CHARS]
    folded = replace(card(count=5), template=f"order <*> of user <*> is late{end}"[:300], samples=(cut,))
    assert differing_samples(folded, [told], most=3, max_chars=60, room=500) == ["2"]
    assert differing_samples(replace(folded, template=""), [told], most=3, max_chars=60, room=500) == ["2"]


def test_what_the_first_record_said_is_known_beside_the_title() -> None:
    error = "could not convert string to float: '19 %'"
    attributes = {"exception.type": "ValueError", "exception.message": error}
    request = logs_request(body="Cannot compute the total", attributes=attributes)
    ((resource, scope, record),) = LogsBatch(request).records()
    folded = replace(
        card_of(record, resource, scope, 2),
        template="Cannot compute the total: could not convert string to float: '<*>'",
        samples=("Cannot compute the total: could not convert string to float: '5 %'",),
    )
    shown = rendered(folded)
    assert shown.embed is not None
    assert "\nalso: '5 %'" in shown.embed.description


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_shows_them_where_the_card_is_folded(preset: Any) -> None:
    folded = replace(card(count=4312), samples=("it broke *again*",), past=past())
    shown = rendered(folded, preset=preset)
    text = shown.embed.description if shown.embed else shown.content
    assert "also: it broke \\*again\\*" in text
    assert "known since" in text
    assert shown.shorter is not None
    shorter = shown.shorter.embed.description if shown.shorter.embed else shown.shorter.content
    assert "also" not in shorter
    assert "known since" in shorter
    once = rendered(replace(folded, count=1), preset=preset)
    assert once.shorter is None
    assert "also" not in (once.embed.description if once.embed else once.content)
