"""When a request would be granted, told without asking for it."""

import copy
import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_models import MODELS, Log
from world import Discord, Network, World

from otel_discord.discord_api.ratelimit import Answer, Limited, Limiter, LimiterSettings, Scope
from otel_discord.discord_api.routes import Operation, Route
from tests.discord_api.ratelimit.steps import EDIT, GET, POST, one, refusal, waits_until

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def granted_at(limiter: Limiter, route: Route, priority: int, now: float) -> float:
    """Ask, and follow the limiter's wake times until it is granted; nobody else does anything."""
    wanted = limiter.request(route, priority, now)
    for _ in range(200):
        granted, wake_at = limiter.poll(now)
        if wanted in granted:
            return now
        if wake_at is None:
            return math.inf
        now = wake_at
    raise AssertionError("never granted")


@quick
@given(
    shape=st.sampled_from(sorted(MODELS)),
    channel=st.sampled_from([0, 2, 4, 8, 30]),
    rate=st.sampled_from([1.0, 45.0, 10_000.0]),
    asks=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([Operation.EXECUTE, Operation.EXECUTE, Operation.EDIT])),
        min_size=1,
        max_size=40,
    ),
    priorities=st.lists(st.sampled_from([-1, 0, 1]), min_size=40, max_size=40),
    network=st.sampled_from([Network(0.0, 0.0, 0.0), Network(0.0, 0.3, None)]),
    rest_s=st.sampled_from([0.0, 0.0, 0.3, 1.0, 30.0]),
    hook=st.integers(0, 3),
    priority=st.sampled_from([-1, 0, 1]),
    seed=st.integers(0, 99),
)
def test_it_is_exact_while_nobody_else_asks(
    shape: str,
    channel: int,
    rate: float,
    asks: list[tuple[int, Operation]],
    priorities: list[int],
    network: Network,
    rest_s: float,
    hook: int,
    priority: int,
    seed: int,
) -> None:
    discord = Discord(
        lambda: MODELS[shape](5, 2.0),
        channel=(lambda: Log(channel, 60.0)) if channel else None,
        channel_of={str(index): "c" for index in range(3)},
    )
    limits = LimiterSettings(channel_messages_per_minute=channel, requests_per_second=rate)
    world = World(discord, network, seed=seed, settings=limits)
    for index in range(3):
        world.limiter.learn_channel(str(index), "c", 1000.0)
    for (webhook, operation), wanted in zip(asks, priorities, strict=False):
        world.ask(Route(operation, str(webhook)), priority=wanted)
    world.run()
    now = world.now + rest_s
    route = Route(Operation.EXECUTE, str(hook))
    before = copy.deepcopy(world.limiter)
    told_at = world.limiter.ready_at(route, priority, now)
    assert told_at >= now
    assert granted_at(before, route, priority, now) == pytest.approx(told_at, abs=1e-9)
    assert granted_at(world.limiter, route, priority, now) == pytest.approx(told_at, abs=1e-9)


@quick
@given(
    shape=st.sampled_from(["fixed", "gcra", "log"]),
    waiting=st.integers(0, 30),
    priority=st.sampled_from([0, 1]),
    seed=st.integers(0, 99),
    ask_at=st.floats(0, 100),
)
def test_with_others_before_it_the_estimate_is_near(
    shape: str, waiting: int, priority: int, seed: int, ask_at: float
) -> None:
    world = World(
        Discord(lambda: MODELS[shape](5, 2.0), channel=lambda: Log(30, 60.0)), Network(0.0, 0.1, 0.5), seed=seed
    )
    dice = random.Random(seed)
    for _ in range(20):
        world.ask(POST, at=1000.0 + dice.uniform(0, 100))
    for _ in range(waiting):
        world.ask(POST, at=1000.0 + ask_at)
    told: list[float] = []
    world.at(1000.0 + ask_at, lambda: told.append(world.limiter.ready_at(POST, priority, world.now)))
    wanted = world.ask(POST, at=1000.0 + ask_at, priority=priority)
    world.run()
    assert wanted.granted_at is not None
    if priority:
        assert told[0] <= wanted.granted_at + 1e-6, "rather early: those before it are taken to go at once"
        assert wanted.granted_at - told[0] <= 0.6
    else:
        assert abs(wanted.granted_at - told[0]) <= 4.0 + 0.15 * waiting, "a gap of the channel more or less"


def test_at_once_for_a_route_that_nobody_has_used() -> None:
    limiter = Limiter()
    assert limiter.ready_at(POST, 0, 5.0) == 5.0
    assert limiter.snapshot(5.0).buckets == ()


def test_pauses_count_for_whom_they_concern() -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, POST, 0.0), refusal(Scope.SHARED, 40.0, 0.0), 0.0, 0.0)
    assert limiter.ready_at(EDIT, -1, 1.0) == 40.0
    assert limiter.ready_at(POST, 1, 1.0) == pytest.approx(40.0, abs=0.03)
    assert limiter.ready_at(GET, 0, 1.0) == 1.0
    limiter.complete(one(limiter, GET, 1.0), refusal(Scope.USER, 7.0, 1.0, remaining=3), 1.0, 0.0)
    assert limiter.ready_at(GET, 0, 2.0) == 8.0
    other = Route(Operation.GET_WEBHOOK, "9")
    limiter.complete(one(limiter, other, 2.0), refusal(Scope.GLOBAL, 100.0, 2.0), 2.0, 0.0)
    assert limiter.ready_at(Route(Operation.EXECUTE, "new"), 5, 3.0) == 102.0


def test_a_ban_has_an_end_until_its_probe_is_out() -> None:
    limiter = Limiter()
    banned = Answer(status=429, limited=Limited(0.0, Scope.HOST), sent_at=0.0, received_at=0.0)
    limiter.complete(one(limiter, POST, 0.0), banned, 0.0, 0.0)
    assert limiter.ready_at(EDIT, 1, 1.0) == 60.0
    probe = one(limiter, POST, 60.0)
    assert limiter.ready_at(EDIT, 1, 61.0) == math.inf
    limiter.complete(probe, Answer(status=200, sent_at=60.0, received_at=62.0), 62.0, 0.0)
    assert limiter.ready_at(EDIT, 1, 62.0) == 62.0


def test_the_reserve_is_at_once_for_who_is_critical_only() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=4))
    for second in range(3):
        assert waits_until(limiter, POST, float(second)) == second
    assert limiter.ready_at(POST, 1, 3.0) == 3.0
    assert limiter.ready_at(POST, 0, 3.0) == pytest.approx(60.025 - 0.4)
    assert limiter.ready_at(POST, -1, 3.0) == pytest.approx(61.025 - 0.4)
    assert limiter.ready_at(EDIT, -1, 3.0) == 3.0


def test_those_who_wait_before_it_use_up_slots() -> None:
    limiter = Limiter(LimiterSettings(requests_per_second=10_000, channel_messages_per_minute=0))
    one(limiter, POST, 0.0)
    for _ in range(4):
        limiter.request(POST, 0, 0.0)
    assert limiter.ready_at(POST, 1, 0.0) == 0.0
    assert limiter.ready_at(POST, 0, 0.0) == pytest.approx(2.0)
    for _ in range(5):
        limiter.request(POST, 1, 0.0)
    assert limiter.ready_at(POST, 1, 0.0) == pytest.approx(2.0)
    assert limiter.ready_at(POST, 0, 0.0) == pytest.approx(4.0)
    assert limiter.ready_at(POST, 2, 0.0) == 0.0
