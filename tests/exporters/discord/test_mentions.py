"""Who is pinged, and how often: tables, and properties of the budget."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.exporters.discord.mentions import (
    HOUR_S,
    Budget,
    Call,
    Mention,
    Ping,
    Subject,
    call_for,
    mentions_for,
    named_chars,
)

NOW_S = 1_700_000_000.0
OWN = Mention(min_severity=21, roles=("1",), users=("2",), max_per_hour=6)
SHOP = Mention(key="shop", min_severity=17, roles=("3", "1"), max_per_hour=2)


def subject(card_id: int = 1, severity: int = 21, *routes: str, critical: bool = False, mute: bool = False) -> Subject:
    return Subject(card_id=card_id, severity=severity, routes=routes, is_critical=critical, no_ping=mute)


@pytest.mark.parametrize(
    ("who", "keys"),
    [
        (subject(), [""]),
        (subject(severity=20), []),
        (subject(mute=True), []),
        (subject(1, 17, "shop"), ["shop"]),
        (subject(1, 24, "shop"), ["shop"]),
        (subject(1, 16, "shop"), []),
        (subject(1, 24, "elsewhere"), [""]),
    ],
)
def test_a_route_s_mention_takes_the_place_of_the_destination_s(who: Subject, keys: list[str]) -> None:
    assert [mention.key for mention in mentions_for(who, (OWN, SHOP))] == keys


def test_who_is_named_and_only_once() -> None:
    call = call_for([subject(1), subject(2), subject(3, 17, "shop")], (OWN, SHOP), Budget(), NOW_S)
    assert call.address == "<@&1> <@2> <@&3>"
    assert (call.roles, call.users) == (("1", "3"), ("2",))
    assert [(ping.key, sorted(ping.card_ids)) for ping in call.pings] == [("", [1, 2]), ("shop", [3])]


def test_beyond_the_budget_the_message_says_so_and_each_mention_has_its_own() -> None:
    used = Budget(tuple(Ping("", NOW_S - 60 * number) for number in range(6)))
    call = call_for([subject(1), subject(2, 17, "shop")], (OWN, SHOP), used, NOW_S)
    assert call.address == "<@&3> <@&1>\n-# no ping: 6 of 6 this hour are used"
    assert call.roles == ("3", "1")
    assert call_for([subject(1)], (OWN,), used, NOW_S + HOUR_S - 300).address == "<@&1> <@2>"
    assert call_for([subject()], (replace(OWN, max_per_hour=0),), Budget(), NOW_S) == Call()


def test_quiet_hours_leave_what_is_critical() -> None:
    both = [subject(1, 17, "shop"), subject(2, critical=True)]
    assert call_for(both, (OWN, SHOP), Budget(), NOW_S, is_quiet=True).address == "<@&1> <@2>"
    assert call_for(both[:1], (OWN, SHOP), Budget(), NOW_S, is_quiet=True) == Call()


def test_a_message_sent_again_is_the_same_ping_until_it_has_arrived() -> None:
    one = replace(OWN, max_per_hour=1)
    first = call_for([subject(1), subject(2)], (one,), Budget(), NOW_S)
    begun = Budget().begun(first.pings)
    again = call_for([subject(2)], (one,), begun, NOW_S + 100)
    assert again.address == first.address
    begun = begun.begun(again.pings)
    assert begun.used("", NOW_S + 100) == 1
    assert "no ping" in call_for([subject(1)], (one,), begun, NOW_S + 100).address  # the other half is another message
    arrived = begun.arrived(again.pings, NOW_S + 200)
    assert arrived.pings == (Ping("", NOW_S + 200),)
    assert "no ping" in call_for([subject(2)], (one,), arrived, NOW_S + 200).address


def test_a_clock_that_was_set_back_does_not_block_for_longer_than_an_hour() -> None:
    ahead = Budget((Ping("", NOW_S + 86_400),) * 9)
    assert call_for([subject()], (OWN,), ahead, NOW_S).address == "<@&1> <@2>"


def test_what_all_mentions_take() -> None:
    assert named_chars([OWN, SHOP]) == len("<@&1> <@2> <@&3>")
    assert named_chars([]) == 0


@pytest.mark.parametrize("stored", [b"", b"{}", b"[[1]]", b"\xff", b'[["", "x", []]]', b"[[1, 2, 3]]"])
def test_a_budget_that_cannot_be_read_is_empty(stored: bytes) -> None:
    assert Budget.from_bytes(stored) == Budget()


PINGS = st.builds(
    Ping,
    st.sampled_from(["", "shop"]),
    st.floats(NOW_S - 2 * HOUR_S, NOW_S),
    st.frozensets(st.integers(0, 5), max_size=3),
)


@given(st.lists(PINGS, max_size=10))
def test_a_budget_comes_back_from_storage_as_it_was(pings: list[Ping]) -> None:
    budget = Budget(tuple(pings))
    assert Budget.from_bytes(budget.to_bytes()) == budget


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.floats(0, 1500), st.integers(13, 24), st.booleans(), st.booleans(), st.booleans()),
        max_size=60,
    ),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_never_more_pings_in_any_hour_than_allowed_and_only_the_named_ids(
    messages: list[tuple[float, int, bool, bool, bool]], most: int, most_shop: int
) -> None:
    """Messages of one card each, some tried twice before they arrive."""
    mentions = (replace(OWN, max_per_hour=most), replace(SHOP, max_per_hour=most_shop))
    budget, now_s = Budget(), NOW_S
    arrivals: dict[str, list[float]] = {"": [], "shop": []}
    for card_id, (pause_s, severity, in_shop, tried_twice, is_quiet) in enumerate(messages):
        now_s += pause_s
        who = [subject(card_id, severity, *(["shop"] if in_shop else []))]
        call = call_for(who, mentions, budget, now_s, is_quiet=is_quiet)
        if tried_twice:
            budget = budget.begun(call.pings)
            now_s += 30
            again = call_for(who, mentions, budget, now_s, is_quiet=is_quiet)
            assert {ping.key for ping in again.pings} >= {ping.key for ping in call.pings}
            call = again
        budget = budget.now(now_s).begun(call.pings).arrived(call.pings, now_s)
        assert set(call.roles) <= {"1", "3"}
        assert set(call.users) <= {"2"}
        assert len(call.address) <= 100
        for ping in call.pings:
            arrivals[ping.key].append(now_s)
            assert severity >= (17 if ping.key else 21)
    for key, allowed in (("", most), ("shop", most_shop)):
        times = arrivals[key]
        for end_s in times:
            assert sum(end_s - HOUR_S < each <= end_s for each in times) <= allowed
