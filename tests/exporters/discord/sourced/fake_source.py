"""An extension that names destinations, as the exporter sees it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component.destination_source import DestinationUser, SourcedDestination, Tally
from otel_discord.config import Secret
from otel_discord.signals import LogsBatch, find_attribute
from otel_discord.signals.alert_event import AlertEvent
from otel_discord.testing.fake_discord.state import FakeWebhook
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import RESOURCE, key_values, logs_batch
from tests.exporters.discord.alerting import batch as alert_batch


@dataclass
class FakeSource:
    """Runs by name (`run/a`); resources belong to them by `run.id`."""

    live: dict[str, SourcedDestination] = field(default_factory=dict)
    finishing: set[str] = field(default_factory=set)
    tallies: dict[str, list[Tally]] = field(default_factory=dict)
    users: list[DestinationUser] = field(default_factory=list)

    def add(self, run: str, webhook: FakeWebhook, *, min_severity: int | None = None, silently: bool = False) -> str:
        """Name a destination; ``silently``: users are not told."""
        name = f"run/{run}"
        self.live[name] = SourcedDestination(
            name=name, webhook_url=Secret(webhook.url), label=f"run-{run}", min_severity=min_severity
        )
        if not silently:
            self._tell()
        return name

    def move(self, name: str, webhook: FakeWebhook) -> None:
        """Give a destination another address."""
        self.live[name] = replace(self.live[name], webhook_url=Secret(webhook.url))
        self._tell()

    def remove(self, name: str) -> None:
        """The run is finalized."""
        del self.live[name]
        self._tell()

    def _tell(self) -> None:
        for user in self.users:
            user.destinations_changed()

    def destination_of(self, resource: Resource) -> str | None:
        name = f"run/{find_attribute(resource.attributes, 'run.id')}"
        return name if name in self.live and name not in self.finishing else None

    def destinations(self) -> Mapping[str, SourcedDestination]:
        return dict(self.live)

    def counted(self, name: str, tally: Tally) -> None:
        self.tallies.setdefault(name, []).append(tally)

    @contextmanager
    def used_by(self, user: DestinationUser) -> Iterator[None]:
        self.users.append(user)
        try:
            yield
        finally:
            self.users.remove(user)


def host_of(source: FakeSource, **extensions: Any) -> NopHost:
    """Return a house with this extension."""
    return NopHost(extensions={"run_channels": source, **extensions})


def of_run(run: str, *args: Any, **kwargs: Any) -> LogsBatch:
    """Return records whose resource belongs to a run."""
    return logs_batch(*args, resource={**RESOURCE, "run.id": run}, **kwargs)


def alert_of_run(run: str, *events: AlertEvent) -> LogsBatch:
    """Return what alerts say whose resource belongs to a run."""
    made = alert_batch(*events)
    made.request.resource_logs[0].resource.attributes.extend(key_values({"run.id": run}))
    return made


class LabellingSource(FakeSource):
    """One that has words for every run, live or not."""

    def label_of(self, resource: Resource) -> str:
        run = find_attribute(resource.attributes, "run.id")
        return f"run {run} #1 (ab12)" if run is not None else ""
