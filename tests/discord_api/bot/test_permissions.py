"""Bits and words of permissions, and the invite."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.bot.permissions import (
    ALL_PERMISSIONS,
    CHANNELS_AND_WEBHOOKS,
    WITH_MESSAGES,
    WITH_OVERWRITES,
    WITH_SILENCE,
    WITH_THREADS,
    Permission,
    explain,
    in_guild,
    invite_url,
    missing,
    names,
)

BITS = st.integers(0, 2**53 - 1)


def test_the_sets_have_the_numbers_that_the_documentation_names() -> None:
    assert CHANNELS_AND_WEBHOOKS == 536871952
    assert WITH_OVERWRITES == 805307408
    assert WITH_SILENCE == 805309456
    assert WITH_MESSAGES == 805424144
    assert WITH_THREADS == 805424144 + (1 << 34) + (1 << 35) + (1 << 38)


@given(have=BITS, need=BITS)
def test_what_is_missing_is_what_is_needed_and_not_there(have: int, need: int) -> None:
    lacking = missing(have, need)
    if have & Permission.ADMINISTRATOR:
        assert lacking == ()
    else:
        assert set(lacking) == set(names(need)) - set(names(need & have))
        assert len(lacking) == (need & ~have).bit_count()


def test_every_permission_has_the_words_of_the_settings() -> None:
    for permission in Permission:
        (name,) = names(permission)
        assert not name.startswith("permission bit")
    assert names(1 << 40) == ("permission bit 40",)
    assert names(0) == ()


@pytest.mark.parametrize(
    ("roles", "held", "owner", "expected"),
    [
        ({"1": 0b1 << 10, "2": 1 << 4, "3": 1 << 29}, ["2"], "8", (1 << 10) | (1 << 4)),
        ({"1": 1 << 10}, ["77"], "8", 1 << 10),
        ({"1": 0, "2": 1 << 3}, ["2"], "8", ALL_PERMISSIONS),
        ({"1": 0}, [], "9", ALL_PERMISSIONS),
        ({}, [], "8", 0),
    ],
)
def test_permissions_in_a_guild_follow_from_roles(
    roles: dict[str, int], held: list[str], owner: str, expected: int
) -> None:
    found = in_guild(guild_id="1", owner_id=owner, user_id="9", role_permissions=roles, member_roles=held)
    assert found == expected


def test_the_owner_of_no_guild_is_nobody() -> None:
    assert in_guild(guild_id="1", owner_id="", user_id="", role_permissions={}, member_roles=[]) == 0


def test_the_invite_names_the_application_and_the_permissions() -> None:
    url = urlsplit(invite_url("123", WITH_MESSAGES, guild_id="77"))
    assert (url.scheme, url.netloc, url.path) == ("https", "discord.com", "/oauth2/authorize")
    assert parse_qs(url.query) == {
        "client_id": ["123"],
        "scope": ["bot"],
        "permissions": ["805424144"],
        "guild_id": ["77"],
        "disable_guild_select": ["true"],
    }


def test_what_is_lacking_is_said_in_a_sentence() -> None:
    words = explain(("Manage Webhooks",), where="the server Acme", application_id="5", need=CHANNELS_AND_WEBHOOKS)
    assert words.startswith("the bot lacks Manage Webhooks in the server Acme; invite it with permissions=536871952: h")
    assert explain(("A", "B", "C"), where="x") == "the bot lacks A, B and C in x"
    assert explain((), where="x") == "the bot lacks a permission in x"
