"""Every component that is open, the joints between them, and what of an earlier configuration still finishes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from otel_discord.component import Component, ComponentId, Kind, Listening
from otel_discord.service.blueprint import Blueprint, Identity, name_of
from otel_discord.service.build import Telemetry, build
from otel_discord.service.graph import Node
from otel_discord.service.holder import Held
from otel_discord.service.host import ServiceHost
from otel_discord.service.joints import Entrance, Gate
from otel_discord.service.wiring import Ends


@dataclass(slots=True, eq=False)
class Instance:
    """One component that was made: what it is, where it passes data to, and its lifetime."""

    node: Node
    identity: Identity
    held: Held
    ends: Ends
    entrance: Entrance | None = None
    """The calls inside it, of one that takes data."""

    @property
    def needs(self) -> frozenset[Node]:
        """The extensions that it asked the host for."""
        return frozenset(Node(Kind.EXTENSION, ComponentId(*each.split("/", 1))) for each in self.held.host.asked_for)


class House:
    """Opens, joins, exchanges and closes single components; in which order is for others to say."""

    def __init__(self, host: ServiceHost, telemetry: Telemetry, logger: logging.Logger) -> None:
        self.host = host
        self.logger = logger
        self.blueprint = Blueprint()
        """What runs, or what a change that failed half-way came from."""
        self.running: dict[Node, Instance] = {}
        self.gates: dict[Node, Gate] = {}
        self._telemetry = telemetry
        self._places: dict[Node, int] = {}
        self._farewells: dict[asyncio.Task[None], tuple[Instance, ...]] = {}

    # ------------------------------------------------------------------------------------------------ what there is

    def identities(self) -> Mapping[Node, Identity]:
        """Return what runs."""
        return {node: instance.identity for node, instance in self.running.items()}

    def needs(self) -> Mapping[Node, Collection[Node]]:
        """Return which extensions each running component uses."""
        return {node: instance.needs for node, instance in self.running.items()}

    def order(self) -> Sequence[Node]:
        """Return what runs, in the order in which it would open."""
        return sorted(self.running, key=lambda node: (_RANKS.get(node.kind, 1), self._places[node]))

    def components(self) -> Mapping[str, Component]:
        """Return every open component by its name."""
        return {name_of(node): self.running[node].held.component for node in self.order()}

    def endpoints(self) -> Mapping[str, str]:
        """Return the addresses that components listen on, as ``{"otlp grpc": "127.0.0.1:4317"}``."""
        return {
            f"{node.id} {protocol}": address
            for node in self.order()
            if isinstance(component := self.running[node].held.component, Listening)
            for protocol, address in component.endpoints.items()
        }

    # ------------------------------------------------------------------------------------------------ single actions

    def make(self, node: Node, blueprint: Blueprint) -> Instance:
        """Make a component, joined as the blueprint has it; opens nothing.

        Raises:
            StartError: it cannot be made.
        """
        for each in blueprint.order:
            if each not in self.gates and each.kind in _WITH_GATES:
                self.gates[each] = Gate(name_of(each), asks_again=each.kind is Kind.EXPORTER)
        component, ends = build(node, blueprint, self.gates, self._telemetry)
        held = Held(component, name_of(node), self.host, self.logger)
        return Instance(node, blueprint.identities[node], held, ends)

    async def open(self, instance: Instance, place: int, *, beside: bool = False, succeeds: bool = False) -> None:
        """Open a component; unless it opens ``beside`` another one, data that waits for it goes in.

        Raises:
            StartError: it did not start; nothing of it is left.
        """
        node = instance.node
        try:
            await instance.held.open(succeeds=succeeds)
        except BaseException:
            if not succeeds:
                self._forget(node)
            raise
        self.running[node] = instance
        self._places[node] = place
        if node.kind is Kind.EXTENSION:
            self.host.add_extension(str(node.id), instance.held.component)
        elif not beside:
            self.let_in(instance)

    def let_in(self, instance: Instance) -> None:
        """Let data from now on into this instance."""
        gate = self.gates.get(instance.node)
        component = instance.held.component
        if gate is not None and instance.node.kind in _WITH_GATES:
            gate.open(component)  # type: ignore[arg-type]  # exporters, connectors and processors are consumers
            instance.entrance = gate.entrance

    async def close(self, node: Node, *, has_successor: bool, hands_over: bool, deadline_s: float) -> Instance:
        """Close a running component by ``deadline_s``. What reaches its gate meanwhile waits for the successor.

        ``hands_over`` is for one whose successor goes on with what it has; else what it keeps is let go.
        """
        instance = self.running[node]
        gate = self.gates.get(node) if has_successor else None
        if node.kind is Kind.EXTENSION:
            self.host.remove_extension(str(node.id))
        if gate is not None:
            if node.kind is Kind.EXPORTER:  # which takes data until it is done, or says that it does not
                gate.await_successor()
            else:
                gate.shut()
                await self._until_empty(instance, deadline_s)
        del self.running[node]
        try:
            if has_successor:
                instance.held.host.fall_silent()
            await instance.held.close(deadline_s=deadline_s, hands_over=hands_over)
        finally:
            if gate is not None:
                gate.shut()
            if not has_successor:
                self._forget(node)
            elif not hands_over:
                self.host.forget_kept(name_of(node))
        return instance

    # ---------------------------------------------------------------------------------------------------- farewells

    def retire(self, instances: Sequence[Instance], timeout_s: float) -> None:
        """Close these one after the other in the background: what they have taken is theirs to finish."""
        if not instances:
            return
        for instance in instances:
            instance.held.host.fall_silent()
            if instance.node not in self.running:
                self.host.forget_status(instance.held.name)
        names = ", ".join(instance.held.name for instance in instances)
        task = asyncio.create_task(self._farewell(instances, timeout_s), name=f"farewell to {names}")
        self._farewells[task] = tuple(instances)
        task.add_done_callback(self._farewells.pop)

    async def _farewell(self, instances: Sequence[Instance], timeout_s: float) -> None:
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        for instance in instances:
            await self._until_empty(instance, deadline_s)
            has_successor = instance.node in self.running
            if instance.node.kind is Kind.EXTENSION and not has_successor:
                self.host.remove_extension(str(instance.node.id))
            await instance.held.close(deadline_s=deadline_s, hands_over=has_successor)
            if not has_successor:
                self._forget(instance.node)

    async def farewells_over(self, touched: Collection[Node]) -> None:
        """Wait for what still finishes under one of these names, or uses one of them."""
        in_the_way = [
            task
            for task, instances in self._farewells.items()
            if any(each.node in touched or each.needs & set(touched) for each in instances)
        ]
        if in_the_way:
            await asyncio.wait(in_the_way)

    def _forget(self, node: Node) -> None:
        if node not in self.running:
            self.host.forget_status(name_of(node))
            self.host.forget_kept(name_of(node))

    async def _until_empty(self, instance: Instance, deadline_s: float) -> None:
        if instance.entrance is not None:
            await instance.entrance.empty(max(0.0, deadline_s - asyncio.get_running_loop().time()))

    # ---------------------------------------------------------------------------------------------------- the whole

    def settle(self, blueprint: Blueprint) -> None:
        """Note that everything runs as the blueprint says."""
        self.blueprint = blueprint
        self._places = {node: place for place, node in enumerate(blueprint.order)}
        for node in [each for each in self.gates if each not in blueprint.identities]:
            del self.gates[node]

    @asynccontextmanager
    async def lifespan(self, shutdown_timeout_s: Callable[[], float]) -> AsyncIterator[None]:
        """On leaving close everything, upstream first; what goes wrong is in the host's failures.

        All together have ``shutdown_timeout_s`` to finish what was accepted, unless the host's time runs already; who
        needs longer is cancelled.
        """
        try:
            yield
        finally:
            if self.host.drain_deadline_s is None:
                self.host.begin_drain(asyncio.get_running_loop().time() + shutdown_timeout_s())
            for gate in self.gates.values():
                gate.give_up()
            async with AsyncExitStack() as stack:  # closes all, whatever befalls one of them
                nodes = self.order()
                extensions = [node for node in nodes if node.kind is Kind.EXTENSION]
                for node in extensions:
                    stack.push_async_callback(self._close_for_good, self.running[node])
                stack.push_async_callback(self.all_farewells)
                for node in nodes[len(extensions) :]:
                    stack.push_async_callback(self._close_for_good, self.running[node])

    async def _close_for_good(self, instance: Instance) -> None:
        if failure := await instance.held.close():
            self.host.failures.append(failure)

    async def all_farewells(self) -> None:
        """Wait for all that still finishes."""
        if self._farewells:
            await asyncio.wait(self._farewells)


_RANKS = {Kind.EXTENSION: 0, Kind.RECEIVER: 2}
_WITH_GATES = (Kind.EXPORTER, Kind.CONNECTOR, Kind.PROCESSOR)
