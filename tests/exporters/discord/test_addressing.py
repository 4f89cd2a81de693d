"""Whatever is in the cards: a message pings exactly the named ones, fits, and its edit says the same of them."""

import re
from dataclasses import replace
from datetime import UTC, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.component import StoredCard
from otel_discord.discord_api.models import SUPPRESS_NOTIFICATIONS, AllowedMentions
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord import addressing as addressing_of_messages
from otel_discord.exporters.discord.compose import Composed, Composer
from otel_discord.exporters.discord.mentions import Budget, Mention, Ping
from otel_discord.exporters.discord.quiet_hours import QuietHours
from otel_discord.exporters.discord.render_options import Preset
from otel_discord.exporters.discord.thread_names import ThreadName
from tests.exporters.discord.composing import NOW_S, composer
from tests.exporters.discord.records import RecordMaker
from tests.exporters.discord.test_render_properties import PRESETS

CHIP = re.compile(r"<@&?\d+>")
ROLES = tuple(str(10**18 + number) for number in range(35))
OWN = Mention(min_severity=17, roles=ROLES, users=("42",), max_per_hour=3)
ALWAYS = QuietHours(time(0), time(0), UTC)
USED = Budget(tuple(Ping("", NOW_S - number) for number in range(3)))


def addressing(preset: Preset, **destination: object) -> Composer:
    made = composer(preset)
    return replace(made, destination=replace(made.destination, mentions=(OWN,), **destination))  # type: ignore[arg-type]


def waiting(seed: int, count: int, priority: int = 0) -> list[StoredCard]:
    maker = RecordMaker(seed)
    cards = [replace(maker.card(), severity=17) for _ in range(count)]
    return [StoredCard(number, "errors", priority, card.to_bytes()) for number, card in enumerate(cards)]


def check(made: Composer, composed: Composed, address: str) -> None:
    message = composed.message
    assert problems(message) == []
    assert len(message.content) <= 2000
    assert message.content.endswith(address)
    assert CHIP.findall(message.content) == CHIP.findall(address), "nothing of a record is a mention"
    edited = made.recompose([replace(card, count=card.count + 1000) for card in composed.cards], composed.note)
    assert problems(edited) == []
    assert edited.content.endswith(address)
    assert edited.allowed_mentions == AllowedMentions()


@pytest.mark.parametrize("preset", PRESETS)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_who_is_pinged_is_in_the_content_and_there_is_room_for_it(preset: Preset, seed: int, count: int) -> None:
    made = addressing(preset)
    composed = made.compose(waiting(seed, count))
    assert composed.message.allowed_mentions == AllowedMentions(users=("42",), roles=ROLES)
    check(made, composed, " ".join(OWN.chips))


@pytest.mark.parametrize("preset", PRESETS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_digest_too(preset: Preset, seed: int) -> None:
    made = addressing(preset)
    composed = made.compose_digest(waiting(seed, 60))
    assert composed.message.allowed_mentions.roles == ROLES
    message = composed.message
    assert problems(message) == []
    assert message.content.endswith(OWN.chips[-1])
    made.memory.pings = USED
    check_again = made.compose_digest(waiting(seed, 60)).message
    assert check_again.allowed_mentions == AllowedMentions()
    assert check_again.content.endswith("-# no ping: 3 of 3 this hour are used")


def test_without_budget_the_message_says_so() -> None:
    made = addressing("compact")
    made.memory.pings = USED
    composed = made.compose(waiting(1, 2))
    assert composed.message.allowed_mentions == AllowedMentions()
    check(made, composed, "-# no ping: 3 of 3 this hour are used")


def test_in_quiet_hours_only_what_is_critical_makes_a_sound() -> None:
    made = addressing("compact", quiet_hours=ALWAYS)
    silent = made.compose(waiting(1, 2)).message
    assert (silent.flags & SUPPRESS_NOTIFICATIONS, silent.content) == (SUPPRESS_NOTIFICATIONS, "")
    loud = made.compose([*waiting(2, 1, priority=1), *waiting(1, 1)]).message
    assert (loud.flags, loud.allowed_mentions.users) == (0, ("42",))


def test_cards_of_one_post_go_together_and_the_others_are_left() -> None:
    made = addressing("compact", thread_name=ThreadName("{{ severity }}"))
    cards = waiting(3, 4)
    fatal = [replace(each, id=100 + each.id) for each in cards[:1]]
    maker = RecordMaker(9)
    fatal = [replace(each, payload=replace(maker.card(), severity=21).to_bytes()) for each in fatal]
    first = made.compose([cards[0], *fatal, *cards[1:]])
    assert [each.id for each in first.stored] == [0, 1, 2, 3][: len(first.stored)]
    assert (first.message.thread_name, first.message.thread_id) == ("ERROR", "")
    made.memory.posts.opened("ERROR", "77")
    again = made.again(first)
    assert (again.message.thread_name, again.message.thread_id) == ("", "77")
    fresh = again.in_new_post().message
    assert (fresh.thread_name, fresh.thread_id) == ("ERROR", "")
    few = made.compose_digest([*fatal, *cards])
    assert [each.id for each in few.stored] == [100], "a digest of one is a card"
    assert made.compose_digest(cards * 5).note.is_digest


def test_what_is_remembered_of_titles_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addressing_of_messages, "_MAX_TITLES", 2)
    made = addressing("compact", thread_name=ThreadName("{{ severity }}"))
    assert len(made.compose(waiting(3, 4)).stored) == 4
    assert len(made.memory.titles) <= 2
