"""Random worlds: whatever happens, the limiter's promises hold."""

from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_models import MODELS, Log
from world import Discord, Job, Network, World

from otel_discord.discord_api.ratelimit import LimiterSettings, Scope
from otel_discord.discord_api.routes import Operation, Route

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

shapes = st.sampled_from(sorted(MODELS))
limits = st.sampled_from([(5, 2.0), (5, 5.0), (10, 10.0), (2, 1.0), (1, 1.0), (5, 1.0), (50, 1.0), (3, 30.0)])
networks = st.builds(
    lambda low, more, share: Network(low, low + more, share),
    st.sampled_from([0.0, 0.02, 0.3]),
    st.sampled_from([0.0, 0.05, 0.3]),
    st.sampled_from([0.0, 0.5, 1.0, None]),
)
operations = st.sampled_from([Operation.EXECUTE, Operation.EXECUTE, Operation.EDIT, Operation.GET_MESSAGE])
asks = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5]),  # webhook
        operations,
        st.one_of(st.just(0.0), st.floats(0, 20)),  # when
        st.integers(0, 2),  # priority
        st.sampled_from([None, None, None, 0.0, 0.3, 2.0]),  # patience
    ),
    min_size=1,
    max_size=100,
)


def at_rest(world: World) -> None:
    """Every permit came back and every job ended."""
    for job in world.jobs:
        assert (job.done_at is None) == job.given_up
    snapshot = world.limiter.snapshot(world.now)
    assert snapshot.waiting == snapshot.in_flight == 0
    granted, wake_at = world.limiter.poll(world.now)
    assert (granted, wake_at) == ([], None)


def ready_at(world: World) -> dict[int, float]:
    """For each job the moment at which nothing but a limit could hold it: asked, and the one before it ended."""
    ready: dict[int, float] = {}
    by_route: dict[Route, list[Job]] = defaultdict(list)
    for _, job in world.grants:
        by_route[job.route].append(job)
    for jobs in by_route.values():
        ended_at = 0.0
        for job in jobs:
            ready[id(job)] = max(job.asked_at, ended_at)
            ended_at = job.done_at or ended_at
    return ready


@quick
@given(shape=shapes, limit=limits, network=networks, wanted=asks, seed=st.integers(0, 999))
def test_no_refusal_no_idling_and_order(
    shape: str,
    limit: tuple[int, float],
    network: Network,
    wanted: list[tuple[int, Operation, float, int, float | None]],
    seed: int,
) -> None:
    discord = Discord(lambda: MODELS[shape](*limit))
    world = World(
        discord,
        network,
        seed=seed,
        settings=LimiterSettings(channel_messages_per_minute=0, requests_per_second=10_000),
    )
    for webhook, operation, at, priority, patience in wanted:
        world.ask(
            Route(operation, str(webhook)),
            at=1000.0 + at,
            priority=priority,
            gives_up_after=float("inf") if patience is None else patience,
        )
    world.run()
    at_rest(world)
    assert discord.refused == []
    worst_s = limit[1] + 2 * network.high_s + 0.05
    ready = ready_at(world)
    per_route: dict[Route, int] = defaultdict(int)
    for granted_at, job in world.grants:
        waited_s = granted_at - ready[id(job)]
        assert waited_s <= worst_s
        per_route[job.route] += 1
        if per_route[job.route] <= limit[0]:
            assert waited_s <= 0.05, "the first ones find a fresh bucket"


@quick
@given(
    shape=shapes,
    network=networks,
    wanted=asks,
    channels=st.lists(st.integers(0, 2), min_size=6, max_size=6),
    learn_at=st.sampled_from([0.0, 3.0]),
    seed=st.integers(0, 999),
)
def test_webhooks_of_one_channel_share_its_budget(
    shape: str,
    network: Network,
    wanted: list[tuple[int, Operation, float, int, float | None]],
    channels: list[int],
    learn_at: float,
    seed: int,
) -> None:
    discord = Discord(
        lambda: MODELS[shape](5, 2.0),
        channel=lambda: Log(8, 60.0),
        channel_of={str(webhook): f"c{channel}" for webhook, channel in enumerate(channels)},
    )
    world = World(discord, network, seed=seed, settings=LimiterSettings(channel_messages_per_minute=8))

    def learn() -> None:
        for webhook, channel in discord.channel_of.items():
            world.limiter.learn_channel(webhook, channel, world.now)

    world.at(1000.0 + learn_at, learn)
    for webhook, operation, at, priority, _ in wanted:
        world.ask(Route(operation, str(webhook)), at=1000.0 + at, priority=priority)
    world.run()
    at_rest(world)
    assert discord.count(Scope.USER) == 0
    if learn_at == 0.0:
        assert discord.refused == []
    else:
        # Before the channels were known; afterwards at most those that were in flight together.
        assert all(at <= 1000.0 + learn_at + 60.0 for at, _, _ in discord.refused)


@quick
@given(
    shape=shapes,
    network=networks,
    wanted=asks,
    lost=st.sets(st.integers(0, 79), max_size=10),
    ban_at=st.none() | st.floats(0, 20),
    ban_s=st.floats(1, 400),
    seed=st.integers(0, 999),
)
def test_lost_answers_and_bans(
    shape: str,
    network: Network,
    wanted: list[tuple[int, Operation, float, int, float | None]],
    lost: set[int],
    ban_at: float | None,
    ban_s: float,
    seed: int,
) -> None:
    discord = Discord(lambda: MODELS[shape](5, 2.0))
    world = World(discord, network, seed=seed)
    to_lose = set(lost)

    def loses(job: Job) -> bool:
        index = world.jobs.index(job)
        if index in to_lose:
            to_lose.discard(index)
            return True
        return False

    world.lost = loses
    if ban_at is not None:

        def ban() -> None:
            discord.banned_until = world.now + ban_s

        world.at(1000.0 + ban_at, ban)
    for webhook, operation, at, priority, _ in wanted:
        world.ask(Route(operation, str(webhook)), at=1000.0 + at, priority=priority)
    world.run()
    at_rest(world)
    assert discord.count(Scope.USER) <= len(lost), "a lost answer is a surprise"
    # Six webhooks with three operations are in flight at most when the ban comes; then only probes, doubling from 60 s.
    assert discord.count(Scope.HOST) <= 18 + 4


@settings(max_examples=25, deadline=None)
@given(polite=st.integers(2, 49), network=networks, webhooks=st.integers(1, 120), seed=st.integers(0, 99))
def test_all_together_stay_below_the_global_rate(polite: int, network: Network, webhooks: int, seed: int) -> None:
    world = World(
        Discord(lambda: MODELS["gcra"](5, 2.0)),
        network,
        seed=seed,
        settings=LimiterSettings(requests_per_second=polite),
    )
    for webhook in range(webhooks):
        for _ in range(2):
            world.ask(Route(Operation.EXECUTE, str(webhook)))
    world.run()
    times = [at for at, _ in world.grants]
    for index, at in enumerate(times):
        assert sum(1 for other in times[index:] if other < at + 1.0 - 1e-9) <= min(50, polite + 2)
    assert times[-1] - 1000.0 <= len(times) / polite + 4 * (2 * network.high_s + 0.1) + 2.0


@quick
@given(wanted=asks, seed=st.integers(0, 999))
def test_memory_follows_use(wanted: list[tuple[int, Operation, float, int, float | None]], seed: int) -> None:
    world = World(Discord(lambda: MODELS["gcra"](5, 2.0)), Network(0.0, 0.1, 0.5), seed=seed)
    for index, (webhook, operation, at, priority, _) in enumerate(wanted):
        world.ask(Route(operation, f"{webhook}-{index}"), at=1000.0 + at, priority=priority)
    world.run()
    for late in range(60):
        world.ask(Route(Operation.EXECUTE, "late"), at=200_000.0 + 10 * late)
    world.run()
    assert len(world.limiter.snapshot(world.now).buckets) == 1
    assert len(world.limiter._channels) == 1
