"""Takes a house from one blueprint to another: at the start from none, at a reload by what differs, and back again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from otel_discord.component import Kind, Preflight, StartError, Status, Successor
from otel_discord.service.blueprint import Blueprint, name_of
from otel_discord.service.graph import Node
from otel_discord.service.holder import describe
from otel_discord.service.house import House, Instance
from otel_discord.service.reload_diff import Action, Difference, Step, difference, steps, unmet_needs
from otel_discord.service.shown import shown_wires

CLOSE_AT_MOST_S: Final = 30.0
"""For one component that has a successor, whatever ``shutdown_timeout`` says."""
OPEN_AT_MOST_S: Final = 30.0
"""For one component to start; it counts anew whenever that one says that it has come further."""
RETURN_PAUSES_S: Final = (0.2, 1.0, 3.0)
"""Before each further try to open a component of the old configuration."""
_HURRY_S: Final = 1.0
"""What a component that is just opening gets when the service is asked to stop."""


class InterruptedChangeError(Exception):
    """The service was asked to stop in the middle of a change."""


@dataclass(slots=True)
class Bounds:
    """How long a change may take."""

    open_by_s: float = float("inf")
    """Loop time by which everything new is open."""
    shutdown_timeout_s: float = 10.0
    """What a component that leaves gets."""

    @property
    def close_timeout_s(self) -> float:
        """For a component whose successor waits."""
        return min(self.shutdown_timeout_s, CLOSE_AT_MOST_S)


class Lifecycle:
    """Changes a house, one change at a time."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._is_stopping = False
        self._opening: asyncio.Timeout | None = None
        self._goes_on_until_s = float("-inf")

    def start_goes_on(self, _: str = "") -> None:
        """Give a component that is opening its time again, also beyond that of the whole change."""
        if self._is_stopping or self._opening is None or self._opening.expired():
            return
        self._goes_on_until_s = asyncio.get_running_loop().time() + OPEN_AT_MOST_S
        if (ends_s := self._opening.when()) is not None:
            self._opening.reschedule(max(ends_s, self._goes_on_until_s))

    def interrupt(self) -> None:
        """Let a change that is under way end at its next step; later ones do not begin."""
        self._is_stopping = True
        if self._opening is not None:
            soon_s = asyncio.get_running_loop().time() + _HURRY_S
            self._opening.reschedule(min(soon_s, self._opening.when() or soon_s))

    async def change_to(self, blueprint: Blueprint, bounds: Bounds) -> Difference:
        """Exchange what differs; return what was done. Processors, connectors and what is removed close later.

        Raises:
            StartError: something new did not start. What opened beside the old is gone again; the rest is as far as it
                came, for :meth:`return_to`.
            InterruptedChangeError: as far as it came, for :meth:`rescue`.
        """
        house = self._house
        needs = house.needs()
        found = difference(house.identities(), blueprint, needs)
        if unmet := "; ".join(unmet_needs(found, needs)):
            raise StartError(unmet)
        touched = (*found.changed, *found.added, *found.removed)
        made = {node: house.make(node, blueprint) for node in (*found.changed, *found.added)}
        for instance in made.values():
            _check(instance)
        await self._bounded(house.farewells_over(touched), bounds.open_by_s, "what an earlier reload removed")
        change = _Change(house, blueprint, bounds, made, self._bounded)
        async with change.undone_unless_done():
            for step in steps(found, house.order(), blueprint, needs):
                if self._is_stopping:
                    raise InterruptedChangeError
                await change.take(step)
        return found

    async def return_to(self, blueprint: Blueprint, bounds: Bounds) -> None:
        """Bring back what a failed change has left differing. What does not start in several tries is fatal.

        Raises:
            InterruptedChangeError: as far as it came, for :meth:`rescue`.
        """
        house = self._house
        needs = house.needs()
        found = difference(house.identities(), blueprint, needs)
        extensions = {node: house.make(node, blueprint) for node in found.changed if node.kind is Kind.EXTENSION}
        change = _Change(house, blueprint, bounds, extensions, self._bounded)
        for step in steps(found, house.order(), blueprint, needs):
            await self._take_back(step, change, blueprint)
        change.settle()

    async def _take_back(self, step: Step, change: "_Change", blueprint: Blueprint) -> None:
        node = step.node
        for pause_s in (0.0, *RETURN_PAUSES_S):
            await asyncio.sleep(pause_s)
            if self._is_stopping:
                raise InterruptedChangeError
            try:
                if node is not None and node in blueprint.identities and step.action is not Action.RETIRE:
                    change.made[node] = self._house.make(node, blueprint)  # anew: one is opened only once
                await change.take(step)
            except StartError as error:
                failed = error
                self._house.logger.warning("the old configuration does not start again yet: %s", error)
            else:
                return
        if node is not None:
            change.give_up(node, failed)

    async def rescue(self, blueprint: Blueprint, bounds: Bounds) -> None:
        """Open what a change interrupted by the end of the service left closed, so that it can finish what it has."""
        house = self._house
        for place, node in enumerate(blueprint.order):
            if node in house.running or node.kind is Kind.RECEIVER:
                continue
            try:
                instance = house.make(node, blueprint)
                await self._bounded(house.open(instance, place, succeeds=True), bounds.open_by_s, name_of(node))
            except StartError as error:
                house.logger.error("%s; what it had in memory is lost", error)  # noqa: TRY400  it says what there is
                house.host.failures.append(str(error))

    async def _bounded(self, opening: Awaitable[None], open_by_s: float, name: str) -> None:
        loop = asyncio.get_running_loop()
        open_by_s = max(open_by_s, self._goes_on_until_s)
        until_s = None if open_by_s == float("inf") else min(open_by_s, loop.time() + OPEN_AT_MOST_S)
        try:
            async with asyncio.timeout_at(until_s) as self._opening:
                await opening
        except TimeoutError:
            raise StartError(f"{name}: not ready in time") from None
        finally:
            self._opening = None


def _check(instance: Instance) -> None:
    if isinstance(instance.held.component, Preflight):
        try:
            instance.held.component.preflight()
        except StartError as error:
            raise StartError(f"{instance.held.name}: {error}") from error


def _takes_over(successor: Instance, predecessor: Instance) -> bool:
    component = successor.held.component
    return not isinstance(component, Successor) or component.takes_over(predecessor.held.component)


class _Change:
    """One change under way: takes its steps, and knows what to put back."""

    def __init__(
        self,
        house: House,
        blueprint: Blueprint,
        bounds: Bounds,
        made: dict[Node, Instance],
        bounded: Callable[[Awaitable[None], float, str], Awaitable[None]],
    ) -> None:
        self._house = house
        self._blueprint = blueprint
        self._bounds = bounds
        self.made = made
        self._bounded = bounded
        self._places = {node: place for place, node in enumerate(blueprint.order)}
        self._replaced: dict[Node, Instance] = {}
        self._retiring: list[Instance] = []

    @asynccontextmanager
    async def undone_unless_done(self) -> AsyncIterator[None]:
        """Take the changed house for good at the end of the block; where it fails, put back what was replaced."""
        try:
            yield
        except BaseException:
            await self._undo()
            raise
        self.settle()

    async def take(self, step: Step) -> None:
        """Do one thing.

        Raises:
            StartError: a component did not start.
        """
        if step.node is None:
            self._repoint()
            return
        node = step.node
        match step.action:
            case Action.CLOSE:
                await self._close(node)
            case Action.RETIRE:
                self._retire(node)
            case _:
                await self._open(node, beside=step.action is Action.REPLACE)

    def settle(self) -> None:
        """Note that the change is done, and close in the background what has no place in it."""
        self._house.settle(self._blueprint)
        self._house.retire(self._retiring, self._bounds.shutdown_timeout_s)

    def give_up(self, node: Node, error: StartError) -> None:
        """Say that a component of the old configuration does not come back: the service cannot go on."""
        if gate := self._house.gates.get(node):
            gate.give_up()
        self._house.host.report_status(Status.FATAL, name_of(node), describe(error))

    async def _close(self, node: Node) -> None:
        timeout_s = self._bounds.close_timeout_s if node in self.made else self._bounds.shutdown_timeout_s
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        successor = self.made.get(node)
        await self._house.close(
            node,
            has_successor=successor is not None,
            hands_over=successor is not None and self._finds_everything(node),
            deadline_s=deadline_s,
        )

    def _finds_everything(self, node: Node) -> bool:
        """Return whether the successor finds what its predecessor leaves, also in the extensions that this one uses."""
        running = self._house.running
        return all(
            _takes_over(self.made[each], running[each])
            for each in (node, *running[node].needs)
            if each in self.made and each in running
        )

    async def _open(self, node: Node, *, beside: bool) -> None:
        house, instance = self._house, self.made[node]
        before = house.running.get(node)
        succeeds = before is not None or node in house.blueprint.identities
        opening = house.open(instance, self._places[node], beside=beside, succeeds=succeeds)
        await self._bounded(opening, self._bounds.open_by_s, name_of(node))
        if before is not None:
            self._replaced[node] = before

    def _repoint(self) -> None:
        house = self._house
        for node, instance in house.running.items():
            if node in self._blueprint.wires:
                instance.ends.point(self._blueprint.wires[node], house.gates)
        for node in self._replaced:
            house.let_in(house.running[node])
        house.host.pipelines = self._blueprint.members
        house.host.wires = shown_wires(self._blueprint)

    def _retire(self, node: Node) -> None:
        instance = self._replaced.pop(node, None) or self._house.running.pop(node)
        self._retiring.append(instance)

    async def _undo(self) -> None:
        """Let the instances that were to be retired go on; what opened beside them closes."""
        house = self._house
        for instance in self._retiring:
            self._replaced.setdefault(instance.node, instance)
        for node, instance in self._replaced.items():
            successor = house.running.get(node)
            house.running[node] = instance
            if successor is None:
                continue
            if instance.entrance is not None:
                house.let_in(instance)
            deadline_s = asyncio.get_running_loop().time() + self._bounds.close_timeout_s
            if successor.entrance is not None:
                await successor.entrance.empty(self._bounds.close_timeout_s)
            successor.held.host.fall_silent()
            await successor.held.close(deadline_s=deadline_s, hands_over=True)
