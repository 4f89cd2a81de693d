"""What the pure parts cost: a card rendered by a template, a message packed, a permit granted. One core, CPU time."""

import gc
import time
from collections.abc import Callable
from typing import Any, Final, get_args

from benchmarks.calibration import python_ms
from benchmarks.figures import Figure, Report, median
from benchmarks.payload import logs_request
from benchmarks.sizes import Size
from otel_discord.discord_api.limits import EMBEDS_PER_MESSAGE
from otel_discord.discord_api.ratelimit import Answer, Limiter, LimiterSettings
from otel_discord.discord_api.routes import Operation, Route
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.packing import pack
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_options import Preset, RenderOptions
from otel_discord.exporters.discord.render_templates import templates_from
from otel_discord.signals import LogsBatch, Severity
from otel_discord.templating.environment import ENVIRONMENT

AIM_CARDS: Final = 5_000.0
"""Of the default template."""

_EXCEPTION_EVERY: Final = 4
_OWN: Final = {
    "billing.yaml": """
extends: compact
match: {service: ["billing-*"], min_severity: ERROR}
title: "💳 {{ title }}"
""",
    "own.yaml": """
extends: compact
match: {condition: 'severity_number >= SEVERITY_NUMBER_WARN'}
title: "{{ emoji }} {{ count_mark }}{{ title | truncate(120) }}"
description:
  - "{{ [service, environment, when] | present | join(' · ') }}"
  - {text: "{{ body }}", when: "body != title"}
  - {text: "{{ link_line }}", when: link_line}
fields:
  - {each: pairs, name: "{{ item[0] or 'request' }}", value: "{{ item[1] }}", inline: true}
""",
}
"""A user's templates: one that is not for these cards, and one that is."""
_HEADERS: Final = {
    "x-ratelimit-limit": "1000000",
    "x-ratelimit-remaining": "999999",
    "x-ratelimit-reset-after": "1.000",
    "x-ratelimit-bucket": "b",
}


def run(size: Size) -> Report:
    """Return cards, messages and requests per second of CPU; the ratio is per calibration loop."""
    cards = _cards(size.pick(tiny=20, full=400))
    repetitions = size.pick(tiny=1, full=7)
    presets: tuple[Preset, ...] = get_args(Preset.__value__ if hasattr(Preset, "__value__") else Preset)
    renderers: dict[str, Renderer] = {preset: Renderer(RenderOptions(preset=preset)) for preset in presets}
    renderers |= {"own": Renderer(RenderOptions(), templates_from(_OWN, time.time_ns))}
    compiled = _counted_compilations(lambda: [each.render(card) for each in renderers.values() for card in cards])
    again = _counted_compilations(lambda: [Renderer(RenderOptions()).render(card) for card in cards])
    figures = []
    gc.collect()
    gc.freeze()  # as the service does once it is ready
    for name, renderer in renderers.items():

        def render(renderer: Renderer = renderer) -> None:
            for card in cards:
                renderer.render(card)

        aim = AIM_CARDS if name == RenderOptions().preset else None
        figures.append(_rate(f"rendering.cards.{name}", "cards/CPU-s", render, len(cards), repetitions, aim))
    gc.unfreeze()
    figures.append(_packing(cards, repetitions))
    figures.append(_limiter(size.pick(tiny=100, full=5000), repetitions))
    notes = [
        f"rendering: every {_EXCEPTION_EVERY}th card has a stack trace; own is a user's template, the second asked",
        f"rendering: {compiled} texts of templates were compiled, {again} again for {len(cards)} further destinations",
    ]
    return Report(figures, notes)


def _counted_compilations(work: Callable[[], object]) -> int:
    """Return how many texts of templates are compiled meanwhile."""
    count = 0
    compile_one: Callable[..., Any] = ENVIRONMENT.compile

    def counting(*arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return compile_one(*arguments, **options)

    setattr(ENVIRONMENT, "compile", counting)  # noqa: B010 - a method, for a moment
    try:
        work()
    finally:
        delattr(ENVIRONMENT, "compile")
    return count


def _packing(cards: list[Card], repetitions: int) -> Figure:
    renderer = Renderer(RenderOptions())
    rendered = [renderer.render(card) for card in cards]

    def pack_all() -> None:
        for start in range(0, len(rendered), EMBEDS_PER_MESSAGE):
            pack(rendered[start : start + EMBEDS_PER_MESSAGE])

    return _rate("packing.messages", "messages/CPU-s", pack_all, len(rendered) // EMBEDS_PER_MESSAGE, repetitions)


def _limiter(requests: int, repetitions: int) -> Figure:
    route = Route(Operation.EXECUTE, "100000000000000001")

    def grant() -> None:
        limiter = Limiter(LimiterSettings(requests_per_second=10_000, channel_messages_per_minute=0))
        now_s = 0.0
        for _ in range(requests):
            ticket = limiter.request(route, 0, now_s)
            limiter.poll(now_s)
            answer = Answer(status=200, headers=_HEADERS, limited=None, sent_at=now_s, received_at=now_s + 0.05)
            now_s += 0.1
            limiter.complete(ticket, answer, now_s, 0.5)

    return _rate("limiter.requests", "requests/CPU-s", grant, requests, repetitions)


def _rate(
    name: str, unit: str, work: Callable[[], None], count: int, repetitions: int, aim: float | None = None
) -> Figure:
    work()
    rates, ratios = [], []
    for _ in range(repetitions):
        loop_ms = python_ms()
        started_s = time.process_time()
        work()
        taken_s = time.process_time() - started_s
        rates.append(count / taken_s)
        ratios.append(count / taken_s * loop_ms / 1000)
    return Figure(name=name, value=median(rates), unit=unit, ratio=median(ratios), aim=aim)


def _cards(count: int) -> list[Card]:
    batch = LogsBatch(logs_request(count, severity=Severity.ERROR, with_exception_every=_EXCEPTION_EVERY))
    return [
        Card(
            resource=resource.SerializeToString(),
            scope=scope.SerializeToString(),
            record=record.SerializeToString(),
            severity=record.severity_number,
            first_seen_ns=record.time_unix_nano,
            last_seen_ns=record.time_unix_nano,
            accepted_ns=record.time_unix_nano,
        )
        for resource, scope, record in batch.records()
    ]
