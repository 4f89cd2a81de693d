"""Fields that are computed: names of span kinds, entries of a trace state, facts of a metric, schema URLs."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.paths.field import Access, Keys, Reader, checked, owner_getter
from otel_discord.ottl.paths.messages import to_value
from otel_discord.ottl.values import Value

_KINDS: Final = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
_METRIC_TYPES: Final = ("gauge", "sum", "histogram", "exponential_histogram", "summary")


@dataclass(frozen=True, slots=True)
class KindName:
    """A span's kind by its name: ``Server``, or in the old way ``SPAN_KIND_SERVER``; "" for an unknown number."""

    deprecated: bool = False

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        names = tuple(f"SPAN_KIND_{name.upper()}" if self.deprecated else name for name in _KINDS)
        span_of = owner_getter(owner)

        def read(item: Any) -> str:
            kind: int = span_of(item).kind
            return names[kind] if 0 <= kind < len(names) else ""

        def write(item: Any, value: Value) -> None:
            if checked(value, str) not in names:
                raise OttlError(f"expected a span kind: {', '.join(names)}")
            span_of(item).kind = names.index(checked(value, str))

        return Access(read, write, str)


@dataclass(frozen=True, slots=True)
class TraceState:
    """W3C trace state: the header's text, or one entry of it ("" when absent)."""

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        span_of = owner_getter(owner)

        def write(item: Any, value: Value) -> None:
            span_of(item).trace_state = checked(value, str)

        return Access(lambda item: span_of(item).trace_state, write, str)

    def open_at(self, owner: str, keys: Keys) -> Access:
        """See :class:`IndexableField`."""
        span_of = owner_getter(owner)

        def read(item: Any) -> str:
            return _entries(span_of(item).trace_state).get(_entry_key(keys.of(item)), "")

        def write(item: Any, value: Value) -> None:
            key, text = _entry_key(keys.of(item)), checked(value, str)
            others = {name: old for name, old in _entries(span_of(item).trace_state).items() if name != key}
            new = {key: text, **others}  # what was changed last stands first, as W3C wants it
            span_of(item).trace_state = ",".join(f"{name}={entry}" for name, entry in new.items())

        return Access(read, write, str)


def _entries(header: str) -> dict[str, str]:
    pairs = (entry.strip().partition("=") for entry in header.split(","))
    return {key: value for key, sign, value in pairs if sign}


def _entry_key(keys: list[Any]) -> str:
    if len(keys) == 1 and isinstance(keys[0], str):
        return keys[0]
    raise OttlError("a trace state takes one key, a string")


@dataclass(frozen=True, slots=True)
class MetricType:
    """A metric's type as a number: ``METRIC_DATA_TYPE_GAUGE`` and so on."""

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        metric_of = owner_getter(owner)

        def read(item: Any) -> int:
            kind = metric_of(item).WhichOneof("data")
            return 0 if kind is None else _METRIC_TYPES.index(kind) + 1

        return Access(read, None, int)


@dataclass(frozen=True, slots=True)
class MetricFact:
    """A field of a metric's data that only some types have; nil elsewhere."""

    attribute: str
    type: type

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        metric_of, attribute, kind = owner_getter(owner), self.attribute, self.type

        def read(item: Any) -> Value:
            found: Value = getattr(_data(metric_of(item)), attribute, None)
            return found

        def write(item: Any, value: Value) -> None:
            data, new = _data(metric_of(item)), checked(value, kind)
            try:
                setattr(data, attribute, new)
            except (AttributeError, ValueError) as error:
                raise OttlError(f"{attribute} cannot be set: {error}") from None

        return Access(read, write)


@dataclass(frozen=True, slots=True)
class DataPoints:
    """All data points of a metric, as maps; read only."""

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        metric_of = owner_getter(owner)
        return Access(lambda item: to_value(getattr(_data(metric_of(item)), "data_points", None)))


def _data(metric: Any) -> Any:
    kind = metric.WhichOneof("data")
    return None if kind is None else getattr(metric, kind)


@dataclass(frozen=True, slots=True)
class SchemaUrl:
    """The schema's URL, which OTLP keeps beside the resource or scope, in the group; "" when the group is unknown."""

    def open(self, owner: str) -> Access:
        """See :class:`Field`; here the owner is the attribute of the group."""
        group_of: Reader = attrgetter(owner)

        def read(item: Any) -> str:
            group = group_of(item)
            return "" if group is None else str(group.schema_url)

        def write(item: Any, value: Value) -> None:
            group, new = group_of(item), checked(value, str)
            if group is None:
                raise OttlError("the schema URL cannot be set here")
            group.schema_url = new

        return Access(read, write, str)
