"""Firing alerts, silences and maintenance of every exporter, asked under a deadline; and silences to be."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from otel_discord.component import Component, ComponentError, PermanentError
from otel_discord.component.maintenance import KeepsMaintenance, MaintenanceWindow
from otel_discord.component.silences import KeepsSilences, Silence, SilenceRequest
from otel_discord.component.watched_exporter import Watched, WatchedAfar
from otel_discord.config.duration import parse_duration
from otel_discord.extensions.status_page.flow import part_of
from otel_discord.signals.alert_event import AlertEvent

ANSWER_S: Final = 3.0
ACT_S: Final = 12.0
"""Longest time for an exporter to do something everywhere in a fleet."""
LONGEST_S: Final = 366 * 86_400.0
MOST_MATCHERS: Final = 20
MOST_ALERTS: Final = 200
_NS: Final = 1_000_000_000
_DAYS: Final = re.compile(r"([0-9]{1,3})d(.*)")
_NOBODY: Final = "No exporter of this service knows silences."
P = TypeVar("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FiringAlert:
    """An alert that fires, and the destinations that show it."""

    exporter: str
    event: AlertEvent
    shown_at: Sequence[str]


@dataclass(frozen=True, slots=True)
class Mutes:
    """What rings, and what keeps quiet; silences and windows by the exporter's id. ``unanswered`` could not say."""

    alerts: Sequence[FiringAlert]
    alert_count: int
    silences: Sequence[tuple[str, Silence]]
    windows: Sequence[tuple[str, MaintenanceWindow]]
    unanswered: Sequence[str] = ()


def offering(components: Mapping[str, Component], protocol: type[P]) -> dict[str, P]:
    """Return the exporters that offer something, by their ids."""
    return {
        part_of(name).id: component
        for name, component in components.items()
        if name.startswith("exporter:") and isinstance(component, protocol)
    }


async def gather_mutes(components: Mapping[str, Component]) -> Mutes:
    """Ask every exporter; one that does not answer in time is named and left out."""
    unanswered: list[str] = []

    async def asked(found: Mapping[str, P], ask: Callable[[P], Awaitable[Sequence[T]]]) -> list[tuple[str, T]]:
        answers: list[tuple[str, T]] = []
        for name, exporter in found.items():
            try:
                async with asyncio.timeout(ANSWER_S):
                    answers += [(name, each) for each in await ask(exporter)]
            except (ComponentError, TimeoutError):
                unanswered.append(name)
        return answers

    await look_afar(components)
    alerts, failed = firing_alerts(components)
    unanswered += failed
    return Mutes(
        alerts[:MOST_ALERTS],
        len(alerts),
        await asked(offering(components, KeepsSilences), lambda each: each.silences()),
        await asked(offering(components, KeepsMaintenance), lambda each: each.maintenance_windows()),
        tuple(dict.fromkeys(unanswered)),
    )


async def look_afar(components: Mapping[str, Component]) -> None:
    """Let exporters ask other replicas how their destinations fare, and wait a little for what they say."""

    async def look(exporter: WatchedAfar) -> None:
        with suppress(ComponentError, TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await exporter.look_afar()

    await asyncio.gather(*(look(each) for each in offering(components, WatchedAfar).values()))


def firing_alerts(components: Mapping[str, Component]) -> tuple[list[FiringAlert], list[str]]:
    """Return the alerts that fire, the worst and oldest first, and the exporters that could not say."""
    alerts: list[FiringAlert] = []
    failed: list[str] = []
    for name, exporter in offering(components, Watched).items():
        try:
            alerts += [FiringAlert(name, event, tuple(where)) for event, where in exporter.firing_alerts()]
        except Exception:  # noqa: BLE001 - one exporter's fault must not hide the others
            failed.append(name)
    alerts.sort(key=lambda each: (-each.event.severity_number, each.event.started_ns))
    return alerts, failed


def redacted_mutes(mutes: Mutes, redact: Callable[[str], str]) -> Mutes:
    """Return them with texts that hold no secret; names by which they are ended stay."""
    return replace(
        mutes,
        alerts=[_redacted_alert(each, redact) for each in mutes.alerts],
        silences=[
            (exporter, replace(each, matchers=tuple(map(redact, each.matchers)), comment=redact(each.comment)))
            for exporter, each in mutes.silences
        ],
        windows=[
            (exporter, replace(each, records=redact(each.records), comment=redact(each.comment)))
            for exporter, each in mutes.windows
        ],
    )


def _redacted_alert(alert: FiringAlert, redact: Callable[[str], str]) -> FiringAlert:
    """Return an alert whose texts hold no secret."""
    event = alert.event
    shown = replace(
        event,
        name=redact(event.name),
        summary=redact(event.summary),
        threshold=redact(event.threshold),
        labels={key: redact(each) if isinstance(each, str) else each for key, each in event.labels.items()},
        fingerprint=event.identity,
    )
    return replace(alert, event=shown)


def silence_request(form: Mapping[str, str], now_ns: int, silence_id: str) -> SilenceRequest:
    """Return the silence that a form asks for.

    Raises:
        PermanentError: a field is not as it should be; says which and how.
    """
    matchers = matchers_of(form)
    if not 1 <= len(matchers) <= MOST_MATCHERS:
        raise PermanentError(f"Matchers: write 1 to {MOST_MATCHERS}, one a line, as in service.name=shop.")
    for_s = span_of(form)
    return SilenceRequest(
        id=silence_id,
        matchers=matchers,
        starts_ns=now_ns,
        ends_ns=now_ns + int(for_s * _NS),
        comment=form.get("comment", "").strip()[:500],
        author="status page",
    )


def matchers_of(form: Mapping[str, str]) -> tuple[str, ...]:
    """Return the matchers of a form, one a line."""
    return tuple(line.strip() for line in form.get("matchers", "").splitlines() if line.strip())


def span_of(form: Mapping[str, str]) -> float:
    """Return the seconds that a form's ``duration`` says.

    Raises:
        PermanentError: it is no duration, or not from a second to a year.
    """
    try:
        for_s = _span_s(form.get("duration", ""))
    except ValueError as error:
        raise PermanentError(f"Duration: {error}.") from None
    if not 1 <= for_s <= LONGEST_S:
        raise PermanentError("Duration: from 1s to a year, as in 30m, 2h or 1d.")
    return for_s


def _span_s(text: str) -> float:
    days = _DAYS.fullmatch(text.strip())
    if days is None:
        return parse_duration(text.strip())
    return int(days[1]) * 86_400 + (parse_duration(days[2]) if days[2] else 0.0)


async def add_silence(components: Mapping[str, Component], request: SilenceRequest) -> str:
    """Add a silence to every exporter that keeps some; return what to tell.

    Raises:
        ComponentError: none has taken it; says why.
    """
    done = f"Silence {request.id} holds"
    return await at_each(components, KeepsSilences, lambda each: each.add_silence(request), done, _NOBODY)


async def expire_silence(components: Mapping[str, Component], silence_id: str) -> str:
    """End a silence wherever it holds; return what to tell.

    Raises:
        ComponentError: none has ended it; says why.
    """
    done = f"Silence {silence_id} has ended"
    return await at_each(components, KeepsSilences, lambda each: each.expire_silence(silence_id), done, _NOBODY)


async def at_each(
    components: Mapping[str, Component], protocol: type[P], do: Callable[[P], Awaitable[object]], done: str, nobody: str
) -> str:
    """Do something at every exporter that offers it; return what to tell: ``done`` and where.

    Raises:
        ComponentError: none has done it; says why, or ``nobody``.
    """
    keepers = offering(components, protocol)
    if not keepers:
        raise PermanentError(nobody)
    refusals: dict[str, None] = {}
    taken: list[str] = []
    remarks: list[str] = []
    for name, keeper in keepers.items():
        try:
            async with asyncio.timeout(ACT_S):
                did = await do(keeper)
            taken.append(name)
            remarks += [remark for remark in [getattr(did, "remark", "")] if remark]
        except ComponentError as error:
            refusals[str(error)] = None
        except TimeoutError:
            refusals[f"{name} did not answer in time"] = None
    if not taken:
        raise PermanentError("; ".join(refusals))
    return " ".join([f"{done} ({', '.join(taken)}).", *dict.fromkeys(remarks)])
