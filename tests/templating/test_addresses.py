"""Addresses give way before words do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.templating.addresses import shorten_addresses


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("see https://api.example.com/v1/shops/7/charges?page=2 now", "see api.example.com/…/charges now"),
        ("see https://api.example.com/v1/shops/7/charges.", "see api.example.com/…/charges."),
        ("(https://api.example.com/charges#top)", "(api.example.com/charges)"),
        ("https://user:secret@api.example.com:8443/", "api.example.com:8443"),
        ("https://api.example.com?" + "q" * 50, "api.example.com/…"),
        ("postgres://app:secret@db.internal:5432/shop", "db.internal:5432/shop"),
        ("https://a.example/x/" + "y" * 80, "a.example/…/" + "y" * 31 + "…"),
        ("https://" + "h" * 80 + ".example/x/y", "…" + "h" * 39 + ".example/…/y"),
        ("no address: // at all", "no address: // at all"),
        ("https:///nowhere/at/all", "https:///nowhere/at/all"),
    ],
)
def test_host_and_last_piece_stay(text: str, shorter: str) -> None:
    assert shorten_addresses(text, len(text) - 1) == shorter


def test_what_fits_stays() -> None:
    text = "see https://api.example.com/v1/charges"
    assert shorten_addresses(text, len(text)) == text


def test_the_last_piece_goes_where_room_is_short() -> None:
    text = "GET https://api.example.com/v1/charges/monthly failed"
    assert shorten_addresses(text, 40) == "GET api.example.com/…/monthly failed"
    assert shorten_addresses(text, 32) == "GET api.example.com/… failed"


@given(st.lists(st.sampled_from(["https://", "a.b", "/", "?", "#", "@", " ", "…", "(", ")", "\n"])).map("".join))
def test_never_longer(text: str) -> None:
    assert len(shorten_addresses(text, 0)) <= len(text)
