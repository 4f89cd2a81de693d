"""Counts of one resource, and the metrics that they make. Pure: the present time comes in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric

from otel_discord.connectors.count.config import CountedMetric
from otel_discord.ottl import Item
from otel_discord.signals.from_plain import from_plain

Matches: TypeAlias = Callable[[Item], bool]
_Values: TypeAlias = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric to be made. ``matches`` is None where everything is counted; an attribute's default may be None."""

    name: str
    description: str
    matches: Matches | None
    attributes: Sequence[tuple[str, AnyValue | None]]


def definition(name: str, config: CountedMetric, matches: Matches | None) -> Definition:
    """Return what a configuration asks for. A default of "" or 0 is none, as in contrib."""
    attributes = [
        (each.key, from_plain(each.default_value) if each.default_value or each.default_value is False else None)
        for each in config.attributes
    ]
    return Definition(name, config.description, matches, attributes)


@dataclass(slots=True)
class _Count:
    attributes: Sequence[KeyValue]
    number: int = 0


@dataclass(slots=True)
class Tally:
    """Counts for some definitions, and the time that they span."""

    definitions: Sequence[Definition]
    _counts: dict[str, dict[_Values, _Count]] = field(default_factory=dict)
    _first_ns: int = 0
    _last_ns: int = 0

    def see(self, item: Item, attributes: Sequence[Iterable[KeyValue]], times_ns: Iterable[int] = ()) -> None:
        """Count an item. ``attributes`` are its own, its scope's and its resource's; the first that has a key wins."""
        for time_ns in times_ns:
            if time_ns:
                self._first_ns = min(self._first_ns or time_ns, time_ns)
                self._last_ns = max(self._last_ns, time_ns)
        for each in self.definitions:
            values = _values(each, attributes)
            if values is None or not (each.matches is None or each.matches(item)):
                continue
            key = tuple(pair.value.SerializeToString(deterministic=True) for pair in values)
            counts = self._counts.setdefault(each.name, {})
            counts.setdefault(key, _Count(values)).number += 1

    def metrics(self, now_ns: int) -> Iterator[Metric]:
        """Yield a monotonic delta sum for each metric with a count; items without a time were seen now."""
        first_ns, last_ns = (self._first_ns, self._last_ns) if self._first_ns else (now_ns, now_ns)
        for each in self.definitions:
            counts = self._counts.get(each.name)
            if not counts:
                continue
            metric = Metric(name=each.name, description=each.description)
            metric.sum.is_monotonic = True
            metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
            for count in counts.values():
                metric.sum.data_points.add(
                    attributes=count.attributes,
                    as_int=count.number,
                    start_time_unix_nano=first_ns,
                    time_unix_nano=last_ns,
                )
            yield metric


def _values(of: Definition, attributes: Sequence[Iterable[KeyValue]]) -> list[KeyValue] | None:
    """Return the attributes to count by, or None where one is missing."""
    values = []
    for key, default in of.attributes:
        value = next((found for each in attributes if (found := _find(each, key)) is not None), default)
        if value is None:
            return None
        values.append(KeyValue(key=key, value=value))
    return values


def _find(attributes: Iterable[KeyValue], key: str) -> AnyValue | None:
    found = None
    for pair in attributes:
        if pair.key == key:
            found = pair.value
    return found


def tallies(definitions: Mapping[str, Sequence[Definition]], *sections: str) -> list[Tally]:
    """Return empty counts for these sections."""
    return [Tally(definitions[section]) for section in sections]
