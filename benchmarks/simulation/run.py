"""The runs and their tables: growth with the work, the same work on more replicas, storms, failures."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from benchmarks.figures import Figure, Report
from benchmarks.simulation.cpu import RecordCost, record_cost
from benchmarks.simulation.outcome import Outcome, p99_together_s, simulate
from benchmarks.simulation.plan import Faults, Plan, Shape
from benchmarks.simulation.problems import Catalogue, catalogue
from benchmarks.simulation.tables import PAGE, cost, failures, flow, growth, growth_ratios, replaced
from benchmarks.sizes import Size

SEED: Final = 9
REPLICAS: Final = (1, 3, 10, 30, 100)
LONGEST_S: Final = 600.0
_SECONDS: Final = 120.0
_SAMPLED: Final = 20_000
_ALONE: Final = 10
"""Fleets of one, whose ordinary cards are taken together: one of them has four cards beyond its p99."""


def growing(size: Size) -> list[Plan]:
    """Work in proportion to the replicas, each behind an address of its own."""
    replicas, seconds = (REPLICAS, _SECONDS) if size is Size.FULL else ((1, 2), 8.0)
    return [Plan(units=each, replicas=each, addresses=each, seconds=seconds, seed=SEED) for each in replicas]


def alone(size: Size) -> list[Plan]:
    """The first of :func:`growing` with other dice: against these together a latency's growth is told."""
    first = growing(size)[0]
    return [replace(first, seed=SEED + more) for more in range(1, size.pick(tiny=2, full=_ALONE))]


def same_work(size: Size) -> list[Plan]:
    """The work of five replicas on fewer and on more; at last on ten behind one address."""
    replicas, seconds, units = (REPLICAS, 60.0, 5) if size is Size.FULL else ((1, 2), 8.0, 1)
    apart = [Plan(units=units, replicas=each, addresses=each, seconds=seconds, seed=SEED) for each in replicas]
    return [*apart, replace(apart[min(2, len(apart) - 1)], addresses=1)]


def storms(size: Size) -> list[Plan]:
    """One problem everywhere, at full scale; and problems that nobody has seen, one after the other."""
    if size is Size.TINY:
        return [Plan(units=1, replicas=1, addresses=1, seconds=8.0, shape=shape) for shape in (Shape.ONE, Shape.NEW)]
    one = Plan(units=100, replicas=100, addresses=100, seconds=_SECONDS / 2, shape=Shape.ONE, seed=SEED)
    return [one, replace(one, units=3, replicas=3, addresses=3, seconds=_SECONDS, shape=Shape.NEW)]


def failing(size: Size) -> Plan:
    """A replica killed, the engine paused, a channel deleted, Discord away, one after the other."""
    if size is Size.TINY:
        faults = Faults(killed_at_s=2.0, engine_paused_at_s=4.0, engine_paused_for_s=1.0, channel_deleted_at_s=6.0)
        return Plan(units=1, replicas=3, addresses=2, seconds=18.0, faults=faults, seed=SEED)
    faults = Faults(killed_at_s=30.0, engine_paused_at_s=75.0, channel_deleted_at_s=130.0, discord_away_at_s=150.0)
    return Plan(units=3, replicas=6, addresses=3, seconds=390.0, faults=faults, seed=SEED)


def run(size: Size) -> Report:
    """Simulate; at full size write the tables into the page as well. Time is that of a core, which others use too."""
    began_s = time.process_time()
    problems = catalogue(SEED)
    record = record_cost(problems, size.pick(tiny=200, full=_SAMPLED), SEED)
    grown = [_told(plan, problems) for plan in growing(size)]
    others = [_told(plan, problems) for plan in alone(size)]
    base_s = p99_together_s([grown[0], *others])
    same = [_told(plan, problems) for plan in same_work(size)]
    stormy = [_told(plan, problems) for plan in storms(size)]
    failed = _told(failing(size), problems)
    took_s = time.process_time() - began_s
    text = _text(record, grown, base_s, same, stormy, failed, took_s)
    if size is Size.FULL:
        PAGE.write_text(replaced(PAGE.read_text(), text))
    return Report(_figures(grown, base_s, [*grown, *others, *same, *stormy, failed], took_s), ["simulation:", "", text])


def _told(plan: Plan, problems: Catalogue) -> Outcome:
    found = simulate(plan, problems)
    words = f"{plan.shape}, {plan.units} units of work, {plan.replicas} replicas, {plan.seconds:.0f} s"
    print(f"  {words}: {found.took_s:.0f} s of CPU, {found.events:,} events", file=sys.stderr, flush=True)
    return found


def _text(
    record: RecordCost,
    grown: Sequence[Outcome],
    base_s: float,
    same: Sequence[Outcome],
    stormy: Sequence[Outcome],
    failed: Outcome,
    took_s: float,
) -> str:
    return "\n\n".join(
        [
            _sampled(record, took_s),
            f"**Work in proportion to the replicas** ({grown[0].plan.seconds:.0f} s of the mix).",
            flow(grown),
            cost(grown, record),
            _compared(base_s),
            growth(grown, base_s),
            f"**The same work on more replicas** ({same[0].plan.seconds:.0f} s of the mix).",
            flow(same),
            cost(same, record),
            f"**Storms.** First: {stormy[0].plan.shape}; second: {stormy[1].plan.shape}.",
            flow(stormy),
            cost(stormy, record),
            f"**Failures**, {_where(failed)}: {_said(failed.plan)}.",
            failures(failed),
        ]
    )


def _compared(base_s: float) -> str:
    return (
        "Growth in units of the work's growth; what a replica has and how long a card takes must not grow at all. The"
        f" p99 is by that of {_ALONE} runs of one replica together, {base_s:.2f} s:"
    )


def _sampled(record: RecordCost, took_s: float) -> str:
    costs = f"{record.masking_us:.1f} µs to mask and {record.recognising_us:.1f} µs to recognise"
    return f"Simulated in {took_s:.0f} s of one core. Each of {record.records:,} sampled texts took {costs}."


def _where(each: Outcome) -> str:
    plan = each.plan
    records = f"{each.per_s(each.offered):,.0f} records a second"
    return f"{plan.replicas} replicas behind {plan.addresses} addresses, {plan.seconds:.0f} s, {records}"


def _said(plan: Plan) -> str:
    faults = plan.faults
    told = [
        (faults.killed_at_s, "a replica killed"),
        (faults.engine_paused_at_s, f"the engine paused for {faults.engine_paused_for_s:.0f} s"),
        (faults.channel_deleted_at_s, "a channel deleted"),
        (faults.discord_away_at_s, f"Discord away for {faults.discord_away_for_s:.0f} s"),
    ]
    return ", ".join(f"{what} at {at_s:.0f} s" for at_s, what in told if at_s is not None)


def _figures(grown: Sequence[Outcome], base_s: float, everything: Sequence[Outcome], took_s: float) -> list[Figure]:
    limited = float(sum(each.limited for each in everything))
    ratios = growth_ratios(grown[0], grown[-1], base_s)
    return [
        Figure(name="simulation.429", value=limited, unit="answers", better="lower", aim=0),
        Figure(name="simulation.took", value=took_s, unit="s", better="lower", aim=LONGEST_S),
        *(
            Figure(name=f"simulation.growth.{name}", value=ratio, unit="of the work's", better="lower", aim=1.2)
            for name, ratio in ratios.items()
        ),
    ]
