"""A posted body as alerts: Alertmanager's format (version 4), Grafana's that grew out of it, Grafana's old one. Pure.

Sources: Alertmanager's documentation, ``webhook_config``; Grafana's, "Configure the webhook notifier for Alerting",
and for versions before 9, "Alert notification: webhook". Fields that are not known are passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from otel_discord.receivers.alertmanager_webhook import grafana_legacy
from otel_discord.receivers.alertmanager_webhook.reading import (
    PayloadError,
    checked_object,
    items,
    section,
    text,
    texts,
)
from otel_discord.receivers.alertmanager_webhook.values import (
    leading_value,
    number,
    severity_word,
    time_ns,
    values_of_string,
)
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.signals.any_value import Plain

MAX_TEXTS: Final = 200_000
"""Most labels and annotations of one request: each costs much more memory than the bytes it came in."""

_STATES: Final = {"firing": AlertState.FIRING, "resolved": AlertState.RESOLVED}
_MAX_GROUP_KEY: Final = 1024
_MAX_GROUP_LABELS: Final = 32
_MAX_VALUES: Final = 32
_SUMMARIES: Final = ("summary", "title", "message")
_DESCRIPTIONS: Final = ("description", "message")
_RUNBOOKS: Final = ("runbook_url", "runbook", "runbookURL")
_VALUES: Final = ("value", "current_value")
_LINKS: Final = {
    "silenceURL": "alert.silence_url",
    "dashboardURL": "alert.dashboard_url",
    "panelURL": "alert.panel_url",
    "imageURL": "alert.image_url",
}


class TooManyError(PayloadError):
    """More alerts than one request may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which labels mean what, and how much is taken."""

    service_labels: Sequence[str]
    severity_labels: Sequence[str]
    default_severity: str
    max_alerts: int


@dataclass(frozen=True, slots=True)
class FoundAlert:
    """An alert, the service that it is about ("" unknown), and what else its record is to say."""

    event: AlertEvent
    service: str = ""
    extras: Mapping[str, Plain] = field(default_factory=dict)


def read_payload(body: bytes, rules: Rules, now_ns: int) -> list[FoundAlert]:
    """Return the alerts of a body in their order, as they are at ``now_ns``.

    Raises:
        TooManyError: they are more than ``max_alerts``, or have more than ``MAX_TEXTS`` labels and annotations.
        PayloadError: it is no JSON, or not what Alertmanager or Grafana post.
    """
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PayloadError(f"the body is not JSON: {str(error)[:200]}") from None
    whole = checked_object(decoded, "the body")
    if "alerts" in whole:
        return _alerts(whole, rules, now_ns)
    if "ruleName" in whole or "evalMatches" in whole:
        event = grafana_legacy.alert(whole, rules.severity_labels, rules.default_severity, now_ns)
        if event is None:
            return []
        extras = _links({**whole, "imageURL": whole.get("imageUrl")}, "")
        return [FoundAlert(event, _first({**event.labels}, rules.service_labels), extras)]
    raise PayloadError("alerts: is missing; this is for what Alertmanager and Grafana post to a webhook")


def _alerts(whole: Mapping[str, Any], rules: Rules, now_ns: int) -> list[FoundAlert]:
    listed = items(whole, "alerts")
    if len(listed) > rules.max_alerts:
        raise TooManyError(
            f"alerts: {len(listed)} are more than {rules.max_alerts} (max_alerts); send smaller groups, "
            "or set max_alerts of Alertmanager's webhook_configs"
        )
    common = texts(whole, "commonLabels")
    group = _group(whole)
    found: list[FoundAlert] = []
    counted = 0
    for place, each in enumerate(listed):
        path = f"alerts[{place}]."
        of = checked_object(each, f"alerts[{place}]")
        labels, annotations = texts(of, "labels", path), texts(of, "annotations", path)
        counted += len(labels) + len(annotations)
        if counted > MAX_TEXTS:
            raise TooManyError(f"alerts: more than {MAX_TEXTS} labels and annotations; send smaller groups")
        state = _state(of, whole, path)
        values = _values(of, annotations, path)
        name = labels.get("alertname") or common.get("alertname") or text(whole, "title")[:200] or "Alert"
        event = AlertEvent(
            name=name,
            state=state,
            severity=severity_word(_first(labels, rules.severity_labels) or rules.default_severity),
            fingerprint=text(of, "fingerprint", path),
            at_ns=now_ns,
            started_ns=_time(of, "startsAt", path),
            ended_ns=_time(of, "endsAt", path) if state is AlertState.RESOLVED else 0,
            value=leading_value(values),
            labels={key: value for key, value in labels.items() if key not in {"alertname", "severity"}},
            summary=_first(annotations, _SUMMARIES),
            description=_description(annotations),
            runbook_url=_first(annotations, _RUNBOOKS),
            source_url=text(of, "generatorURL", path),
        )
        extras = {**group, **_links(of, path), **_rest(annotations), **_several(values)}
        found.append(FoundAlert(event, _first(labels, rules.service_labels), extras))
    return found


def _state(of: Mapping[str, Any], whole: Mapping[str, Any], path: str) -> AlertState:
    told = text(of, "status", path)
    state = _STATES.get((told or text(whole, "status")).strip().lower())
    if state is None:
        what = f"is {told[:40]!r}" if told else "is missing"
        raise PayloadError(f'{path}status: must be "firing" or "resolved", {what}')
    return state


def _time(of: Mapping[str, Any], key: str, path: str) -> int:
    written = text(of, key, path)
    if not written:
        return 0
    at_ns = time_ns(written)
    if at_ns is None:
        raise PayloadError(f"{path}{key}: must be a time such as 2026-01-31T12:00:00Z, is {written[:40]!r}")
    return at_ns


def _values(of: Mapping[str, Any], annotations: Mapping[str, str], path: str) -> dict[str, float]:
    """Return the numbers of an alert by name: Grafana's, else the one that an annotation tells."""
    named = {name: found for name, value in section(of, "values", path).items() if (found := number(value)) is not None}
    named = named or dict(values_of_string(text(of, "valueString", path)))
    if not named:
        told = next((found for key in _VALUES if (found := number(annotations.get(key, ""))) is not None), None)
        named = {} if told is None else {"": told}
    return dict(sorted(named.items())[:_MAX_VALUES])


def _several(values: Mapping[str, float]) -> dict[str, Plain]:
    return {"alert.values": dict(values)} if len(values) > 1 else {}


def _description(annotations: Mapping[str, str]) -> str:
    found = _first(annotations, _DESCRIPTIONS)
    return "" if found == _first(annotations, _SUMMARIES) else found


def _rest(annotations: Mapping[str, str]) -> dict[str, Plain]:
    """Return the annotations that have no field of their own; Grafana's private ones begin with ``__``."""
    told = {*_SUMMARIES, *_DESCRIPTIONS, *_RUNBOOKS}
    rest: dict[str, Plain] = {k: v for k, v in annotations.items() if k not in told and not k.startswith("__")}
    return {"alert.annotations": rest} if rest else {}


def _links(of: Mapping[str, Any], path: str) -> dict[str, Plain]:
    return {name: link for key, name in _LINKS.items() if (link := text(of, key, path))}


def _group(whole: Mapping[str, Any]) -> dict[str, Plain]:
    """Return what tells the group: each of its alerts says it, so it is kept short."""
    told: dict[str, Plain] = {}
    if group_key := text(whole, "groupKey")[:_MAX_GROUP_KEY]:
        told["alert.group_key"] = group_key
    if names := sorted(texts(whole, "groupLabels"))[:_MAX_GROUP_LABELS]:
        told["alert.group_labels"] = [name[:100] for name in names]
    left_out = whole.get("truncatedAlerts")
    if isinstance(left_out, int) and not isinstance(left_out, bool) and 0 < left_out < 2**63:
        told["alert.group_truncated"] = left_out
    return told


def _first(of: Mapping[str, Any], keys: Sequence[str]) -> str:
    return next((str(of[key]) for key in keys if of.get(key)), "")
