"""The exporter's twin for a preview: the same masking, routing, folding, rendering and packing; nothing goes out.

Addresses are replaced before anything is opened, so a preview needs no webhook and cannot reach one.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from otel_discord.component import Host, Receipt, Settings
from otel_discord.component.component import Exporter
from otel_discord.component.destination_source import RunCard
from otel_discord.component.preview import PreviewedRequest, RecordWay
from otel_discord.config import Secret
from otel_discord.discord_api.http import Transport
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.alerts.member import ends_an_alert
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.destinations import DEFAULT_NAME, resolve_destinations
from otel_discord.exporters.discord.masking import Masking
from otel_discord.exporters.discord.mutes.mute import Action
from otel_discord.exporters.discord.own_messages import OwnMessages
from otel_discord.exporters.discord.preview_transport import CapturingTransport
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_templates import BUILT_IN_DIRECTORY
from otel_discord.exporters.discord.routing import Router, record_severity
from otel_discord.exporters.discord.routing_table import routing_table
from otel_discord.exporters.discord.safe_render import told_troubles
from otel_discord.exporters.discord.sourced.names import LABEL
from otel_discord.ottl import LogItem, OttlError
from otel_discord.redaction import Masker
from otel_discord.signals import Batch, LogsBatch, severity_range, to_plain

_KEPT_BACK: Final = {Action.HOLD: "holds it back from", Action.DROP: "drops what is for"}
_MAX_WAYS: Final = 2_000
_TITLE_CHARS: Final = 120
_SETTLED_S: Final = 3_600.0
_FIRST_ID: Final = 1_300_000_000_000_000_000
_TOKEN: Final = "preview-" + "x" * 60


class _Opened(Exporter, Protocol):
    """What of the real exporter the twin uses."""

    async def flushed(self) -> None: ...


class MakesExporter(Protocol):
    """Creates the exporter that the twin is made of."""

    def __call__(
        self, settings: Settings, config: DiscordConfig, *, transport: Transport, wall_clock: Callable[[], float]
    ) -> _Opened:
        """Return it, not opened."""
        ...


def addresses_of(config: DiscordConfig) -> Mapping[str, str]:
    """Return an address that leads nowhere for each destination, by name."""
    names = list(config.destinations) or [DEFAULT_NAME]
    return {name: f"{config.endpoint}/webhooks/{_FIRST_ID + place}/{_TOKEN}" for place, name in enumerate(names)}


def config_without_addresses(config: DiscordConfig) -> tuple[DiscordConfig, Mapping[str, str]]:
    """Return the configuration of the twin, and the destinations' names by the ids of their webhooks.

    Kept is whatever decides what a message says and where it goes. Changed is what would touch something: addresses,
    storage, files, the proxy, and the deletion of messages.
    """
    written = config.destinations
    names = list(written) or [DEFAULT_NAME]
    addresses = addresses_of(config)
    update: dict[str, Any] = {
        "sending_queue": config.sending_queue.model_copy(update={"storage": None, "enabled": True}),
        "dead_letters": config.dead_letters.model_copy(update={"directory": ""}),
        "destinations_from": None,
        "proxy_url": None,
        "dry_run": False,
    }
    if written:
        update["destinations"] = {
            name: item.model_copy(
                update={"webhook_url": Secret(addresses[name]), "webhook_url_file": "", "retention": 0.0}
            )
            for name, item in written.items()
        }
    else:
        update |= {"webhook_url": Secret(addresses[DEFAULT_NAME]), "webhook_url_file": ""}
    ids = {str(_FIRST_ID + place): name for place, name in enumerate(names)}
    return config.model_copy(update=update), ids


class PreviewedDiscord:
    """The twin of one exporter: notes what becomes of each record, and passes it on to the real machinery."""

    def __init__(
        self, settings: Settings, config: DiscordConfig, make: MakesExporter, wall_clock: Callable[[], float]
    ) -> None:
        self._config, names = config_without_addresses(config)
        self._names = tuple(names.values())
        self._transport = CapturingTransport(names, wall_clock, wall_clock())
        self._inner = make(settings, self._config, transport=self._transport, wall_clock=wall_clock)
        self._router: Router = routing_table(self._config, resolve_destinations(self._config), settings.logger)
        self._masking = Masking(Masker(config.redaction.plan()) if config.redaction.enabled else None)
        self._gate = assembly.gate(self._config)
        self._wall_clock = wall_clock
        self._ways: list[RecordWay] = []
        self._messages = OwnMessages(
            Renderer(None, self._config.templates.templates(time.time_ns), told_troubles(settings.logger))
        )
        self._runs: dict[str, str] = {}
        """Ids of the messages of runs."""

    @property
    def exporter(self) -> Exporter:
        """What takes the records: this, in front of the exporter."""
        return self

    @property
    def destinations(self) -> Sequence[str]:
        """Names of the destinations, in the order of the configuration."""
        return self._names

    @property
    def requests(self) -> Sequence[PreviewedRequest]:
        """What went out so far."""
        return tuple(self._transport.requests)

    @property
    def ways(self) -> Sequence[RecordWay]:
        """What became of the first records."""
        return tuple(self._ways)

    def refuse(self, *, is_refusing: bool) -> None:
        """Answer the next message of each destination with a refusal of its content, or not any more."""
        self._transport.refused.clear()
        self._transport.is_refusing = is_refusing

    def show_run(self, card: RunCard) -> None:
        """Note the message of a run, which the extension that makes its channel would post and edit there."""
        message_id = self._runs.get(card.run_id, "")
        self._runs[card.run_id] = self._transport.note(LABEL, self._messages.run_card(card), message_id)

    def preflight(self) -> None:
        """Check what the exporter checks; addresses are not read.

        Raises:
            StartError: something that the configuration names cannot be used.
        """
        check = getattr(self._inner, "preflight", None)
        if check is not None:
            check()

    def lifespan(self, host: Host) -> AbstractAsyncContextManager[None]:
        """Open the exporter."""
        return self._inner.lifespan(host)

    async def consume(self, batch: Batch) -> Receipt:
        """Note where each record goes, and pass the batch on."""
        if isinstance(batch, LogsBatch) and len(self._ways) < _MAX_WAYS:
            masked = await self._masking.masked(batch)
            for before, after in zip(batch.records(), masked.records(), strict=True):
                self._ways.append(self._way(before, after))
                if len(self._ways) >= _MAX_WAYS:
                    break
        return await self._inner.consume(batch)

    async def settled(self) -> None:
        """Wait until all is sent, and edits as well."""
        fold, alerts = self._config.fold, self._config.alerts
        async with asyncio.timeout(_SETTLED_S):
            await self._inner.flushed()
        await asyncio.sleep(2.0 + max(fold.edit_interval, alerts.group_interval, 10.0) + alerts.group_wait)
        async with asyncio.timeout(_SETTLED_S):
            await self._inner.flushed()

    def _way(self, before: Any, after: Any) -> RecordWay:
        resource, scope, record = after
        severity = record_severity(record)
        way = self._router.way(severity, LogItem(record, scope, resource))
        names = [item.name for item in way.destinations]
        routes = tuple(self._routes(record, scope, resource))
        return RecordWay(
            title=_title(record),
            severity=severity,
            destinations=names,
            routes=routes,
            reason=self._reason(severity, names, has_routes=bool(routes), is_end=ends_an_alert(record))
            or self._muted(LogItem(record, scope, resource), severity, names),
            masked=_differences(before[2], record),
        )

    def _muted(self, item: LogItem, severity: int, names: Sequence[str]) -> str:
        """Return which maintenance of the configuration keeps the record back now."""
        _, muted = self._gate.passages(item, int(self._wall_clock() * 1e9), severity, names)
        said = {mute.id: mute.name for mute in self._gate.book.configured}
        return "; ".join(
            f"maintenance {said.get(each.mute_id, each.mute_id)} {_KEPT_BACK[each.action]} {each.destination}"
            for each in muted
            if each.action in _KEPT_BACK
        )

    def _routes(self, record: Any, scope: Any, resource: Any) -> Iterator[str]:
        for route in self._router.routes:
            try:
                is_met = route.condition.holds(LogItem(record, scope, resource))
            except OttlError:
                continue
            if is_met:
                yield route.condition.text
                if not route.goes_on:
                    return

    def _reason(self, severity: int, names: Sequence[str], *, has_routes: bool, is_end: bool) -> str:
        if is_end:
            return "the end of an alert goes where the alert was told"
        word = severity_range(severity).name
        if not names and severity < self._router.floor:
            return f"{word} is below min_severity {severity_range(self._router.floor).name}"
        missing = [
            f"{item.name} takes {severity_range(item.min_severity).name} and above"
            for item in self._router.destinations
            if item.name not in names and severity < item.min_severity
        ]
        if not names:
            return f"{word} is below the min_severity of every destination" + (" of its route" if has_routes else "")
        return "; ".join(missing)


def _title(record: Any) -> str:
    body = to_plain(record.body)
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
    line = next((line for line in text.splitlines() if line.strip()), "") or record.event_name
    return line if len(line) <= _TITLE_CHARS else f"{line[: _TITLE_CHARS - 1]}…"


def _differences(before: Any, after: Any) -> tuple[str, ...]:
    if before is after or before == after:
        return ()
    changed = ["body"] if before.body != after.body else []
    kept = {pair.key: pair.value for pair in after.attributes}
    changed += [pair.key for pair in before.attributes if kept.get(pair.key) != pair.value]
    return tuple(changed)


def built_in_texts() -> Mapping[str, str]:
    """Return the built-in template files by the templates' names."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(BUILT_IN_DIRECTORY.glob("*.yaml"))}
