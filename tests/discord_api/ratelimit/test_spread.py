"""A channel's minute is dealt out evenly: nobody waits for most of it, and the critical find slots in a flood."""

import bisect
import copy
import math
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_models import MODELS, Gcra, Log
from world import Discord, Job, Network, World

from otel_discord.discord_api.ratelimit import Answer, Limiter, LimiterSettings, Scope
from otel_discord.discord_api.ratelimit.reserve import ALL_SOON_S, CRITICAL, kept_slots
from otel_discord.discord_api.ratelimit.spread import SPREAD_FROM, longest_gap_s, next_at
from otel_discord.discord_api.routes import Operation, Route
from tests.discord_api.ratelimit.steps import POST, one, refusal, waits_until

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
networks = st.sampled_from([Network(0.0, 0.0, 0.0), Network(0.02, 0.1, 0.5), Network(0.0, 0.3, None)])
UNIX = 1.8e9


def post(webhook: object) -> Route:
    return Route(Operation.EXECUTE, str(webhook))


def flooded(
    network: Network, *, shape: str = "log", limit: int = 30, webhooks: int = 1, seed: int = 1, until: float = math.inf
) -> World:
    """A channel that always has normal messages waiting at each of its webhooks."""
    discord = Discord(
        lambda: Gcra(5, 2.0),
        channel=lambda: MODELS[shape](limit, 60.0),
        channel_of={str(hook): "c" for hook in range(webhooks)},
    )
    world = World(discord, network, seed=seed, settings=LimiterSettings(channel_messages_per_minute=limit))

    def ask_again(job: Job, status: int) -> None:
        if job.priority == 0 and status == 200 and world.now < until:
            world.ask(job.route)

    world.on_answer = ask_again
    for hook in range(webhooks):
        world.limiter.learn_channel(str(hook), "c", 1000.0)
        for _ in range(3):
            world.ask(post(hook))
    return world


def most_in_a_window(times: list[float]) -> int:
    return max(bisect.bisect_left(times, at + 60.0 - 1e-9) - index for index, at in enumerate(times))


# ----------------------------------------------------------------------------------------- the promise, in full worlds


@quick
@given(
    network=networks,
    shape=st.sampled_from(["fixed", "grid", "gcra", "log"]),
    limit=st.sampled_from([6, 7, 12, 30, 31, 60]),
    webhooks=st.integers(1, 3),
    seed=st.integers(0, 999),
)
def test_slots_come_back_steadily_and_hardly_any_is_lost(
    network: Network, shape: str, limit: int, webhooks: int, seed: int
) -> None:
    world = flooded(network, shape=shape, limit=limit, webhooks=webhooks, seed=seed)
    world.run(until=1700.0)
    assert world.discord.refused == []
    times = [at for at, _ in world.discord.accepted]
    assert most_in_a_window(times) <= limit
    kept = kept_slots(0, limit)
    bounds = [1060.0, 1660.0]  # ten cycles
    sent = bisect.bisect_left(times, bounds[1]) - bisect.bisect_left(times, bounds[0])
    assert sent >= math.floor(0.97 * 10 * (limit - kept))
    grants = [at for at, _ in world.grants]
    even_s = 60.0 / (limit - kept)
    assert max(after - before for before, after in pairwise(grants)) <= 1.75 * even_s + network.high_s
    if limit == 30:
        assert sent >= 0.97 * 10 * 60 * (limit - kept) / (60 - ALL_SOON_S)
        assert max(after - before for before, after in pairwise(grants)) <= 4.2 + network.high_s
        later = [at for at in grants if at > 1080.0]
        assert min(after - before for before, after in pairwise(later)) >= 2.0, "a burst is not repeated each minute"


@quick
@given(
    network=st.sampled_from([Network(0.0, 0.0, 0.0), Network(0.02, 0.1, 0.5)]),
    webhooks=st.integers(1, 3),
    asked=st.floats(3, 500),
    seed=st.integers(0, 999),
)
def test_three_critical_ones_find_slots_at_any_moment_of_a_flood(
    network: Network, webhooks: int, asked: float, seed: int
) -> None:
    world = flooded(network, webhooks=webhooks, seed=seed, until=1600.0)
    critical = [world.ask(post(0), at=1000.0 + asked, priority=CRITICAL) for _ in range(3)]
    world.run()
    assert world.discord.refused == []
    waits_s = [(job.granted_at or math.inf) - job.asked_at for job in critical]
    assert waits_s[0] <= 0.11, "what its webhook has in flight has to come back"
    assert waits_s[1] <= 0.6
    assert waits_s[2] <= 2.5 + 0.03


@quick
@given(network=networks, asked=st.floats(3, 300), webhooks=st.integers(1, 3), seed=st.integers(0, 99))
def test_after_critical_ones_the_others_go_on_and_the_reserve_is_filled_up(
    network: Network, asked: float, webhooks: int, seed: int
) -> None:
    world = flooded(network, webhooks=webhooks, seed=seed, until=1500.0)
    for moment in (asked, asked + 90.0):
        critical = [world.ask(post(0), at=1000.0 + moment, priority=CRITICAL) for _ in range(3)]
    world.run()
    assert world.discord.refused == []
    normal = [at for at, job in world.grants if job.priority == 0]
    assert max(after - before for before, after in pairwise(normal)) <= 8.5, (
        "until two slots are back where all were used up"
    )
    waits_s = [(job.granted_at or math.inf) - job.asked_at for job in critical]
    assert max(waits_s) <= 3.0 + network.high_s, "the reserve was filled up meanwhile"


@pytest.mark.parametrize("shape", ["fixed", "grid", "gcra", "log"])
@pytest.mark.parametrize("used_before", [5, 20, 30])
def test_a_minute_used_by_others_costs_one_refusal_and_then_the_flow_is_steady(shape: str, used_before: int) -> None:
    world = flooded(Network(0.02, 0.1, 0.5), shape=shape)
    channel = world.discord.channel_model("0")
    assert channel is not None
    for index in range(used_before):
        channel.arrive(960.0 + index)
    world.run(until=1600.0)
    assert world.discord.count(Scope.SHARED) <= 1
    assert world.discord.count(Scope.USER) == 0
    later = [at for at, _ in world.grants if at > 1180.0]
    assert max(after - before for before, after in pairwise(later)) <= 4.3
    assert len(later) >= 0.97 * 420 * 25 / 60


@pytest.mark.parametrize("after_s", [1.0, 20.0, 50.0])
def test_after_a_restart_it_goes_on_as_if_there_was_none(after_s: float) -> None:
    before = flooded(Network(0.0, 0.1, 0.5))
    before.run(until=1130.0)
    stored = before.limiter.memory(1130.0, UNIX)
    assert stored is not None
    world = flooded(Network(0.0, 0.1, 0.5), until=1600.0)
    world.limiter = Limiter()
    world.limiter.restore_memory(stored, 1000.0, UNIX + after_s)
    world.discord.channels = dict(before.discord.channels)
    used = [at - 1130.0 - after_s + 1000.0 for at, _ in before.discord.accepted]
    log = Log(30, 60.0)
    log.log.extend(at for at in used if at > 940.0)
    world.discord.channels["c"] = log
    three = [world.ask(post(0), at=1010.0, priority=CRITICAL) for _ in range(3)]
    world.run(until=1300.0)
    assert world.discord.refused == []
    assert max((job.granted_at or math.inf) - 1010.0 for job in three) <= 2.7
    grants = [at for at, _ in world.grants]
    assert grants[0] - 1000.0 <= 4.2
    assert max(after - before for before, after in pairwise(grants)) <= 5.0


# -------------------------------------------------------------------------------------------------- step by step


@quick
@given(asks=st.lists(st.tuples(st.floats(0, 4), st.sampled_from([0, 0, 0, 1, -1])), min_size=8, max_size=60))
def test_it_wakes_exactly_when_the_gap_ends(asks: list[tuple[float, int]]) -> None:
    limiter, now = Limiter(), 0.0
    for later_s, priority in asks:
        now += later_s
        told_at = limiter.ready_at(POST, priority, now)
        wanted = limiter.request(POST, priority, now)
        polls = 0
        while not (poll := limiter.poll(now)).granted:
            assert poll.next_wake_at is not None
            assert poll.next_wake_at > now
            early = copy.deepcopy(limiter)
            assert early.poll(math.nextafter(poll.next_wake_at, 0.0)).granted == []
            now = poll.next_wake_at
            polls += 1
        assert polls <= 2
        assert now == pytest.approx(told_at)
        limiter.complete(wanted, Answer(status=200, sent_at=now, received_at=now), now, 0.0)


def test_a_message_that_can_wait_goes_after_one_that_cannot() -> None:
    limiter, now = Limiter(LimiterSettings(requests_per_second=10_000)), 0.0
    for _ in range(200):
        ready = [limiter.ready_at(POST, priority, now) for priority in (1, 0, -1)]
        assert ready == sorted(ready)
        now = waits_until(limiter, POST, now)
    assert ready[2] > ready[1] + 0.05


def test_a_gap_is_given_back_with_the_message_that_was_not_sent() -> None:
    limiter, now = Limiter(), 0.0
    for _ in range(15):
        now = waits_until(limiter, POST, now)
    before = limiter.ready_at(POST, 0, now)
    assert before > now + 2.0
    unsent = one(limiter, POST, now, priority=0) if before <= now else limiter.request(POST, 0, now)
    assert limiter.poll(before).granted == [unsent]
    other = limiter.request(POST, 0, before)
    limiter.cancel(unsent, before)
    assert limiter.poll(before).granted == [other]


def test_the_slot_that_discord_names_is_not_held_back_by_a_gap() -> None:
    limiter, now = Limiter(), 0.0
    for _ in range(12):
        now = waits_until(limiter, POST, now)
    now = max(now, limiter.ready_at(POST, 0, now))
    limiter.complete(one(limiter, POST, now), refusal(Scope.SHARED, 1.0, now), now, 0.0)
    assert limiter.ready_at(POST, 0, now) == pytest.approx(now + 1.0, abs=0.03)


def test_after_a_quiet_minute_a_third_goes_at_once_again() -> None:
    limiter, now = Limiter(), 0.0
    for start in (0.0, 200.0):
        now, waits_s = start, []
        for _ in range(12):
            went_at = waits_until(limiter, POST, now)
            waits_s.append(went_at - now)
            now = went_at
        # The bucket without headers lets 5 through in 2 s.
        assert max(waits_s[:10]) <= 2.1
        assert min(waits_s[10:]) >= 3.0


# ---------------------------------------------------------------------------------------------------- the pure rule


def at(log: list[float], last_at: float, *, limit: int = 30, kept: int = 5) -> float:
    return next_at(log, last_at, limit=limit, kept=kept, lasts_s=60.0)


@pytest.mark.parametrize(
    ("log", "last_at", "goes_at"),
    [
        ([], 0.0, -math.inf),
        ([0.0] * 2, 0.0, -math.inf),
        ([0.0] * 3, 1.0, 1.0 + 0.18 * 2.4),
        ([0.0] * 9, 1.0, 1.0 + 0.18 * 2.4),
        ([0.0] * 10, 0.0, 60.0 / 16),
        ([0.0] * 10, 30.0, 30.0 + 0.95 * 2.4),
        ([0.0] * 10, 59.0, 60.0),
        ([0.0] * 24, 20.0, 40.0),
        ([0.0] * 25, 20.0, 20.0 + 0.95 * 2.4),
        ([0.0] * 25, -math.inf, -math.inf),
    ],
)
def test_the_rule(log: list[float], last_at: float, goes_at: float) -> None:
    assert at(log, last_at) == pytest.approx(goes_at)


@pytest.mark.parametrize("limit", range(1, SPREAD_FROM))
def test_small_limits_are_not_spread(limit: int) -> None:
    assert at([0.0] * (limit - 1), 0.0, limit=limit, kept=kept_slots(0, limit)) == -math.inf
    assert longest_gap_s(limit, 0, 60.0) == math.inf


def test_a_limit_that_nobody_reaches_has_no_effect() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=100_000, requests_per_second=10_000))
    for hook in range(3000):
        limiter.learn_channel(str(hook), "c", 0.0)
        limiter.request(post(hook), 0, 0.0)
    now, granted = 0.0, 0
    while granted < 3000:
        poll = limiter.poll(now)
        granted += len(poll.granted)
        now = poll.next_wake_at or now
    assert now <= 0.4


@given(
    log=st.lists(st.floats(0, 60), max_size=40).map(sorted),
    since=st.floats(0, 60),
    limit=st.integers(1, 60),
    priority=st.sampled_from([0, -1]),
)
def test_the_gap_never_outlasts_the_oldest_but_by_one_even_gap(
    log: list[float], since: float, limit: int, priority: int
) -> None:
    kept = kept_slots(priority, limit)
    if len(log) >= limit:
        return
    last_at = 60.0 - since
    goes_at = at(log, last_at, limit=limit, kept=kept)
    even_s = 60.0 / max(1, limit - kept)
    assert goes_at <= max([last_at, *(posted_at + 60.0 for posted_at in log[:1])]) + even_s
