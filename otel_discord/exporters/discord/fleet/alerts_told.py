"""An alert that fires, as JSON from one replica to another. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from otel_discord.signals.alert_event import AlertEvent, AlertState

_NAMES: Final = frozenset(each.name for each in fields(AlertEvent))


def alert_text(event: AlertEvent, places: Sequence[str]) -> str:
    """Return an alert with the destinations that show it; bytes among its labels are told in hexadecimal digits."""
    return json.dumps({"event": _plain(asdict(event)), "places": list(places)}, separators=(",", ":"))


def told_alert(text: str) -> tuple[AlertEvent, list[str]]:
    """Return what :func:`alert_text` was made of; what a later version says in addition is left out.

    Raises:
        ValueError: it says no alert.
    """
    said = json.loads(text)
    if not isinstance(said, Mapping):
        raise ValueError("no alert")
    event, places = said.get("event"), said.get("places")
    if not isinstance(event, Mapping) or not isinstance(places, list):
        raise ValueError("no alert")
    known = {name: value for name, value in event.items() if name in _NAMES}
    series = [(at_ns, value) for at_ns, value in known.pop("series", ())]
    state = AlertState(known.pop("state", ""))
    exemplars = tuple(known.pop("exemplars", ()))
    try:
        return AlertEvent(state=state, series=series, exemplars=exemplars, **known), [str(each) for each in places]
    except TypeError:
        raise ValueError("no alert: it has no name") from None


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
