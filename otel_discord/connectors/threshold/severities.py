"""Which of a rule's severities is worse. Pure."""

from collections.abc import Iterable

from otel_discord.signals.alert_event import AlertEvent, AlertState


def ordered(names: Iterable[str]) -> list[str]:
    """Return each severity once, from the least to the worst; equal ones as written."""
    return sorted(dict.fromkeys(names), key=severity_number)


def severity_number(name: str) -> int:
    """Return OpenTelemetry's number of a severity; a word that says none is a warning."""
    return AlertEvent(name="", state=AlertState.FIRING, severity=name).severity_number
