"""The simulated fleet: time goes forward, limits are counted as documented, sums are equal whatever fails."""

import math
import random
from pathlib import Path

import pytest

from benchmarks.simulation.discord_model import Discord, Fate
from benchmarks.simulation.engine_model import Asked, Engine, Writer
from benchmarks.simulation.events import Events
from benchmarks.simulation.fleet import Fleet
from benchmarks.simulation.ledger import waiting
from benchmarks.simulation.outcome import Outcome, SumsDifferError, p99_together_s, simulate
from benchmarks.simulation.plan import LEASE_S, Faults, Plan, Shape
from benchmarks.simulation.problems import Catalogue, catalogue
from benchmarks.simulation.run import REPLICAS, failing, growing
from benchmarks.simulation.tables import BEGIN, END, PAGE, growth, growth_ratios, replaced
from benchmarks.sizes import Size
from otel_discord.discord_api.routes import Operation


@pytest.fixture(scope="module")
def problems() -> Catalogue:
    return catalogue(1)


@pytest.fixture(scope="module")
def small(problems: Catalogue) -> Outcome:
    return simulate(Plan(units=1, replicas=1, addresses=1, seconds=2.0), problems)


def test_calls_come_in_order_and_equals_as_they_were_asked_for() -> None:
    events, called = Events(), []
    for name, at_s in (("c", 2.0), ("a", 1.0), ("b", 1.0), ("never", 3.0)):
        events.at(at_s, called.append, name)
    events.run(3.0)
    assert (called, events.now_s, events.handled) == (["a", "b", "c"], 3.0, 3)


def test_discord_counts_webhooks_channels_and_addresses() -> None:
    discord = Discord(random.Random(1))

    def fates(requests: int, *, step: int, now_s: float, operation: Operation = Operation.EXECUTE) -> list[Fate]:
        return [
            discord.arrived(operation, place * step, place * step, 1, place, now_s, now_s).fate
            for place in range(requests)
        ]

    fates(6, step=0, now_s=0.0)
    assert dict(discord.limited) == {"user": 1}
    fates(60, step=1, now_s=10.0)
    assert discord.limited["global"] == 10
    for number in range(40):  # eight webhooks of one channel
        discord.arrived(Operation.EXECUTE, number % 8, 99, 1, 1000 + number, 100.0 + number, 100.0 + number)
    assert discord.limited["shared"] > 0
    assert discord.created[99] == 30


def test_what_was_posted_before_counts_as_repeated() -> None:
    discord = Discord(random.Random(1))
    for now_s in (0.0, 1.0):
        discord.arrived(Operation.EXECUTE, 1, 1, 1, 7, now_s, now_s)
    assert discord.repeats == 1


def test_what_arrives_while_a_commit_runs_shares_the_next_one() -> None:
    events = Events()
    engine = Engine(events, random.Random(1))
    writer, done = Writer(engine), []
    for number in range(5):
        writer.submit(lambda number=number: done.append(number))
    events.run(1.0)
    assert done == [0, 1, 2, 3, 4]
    assert engine.asked[Asked.COMMIT] == 2


def test_a_paused_engine_commits_when_it_is_back() -> None:
    events = Events()
    engine = Engine(events, random.Random(1), paused_from_s=0.0, paused_until_s=30.0)
    writer, done = Writer(engine), []
    writer.submit(lambda: done.append(events.now_s))
    events.run(60.0)
    assert 30.0 < done[0] < 30.1


@pytest.mark.parametrize("shape", list(Shape))
def test_sums_are_equal_and_nothing_is_refused(shape: Shape, problems: Catalogue) -> None:
    found = simulate(Plan(units=1, replicas=2, addresses=2, seconds=2.0, shape=shape), problems)
    assert found.accepted == found.shown + found.waiting + found.dead
    assert found.accepted <= found.offered
    assert (found.limited, found.dead) == (0, 0)
    assert found.messages
    assert found.statements > found.commits > 0


def test_failures_lose_nothing_and_repeat_only_what_is_in_doubt(problems: Catalogue) -> None:
    found = simulate(failing(Size.TINY), problems)
    assert found.accepted == found.shown + found.waiting + found.dead
    assert found.dead > 0  # the deleted channel's
    assert found.longest_refused > 0  # the paused engine's clients
    assert 0 < found.handed_over_s <= LEASE_S
    assert found.limited == 0
    assert found.repeats <= found.ambiguous


def test_discord_away_costs_time_only(problems: Catalogue) -> None:
    faults = Faults(discord_away_at_s=1.0, discord_away_for_s=4.0)
    plan = Plan(units=1, replicas=1, addresses=1, seconds=40.0, shape=Shape.ONE, faults=faults)
    found = simulate(plan, problems)
    assert found.messages == plan.webhooks
    assert (found.limited, found.dead, found.repeats) == (0, 0, 0)


def test_lost_records_end_the_run(problems: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Fleet.run

    def forgetful(fleet: Fleet) -> None:
        run(fleet)
        fleet.ledger.shown -= 1

    monkeypatch.setattr(Fleet, "run", forgetful)
    with pytest.raises(SumsDifferError, match=r"\+1 of"):
        simulate(Plan(units=1, replicas=1, addresses=1, seconds=0.5), problems)


def test_a_fleet_begins_with_nothing_to_say(problems: Catalogue) -> None:
    fleet = Fleet.of(Plan(units=1, replicas=3, addresses=1, seconds=1.0), problems)
    assert waiting(fleet.lanes) == 0
    assert {len(replica.lanes) for replica in fleet.replicas} == {30, 40}


def test_twice_the_work_on_twice_the_replicas_costs_twice_as_much(small: Outcome, problems: Catalogue) -> None:
    double = simulate(Plan(units=2, replicas=2, addresses=2, seconds=2.0), problems)
    ratios = growth_ratios(small, double, p99_together_s([small]))
    assert all(math.isclose(ratios[name], 1.0, rel_tol=0.15) for name in ("statements", "commits", "rows", "books"))
    assert growth([small, double], p99_together_s([small])).count("\n") == 3


def test_the_same_seed_is_the_same_run(small: Outcome, problems: Catalogue) -> None:
    again = simulate(small.plan, problems)
    assert (again.events, again.shown, again.statements) == (small.events, small.shown, small.statements)


def test_full_scale_is_what_is_asked_for() -> None:
    largest = growing(Size.FULL)[-1]
    assert (largest.webhooks, largest.channels, largest.replicas) == (10_000, 1_000, 100)
    assert largest.seconds >= 120
    assert len(growing(Size.FULL)) == len(REPLICAS)


def test_tables_go_between_the_marks() -> None:
    page = Path(PAGE).read_text(encoding="utf-8")
    assert replaced(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\nnew\n{END}\nb"
    assert BEGIN in page
    with pytest.raises(ValueError, match="not in the page"):
        replaced("nothing", "new")
