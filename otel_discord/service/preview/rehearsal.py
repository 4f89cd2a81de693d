"""One scenario through a configuration: its real processors, connectors and exporters, joined as the service does.

Receivers are left out and their place is taken by the scenario; exporters of messages are replaced by their twins,
other exporters by counters, storages by memory. Everything runs on a :class:`VirtualLoop`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from otel_discord.component import (
    ACCEPTED,
    Component,
    ComponentError,
    Consumer,
    Kind,
    Preflight,
    Receipt,
    Storage,
)
from otel_discord.component.destination_source import RunCard
from otel_discord.component.preview import Preview, Previewable, PreviewedRequest, PreviewsRuns
from otel_discord.service.blueprint import Blueprint, blueprint_of, name_of, pipeline_members
from otel_discord.service.build import build, build_extension
from otel_discord.service.config_file import Configuration
from otel_discord.service.fanout import fan_out
from otel_discord.service.graph import Node
from otel_discord.service.holder import held
from otel_discord.service.host import ServiceHost
from otel_discord.service.ids import PipelineId
from otel_discord.service.joints import Gate
from otel_discord.service.preview.outcome import ExporterView, Outcome, Passage, messages_of
from otel_discord.service.preview.scenario import Scenario
from otel_discord.service.preview.virtual_loop import VirtualLoop
from otel_discord.service.telemetry.redact import Redactor, each_text, secrets_in
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry
from otel_discord.signals import Batch
from otel_discord.store.memory import MemoryStorage

SETTLE_S: Final = 15.0
"""What processors and connectors get to pass on what they gather, on the preview's clock."""
_END_S: Final = 10.0
_LIMIT_S: Final = 24 * 3600.0

_logger = logging.getLogger("otel_discord.preview")


@dataclass(frozen=True, slots=True)
class Setting:
    """What every scenario of one configuration has in common."""

    configuration: Configuration
    version: str
    exporter: str = ""
    """Only this one's messages; "" for all."""
    now_unix_s: Callable[[], float] = time.time


def rehearse(setting: Setting, scenario: Scenario) -> Outcome:
    """Return what becomes of a scenario. Blocks; opens no connection and writes no file.

    Raises:
        StartError: a component cannot be made or does not start.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner, _warnings() as lines:
        outcome = runner.run(_rehearse(setting, scenario))
        notes = [*outcome.notes, *dict.fromkeys(lines)]
    redact = _redactor(setting.configuration)
    return replace(outcome, notes=[redact(note) for note in notes])


@dataclass(slots=True)
class _Counter:
    """Counts what goes into a component, or ends here where there is none behind it."""

    behind: Consumer | None = None
    items: int = 0

    async def consume(self, batch: Batch) -> Receipt:
        self.items += batch.item_count
        return await self.behind.consume(batch) if self.behind is not None else ACCEPTED


@dataclass(slots=True)
class _Rig:
    """The graph of one rehearsal."""

    gates: dict[Node, Gate] = field(default_factory=dict)
    counters: dict[Node, _Counter] = field(default_factory=dict)
    passed: dict[Node, _Counter] = field(default_factory=dict)
    """What processors passed on."""
    previews: dict[str, Preview] = field(default_factory=dict)
    opened: list[tuple[Node, Component]] = field(default_factory=list)


async def _rehearse(setting: Setting, scenario: Scenario) -> Outcome:
    configuration = setting.configuration
    telemetry = SelfTelemetry(configuration.service.telemetry, version=setting.version)
    blueprint = blueprint_of(configuration, lambda _: "")
    loop, begun_s = asyncio.get_running_loop(), setting.now_unix_s()

    def wall_clock() -> float:
        return begun_s + loop.time()

    begun_ns = int(begun_s * 1e9)
    rig = _build(blueprint, telemetry, wall_clock, setting.exporter)
    entrances = _entrances(configuration, scenario)
    notes: list[str] = []
    redact = _redactor(configuration)
    async with asyncio.timeout(_LIMIT_S), AsyncExitStack() as stack:
        host = ServiceHost(pipeline_members(configuration), wall_clock)
        for name in _storages(configuration, telemetry):
            host.add_extension(name, MemoryStorage())
        stack.callback(lambda: host.begin_drain(loop.time() + _END_S))
        for node, component in rig.opened:
            if isinstance(component, Preflight):
                component.preflight()
            await stack.enter_async_context(held(component, name_of(node), host, _logger))
        stack.callback(lambda: host.begin_drain(loop.time() + _END_S))
        went_in: dict[str, None] = {}
        for step in scenario.steps:
            await asyncio.sleep(step.after_s)
            if step.run is not None:
                _show_run(rig, step.run(wall_clock()))
                continue
            for preview in rig.previews.values():
                preview.refuse(is_refusing=step.is_refused)
            batch = step.batch(int(wall_clock() * 1e9), begun_ns)
            for pipeline, heads in entrances(str(batch.signal)):
                went_in[pipeline] = None
                for head in heads:
                    await _feed(rig.gates[head], batch, notes)
        await _settle(rig)
        for preview in rig.previews.values():
            preview.refuse(is_refusing=False)
    if not went_in and any(step.run is None for step in scenario.steps):
        signals = ", ".join(sorted({str(step.batch(begun_ns, begun_ns).signal) for step in scenario.steps}))
        notes.insert(0, f"no pipeline of this configuration takes {signals}")
    return Outcome(
        name=scenario.name,
        title=scenario.title,
        about=scenario.about,
        messages=[
            message
            for name, preview in rig.previews.items()
            for message in messages_of(name, _safe(preview.requests, redact))
        ],
        exporters=[ExporterView(name, preview.ways, preview.destinations) for name, preview in rig.previews.items()],
        passages=list(_passages(rig)),
        others={
            str(node.id): counter.items
            for node, counter in rig.counters.items()
            if node.kind is Kind.EXPORTER and str(node.id) not in rig.previews and counter.items
        },
        pipelines=list(went_in),
        notes=notes,
        begun_unix_s=begun_s,
    )


async def _feed(gate: Gate, batch: Batch, notes: list[str]) -> None:
    try:
        receipt = await gate.consume(batch)
    except ComponentError as error:
        notes.append(f"refused: {error}")
    else:
        if receipt.message:
            notes.append(f"{receipt.rejected} refused: {receipt.message}" if receipt.rejected else receipt.message)


def _show_run(rig: _Rig, card: RunCard) -> None:
    for preview in rig.previews.values():
        if isinstance(preview, PreviewsRuns):
            preview.show_run(card)


async def _settle(rig: _Rig) -> None:
    """Let what is gathered on the way pass on, then let the exporters finish."""
    await asyncio.sleep(SETTLE_S)
    for preview in rig.previews.values():
        await preview.settled()


def _build(blueprint: Blueprint, telemetry: SelfTelemetry, wall_clock: Callable[[], float], only: str) -> _Rig:
    rig = _Rig()
    inside = [node for node in blueprint.order if node.kind not in (Kind.EXTENSION, Kind.RECEIVER)]
    for node in inside:
        rig.gates[node] = Gate(name_of(node), asks_again=False)
    for node in inside:
        component, ends = build(node, blueprint, rig.gates, telemetry)
        counter = rig.counters[node] = _Counter()
        if node.kind is Kind.EXPORTER:
            if isinstance(component, Previewable) and only in ("", str(node.id)):
                preview = rig.previews[str(node.id)] = component.previewed(wall_clock)
                counter.behind = preview.exporter
                rig.opened.append((node, preview.exporter))
        else:
            counter.behind = component  # type: ignore[assignment]  # processors and connectors are consumers
            rig.opened.append((node, component))
            if node.kind is Kind.PROCESSOR:
                following = blueprint.wires[node].following
                passed = rig.passed[node] = _Counter(fan_out([rig.gates[each] for each in following]))
                ends.following.point(passed)
        rig.gates[node].open(counter)
    return rig


def _storages(configuration: Configuration, telemetry: SelfTelemetry) -> Iterator[str]:
    configured = configuration.components[Kind.EXTENSION]
    for each in configuration.extensions:
        if isinstance(build_extension(configured[each], telemetry), Storage):
            yield str(each)


def _entrances(
    configuration: Configuration, scenario: Scenario
) -> Callable[[str], Sequence[tuple[str, Sequence[Node]]]]:
    """Return who takes data of a signal: pipelines behind receivers, or behind connectors where the data is theirs."""
    plan, connectors = configuration.plan, configuration.components[Kind.CONNECTOR]
    wants_connector = scenario.comes_from == "connector"

    def fits(pipeline: PipelineId, *, behind_connector: bool) -> bool:
        return any((each in connectors) == behind_connector for each in plan.pipelines[pipeline].receivers)

    def entrances(signal: str) -> list[tuple[str, Sequence[Node]]]:
        of_signal = [each for each in plan.pipelines if each.signal == signal]
        found = [each for each in of_signal if fits(each, behind_connector=wants_connector)]
        found = found or [each for each in of_signal if fits(each, behind_connector=not wants_connector)]
        return [(str(each), plan.steps(each, connectors)[0]) for each in found]

    return entrances


def _passages(rig: _Rig) -> Iterator[Passage]:
    for node, passed in rig.passed.items():
        taken = rig.counters[node].items
        if passed.items < taken:
            yield Passage(str(node.id), node.pipeline, taken, passed.items)


def _safe(requests: Sequence[PreviewedRequest], redact: Redactor) -> list[PreviewedRequest]:
    """Return the requests without what is secret in the configuration, wherever it came from."""
    return [replace(each, payload=each_text(each.payload, redact)) for each in requests]


def _redactor(configuration: Configuration) -> Redactor:
    redactor = Redactor()
    redactor.add(secrets_in([each.config for kind in configuration.components.values() for each in kind.values()]))
    return redactor


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname.lower()}: {record.getMessage()}")


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Gather what components warn of, instead of printing it."""
    lines: list[str] = []
    logger, handler = logging.getLogger("otel_discord"), _Lines(lines)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
