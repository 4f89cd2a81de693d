"""What services hand over, each once a second and spread over it; held back while nobody can store it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.simulation.lane import Lane
from benchmarks.simulation.plan import BATCH_S, RECORDS_PER_S, SERVICES, TICK_S, Plan, Shape
from benchmarks.simulation.problems import CRITICAL_EVERY, Catalogue, Sample, sample
from benchmarks.simulation.replica import Delivery

_FRESH_PER_S: Final = 2.0
"""Problems of a unit that nobody has seen before."""
_NEW_PER_S: Final = 50
"""Of a service, in the ever-new storm."""
_NEW_EVERY: Final = 10
_TICKS: Final = round(BATCH_S / TICK_S)


@dataclass(slots=True)
class Traffic:
    """All services of all units."""

    plan: Plan
    catalogue: Catalogue
    lanes: Sequence[Lane]
    dice: random.Random
    one: Sequence[Sample] = ()
    made: int = 0
    _templates: Sequence[Sample] = field(default_factory=list)

    def tick(self, number: int) -> Iterator[Delivery]:
        """Yield what is handed over in the ``number``-th tick."""
        for lane in self.lanes[number % _TICKS :: _TICKS]:
            service = lane.number % SERVICES
            if self.plan.shape is Shape.ONE:
                yield lane, ((0, round(RECORDS_PER_S * BATCH_S / SERVICES)),), self._of_one
            else:
                yield lane, self.dice.choice(self.catalogue.pools[service]), self.catalogue.samples[service]
            if self.plan.shape is Shape.NEW and service % _NEW_EVERY == _NEW_EVERY - 1:
                new = [self._never_seen(service) for _ in range(round(_NEW_PER_S * BATCH_S))]
                yield lane, tuple((place, 1) for place in range(len(new))), new
        if self.plan.shape is not Shape.ONE:
            yield from self._fresh()

    def _fresh(self) -> Iterator[Delivery]:
        expected = _FRESH_PER_S * TICK_S * self.plan.units
        for _ in range(int(expected + self.dice.random())):
            lane = self.dice.choice(self.lanes)
            yield lane, ((0, self.dice.randint(1, 20)),), [self._never_seen(lane.number % SERVICES)]

    def _never_seen(self, service: int) -> Sample:
        self.made += 1
        return sample(service, self.made % CRITICAL_EVERY, self.dice, tag=f"kind {self.made}")

    @property
    def _of_one(self) -> Sequence[Sample]:
        if not self.one:
            self.one = [sample(0, 0, self.dice, tag="everywhere")]
        return self.one
