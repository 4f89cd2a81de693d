"""A service to look at, with the trouble that an on-call engineer meets: fake host, exporter and dead letters."""

import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from otel_discord.component import ComponentStatus, PermanentError
from otel_discord.component.dead_letters import Letter, ReplayRequest, ReplayState
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.service_view import Reading, ReloadNote, Wire
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.component.storage import EVERY_LETTER, LetterFilter
from otel_discord.component.watched_exporter import DestinationState, ShownMessage, Step
from otel_discord.signals.alert_event import AlertEvent
from otel_discord.testing.host import NopHost

NS = 10**9
TOKEN = "aVerySecretWebhookToken0123456789abcdef"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)> **bold**"


def ago(seconds: float) -> int:
    return int((time.time() - seconds) * NS)


def iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - seconds))


@dataclass
class FakeLetters:
    kept: list[Letter] = field(default_factory=list)
    replayed: list[ReplayRequest] = field(default_factory=list)
    delay_s: float = 0.0

    def chosen(self, wanted: LetterFilter) -> list[Letter]:
        return [
            each
            for each in self.kept
            if (not wanted.ids or each.id in wanted.ids)
            and (not wanted.destinations or each.destination in wanted.destinations)
            and (wanted.until_ns is None or each.time_ns < wanted.until_ns)
        ]

    async def letters(self, chosen=EVERY_LETTER, *, limit=0, newest=True) -> AsyncIterator[Letter]:
        found = self.chosen(chosen)
        for each in found[-limit:] if newest else found[: limit or None]:
            yield each

    async def letter(self, letter_id: int) -> Mapping[str, Any] | None:
        for each in self.kept:
            if each.id == letter_id:
                return {**each.to_json(), "record": {"body": each.text, "attributes": {"order": 48213}}}
        return None

    async def replay(self, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        self.replayed.append(request)
        found = self.chosen(request.chosen)
        where = {each.destination: 1 for each in found}
        yield ReplayState(chosen=len(found), revived=len(found), by_destination=where)
        self.kept = [each for each in self.kept if each not in found]
        yield ReplayState(chosen=len(found), revived=len(found), delivered=len(found), by_destination=where, done=True)

    async def purge(self, chosen: LetterFilter) -> int:
        found = self.chosen(chosen)
        self.kept = [each for each in self.kept if each not in found]
        return len(found)

    async def bury_lane(self, destination: str) -> int:
        return 0

    async def orphaned_lanes(self) -> Sequence[str]:
        return []


@dataclass
class FakeExporter:
    """Watched, keeps silences, maintenance and dead letters."""

    states: list[DestinationState] = field(default_factory=list)
    messages: list[ShownMessage] = field(default_factory=list)
    alerts: list[tuple[AlertEvent, Sequence[str]]] = field(default_factory=list)
    kept_silences: list[Silence] = field(default_factory=list)
    windows: list[MaintenanceWindow] = field(default_factory=list)
    asked_maintenance: list[MaintenanceRequest] = field(default_factory=list)
    box: FakeLetters = field(default_factory=FakeLetters)

    @asynccontextmanager
    async def lifespan(self, host):
        yield

    def destination_states(self):
        return self.states

    def recent_messages(self, limit=50):
        return self.messages[:limit]

    def firing_alerts(self):
        return self.alerts

    async def add_silence(self, request: SilenceRequest) -> Silence:
        if any("=" not in each for each in request.matchers):
            raise PermanentError(f"'{request.matchers[0]}' is no matcher")
        made = Silence(
            id=request.id, active=True, matchers=request.matchers, starts_ns=request.starts_ns,
            ends_ns=request.ends_ns, comment=request.comment, author=request.author,
        )  # fmt: skip
        self.kept_silences.append(made)
        return made

    async def expire_silence(self, silence_id: str) -> Silence:
        for each in self.kept_silences:
            if each.id == silence_id:
                self.kept_silences.remove(each)
                return each
        raise PermanentError(f"there is no silence {silence_id}")

    async def silences(self):
        return list(self.kept_silences)

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        if any("=" not in each for each in request.matchers):
            raise PermanentError(f"'{request.matchers[0]}' is no matcher")
        self.asked_maintenance.append(request)
        made = MaintenanceWindow(
            name=request.name, active=True, action=request.action or "hold", comment=request.comment,
            records=", ".join(request.matchers) or "every record", until_ns=ago(-request.for_s), author=request.author,
        )  # fmt: skip
        self.windows = [*(each for each in self.windows if each.name != request.name), made]
        return made

    async def end_maintenance(self, name: str) -> MaintenanceWindow:
        for each in self.windows:
            if each.name == name and each.active:
                self.windows.remove(each)
                return each
        raise PermanentError(f"no maintenance {name} is active")

    async def maintenance_windows(self):
        return list(self.windows)

    def dead_letters(self):
        return self.box

    def dead_letters_at_rest(self, host):
        raise NotImplementedError


class Plain:
    """An exporter that nobody can watch."""

    @asynccontextmanager
    async def lifespan(self, host):
        yield


@dataclass
class FakeService:
    """A host that is a ServiceView."""

    version: str = "0.9.0"
    started_at_unix_s: float = field(default_factory=lambda: time.time() - 93_784)
    ready: bool = True
    statuses: dict[str, ComponentStatus] = field(default_factory=dict)
    pipelines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    components: dict[str, Any] = field(default_factory=dict)
    configuration: str = "exporters:\n  discord:\n    webhook_url: '[REDACTED]'\n"
    reloads: list[ReloadNote] = field(default_factory=list)
    counters: dict[tuple[str, tuple[tuple[str, str], ...]], list[float]] = field(default_factory=dict)
    secrets: tuple[str, ...] = (TOKEN,)
    opened_s: float = field(default_factory=time.monotonic)

    extensions: dict[str, Any] = field(default_factory=dict)
    drain_deadline_s: float | None = None
    hands_over: bool = False
    shelf: dict[str, Any] = field(default_factory=dict)

    def kept(self, key, make):
        return self.shelf.setdefault(key, make())

    def extension(self, component_id, protocol):
        return NopHost(extensions=self.extensions).extension(component_id, protocol)

    def report_status(self, status, component="", error=""):
        raise AssertionError("the status page reports nothing")

    def count(self, name: str, per_second: float = 0.0, start: float = 0.0, **labels: str) -> None:
        self.counters[name, tuple(labels.items())] = [start, per_second]

    def readings(self) -> list[Reading]:
        passed_s = time.monotonic() - self.opened_s
        found = [
            Reading(name, dict(labels), start + rate * (passed_s + math.sin(passed_s / 3) / 2))  # it comes in waves
            for (name, labels), (start, rate) in self.counters.items()
        ]
        for component in self.components.values():
            if isinstance(component, FakeExporter):
                labels = {"exporter": "discord"}
                found.append(Reading("otel_discord_dead_letters", labels, len(component.box.kept)))
        return found

    def open_components(self):
        return self.components

    def redact(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "[REDACTED]")
        return text


def message(title: str, text: str, color: int, seconds: float, **fields: Any) -> dict[str, Any]:
    return {
        "author": {"username": "Telemetry"},
        "username": "Telemetry",
        "timestamp": iso(seconds),
        "embeds": [
            {
                "title": title,
                "description": text,
                "color": color,
                "fields": [{"name": name, "value": value, "inline": True} for name, value in fields.items()],
            }
        ],
    }


def journey(seconds: float, *steps: tuple[float, str, str]) -> list[Step]:
    return [Step(ago(seconds - after), what, detail) for after, what, detail in steps]
