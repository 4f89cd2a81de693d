"""The bot's limits as pure decisions: in order, never early, never for ever, and nothing leaks."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from otel_discord.discord_api.bot.lane import BotLane, BotTicket, repeat_wait_s
from otel_discord.discord_api.bot.limiter import BotLimiter
from otel_discord.discord_api.bot.routes import BotRoute, path_of, route_of
from otel_discord.discord_api.outcome_types import Scope
from otel_discord.discord_api.ratelimit import Answer, Limited

sys.path.insert(0, str(Path(__file__).parent.parent / "ratelimit"))
from server_models import MODELS

GUILD = BotRoute("POST", "/guilds/{guild_id}/channels", "1")
OTHER = BotRoute("POST", "/guilds/{guild_id}/channels", "2")
FOREVER = 1e9
ROUTES = [BotRoute("POST", "/channels/{channel_id}/messages", str(one)) for one in range(3)]


def said(status: int, now: float, limited: Limited | None = None, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or {}, limited=limited, sent_at=now, received_at=now)


def headers_of(limit: int, remaining: int, reset_after_s: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset-after": f"{reset_after_s:.3f}",
    }


def granted(limiter: BotLimiter, now: float) -> list[BotTicket]:
    return limiter.poll(now).granted


@pytest.mark.parametrize("shape", sorted(MODELS))
@settings(max_examples=60, deadline=None)
@given(
    limit=st.sampled_from([(5, 15.0), (10, 5.0), (1, 1.0), (5, 5.0)]),
    gaps=st.lists(st.floats(0, 20), min_size=1, max_size=30),
    trip_s=st.sampled_from([0.0, 0.05, 0.4]),
)
def test_a_bucket_that_tells_its_state_is_never_overrun(
    shape: str, limit: tuple[int, float], gaps: list[float], trip_s: float
) -> None:
    model, limiter, now = MODELS[shape](*limit), BotLimiter(), 1000.0
    for gap in gaps:
        now += gap if gap > 10 else 0.0
        ticket = limiter.request(GUILD, FOREVER, now)
        foreseen_at = limiter.foreseen_at(GUILD, now)
        for _ in range(20):
            poll = limiter.poll(now)
            if poll.granted:
                break
            assert poll.next_wake_at is not None
            assert poll.next_wake_at > now
            now = poll.next_wake_at
        assert poll.granted == [ticket]
        assert foreseen_at < now + 3 * limit[1]
        verdict = model.arrive(now + trip_s / 2)
        assert verdict.accepted
        headers = headers_of(model.limit, verdict.remaining, verdict.reset_after_s)
        answer = Answer(status=200, headers=headers, sent_at=now, received_at=now + trip_s)
        now += trip_s
        limiter.complete(ticket, answer, now, 0.5)


class Life(RuleBasedStateMachine):
    """Anything happens in any order; what a poll says is carried out at once."""

    def __init__(self) -> None:
        super().__init__()
        self.limiter, self.now = BotLimiter(), 0.0
        self.waiting: dict[BotRoute, list[BotTicket]] = {route: [] for route in ROUTES}
        self.out: list[BotTicket] = []

    @rule(route=st.sampled_from(ROUTES), patience_s=st.sampled_from([5.0, 60.0]))
    def ask(self, route: BotRoute, patience_s: float) -> None:
        self.waiting[route].append(self.limiter.request(route, self.now + patience_s, self.now))

    @precondition(lambda self: self.out)
    @rule(lost=st.booleans(), status=st.sampled_from([200, 403, 502]))
    def end(self, lost: bool, status: int) -> None:
        answer = None if lost else said(status, self.now)
        self.limiter.complete(self.out.pop(0), answer, self.now, 0.5)

    @precondition(lambda self: self.out)
    @rule(scope=st.sampled_from([*Scope]), retry_after_s=st.sampled_from([0.0, 1.0, 30.0, 4000.0]))
    def refuse(self, scope: Scope, retry_after_s: float) -> None:
        ticket = self.out.pop(0)
        self.limiter.complete(ticket, said(429, self.now, Limited(retry_after_s, scope)), self.now, 0.5)
        self.waiting[ticket.route].insert(0, ticket)

    @precondition(lambda self: self.out or any(self.waiting.values()))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        held = [*self.out, *(ticket for each in self.waiting.values() for ticket in each)]
        ticket = data.draw(st.sampled_from(held))
        self.limiter.cancel(ticket, self.now)
        (self.out if ticket in self.out else self.waiting[ticket.route]).remove(ticket)

    @rule(seconds=st.sampled_from([0.01, 1.0, 70.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def each_bucket_keeps_its_order(self) -> None:
        poll = self.limiter.poll(self.now)
        for ticket, retry_after_s in poll.turned_away:
            assert retry_after_s > 0
            self.waiting[ticket.route].remove(ticket)
        for ticket in poll.granted:
            assert ticket is self.waiting[ticket.route].pop(0), "out of order"
            assert ticket.route not in {one.route for one in self.out}, "two in flight"
            self.out.append(ticket)
        assert poll.next_wake_at is None or poll.next_wake_at > self.now

    def teardown(self) -> None:
        for _ in range(200):
            while self.out:
                self.limiter.complete(self.out.pop(0), said(200, self.now), self.now, 0.5)
            poll = self.limiter.poll(self.now)
            self.out += poll.granted
            for ticket in [*poll.granted, *(away.ticket for away in poll.turned_away)]:
                self.waiting[ticket.route].remove(ticket)
            if not any(self.waiting.values()):
                return
            self.now = poll.next_wake_at if not self.out and poll.next_wake_at is not None else self.now
        raise AssertionError("somebody waits for ever")


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase


def test_no_more_than_fifty_a_second_over_all_buckets() -> None:
    limiter, now, times = BotLimiter(), 0.0, []
    for one in range(300):
        limiter.request(BotRoute("GET", "/channels/{channel_id}", str(one)), FOREVER, now)
    while len(times) < 300:
        poll = limiter.poll(now)
        times += [now] * len(poll.granted)
        for ticket in poll.granted:
            limiter.complete(ticket, said(200, now), now, 0.0)
        now = poll.next_wake_at if poll.next_wake_at is not None else now
    assert max(sum(start <= at < start + 1.0 for at in times) for start in times) <= 50
    assert times[-1] <= 300 / 45 + 0.1


def test_a_bucket_without_headers_is_not_paced() -> None:
    limiter, now = BotLimiter(), 0.0
    for _ in range(50):
        limiter.request(GUILD, FOREVER, now)
    done = 0
    while done < 50:
        poll = limiter.poll(now)
        for ticket in poll.granted:
            limiter.complete(ticket, said(201, now), now, 0.0)
            done += 1
        now = poll.next_wake_at if not poll.granted and poll.next_wake_at is not None else now
    assert now < 1.2


def test_a_limit_of_hours_turns_away_those_who_wait_and_those_who_come() -> None:
    limiter = BotLimiter()
    first, second = limiter.request(GUILD, 20.0, 0.0), limiter.request(GUILD, 20.0, 0.0)
    elsewhere = limiter.request(OTHER, 20.0, 0.0)
    assert granted(limiter, 0.0) == [first, elsewhere]
    limiter.complete(elsewhere, said(201, 0.0), 0.0, 0.0)
    limiter.complete(first, said(429, 0.0, Limited(7200.0, Scope.USER)), 0.0, 0.0)
    away = limiter.poll(0.0).turned_away
    assert [(one.ticket, one.retry_after_s) for one in away] == [(first, 7200.0), (second, 7200.0)]
    assert limiter.foreseen_at(GUILD, 100.0) == 7200.0
    assert limiter.foreseen_at(OTHER, 100.0) <= 100.0, "another bucket goes on"


@pytest.mark.parametrize(("scope", "stops_all"), [("global", True), ("host", True), ("user", False), ("shared", False)])
def test_only_what_concerns_all_stops_all(scope: str, stops_all: bool) -> None:
    limiter = BotLimiter()
    ticket = limiter.request(GUILD, FOREVER, 0.0)
    assert granted(limiter, 0.0) == [ticket]
    limiter.complete(ticket, said(429, 0.0, Limited(90.0, Scope(scope))), 0.0, 0.0)
    other = limiter.request(OTHER, FOREVER, 1.0)
    assert granted(limiter, 1.0) == ([] if stops_all else [other])
    if stops_all:
        assert granted(limiter, 89.0) == []
        assert granted(limiter, 90.0)[0] is ticket


def test_a_ban_ends_with_one_probe_and_doubles_where_it_goes_on() -> None:
    limiter, now = BotLimiter(), 0.0
    tickets = [limiter.request(route, FOREVER, now) for route in (GUILD, OTHER)]
    assert len(granted(limiter, now)) == 2
    for ticket in tickets:
        limiter.complete(ticket, said(429, now, Limited(60.0, Scope.HOST)), now, 0.0)
    now = limiter.poll(now).next_wake_at or 0.0
    assert now == 60.0
    (probe,) = granted(limiter, now)
    limiter.complete(probe, said(429, now, Limited(60.0, Scope.HOST)), now, 0.0)
    assert limiter.ban_left_s(now) == 120.0
    now = 180.0
    (probe,) = granted(limiter, now)
    limiter.complete(probe, said(200, now), now, 0.0)
    assert limiter.ban_left_s(now) is None
    assert len(granted(limiter, now)) == 1


def test_a_sub_limit_pauses_its_own_class_of_bodies_alone() -> None:
    limiter = BotLimiter()
    place = BotRoute("PATCH", "/channels/{channel_id}", "1", "place")
    thread = BotRoute("PATCH", "/channels/{channel_id}", "1", "thread")
    ticket = limiter.request(place, 20.0, 0.0)
    assert granted(limiter, 0.0) == [ticket]
    limited = said(429, 0.0, Limited(500.0, Scope.USER), headers_of(5, 3, 10.0))
    limiter.complete(ticket, limited, 0.0, 0.0)
    assert limiter.foreseen_at(place, 0.0) == 500.0
    assert limiter.foreseen_at(thread, 0.0) <= 0.0


def test_invalid_requests_stop_long_before_a_ban() -> None:
    limiter, now, sent = BotLimiter(), 0.0, 0
    while now < 599.0:
        ticket = limiter.request(GUILD, FOREVER, now)
        while not (poll := limiter.poll(now)).granted:
            assert poll.next_wake_at is not None
            now = poll.next_wake_at
        limiter.complete(ticket, said(403, now), now, 0.0)
        sent += now < 599.0
    assert sent <= 5000


def test_buckets_that_nobody_uses_are_forgotten() -> None:
    limiter = BotLimiter()
    for one in range(2000):
        now = one * 30.0
        ticket = limiter.request(BotRoute("GET", "/channels/{channel_id}", str(one)), FOREVER, now)
        assert granted(limiter, now) == [ticket]
        limiter.complete(ticket, said(200, now), now, 0.0)
    assert limiter.lanes < 150


@given(st.floats(0, 1e5), st.integers(1, 10_000), st.floats(0, 1))
def test_a_wait_is_never_shorter_than_told_and_grows_where_that_does_not_help(
    retry_after_s: float, refusals: int, dice: float
) -> None:
    wait_s = repeat_wait_s(retry_after_s, refusals, dice)
    assert retry_after_s <= wait_s <= max(retry_after_s, 64.0) + 1.0
    assert wait_s >= (0.0 if refusals == 1 else min(0.5 * 2 ** min(refusals - 2, 10), 64.0))


def test_a_completed_ticket_takes_no_second_answer() -> None:
    limiter = BotLimiter()
    ticket = limiter.request(GUILD, FOREVER, 0.0)
    with pytest.raises(ValueError, match="granted"):
        limiter.complete(ticket, None, 0.0, 0.0)
    limiter.cancel(ticket, 0.0)
    limiter.cancel(ticket, 0.0)
    assert limiter.poll(0.0) == ([], [], None)


def test_what_is_counted_is_method_template_and_first_id() -> None:
    template = "/channels/{channel_id}/messages/{message_id}"
    assert route_of("PATCH", template, ("1", "2")) == route_of("PATCH", template, ("1", "3"))
    assert route_of("PATCH", template, ("1", "2")) != route_of("DELETE", template, ("1", "2"))
    assert route_of("GET", "/users/@me", ()).top_level_id == ""
    assert path_of(template, ("1", "2")) == "/channels/1/messages/2"
    assert str(route_of("PATCH", template, ("1", "2"))) == f"PATCH {template}"
    with pytest.raises(ValueError, match="ids"):
        path_of(template, ("1",))


def test_a_turn_that_is_handed_back_costs_the_others_nothing() -> None:
    limiter = BotLimiter(requests_per_second=1.0)
    tickets = [limiter.request(BotRoute("GET", "/channels/{channel_id}", str(one)), FOREVER, 0.0) for one in range(3)]
    assert granted(limiter, 0.0) == tickets[:2]
    limiter.cancel(tickets[1], 0.0)
    assert granted(limiter, 0.0) == [tickets[2]]


def test_a_hidden_limit_says_nothing_of_the_bucket() -> None:
    for remaining, is_cautious in ((3, False), (0, True)):
        lane = BotLane(GUILD, 0.025)
        lane.learn(said(200, 0.0, headers=headers_of(5, 4, 3.0)))
        lane.refused(said(429, 1.0, headers=headers_of(5, remaining, 3.0)), 600.0)
        assert lane.held_until() == 600.0
        assert (lane.bucket.cautious_until > 1.0) is is_cautious
