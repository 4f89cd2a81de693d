"""Who is critical never waits behind others, and what that costs the others."""

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_models import MODELS, Fixed, Gcra, Log
from world import Discord, Job, Network, World

from otel_discord.discord_api.ratelimit import Answer, Limiter, LimiterSettings, Scope, Ticket
from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget
from otel_discord.discord_api.ratelimit.global_budget import GlobalBudget
from otel_discord.discord_api.ratelimit.reserve import ALL_SOON_S, CRITICAL, SOON_S, kept_slots, soon_s
from otel_discord.discord_api.routes import Operation, Route
from tests.discord_api.ratelimit.steps import EDIT, POST, one, refusal, ticket, waits_until

quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NO_CHANNEL = LimiterSettings(channel_messages_per_minute=0, requests_per_second=10_000)


def post(webhook: object) -> Route:
    return Route(Operation.EXECUTE, str(webhook))


def sent(channel: ChannelBudget, at: float, priority: int = 0) -> None:
    channel.granted(Ticket(POST, priority, 1, at), at)
    channel.ended(at)


def flooded(world: World, route: Route, *, until: float, waiting: int = 3, priority: int = 0) -> None:
    """Keep a few requests of a route waiting all the time."""

    def ask_again(job: Job, status: int) -> None:
        if job.route == route and job.priority == priority and status == 200 and world.now < until:
            world.ask(route, priority=priority)

    before = world.on_answer

    def both(job: Job, status: int) -> None:
        before(job, status)
        ask_again(job, status)

    world.on_answer = both
    for _ in range(waiting):
        world.ask(route, priority=priority)


def sent_between(world: World, since: float, until: float) -> int:
    return sum(1 for at, _ in world.discord.accepted if since <= at < until)


def free_for_critical(world: World, job: Job) -> float:
    """How long it waited, what was in flight on its own route not counted: that has to come back in any case."""
    assert job.granted_at is not None
    blocked_until = max(
        [other.done_at for other in world.finished if other.route == job.route and sent_before(other, job)],
        default=job.asked_at,
    )
    return job.granted_at - max(job.asked_at, blocked_until or 0.0)


def sent_before(other: Job, job: Job) -> bool:
    return other.granted_at is not None and other.granted_at <= job.asked_at < (other.done_at or math.inf)


# ----------------------------------------------------------------------------------------- the promise, in full worlds


@quick
@given(
    asked=st.lists(st.floats(20, 400), min_size=1, max_size=6),
    apart_s=st.sampled_from([0.0, 0.05, 0.3]),
    share=st.sampled_from([0.0, 0.5, 1.0, None]),
    webhooks=st.integers(1, 3),
    seed=st.integers(0, 999),
)
def test_critical_ones_are_granted_at_once_in_the_middle_of_a_storm(
    asked: list[float], apart_s: float, share: float | None, webhooks: int, seed: int
) -> None:
    discord = Discord(
        lambda: Gcra(5, 2.0), channel=lambda: Log(30, 60.0), channel_of={str(hook): "c" for hook in range(webhooks)}
    )
    world = World(discord, Network(0.0, apart_s, share), seed=seed)
    for hook in range(webhooks):
        world.limiter.learn_channel(str(hook), "c", 1000.0)
        flooded(world, post(hook), until=1450.0)
    # One slot is free at a time; it comes back within a minute.
    moments = [at for index, at in enumerate(sorted(asked)) if index == 0 or at - sorted(asked)[index - 1] > 61]
    critical = [world.ask(post(seed % webhooks), at=1000.0 + at, priority=CRITICAL) for at in moments]
    world.run()
    assert discord.refused == []
    for job in critical:
        assert free_for_critical(world, job) <= 0.5


@pytest.mark.parametrize("shape", ["fixed", "gcra", "log"])
@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.3])
def test_the_others_keep_their_rate_in_a_bucket(shape: str, delay_s: float) -> None:
    messages = 870  # whole cycles, so that it does not matter when a burst begins
    took_s = {}
    for priority in (0, CRITICAL):
        discord = Discord(lambda: MODELS[shape](5, 2.0))
        world = World(discord, Network(delay_s / 2, delay_s, 0.5), settings=NO_CHANNEL)
        flooded(world, POST, until=math.inf, priority=priority)
        world.run(until=1480.0)
        assert discord.refused == []
        times = [at for at, _ in discord.accepted]
        took_s[priority] = times[60 + messages] - times[60]
    assert took_s[CRITICAL] >= 0.97 * took_s[0]


@pytest.mark.parametrize(("limit", "window_s"), [(2, 1.0), (1, 1.0), (2, 2.0), (3, 2.0)])
@pytest.mark.parametrize("shape", MODELS)
def test_small_buckets_do_not_slow_down_the_others(shape: str, limit: int, window_s: float) -> None:
    sent = {}
    for priority in (0, CRITICAL):
        world = World(Discord(lambda: MODELS[shape](limit, window_s)), Network(0.02, 0.1, 0.5), settings=NO_CHANNEL)
        flooded(world, POST, until=1600.0, priority=priority)
        world.run()
        assert world.discord.refused == []
        sent[priority] = sent_between(world, 1000.0, 1600.0)
    assert sent[0] >= 0.97 * sent[CRITICAL]


@pytest.mark.parametrize("shape", MODELS)
def test_a_bucket_keeps_a_slot_where_it_is_not_the_bottleneck(shape: str) -> None:
    discord = Discord(lambda: MODELS[shape](5, 2.0), channel=lambda: Log(30, 60.0))
    world = World(discord, Network(0.01, 0.05, 0.5))
    flooded(world, POST, until=1600.0)
    critical = [world.ask(POST, at=1003.0 + 67.3 * index, priority=CRITICAL) for index in range(8)]
    world.run()
    assert discord.refused == []
    assert max(free_for_critical(world, job) for job in critical) <= 0.5


@quick
@given(
    asks=st.lists(
        st.tuples(st.integers(0, 2), st.floats(0, 150), st.sampled_from([0, 0, 0, 0, -1, 1])), min_size=1, max_size=120
    ),
    limit=st.sampled_from([1, 2, 3, 4, 8, 30]),
    network=st.sampled_from([Network(0.0, 0.0, 0.0), Network(0.0, 0.3, None)]),
    seed=st.integers(0, 99),
)
def test_normal_ones_never_take_the_last_slot_of_a_channel(
    asks: list[tuple[int, float, int]], limit: int, network: Network, seed: int
) -> None:
    discord = Discord(
        lambda: Gcra(5, 2.0), channel=lambda: Log(limit, 60.0), channel_of={str(hook): "c" for hook in range(3)}
    )
    world = World(discord, network, seed=seed, settings=LimiterSettings(channel_messages_per_minute=limit))
    for hook in range(3):
        world.limiter.learn_channel(str(hook), "c", 1000.0)
    for hook, at, priority in asks:
        world.ask(post(hook), at=1000.0 + at, priority=priority)
    world.run()
    assert discord.refused == []
    assert all(job.done_at is not None for job in world.jobs), "nobody starves"
    if limit < 4:
        return
    granted = [(at, job) for at, job in world.grants]
    for index, (at, job) in enumerate(granted):
        if job.priority > 0:
            continue
        # What counts then, and does not come back soon: those in flight and those answered within the minute. One that
        # has waited for long may use what is kept for more than one critical message, one that can wait may not.
        kept = 1 if job.priority == 0 else kept_slots(-1, limit)
        soon = SOON_S if job.priority == 0 else soon_s(limit)
        counted = sum(
            1
            for other_at, other in granted[: index + 1]
            if other.done_at is None or other.done_at > at - 60.025 + soon + 1e-6
        )
        assert counted <= limit - kept


@pytest.mark.parametrize("priority", [-1, -2])
def test_what_can_wait_delays_no_message_of_another_webhook(priority: int) -> None:
    granted = {}
    for with_others in (False, True):
        discord = Discord(
            lambda: Gcra(5, 2.0), channel=lambda: Log(30, 60.0), channel_of={str(hook): "c" for hook in range(3)}
        )
        world = World(discord, Network(0.0, 0.0, 0.0))
        for hook in range(3):
            world.limiter.learn_channel(str(hook), "c", 1000.0)
        flooded(world, post(0), until=1300.0)
        if with_others:
            for route in (EDIT, Route(Operation.DELETE_MESSAGE, "1"), Route(Operation.EDIT, "0")):
                flooded(world, route, until=1300.0, priority=priority)
        world.run()
        assert discord.refused == []
        granted[with_others] = [at for at, job in world.grants if job.route == post(0)]
        edits = sum(1 for _, job in world.grants if job.route == EDIT)
    assert granted[True] == pytest.approx(granted[False], abs=0.1)
    assert edits > 700, "edits have buckets of their own, which messages do not use"


def test_a_message_that_can_wait_leaves_the_next_slot_of_its_channel_too() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=4, requests_per_second=10_000))
    for hook in range(5):
        limiter.learn_channel(str(hook), "c", 0.0)
    low = [limiter.request(post(hook), -1, 0.0) for hook in range(3)]
    assert limiter.poll(0.0).granted == low[:2]
    normal = [limiter.request(post(hook), 0, 0.0) for hook in range(3, 5)]
    assert limiter.poll(0.0).granted == normal[:1]
    critical = limiter.request(post("5"), CRITICAL, 0.0)
    limiter.learn_channel("5", "c", 0.0)
    assert limiter.poll(0.0).granted == [critical]


# ------------------------------------------------------------------------------------------------------ layer by layer


def test_the_last_slot_of_a_channel_is_for_who_is_critical_and_comes_back_first() -> None:
    channel = ChannelBudget("c", 5, 0.0)
    for index in range(4):
        assert channel.allowed_at(float(index), creates=True, priority=0) <= index
        sent(channel, float(index))
    assert channel.allowed_at(4.0, creates=True, priority=0) == pytest.approx(60.0 - SOON_S)
    assert channel.allowed_at(4.0, creates=True, priority=-1) == pytest.approx(61.0 - SOON_S)
    assert channel.allowed_at(4.0, creates=True, priority=CRITICAL) == -math.inf
    sent(channel, 4.0, CRITICAL)
    assert channel.allowed_at(4.5, creates=True, priority=CRITICAL) == 60.0
    assert channel.allowed_at(4.5, creates=True, priority=0) == pytest.approx(61.0 - SOON_S)


def test_three_slots_of_a_whole_channel_are_free_or_back_soon() -> None:
    channel = ChannelBudget("c", 30, 0.0)
    for index in range(28):
        sent(channel, 2.1 * index)
    # The second oldest ends at 62.1 s: with it the slots of three and that of this one are there.
    assert channel.allowed_at(58.0, creates=True, priority=0) == pytest.approx(62.1 - ALL_SOON_S)
    assert channel.allowed_at(58.0, creates=True, priority=-1) == pytest.approx(64.2 - ALL_SOON_S)
    for _ in range(2):
        assert channel.allowed_at(58.0, creates=True, priority=CRITICAL) == -math.inf
        sent(channel, 58.0, CRITICAL)
    assert channel.allowed_at(58.0, creates=True, priority=CRITICAL) == pytest.approx(60.0)


def test_a_slot_that_comes_back_soon_is_as_good_as_free() -> None:
    channel = ChannelBudget("c", 4, 0.0)
    for at in (0.0, 0.2, 10.0):
        sent(channel, at)
    assert channel.allowed_at(30.0, creates=True, priority=0) == pytest.approx(59.6)
    sent(channel, 59.6)
    assert channel.allowed_at(59.6, creates=True) == 60.0, "who is critical waits no longer than that"


def test_the_slot_that_discord_names_after_a_refusal_is_for_whoever_is_next() -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, POST, 0.0), refusal(Scope.SHARED, 40.0, 0.0), 0.0, 0.0)
    limiter.learn_channel("1", "c", 1.0)
    assert waits_until(limiter, POST, 1.0) == pytest.approx(40.0, abs=0.03)


def test_a_slot_of_a_leaky_bucket_that_comes_back_soon_is_as_good_as_kept() -> None:
    world = World(Discord(lambda: Gcra(5, 2.0)), Network(0.0, 0.0, 0.0), settings=NO_CHANNEL)
    for _ in range(8):
        world.ask(POST)
    critical = world.ask(POST, at=1000.1, priority=CRITICAL)
    world.run()
    assert critical.granted_at == pytest.approx(1000.4, abs=0.05)
    normal = [at - 1000.0 for at, job in world.grants if job.priority == 0]
    assert normal[:5] == [0.0] * 5
    assert normal[5:8] == pytest.approx([0.8, 1.2, 1.6], abs=0.05)


def test_a_fixed_window_keeps_a_slot_until_it_is_nearly_over() -> None:
    world = World(Discord(lambda: Fixed(5, 2.0)), Network(0.0, 0.0, 0.0))
    for _ in range(6):
        world.ask(POST)
    world.run()
    normal = [at - 1000.0 for at, job in world.grants if job.priority == 0]
    assert normal[:4] == pytest.approx([0.0, 0.0, 0.0, 0.4], abs=0.1)
    assert normal[4] == pytest.approx(1.2, abs=0.05), "who is critical would wait for 0.8 s at most"


def test_a_token_is_left_only_where_tokens_are_rare() -> None:
    for rate, waits_s in ((1.0, 1.0), (45.0, 0.0)):
        budget = GlobalBudget(rate)
        budget.granted(ticket(), 0.0)
        assert budget.allowed_at(0.0, critical=True) <= 0.0
        assert max(0.0, budget.allowed_at(0.0, critical=False)) == pytest.approx(waits_s)


@pytest.mark.parametrize("rate", [1.0, 5.0])
def test_who_is_critical_finds_a_token_in_a_crowd(rate: float) -> None:
    limiter = Limiter(LimiterSettings(requests_per_second=rate))
    for index in range(20):
        limiter.request(post(index), 0, 0.0)
    now = 0.0
    for _ in range(5):
        limiter.poll(now)
        now = limiter.poll(now).next_wake_at or now
    critical = limiter.request(post("x"), CRITICAL, now - 1e-6)
    assert limiter.poll(now - 1e-6).granted == [critical]


# --------------------------------------------------------------------------------------------------------- urgency


def test_who_waits_can_become_critical_and_goes_at_once() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=4, requests_per_second=10_000))
    for hook in range(3):
        limiter.learn_channel(str(hook), "c", 0.0)
        limiter.complete(one(limiter, post(hook), 0.0), Answer(status=200, sent_at=0.0, received_at=0.0), 0.0, 0.0)
    first, second = limiter.request(post(0), 0, 1.0), limiter.request(post(1), 0, 1.0)
    assert limiter.poll(1.0).granted == []
    limiter.raise_priority(second, CRITICAL, 2.0)
    granted, wake_at = limiter.poll(2.0)
    assert granted == [second]
    limiter.raise_priority(second, 5, 2.0)
    limiter.raise_priority(first, -1, 2.0)
    assert (second.priority, first.priority) == (CRITICAL, 0), "not when it is out, and never down"
    limiter.cancel(second, 3.0)
    limiter.raise_priority(second, 5, 3.0)
    assert limiter.poll(3.0).granted == []
    assert wake_at is None or wake_at > 2.0


def test_who_becomes_urgent_goes_before_those_of_its_route() -> None:
    limiter = Limiter()
    out = one(limiter, POST, 0.0)
    tickets = [limiter.request(POST, 0, 0.0) for _ in range(3)]
    limiter.raise_priority(tickets[2], CRITICAL, 0.0)
    limiter.complete(out, Answer(status=200, sent_at=0.0, received_at=0.0), 0.0, 0.0)
    assert limiter.poll(0.0).granted == [tickets[2]]


@quick
@given(seed=st.integers(0, 999), raises=st.lists(st.floats(0, 200), max_size=30))
def test_raising_at_any_moment_keeps_every_promise(seed: int, raises: list[float]) -> None:
    discord = Discord(lambda: Gcra(5, 2.0), channel=lambda: Log(8, 60.0), channel_of={"0": "c", "1": "c"})
    world = World(discord, Network(0.0, 0.3, None), seed=seed, settings=LimiterSettings(channel_messages_per_minute=8))
    for hook in range(2):
        world.limiter.learn_channel(str(hook), "c", 1000.0)
    dice = random.Random(seed)
    for _ in range(40):
        world.ask(
            post(dice.randint(0, 1)), at=1000.0 + dice.uniform(0, 100), gives_up_after=dice.choice([5.0, math.inf])
        )

    def lift() -> None:
        job = dice.choice(world.jobs)
        if job.ticket is not None:
            world.limiter.raise_priority(job.ticket, dice.choice([0, 1, 2]), world.now)

    for at in raises:
        world.at(1000.0 + at, lift)
    world.run()
    assert discord.refused == []
    assert all((job.done_at is None) == job.given_up for job in world.jobs)


def test_a_channel_without_a_limit_recalls_a_pause_only() -> None:
    channel = ChannelBudget("c", 0, 0.0)
    channel.recall([1.0, 2.0], 5.0, 100.0)
    assert channel.allowed_at(100.0, creates=True) == pytest.approx(105.0)
