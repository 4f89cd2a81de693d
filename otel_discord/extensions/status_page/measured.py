"""What our own metrics say of destinations and queues, for exporters that cannot be watched themselves. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.component.instrument_list import PREFIX
from otel_discord.component.service_view import Reading
from otel_discord.component.watched_exporter import DestinationState, Health

_NS: Final = 1_000_000_000
_BREAKER: Final = {0: "closed", 1: "half-open", 2: "open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One sending queue. ``oldest_ns`` is wall time of the oldest waiting record, 0 where it is not known."""

    exporter: str
    data_type: str
    size: float
    capacity: float
    in_flight: float = 0.0
    oldest_ns: int = 0


def queues_of(readings: Iterable[Reading], oldest_ns: Mapping[str, int]) -> Sequence[Queue]:
    """Return the sending queues by exporter and signal; ``oldest_ns`` is by exporter."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for each in readings:
        if each.name.startswith("otelcol_exporter_"):
            key = (each.labels.get("exporter", ""), each.labels.get("data_type", ""))
            found.setdefault(key, {})[each.name.removeprefix("otelcol_exporter_")] = each.value
    return [
        Queue(
            exporter=exporter,
            data_type=data_type,
            size=values["queue_size"],
            capacity=values.get("queue_capacity", 0.0),
            in_flight=values.get("in_flight_requests", 0.0),
            oldest_ns=oldest_ns.get(exporter, 0),
        )
        for (exporter, data_type), values in sorted(found.items())
        if "queue_size" in values
    ]


def destinations_of(readings: Iterable[Reading], exporter: str) -> Sequence[DestinationState]:
    """Return what the metrics of an exporter say of each of its destinations."""
    by_name: dict[str, list[Reading]] = {}
    for each in readings:
        if each.labels.get("exporter") == exporter and each.labels.get("destination"):
            by_name.setdefault(each.labels["destination"], []).append(each)
    return [_state(name, found) for name, found in sorted(by_name.items())]


def _state(name: str, readings: Sequence[Reading]) -> DestinationState:
    sums: dict[str, float] = {}
    times: Reading | None = None
    for each in readings:
        short = each.name.removeprefix(PREFIX)
        sums[short] = sums.get(short, 0.0) + each.value
        times = each if short == "send_duration_seconds" else times
    breaker = _BREAKER.get(int(sums.get("breaker_state", 0)), "closed")
    up = bool(sums["webhook_up"]) if "webhook_up" in sums else None
    health = Health.GONE if up is False else Health.OK if breaker == "closed" else Health.UNREACHABLE
    return DestinationState(
        name=name,
        health=health,
        breaker=breaker,
        delivered=int(sums.get("messages_sent_total", 0)),
        failed=int(sums.get("messages_failed_total", 0)),
        response_p50_s=quantile(times, 0.5) if times else None,
        response_p99_s=quantile(times, 0.99) if times else None,
        last_429_ns=int(sums.get("last_429_timestamp_seconds", 0) * _NS),
        webhook_up=up,
        webhook_response_s=sums.get("webhook_response_seconds"),
    )


def quantile(histogram: Reading, share: float) -> float | None:
    """Return an estimate, straight within a bucket; the last bound for what lies above it, None without a value."""
    total = sum(histogram.counts)
    if not total:
        return None
    wanted, seen, low = share * total, 0, 0.0
    for bound, count in zip(histogram.bounds, histogram.counts, strict=False):
        if count and seen + count >= wanted:
            return low + (bound - low) * (wanted - seen) / count
        seen, low = seen + count, bound
    return histogram.bounds[-1] if histogram.bounds else None
