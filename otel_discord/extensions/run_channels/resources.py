"""Whose telemetry a resource's is: an index of the live runs, asked for every resource of every batch."""

from collections.abc import Iterable
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.extensions.run_channels.config import ResourceAttributes
from otel_discord.extensions.run_channels.runs import Run

_RUN_ID, _TASK, _ATTEMPT, _SHORT, _GUILD = range(5)
_ABSENT: Final[tuple[str, ...]] = ("",) * 5


class RunIndex:
    """The live runs, by what resources say of them. Quick and synchronous."""

    def __init__(self, attributes: ResourceAttributes) -> None:
        names = (attributes.run_id, attributes.task_id, attributes.attempt, attributes.short_id, attributes.guild_id)
        self._places: dict[str, tuple[int, ...]] = {}
        for place, name in enumerate(names):
            if name:
                self._places[name] = (*self._places.get(name, ()), place)
        self._by_id: dict[str, Run] = {}
        self._by_triple: dict[tuple[str, str, str], dict[str, str]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def replace(self, runs: Iterable[Run]) -> None:
        """Make these the live runs."""
        self._by_id.clear()
        self._by_triple.clear()
        for run in runs:
            self.add(run)

    def add(self, run: Run) -> None:
        """Make a run live, or know its latest form."""
        self._by_id[run.run_id] = run
        self._by_triple.setdefault(_triple(run), {})[run.key.guild_id] = run.run_id

    def discard(self, run_id: str) -> None:
        """Forget a run; one that is not known is no error."""
        run = self._by_id.pop(run_id, None)
        if run is None:
            return
        guilds = self._by_triple[_triple(run)]
        if guilds.get(run.key.guild_id) == run_id:
            del guilds[run.key.guild_id]
        if not guilds:
            del self._by_triple[_triple(run)]

    def run_of(self, resource: Resource) -> str | None:
        """Return the id of the live run that a resource belongs to.

        Its ``run_id`` decides; where that names none of ours, task, attempt and short id together, with the guild where
        two guilds have such a run. Values are compared as text: 1, 1.0 and "1" are the same.
        """
        if not self._by_id:
            return None
        places = self._places
        found: list[str] | None = None
        for pair in resource.attributes:
            wanted = places.get(pair.key)
            if wanted is not None:
                if found is None:
                    found = list(_ABSENT)
                text = pair.value.string_value or _text(pair.value)
                for place in wanted:
                    found[place] = text
        if found is None:
            return None
        if found[_RUN_ID] in self._by_id:
            return found[_RUN_ID]
        guilds = self._by_triple.get((found[_TASK], found[_ATTEMPT], found[_SHORT]))
        if guilds is None:
            return None
        if found[_GUILD]:
            return guilds.get(found[_GUILD])
        return next(iter(guilds.values())) if len(guilds) == 1 else None


def _triple(run: Run) -> tuple[str, str, str]:
    return run.key.task_id, str(run.key.attempt), run.key.short_id


def _text(value: AnyValue) -> str:
    match value.WhichOneof("value"):
        case "int_value":
            return str(value.int_value)
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "double_value":
            number = value.double_value
            return str(int(number)) if number.is_integer() else repr(number)
        case _:
            return ""
