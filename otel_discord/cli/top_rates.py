"""What happened each second between two overviews of one service. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Overview: TypeAlias = Mapping[str, Any]
"""What the control socket's ``overview`` answers."""


def elapsed_s(before: Overview | None, now: Overview) -> float | None:
    """Return the time between two overviews; None where they are not of the same run of the service, or one."""
    if before is None or _run(before) != _run(now):
        return None
    between_s = float(now["service"].get("uptime_s", 0)) - float(before["service"].get("uptime_s", 0))
    return between_s if between_s > 0 else None


def _run(overview: Overview) -> tuple[object, object]:
    """Return what tells one run of a service from another; in a container each has the same process id."""
    return overview["service"].get("pid"), overview["service"].get("started_at")


@dataclass(frozen=True, slots=True)
class PipelineRates:
    """Records, data points or spans a second; None where nobody counts them."""

    in_per_s: float | None
    refused_per_s: float | None
    filtered_per_s: float | None
    out_per_s: float | None
    failed_per_s: float | None


def pipeline_rates(pipeline: str, before: Overview | None, now: Overview) -> PipelineRates:
    """Return what passes a pipeline: in at its receivers, out at its exporters. Connectors at either end count nothing.

    A receiver or exporter in several pipelines of one signal counts whole in each of them.
    """
    signal = pipeline.partition("/")[0]
    members = now["pipelines"].get(pipeline, ())

    def per_s(kind: str, word: str) -> float | None:
        rates = [counter_rate(name, signal, word, before, now) for name in members if str(name).startswith(f"{kind}:")]
        return total(rates)

    return PipelineRates(
        in_per_s=per_s("receiver", "accepted"),
        refused_per_s=total([per_s("receiver", "refused"), per_s("exporter", "refused")]),
        filtered_per_s=per_s("processor", "filtered"),
        out_per_s=per_s("exporter", "sent"),
        failed_per_s=per_s("exporter", "failed"),
    )


def counter_rate(component: str, signal: str, word: str, before: Overview | None, now: Overview) -> float | None:
    """Return how fast a component's counter grows."""
    between_s = elapsed_s(before, now)
    after = _counter(component, signal, word, now)
    if before is None or between_s is None or after is None:
        return None
    return max(0, after - (_counter(component, signal, word, before) or 0)) / between_s


def destination_rate(destination: Mapping[str, Any], before: Overview | None, now: Overview) -> float | None:
    """Return how many messages a second a destination gets."""
    between_s = elapsed_s(before, now)
    if before is None or between_s is None:
        return None
    who = destination["exporter"], destination["name"]
    earlier = next((each for each in before["destinations"] if (each["exporter"], each["name"]) == who), None)
    delivered = int(destination["delivered"]) - int(earlier["delivered"] if earlier else 0)
    return max(0, delivered) / between_s


def cpu_share(before: Overview | None, now: Overview) -> float | None:
    """Return the share of one core that the service took."""
    between_s = elapsed_s(before, now)
    if before is None or between_s is None or "cpu_s" not in now["service"] or "cpu_s" not in before["service"]:
        return None
    return max(0.0, float(now["service"]["cpu_s"]) - float(before["service"]["cpu_s"])) / between_s


def total(rates: Iterable[float | None]) -> float | None:
    """Return the sum of those that are known; None where none is."""
    known = [each for each in rates if each is not None]
    return sum(known) if known else None


def _counter(component: str, signal: str, word: str, overview: Overview) -> int | None:
    counters = overview["components"].get(component, {}).get("counters", {})
    found: int | None = counters.get(signal, {}).get(word)
    return found
