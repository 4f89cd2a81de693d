"""From a batch of metrics into the measures of all rules that want them. Pure: the present time comes in."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import ScopeMetrics

from otel_discord.connectors.threshold.feeds import Feed
from otel_discord.ottl import DataPointItem, OnError, OttlError
from otel_discord.signals import MetricsBatch, Plain, attributes_to_dict

_MOST_NAMES: Final = 10_000
"""So many names of metrics are known with the feeds that want them."""
_STRIDE: Final = 256


class Intake:
    """Hands points to feeds; a metric that no rule wants costs one look into a dict."""

    def __init__(self, feeds: Iterable[Feed], on_error: OnError) -> None:
        self._feeds = tuple(feeds)
        self._wanting: dict[str, tuple[Feed, ...]] = {}
        self._on_error = on_error

    def take(self, batch: MetricsBatch, now_ns: int) -> Iterator[None]:
        """Take a batch in; pauses now and then, so that somebody else can have a turn."""
        taken = 0
        for group in batch.request.resource_metrics:
            resource: dict[str, Plain] | None = None
            origin = b""
            for scope_metrics in group.scope_metrics:
                for metric in scope_metrics.metrics:
                    feeds = self._wanting_feeds(metric.name)
                    kind = metric.WhichOneof("data")
                    if not feeds or kind is None:
                        continue
                    if resource is None:
                        resource = attributes_to_dict(group.resource.attributes)
                        origin = _sorted_bytes(group.resource.attributes)
                    for feed in feeds:
                        feed.learn(metric, kind)
                    before = b"\x00".join((origin, _scope_bytes(scope_metrics), metric.name.encode(), kind.encode()))
                    for point in getattr(metric, kind).data_points:
                        stream = hashlib.blake2b(before + _sorted_bytes(point.attributes), digest_size=16).digest()
                        item = DataPointItem(point, metric, scope_metrics.scope, group.resource, scope_metrics, group)
                        self._hand_on(feeds, item, resource, stream, now_ns)
                        taken += 1
                        if not taken % _STRIDE:
                            yield

    def _hand_on(
        self, feeds: Sequence[Feed], item: DataPointItem, resource: dict[str, Plain], stream: bytes, now_ns: int
    ) -> None:
        for feed in feeds:
            try:
                feed.take(item, resource, stream, now_ns)
            except OttlError as error:
                self._on_error(feed.where.text if feed.where else "", error)

    def _wanting_feeds(self, name: str) -> tuple[Feed, ...]:
        found = self._wanting.get(name)
        if found is None:
            found = tuple(feed for feed in self._feeds if feed.wants(name))
            if len(self._wanting) >= _MOST_NAMES:
                self._wanting.clear()
            self._wanting[name] = found
        return found


def _scope_bytes(scope_metrics: ScopeMetrics) -> bytes:
    scope = scope_metrics.scope
    return b"\x01".join((scope.name.encode(), scope.version.encode(), _sorted_bytes(scope.attributes)))


def _sorted_bytes(attributes: Iterable[KeyValue]) -> bytes:
    """Return the same bytes for the same attributes in any order."""
    return b"".join(sorted([pair.SerializeToString() for pair in attributes]))
