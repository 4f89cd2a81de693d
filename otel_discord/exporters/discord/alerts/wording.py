"""Values, conditions and times of an alert as people say them. Pure functions."""

import re
from dataclasses import replace
from typing import Final

from otel_discord.component.counted import counted
from otel_discord.signals.alert_event import AlertEvent
from otel_discord.templating.quantities import is_said_in_percent, show
from otel_discord.templating.wording import NANOSECONDS_PER_SECOND, duration, number, size

_CONDITION: Final = re.compile(r"\s*(>=|<=|==|!=|>|<|=)\s*([-+]?\d[\d_,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(\S{0,12})\s*")
_SIGNS: Final = {
    ">": "above", ">=": "at or above", "<": "below", "<=": "at or below", "=": "at", "==": "at", "!=": "other than",
}  # fmt: skip
_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
_SIZES: Final = {"By": 1.0, "kBy": 1e3, "KiBy": 1024.0, "MBy": 1e6, "MiBy": 1024.0**2, "GBy": 1e9, "GiBy": 1024.0**3}
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400


def value_text(value: float | None, unit: str) -> str:
    """Return a value with its unit (UCUM, as OTLP writes it); "" for none."""
    if value is None:
        return ""
    unit, per, time = unit.partition("/")
    each = f"/{time}" if per else ""
    if unit in _SIZES:
        return size(value * _SIZES[unit]) + each
    if unit in _SECONDS and not each:
        return duration(value * _SECONDS[unit])
    if unit == "%":
        return show(value, "%")
    plain = number(round(value, 6))
    if unit in ("", "1") or _ANNOTATION.fullmatch(unit):
        return plain + each
    return f"{plain} {unit}{each}"


def shown_value(event: AlertEvent, value: float | None) -> str:
    """Return a value of an alert; shares are percent where its rule or its metric says so."""
    is_share = is_said_in_percent(event.unit, event.metric, written_in_percent="%" in event.threshold)
    if is_share and event.unit in ("", "1"):
        return show(value, event.unit, as_percent=True) if value is not None else ""
    return value_text(value, event.unit)


def shown_condition(event: AlertEvent) -> str:
    """Return the condition of an alert in words."""
    found = _CONDITION.fullmatch(event.threshold)
    if found is None or found[3]:
        return condition_text(event.threshold, event.unit)
    return f"{_SIGNS[found[1]]} {shown_value(event, _amount(found[2]))}"


def condition_text(threshold: str, unit: str) -> str:
    """Return ``above 1,000`` for ``> 1000``; what is no comparison of one number stays as it is."""
    found = _CONDITION.fullmatch(threshold)
    if found is None:
        return " ".join(threshold.split())
    sign, amount, suffix = found.groups()
    value = _amount(amount)
    shown = f"{number(value)} {suffix}"
    return f"{_SIGNS[sign]} {shown if suffix else value_text(value, unit)}"


def span_text(seconds: float) -> str:
    """Return a time in words: ``3 minutes``, ``2 hours 5 minutes``, ``12 seconds``."""
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return counted(whole, "second")
    units = ((_DAY_S, "day"), (_HOUR_S, "hour"), (_MINUTE_S, "minute"))
    parts = []
    for length_s, name in units:
        count, whole = divmod(whole, length_s)
        if count:
            parts.append(counted(count, name))
    return " ".join(parts[:2])


def lasted_s(event: AlertEvent) -> float:
    """Return how long an alert has lasted when this was told of it; 0 where that is not known."""
    until_ns = event.ended_ns or event.at_ns
    return max(0, until_ns - event.started_ns) / NANOSECONDS_PER_SECOND if event.started_ns else 0.0


def why_over(event: AlertEvent) -> str:
    """Return in words why an alert is over."""
    reason = event.resolution.strip()
    if reason.lower() in ("", "recovered"):
        condition = shown_condition(event)
        return f"no longer {condition}" if condition else reason
    return {"no data": "no data any more", "expired": "nothing was heard of it any more"}.get(reason.lower(), reason)


def without_end(event: AlertEvent) -> AlertEvent:
    """Return a firing event without the end that some tools foretell."""
    return replace(event, ended_ns=0) if event.ended_ns else event


def _amount(text: str) -> float:
    return float(text.replace(",", "").replace("_", ""))
