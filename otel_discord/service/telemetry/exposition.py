"""SDK metrics as Prometheus text, names verbatim: no suffix, no unit, no scope labels, no target_info.

Pure. The same name from several scopes (one for each component) is one family; sums with equal labels are added up,
so a component that was opened anew goes on counting. https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from opentelemetry.sdk.metrics.export import (
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    Sum,
)

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_NOT_IN_A_NAME: Final = re.compile(r"[^a-zA-Z0-9_:]")
_NOT_IN_A_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
LabelPairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Buckets:
    """A histogram's series; ``counts`` has one more than ``bounds``, and they are not cumulative."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float


@dataclass(slots=True)
class Family:
    """A metric with all its series, by labels that are sorted."""

    type: str
    help: str
    values: dict[LabelPairs, float] = field(default_factory=dict)
    buckets: dict[LabelPairs, Buckets] = field(default_factory=dict)


def exposition(data: MetricsData | None) -> str:
    """Return the page for one collection; metrics by name, series by labels."""
    found = families(data)
    return "".join(line + "\n" for name in sorted(found) for line in _lines(name, found[name]))


def families(data: MetricsData | None) -> dict[str, Family]:
    """Return the metrics of one collection by name, all scopes together."""
    found: dict[str, Family] = {}
    for metric in _metrics(data):
        kind = _type(metric)
        name = _identifier(metric.name, _NOT_IN_A_NAME)
        if not kind or not metric.data.data_points:
            continue
        family = found.setdefault(name, Family(kind, metric.description or ""))
        if family.type == kind:  # a name with two meanings: the first one stands
            for point in metric.data.data_points:
                _add(family, point, summed=isinstance(metric.data, Sum))
    return found


def _metrics(data: MetricsData | None) -> Iterable[Metric]:
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            yield from scope.metrics


def _type(metric: Metric) -> str:
    if isinstance(metric.data, Sum):
        return "counter" if metric.data.is_monotonic else "gauge"
    if isinstance(metric.data, Gauge):
        return "gauge"
    return "histogram" if isinstance(metric.data, Histogram) else ""


def _add(family: Family, point: object, *, summed: bool) -> None:
    if isinstance(point, HistogramDataPoint):
        labels = _labels(point.attributes)
        there = family.buckets.get(labels)
        bounds = tuple(point.explicit_bounds)
        if there is None or there.bounds != bounds:
            family.buckets[labels] = Buckets(bounds, list(point.bucket_counts), point.sum)
        else:
            there.counts = [a + b for a, b in zip(there.counts, point.bucket_counts, strict=True)]
            there.total += point.sum
    elif isinstance(point, NumberDataPoint):
        labels = _labels(point.attributes)
        family.values[labels] = point.value + (family.values.get(labels, 0) if summed else 0)


def _labels(attributes: Mapping[str, object] | None) -> LabelPairs:
    pairs = ((_identifier(key, _NOT_IN_A_LABEL), str(value)) for key, value in (attributes or {}).items())
    return tuple(sorted(dict(pairs).items()))


def _identifier(name: str, forbidden: re.Pattern[str]) -> str:
    clean = forbidden.sub("_", name)
    return f"_{clean}" if clean[:1].isdigit() else clean


def _lines(name: str, family: Family) -> Iterable[str]:
    if family.help:
        yield f"# HELP {name} " + family.help.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# TYPE {name} {family.type}"
    for labels, value in sorted(family.values.items()):
        yield f"{name}{_braces(labels)} {_number(value)}"
    for labels, buckets in sorted(family.buckets.items(), key=lambda item: item[0]):
        below = 0
        for bound, count in zip((*buckets.bounds, math.inf), buckets.counts, strict=True):
            below += count
            yield f"{name}_bucket{_braces((*labels, ('le', _number(bound))))} {below}"
        yield f"{name}_sum{_braces(labels)} {_number(buckets.total)}"
        yield f"{name}_count{_braces(labels)} {below}"


def _braces(labels: LabelPairs) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))
