"""The worker of the demo's shop: its queue of jobs fills up, is far too long for a while, and is worked off again.

What it measures goes out as an OTLP metric, once a second; a rule of the demo makes an alert of it.
"""

import time
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

SHIFT_S: Final = 180.0
"""The queue is too deep once in so many seconds."""
_CURVE: Final = ((0.0, 60), (10.0, 90), (15.0, 1_040), (20.0, 1_390), (28.0, 1_390), (38.0, 55), (SHIFT_S, 60))
_EXPORT_INTERVAL_MS: Final = 1_000


def depth(at_s: float) -> int:
    """Return how many jobs wait, so many seconds after the shop opened."""
    at_s %= SHIFT_S
    for (before_s, before), (after_s, after) in pairwise(_CURVE):
        if at_s <= after_s:
            share = (at_s - before_s) / (after_s - before_s)
            return round(before + (after - before) * share)
    return _CURVE[-1][1]


class Queue:
    """The queue, measured from the moment it is made."""

    def __init__(self, resource: Resource, endpoint: str) -> None:
        exporter = OTLPMetricExporter(endpoint=endpoint, insecure=True)
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=_EXPORT_INTERVAL_MS)
        self._provider = MeterProvider(resource=resource, metric_readers=[reader])
        self._opened = time.monotonic()
        meter = self._provider.get_meter("shop.worker")
        meter.create_observable_gauge("queue.depth", [self._measure], unit="{job}", description="Jobs that wait.")

    def _measure(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(depth(time.monotonic() - self._opened))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
