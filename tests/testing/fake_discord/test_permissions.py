"""What overwrites make of a bot's permissions in a channel, and what is made of a channel's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.testing.fake_discord.channel_names import text_channel_name
from otel_discord.testing.fake_discord.permissions import (
    ADMINISTRATOR,
    EVERYTHING,
    MANAGE_CHANNELS,
    MEMBER,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    FakeOverwrite,
    in_channel,
)

SEES = VIEW_CHANNEL
SPEAKS = VIEW_CHANNEL | SEND_MESSAGES
bits = st.integers(0, EVERYTHING)
overwrites = st.lists(
    st.builds(
        FakeOverwrite,
        id=st.sampled_from(["guild", "bot", "r1", "r2", "other"]),
        type=st.sampled_from([0, 1]),
        allow=bits,
        deny=bits,
    ),
    max_size=6,
)


def has(guild_bits: int, *given: FakeOverwrite) -> int:
    return in_channel(guild_bits, given, guild_id="guild", role_ids=["r1", "r2"], member_id="bot")


@pytest.mark.parametrize(
    ("guild_bits", "given", "expected"),
    [
        (SPEAKS, [], SPEAKS),
        (SPEAKS, [FakeOverwrite("guild", deny=SEND_MESSAGES)], SEES),
        (SEES, [FakeOverwrite("guild", allow=SEND_MESSAGES)], SPEAKS),
        (SPEAKS, [FakeOverwrite("guild", deny=SEND_MESSAGES), FakeOverwrite("r1", allow=SEND_MESSAGES)], SPEAKS),
        (SPEAKS, [FakeOverwrite("r1", allow=SEND_MESSAGES), FakeOverwrite("r2", deny=SEND_MESSAGES)], SPEAKS),
        (SPEAKS, [FakeOverwrite("r1", deny=SEND_MESSAGES), FakeOverwrite("bot", MEMBER, allow=SEND_MESSAGES)], SPEAKS),
        (SPEAKS, [FakeOverwrite("r1", allow=SEND_MESSAGES), FakeOverwrite("bot", MEMBER, deny=SEND_MESSAGES)], SEES),
        (SPEAKS, [FakeOverwrite("bot", deny=SEND_MESSAGES)], SPEAKS),
        (SPEAKS, [FakeOverwrite("another", deny=SEND_MESSAGES)], SPEAKS),
        (SPEAKS | MANAGE_CHANNELS, [FakeOverwrite("guild", deny=VIEW_CHANNEL)], 0),
        (MANAGE_CHANNELS, [], 0),
        (ADMINISTRATOR, [FakeOverwrite("guild", deny=EVERYTHING)], EVERYTHING),
    ],
)
def test_overwrites_in_discords_order(guild_bits: int, given: list[FakeOverwrite], expected: int) -> None:
    assert has(guild_bits, *given) == expected


@given(bits, overwrites)
def test_who_does_not_see_a_channel_may_do_nothing_there(guild_bits: int, given: list[FakeOverwrite]) -> None:
    left = has(guild_bits, *given)
    assert left == 0 or left & VIEW_CHANNEL


@given(bits, overwrites, bits, bits)
def test_the_members_own_overwrite_has_the_last_word(
    guild_bits: int, given: list[FakeOverwrite], allow: int, deny: int
) -> None:
    others = [each for each in given if (each.type, each.id) != (MEMBER, "bot")]
    own = FakeOverwrite("bot", MEMBER, allow=allow | VIEW_CHANNEL, deny=deny)
    left = has(guild_bits & ~ADMINISTRATOR, *others, own)
    assert left & own.allow == own.allow
    assert left & deny & ~own.allow == 0


@given(st.text(max_size=120))
def test_a_name_that_is_stored_is_stored_again_as_it_is(name: str) -> None:
    stored = text_channel_name(name)
    assert text_channel_name(stored) == stored
    assert "--" not in stored
    assert not any(char.isspace() for char in stored)
