"""Whose telemetry a resource's is: an index of the live runs, asked for every resource of every batch."""

from collections.abc import Iterable
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.extensions.run_channels.config import ResourceAttributes
from otel_discord.extensions.run_channels.runs import Run, RunKey

_RUN_ID, _TASK, _ATTEMPT, _SHORT, _GUILD = range(5)
_MOST_CHARS: Final = 40
"""Of each part of a label: anybody may write into a resource."""
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
        self._keys: dict[str, RunKey] = {}
        """Of all runs that are known, live or not."""
        self._known_by_triple: dict[tuple[str, str, str], str] = {}
        """The run heard of last of each."""
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
        self._by_triple.setdefault(_triple(run.key), {})[run.key.guild_id] = run.run_id

    def discard(self, run_id: str) -> None:
        """Forget a run; one that is not known is no error."""
        run = self._by_id.pop(run_id, None)
        if run is None:
            return
        guilds = self._by_triple[_triple(run.key)]
        if guilds.get(run.key.guild_id) == run_id:
            del guilds[run.key.guild_id]
        if not guilds:
            del self._by_triple[_triple(run.key)]

    def know(self, run_id: str, run: Run | None) -> None:
        """Know who a run is, live or not; None forgets it."""
        if run is not None:
            self._keys[run_id] = run.key
            self._known_by_triple[_triple(run.key)] = run_id
            return
        key = self._keys.pop(run_id, None)
        if key is not None and self._known_by_triple.get(_triple(key)) == run_id:
            del self._known_by_triple[_triple(key)]

    def known_run_of(self, resource: Resource) -> str | None:
        """Return the id of the run that a resource belongs to, live or not."""
        found = self._said(resource)
        if found is None:
            return None
        if found[_RUN_ID] in self._keys:
            return found[_RUN_ID]
        return self._known_by_triple.get((found[_TASK], found[_ATTEMPT], found[_SHORT]))

    def known_runs(self) -> set[str]:
        """Return the ids of the runs that are known, live or not."""
        return set(self._keys)

    def run_of(self, resource: Resource) -> str | None:
        """Return the id of the live run that a resource belongs to.

        Its ``run_id`` decides; where that names none of ours, task, attempt and short id together, with the guild where
        two guilds have such a run. Values are compared as text: 1, 1.0 and "1" are the same.
        """
        if not self._by_id:
            return None
        found = self._said(resource)
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

    def label_of(self, resource: Resource) -> str:
        """Return ``run build-42 #1 (ab12)``, or ``run 7f3k…`` where only the id is known; "" where there is neither.

        The run need not be live.
        """
        found = self._said(resource)
        if found is None:
            return ""
        key = self._keys.get(found[_RUN_ID])
        task, attempt, short = _triple(key) if key is not None else (found[_TASK], found[_ATTEMPT], found[_SHORT])
        if task and attempt and short:
            return f"run {_cut(task)} #{_cut(attempt)} ({_cut(short)})"
        return f"run {_cut(found[_RUN_ID])}" if found[_RUN_ID] else ""

    def _said(self, resource: Resource) -> list[str] | None:
        """Return what a resource says of its run, by place; None where it says nothing."""
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
        return found


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"


def _triple(key: RunKey) -> tuple[str, str, str]:
    return key.task_id, str(key.attempt), key.short_id


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
