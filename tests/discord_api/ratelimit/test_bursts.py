"""At the full rate and never above it: bursts against every shape of window, way of delay, and limit."""

import random

import pytest
from server_models import MODELS, Log
from world import Discord, Network, World, optimum_s

from otel_discord.discord_api.ratelimit import LimiterSettings, Scope, Shape
from otel_discord.discord_api.routes import Operation, Route

ROUTE = Route(Operation.EXECUTE, "1")
NO_CHANNEL = LimiterSettings(channel_messages_per_minute=0)
LIMITS = [(5, 2.0), (5, 5.0), (5, 1.0), (10, 10.0), (2, 1.0), (1, 1.0)]
DELAYS = [(0.0, 0.0), (0.05, 0.05), (0.3, 0.3), (0.0, 0.3)]
SHARES = [0.0, 1.0, 0.5]


def took_s(world: World) -> float:
    assert all(job.done_at is not None for job in world.jobs)
    return max(job.done_at or 0.0 for job in world.jobs) - 1000.0


@pytest.mark.parametrize(("limit", "window_s"), LIMITS)
@pytest.mark.parametrize("shape", MODELS)
def test_a_burst_of_100_takes_at_most_5_percent_more_than_the_optimum(shape: str, limit: int, window_s: float) -> None:
    make = MODELS[shape]
    for low_s, high_s in DELAYS:
        for share in SHARES:
            network = Network(low_s, high_s, share)
            world = World(Discord(lambda: make(limit, window_s)), network, settings=NO_CHANNEL)
            for _ in range(100):
                world.ask(ROUTE)
            world.run()
            assert world.discord.refused == [], (low_s, high_s, share)
            best_s = optimum_s(make(limit, window_s), network, 100)
            assert took_s(world) <= 1.05 * best_s + 0.05, (low_s, high_s, share, took_s(world) / best_s)


@pytest.mark.parametrize("shape", MODELS)
@pytest.mark.parametrize("seed", range(8))
def test_delays_by_chance_on_both_ways(shape: str, seed: int) -> None:
    network = Network(0.0, 0.3, None)
    world = World(Discord(lambda: MODELS[shape](5, 2.0)), network, seed=seed, settings=NO_CHANNEL)
    for _ in range(100):
        world.ask(ROUTE)
    world.run()
    assert world.discord.refused == []
    assert took_s(world) <= 1.05 * optimum_s(MODELS[shape](5, 2.0), network, 100, seed=seed)


@pytest.mark.parametrize("seed", range(10, 30))
def test_a_log_at_a_steady_pace_is_not_taken_for_a_leaky_bucket(seed: int) -> None:
    world = World(Discord(lambda: Log(5, 1.0)), Network(0.0, 0.3, 0.0), seed=seed, settings=NO_CHANNEL)
    for _ in range(100):
        world.ask(ROUTE)
    world.run()
    assert world.discord.refused == []


@pytest.mark.parametrize("shape", MODELS)
@pytest.mark.parametrize("mean_gap_s", [0.2, 0.45, 1.0])
def test_spread_arrivals(shape: str, mean_gap_s: float) -> None:
    dice = random.Random(7)
    world = World(Discord(lambda: MODELS[shape](5, 2.0)), Network(0.0, 0.3, 0.5), settings=NO_CHANNEL)
    at = 1000.0
    for _ in range(150):
        at += dice.expovariate(1 / mean_gap_s)
        world.ask(ROUTE, at=at)
    world.run()
    assert world.discord.refused == []
    assert took_s(world) <= max(at - 1000.0, 150 * 0.4) + 3.0


@pytest.mark.parametrize("shape", MODELS)
@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.3])
def test_without_the_epoch_header_nothing_is_early(shape: str, delay_s: float) -> None:
    network = Network(delay_s, delay_s, 0.5)
    world = World(Discord(lambda: MODELS[shape](5, 2.0), with_reset=False), network, settings=NO_CHANNEL)
    for _ in range(100):
        world.ask(ROUTE)
    world.run()
    assert world.discord.refused == []
    assert took_s(world) <= 1.05 * optimum_s(MODELS[shape](5, 2.0), network, 100)


@pytest.mark.parametrize("shape", MODELS)
def test_without_any_header_five_in_two_seconds(shape: str) -> None:
    discord = Discord(lambda: MODELS[shape](5, 2.0), with_headers=False)
    world = World(discord, Network(0.0, 0.3, 0.5), settings=NO_CHANNEL)
    for _ in range(25):
        world.ask(ROUTE)
    world.run()
    assert world.discord.refused == []
    assert 8.0 <= took_s(world) <= 12.0


@pytest.mark.parametrize("skew_s", [-1e3, 120.0, 1.7e9 + 120])
def test_a_clock_that_is_off_changes_nothing(skew_s: float) -> None:
    network = Network(0.1, 0.1, 1.0)
    world = World(Discord(lambda: MODELS["fixed"](5, 2.0), clock_skew_s=skew_s), network, settings=NO_CHANNEL)
    for _ in range(50):
        world.ask(ROUTE)
    world.run()
    assert world.discord.refused == []
    assert took_s(world) <= 1.05 * optimum_s(MODELS["fixed"](5, 2.0), network, 50)


@pytest.mark.parametrize("shape", MODELS)
@pytest.mark.parametrize("step_s", [-120.0, -0.2, 0.2, 120.0])
def test_a_clock_that_steps_costs_at_most_one_refusal(shape: str, step_s: float) -> None:
    discord = Discord(lambda: MODELS[shape](5, 2.0))
    world = World(discord, Network(0.05, 0.1, 0.5), settings=NO_CHANNEL)
    for _ in range(100):
        world.ask(ROUTE)

    def step() -> None:
        discord.clock_skew_s += step_s

    world.at(1010.3, step)
    world.run()
    assert len(discord.refused) <= 1
    assert took_s(world) <= 50.0


@pytest.mark.parametrize("shape", MODELS)
def test_an_epoch_header_of_pure_noise_is_seen_through(shape: str) -> None:
    discord = Discord(lambda: MODELS[shape](5, 2.0))
    world = World(discord, Network(0.05, 0.1, 0.5), settings=NO_CHANNEL)
    noise = random.Random(3)

    def answered(job: object, status: int) -> None:
        discord.clock_skew_s = noise.uniform(-120, 120)

    world.on_answer = answered
    for _ in range(100):
        world.ask(ROUTE)
    world.run()
    assert len(discord.refused) <= 1
    assert took_s(world) <= 60.0


def test_the_sixth_message_of_a_leaky_bucket_goes_when_one_slot_is_back() -> None:
    world = World(Discord(lambda: MODELS["gcra"](5, 2.0)), Network(0.0, 0.0, 0.0), settings=NO_CHANNEL)
    for _ in range(6):
        world.ask(ROUTE, priority=1)
    world.run()
    assert 0.4 <= took_s(world) <= 0.45
    assert world.limiter.snapshot(world.now).buckets[0].shape is Shape.LEAKY


@pytest.mark.parametrize("shape", MODELS)
def test_usage_before_the_start_costs_at_most_one_refusal(shape: str) -> None:
    discord = Discord(lambda: MODELS[shape](5, 2.0))
    model = discord.model(ROUTE)
    for offset_s in (0.9, 0.8, 0.4, 0.3, 0.1):
        assert model.arrive(1000.0 - offset_s).accepted
    world = World(discord, Network(0.0, 0.3, 0.5), settings=NO_CHANNEL)
    for _ in range(50):
        world.ask(ROUTE)
    world.run()
    assert len(discord.refused) <= 1
    assert took_s(world) <= 25.0


@pytest.mark.parametrize("shape", ["fixed", "gcra", "log"])
def test_the_hidden_limit_of_the_channel_is_kept(shape: str) -> None:
    discord = Discord(lambda: MODELS[shape](5, 2.0), channel=lambda: MODELS[shape](30, 60.0))
    network = Network(0.0, 0.3, 0.5)
    world = World(discord, network)
    for _ in range(120):
        world.ask(ROUTE, priority=1)
    world.run()
    assert discord.refused == []
    best_s = optimum_s(MODELS[shape](5, 2.0), network, 120, channel=Log(30, 60.0))
    assert took_s(world) <= 1.05 * best_s


@pytest.mark.parametrize("shape", ["fixed", "log"])
@pytest.mark.parametrize("used_before", [1, 15, 30])
def test_earlier_use_of_the_channel_costs_one_shared_refusal_and_no_other(shape: str, used_before: int) -> None:
    discord = Discord(lambda: MODELS["gcra"](5, 2.0), channel=lambda: MODELS[shape](30, 60.0))
    channel = discord.channel_model("1")
    assert channel is not None
    for index in range(used_before):
        assert channel.arrive(1000.0 - 55.0 + index).accepted
    world = World(discord, Network(0.0, 0.3, 0.5))
    for _ in range(100):
        world.ask(ROUTE)
    world.run()
    assert discord.count(Scope.SHARED) <= 1
    assert discord.count(Scope.USER) == 0
    assert took_s(world) <= 100 / 30 * 60 + 120


@pytest.mark.parametrize("shape", MODELS)
def test_a_limit_that_drops_costs_at_most_one_refusal(shape: str) -> None:
    discord = Discord(lambda: MODELS[shape](5, 2.0))
    world = World(discord, Network(0.0, 0.3, 0.5), settings=NO_CHANNEL)

    def drop() -> None:
        discord.buckets[ROUTE] = MODELS[shape](2, 2.0)
        discord.hash = "other"

    world.at(1010.0, drop)
    for _ in range(60):
        world.ask(ROUTE)
    world.run()
    assert len(discord.refused) <= 1
