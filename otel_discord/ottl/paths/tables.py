"""Which fields there are, by message. The names are the Collector's."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from otel_discord.ottl.paths.field import Field
from otel_discord.ottl.paths.messages import Numbers, Whole
from otel_discord.ottl.paths.nested import AnyField, AnyText, Attributes
from otel_discord.ottl.paths.scalars import Id, IdText, KindOfPointScalar, Scalar, Time
from otel_discord.ottl.paths.special import DataPoints, KindName, MetricFact, MetricType, SchemaUrl, TraceState
from otel_discord.signals.ids import SPAN_ID_BYTES, TRACE_ID_BYTES

Fields: TypeAlias = Mapping[str, Field]

_TRACE_ID: Final = Id("trace_id", TRACE_ID_BYTES)
_SPAN_ID: Final = Id("span_id", SPAN_ID_BYTES)
_PARENT_SPAN_ID: Final = Id("parent_span_id", SPAN_ID_BYTES)
_DROPPED: Final = Scalar("dropped_attributes_count", int)

RESOURCE: Final[Fields] = {
    "attributes": Attributes(),
    "dropped_attributes_count": _DROPPED,
    "schema_url": SchemaUrl(),
}

SCOPE: Final[Fields] = {
    "name": Scalar("name", str),
    "version": Scalar("version", str),
    "attributes": Attributes(),
    "dropped_attributes_count": _DROPPED,
    "schema_url": SchemaUrl(),
}

LOG: Final[Fields] = {
    "attributes": Attributes(),
    "body": AnyField("body"),
    "body.string": AnyText("body"),
    "dropped_attributes_count": _DROPPED,
    "event_name": Scalar("event_name", str),
    "flags": Scalar("flags", int),
    "observed_time": Time("observed_time_unix_nano"),
    "observed_time_unix_nano": Scalar("observed_time_unix_nano", int),
    "severity_number": Scalar("severity_number", int),
    "severity_text": Scalar("severity_text", str),
    "span_id": _SPAN_ID,
    "span_id.string": IdText(_SPAN_ID),
    "time": Time("time_unix_nano"),
    "time_unix_nano": Scalar("time_unix_nano", int),
    "trace_id": _TRACE_ID,
    "trace_id.string": IdText(_TRACE_ID),
}

SPAN: Final[Fields] = {
    "attributes": Attributes(),
    "dropped_attributes_count": _DROPPED,
    "dropped_events_count": Scalar("dropped_events_count", int),
    "dropped_links_count": Scalar("dropped_links_count", int),
    "end_time": Time("end_time_unix_nano"),
    "end_time_unix_nano": Scalar("end_time_unix_nano", int),
    "events": Whole("events"),
    "flags": Scalar("flags", int),
    "kind": Scalar("kind", int),
    "kind.deprecated_string": KindName(deprecated=True),
    "kind.string": KindName(),
    "links": Whole("links"),
    "name": Scalar("name", str),
    "parent_span_id": _PARENT_SPAN_ID,
    "parent_span_id.string": IdText(_PARENT_SPAN_ID),
    "span_id": _SPAN_ID,
    "span_id.string": IdText(_SPAN_ID),
    "start_time": Time("start_time_unix_nano"),
    "start_time_unix_nano": Scalar("start_time_unix_nano", int),
    "status": Whole("status"),
    "status.code": Scalar("status.code", int),
    "status.message": Scalar("status.message", str),
    "trace_id": _TRACE_ID,
    "trace_id.string": IdText(_TRACE_ID),
    "trace_state": TraceState(),
}

SPANEVENT: Final[Fields] = {
    "attributes": Attributes(),
    "dropped_attributes_count": _DROPPED,
    "name": Scalar("name", str),
    "time": Time("time_unix_nano"),
    "time_unix_nano": Scalar("time_unix_nano", int),
}

METRIC: Final[Fields] = {
    "aggregation_temporality": MetricFact("aggregation_temporality", int),
    "data_points": DataPoints(),
    "description": Scalar("description", str),
    "is_monotonic": MetricFact("is_monotonic", bool),
    "metadata": Attributes("metadata"),
    "name": Scalar("name", str),
    "type": MetricType(),
    "unit": Scalar("unit", str),
}

DATAPOINT: Final[Fields] = {
    "attributes": Attributes(),
    "bucket_counts": Numbers("bucket_counts"),
    "count": KindOfPointScalar("count", int),
    "exemplars": Whole("exemplars"),
    "explicit_bounds": Numbers("explicit_bounds"),
    "flags": Scalar("flags", int),
    "negative": Whole("negative"),
    "negative.bucket_counts": Numbers("negative.bucket_counts"),
    "negative.offset": KindOfPointScalar("negative.offset", int),
    "positive": Whole("positive"),
    "positive.bucket_counts": Numbers("positive.bucket_counts"),
    "positive.offset": KindOfPointScalar("positive.offset", int),
    "quantile_values": Whole("quantile_values"),
    "scale": KindOfPointScalar("scale", int),
    "start_time": Time("start_time_unix_nano"),
    "start_time_unix_nano": Scalar("start_time_unix_nano", int),
    "sum": KindOfPointScalar("sum", float),
    "time": Time("time_unix_nano"),
    "time_unix_nano": Scalar("time_unix_nano", int),
    "value_double": KindOfPointScalar("as_double", float),
    "value_int": KindOfPointScalar("as_int", int),
    "zero_count": KindOfPointScalar("zero_count", int),
}
