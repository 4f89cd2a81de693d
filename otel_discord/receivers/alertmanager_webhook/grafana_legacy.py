"""What Grafana posted before its unified alerting (until version 9): one rule, its state and what it measured. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from otel_discord.receivers.alertmanager_webhook.reading import PayloadError, checked_object, items, text, texts
from otel_discord.receivers.alertmanager_webhook.values import number, severity_word
from otel_discord.signals.alert_event import AlertEvent, AlertState, fingerprint_of

_STATES: Final = {
    "alerting": AlertState.FIRING,
    "no_data": AlertState.FIRING,
    "ok": AlertState.RESOLVED,
    "pending": None,
    "paused": None,
    "unknown": None,
}


def alert(
    whole: Mapping[str, Any], severity_labels: Sequence[str], default_severity: str, now_ns: int
) -> AlertEvent | None:
    """Return the alert that a body tells of; None in states that are neither its beginning nor its end.

    Raises:
        PayloadError: it is not what Grafana posted.
    """
    told = text(whole, "state").strip().lower()
    if told not in _STATES:
        what = f"is {told[:40]!r}" if told else "is missing"
        raise PayloadError(f"state: must be one of {', '.join(_STATES)}, {what}")
    state = _STATES[told]
    if state is None:
        return None
    name = text(whole, "ruleName") or text(whole, "title") or "Alert"
    labels = texts(whole, "tags")
    metric, value = _match(whole)
    rule = text(whole, "ruleId")
    identity = {"orgId": text(whole, "orgId"), "ruleId": rule} if rule else labels
    return AlertEvent(
        name=name,
        state=state,
        severity=severity_word(next((labels[key] for key in severity_labels if labels.get(key)), default_severity)),
        fingerprint=fingerprint_of(name, identity),
        at_ns=now_ns,
        ended_ns=now_ns if state is AlertState.RESOLVED else 0,
        value=value,
        metric=metric,
        labels={key: found for key, found in labels.items() if key != "severity"},
        summary=text(whole, "title"),
        description="no data" if told == "no_data" and not text(whole, "message") else text(whole, "message"),
        source_url=text(whole, "ruleUrl"),
    )


def _match(whole: Mapping[str, Any]) -> tuple[str, float | None]:
    """Return name and value of the first series that met the rule."""
    for place, each in enumerate(items(whole, "evalMatches")):
        path = f"evalMatches[{place}]"
        match = checked_object(each, path)
        return text(match, "metric", f"{path}."), number(match.get("value"))
    return "", None
