"""SDK metrics as :class:`~otel_discord.component.service_view.Reading`, for those who look at the service from inside.

Pure. What Prometheus shows, as values: one series for equal labels, whatever number of scopes it comes from.
"""

from collections.abc import Iterator

from opentelemetry.sdk.metrics.export import MetricsData

from otel_discord.component.instrument_list import INSTRUMENTS
from otel_discord.component.service_view import Reading
from otel_discord.service.telemetry.exposition import families


def readings(data: MetricsData | None) -> tuple[Reading, ...]:
    """Return every series of ``INSTRUMENTS`` in one collection, by name and labels."""
    return tuple(_readings(data))


def _readings(data: MetricsData | None) -> Iterator[Reading]:
    for name, family in sorted(families(data).items()):
        if name not in INSTRUMENTS:  # a component of somebody else may measure what it likes
            continue
        for labels, value in sorted(family.values.items()):
            yield Reading(name, dict(labels), value)
        for labels, buckets in sorted(family.buckets.items(), key=lambda item: item[0]):
            counts = tuple(buckets.counts)
            yield Reading(name, dict(labels), sum(counts), buckets.total, buckets.bounds, counts)
