"""Where the telemetry of runs goes: the live runs, as the exporter asks for them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component.destination_source import DestinationUser, SourcedDestination, Tally
from otel_discord.config import Secret
from otel_discord.discord_api.webhook_url import DEFAULT_ENDPOINT
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.identity import LANE_PREFIX, lane_of
from otel_discord.extensions.run_channels.resources import RunIndex
from otel_discord.extensions.run_channels.runs import Placement, Run
from otel_discord.signals.severity import severity_from_text


def webhook_url_of(run: Run, endpoint: str) -> Secret:
    """Return the address that a run's caller is given."""
    base = "https://discord.com/api" if endpoint == DEFAULT_ENDPOINT else endpoint
    thread = f"?thread_id={run.channel_id}" if run.placement is not Placement.CHANNEL else ""
    return Secret(f"{base}/webhooks/{run.webhook_id}/{run.webhook_token.reveal()}{thread}")


class RunSource:
    """A :class:`~otel_discord.component.destination_source.DestinationSource` of the live runs."""

    def __init__(
        self,
        config: RunChannelsConfig,
        endpoint: str,
        count: Callable[[str, Tally], None],
        call: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``count`` hears what passed for a run, ``call`` of a run whose webhook takes nothing any more."""
        self._endpoint = endpoint
        self._min_severity = _severity(config.min_severity)
        self._index = RunIndex(config.resource_attributes)
        self._count = count
        self._call = call
        self._live: dict[str, SourcedDestination] = {}
        self._users: list[DestinationUser] = []

    @property
    def users(self) -> tuple[DestinationUser, ...]:
        """The exporters that deliver."""
        return tuple(self._users)

    def destination_of(self, resource: Resource) -> str | None:
        """Return the name of the live run's destination that a resource belongs to."""
        run_id = self._index.run_of(resource)
        return lane_of(run_id) if run_id is not None else None

    def label_of(self, resource: Resource) -> str:
        """Return what people call the run that a resource names, live or not; "" where it names none."""
        return self._index.label_of(resource)

    def former_destination_of(self, resource: Resource) -> str | None:
        """Return the name of the destination of the run that a resource belongs to, live or not."""
        run_id = self._index.run_of(resource) or self._index.known_run_of(resource)
        return lane_of(run_id) if run_id is not None else None

    def destinations(self) -> Mapping[str, SourcedDestination]:
        """Return the live ones by name."""
        return dict(self._live)

    def counted(self, name: str, tally: Tally) -> None:
        """Add to what passed for a run."""
        if name.startswith(LANE_PREFIX):
            self._count(name.removeprefix(LANE_PREFIX), tally)

    def is_gone(self, name: str) -> None:
        """Have the run looked at."""
        if name.startswith(LANE_PREFIX):
            self._call(name.removeprefix(LANE_PREFIX))

    @contextmanager
    def used_by(self, user: DestinationUser) -> Iterator[None]:
        """Tell ``user`` of changes while the block runs."""
        self._users.append(user)
        try:
            yield
        finally:
            self._users.remove(user)

    def known_runs(self) -> set[str]:
        """Return the ids of the runs that were heard of and not forgotten."""
        return self._index.known_runs()

    def know(self, run_id: str, run: Run | None) -> None:
        """Hear of a run as it is now, None where it is forgotten; users are told where a destination comes or goes."""
        self._index.know(run_id, run)
        name = lane_of(run_id)
        known = self._live.get(name)
        if run is None or not life.is_live(run):
            if known is None:
                return
            del self._live[name]
            self._index.discard(run_id)
        else:
            wanted = SourcedDestination(
                name=name,
                webhook_url=webhook_url_of(run, self._endpoint),
                label=run.channel_name,
                min_severity=self._min_severity,
            )
            if known == wanted:
                return
            self._live[name] = wanted
            self._index.add(run)
        for user in self.users:
            user.destinations_changed()


def _severity(text: str | None) -> int | None:
    """Return the number that ``WARN`` or ``warn2`` means."""
    if not text:
        return None
    return severity_from_text(text) + (int(text[-1]) - 1 if text[-1].isdigit() else 0)
