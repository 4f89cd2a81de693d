"""Our own metrics, put beside what they are about: components, queues, destinations. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from otel_discord.component.component import Kind
from otel_discord.component.dead_letters import time_text
from otel_discord.component.instrument_list import FILTERED, ITEMS, PREFIX
from otel_discord.component.instruments_discord import BreakerState
from otel_discord.component.service_view import Reading
from otel_discord.component.watched_exporter import Health

_WORDS: Final = {
    "otelcol_receiver_accepted": (Kind.RECEIVER, "accepted"),
    "otelcol_receiver_refused": (Kind.RECEIVER, "refused"),
    "otelcol_processor_accepted": (Kind.PROCESSOR, "accepted"),
    "otelcol_processor_refused": (Kind.PROCESSOR, "refused"),
    "otelcol_exporter_sent": (Kind.EXPORTER, "sent"),
    "otelcol_exporter_send_failed": (Kind.EXPORTER, "failed"),
    "otelcol_exporter_enqueue_failed": (Kind.EXPORTER, "refused"),
}
_COUNTERS: Final = {
    f"{prefix}_{items}": (kind, kind.value, str(signal), word)
    for prefix, (kind, word) in _WORDS.items()
    for signal, (items, _) in ITEMS.items()
} | {name: (Kind.PROCESSOR, "filter", str(signal), "filtered") for signal, name in FILTERED.items()}
"""By the metric's name: whose it is, the label with that one's id, the signal, and our word."""
_QUEUES: Final = {
    "otelcol_exporter_queue_size": "size",
    "otelcol_exporter_queue_capacity": "capacity",
    "otelcol_exporter_in_flight_requests": "in_flight",
}
UNKNOWN: Final = "unknown"
"""Instead of a ``Health``, where metrics do not tell it."""
_BREAKER: Final = {
    BreakerState.CLOSED: "closed",
    BreakerState.HALF_OPEN: "half-open",
    BreakerState.OPEN: "open",
}


def component_counters(readings: Iterable[Reading]) -> Mapping[tuple[Kind, str], Mapping[str, Mapping[str, int]]]:
    """Return ``{(kind, id): {signal: {"accepted": 4}}}``: records, data points or spans since the start.

    Words: ``accepted`` and ``refused`` of receivers and memory limiters, ``filtered`` of filters, ``sent``, ``failed``
    and ``refused`` (no room in the queue) of exporters.
    """
    found: dict[tuple[Kind, str], dict[str, dict[str, int]]] = {}
    for each in readings:
        if each.name not in _COUNTERS:
            continue
        kind, label, signal, word = _COUNTERS[each.name]
        of_signal = found.setdefault((kind, each.labels.get(label, "")), {}).setdefault(signal, {})
        of_signal[word] = of_signal.get(word, 0) + int(each.value)
    return found


def queues(readings: Iterable[Reading], oldest_waiting_s: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the sending queues; ``oldest_waiting_s`` has the age of what waits longest, by exporter."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in readings:
        if word := _QUEUES.get(each.name):
            exporter, signal = each.labels.get("exporter", ""), each.labels.get("data_type", "")
            found.setdefault((exporter, signal), {"exporter": exporter, "signal": signal})[word] = int(each.value)
    for (exporter, _), queue in found.items():
        if exporter in oldest_waiting_s:
            queue["oldest_waiting_s"] = oldest_waiting_s[exporter]
    return [queue for _, queue in sorted(found.items()) if "capacity" in queue]


def measured_destinations(readings: Iterable[Reading], *, now_unix_s: float) -> list[dict[str, Any]]:
    """Return what metrics say of destinations, for exporters that cannot be asked themselves.

    Response times are those since the start, from the buckets. The health is ``unknown`` unless a breaker or a check of
    the webhook tells it, or messages arrive; who says that the exporter is well is the caller.
    """
    by_destination: dict[tuple[str, str], dict[str, list[Reading]]] = {}
    for each in readings:
        if "destination" in each.labels:
            key = each.labels.get("exporter", ""), each.labels["destination"]
            by_destination.setdefault(key, defaultdict(list))[each.name.removeprefix(PREFIX)].append(each)
    return [
        {"exporter": exporter, "name": name, "watched": False, **_measured(of_it, now_unix_s)}
        for (exporter, name), of_it in sorted(by_destination.items())
    ]


def _measured(found: Mapping[str, Sequence[Reading]], now_unix_s: float) -> dict[str, Any]:
    def total(name: str) -> int:
        return int(sum(each.value for each in found.get(name, ())))

    def last(name: str) -> float | None:
        return found[name][-1].value if found.get(name) else None

    delivered, failed = total("messages_sent_total"), total("messages_failed_total")
    breaker, up, last_429_s = last("breaker_state"), last("webhook_up"), last("last_429_timestamp_seconds")
    durations = found.get("send_duration_seconds", ())
    known: dict[str, Any] = {
        "recent_success": round(delivered / (delivered + failed), 4) if delivered + failed else None,
        "response_p50_s": quantile(durations[-1], 0.5) if durations else None,
        "response_p99_s": quantile(durations[-1], 0.99) if durations else None,
        "last_429_at": time_text(int(last_429_s * 1e9)) if last_429_s else None,
        "last_429_ago_s": round(max(0.0, now_unix_s - last_429_s), 3) if last_429_s else None,
        "webhook_up": None if up is None else bool(up),
        "webhook_response_s": last("webhook_response_seconds"),
    }
    return {
        "health": _health(breaker, up, delivered),
        "breaker": _BREAKER.get(BreakerState(int(breaker)), "") if breaker in (0, 1, 2) else "closed",
        "delivered": delivered,
        "failed": failed,
        **{key: value for key, value in known.items() if value is not None},
    }


def _health(breaker: float | None, webhook_up: float | None, delivered: int) -> str:
    if webhook_up == 0:
        return str(Health.GONE)
    if breaker:
        return str(Health.UNREACHABLE)
    return str(Health.OK) if webhook_up or delivered else UNKNOWN


def quantile(histogram: Reading, share: float) -> float | None:
    """Return what ``share`` of the measured values do not exceed, taken as even within a bucket; None without any.

    What lies above the last bound is said to be that bound.
    """
    wanted, below, lower = share * histogram.value, 0, 0.0
    if not histogram.value or not histogram.bounds:
        return None
    for bound, count in zip(histogram.bounds, histogram.counts, strict=False):
        if count and below + count >= wanted:
            return round(lower + (bound - lower) * (wanted - below) / count, 6)
        below, lower = below + count, bound
    return histogram.bounds[-1]


def by_exporter(readings: Iterable[Reading], name: str) -> dict[str, int]:
    """Return a number that exporters have, by their ids."""
    return {each.labels.get("exporter", ""): int(each.value) for each in readings if each.name == name}


def single(readings: Iterable[Reading], name: str) -> float | None:
    """Return a number of the service as a whole; None where it is not measured."""
    return next((each.value for each in readings if each.name == name), None)
