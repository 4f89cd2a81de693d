"""What a replica has heard, as a letter to the one who tells for the fleet. Pure.

Who sends is only named, however often it did; counts and alerts are for the status.
"""

from dataclasses import replace
from typing import Any

import orjson
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.connectors.heartbeat.groups import Now
from otel_discord.connectors.heartbeat.watching import Watching
from otel_discord.signals import Signal
from otel_discord.signals.alert_event import alert_event


def drain(watching: Watching, number: str) -> bytes:
    """Return everything heard since the last time as a letter of this number, b"" for nothing; begin anew."""
    seen: dict[str, Any] = {}
    for watch in watching.watches:
        groups = watch.groups
        if labels := [[list(pair) for pair in labels] for labels, group in groups.all() if group.is_known]:
            seen[watch.config.name] = labels
        groups.others.clear()
        for group in groups.expected.values():
            group.is_known = False
    letter: dict[str, Any] = {"seen": seen} if seen else {}
    if (tally := watching.tally) is not None:
        events = [replace(event, series=(), exemplars=()) for event in tally.passed.values()]
        tally.firing.clear()
        if events:
            letter["alerts"] = [event.to_record().SerializeToString().hex() for event in events]
        if counts := tally.take():
            letter["counts"] = {
                service: {str(signal.value): items for signal, items in by_signal.items()}
                for service, by_signal in counts.items()
            }
        if machines := tally.machines.give():
            letter["machines"] = machines
    return orjson.dumps({"number": number, **letter}) if letter else b""


def number_of(letter: bytes) -> str:
    """Return the number of a letter, "" where it is none."""
    try:
        return str(orjson.loads(letter)["number"])
    except (ValueError, KeyError, TypeError):
        return ""


def take_in(watching: Watching, letter: bytes, now: Now) -> None:
    """Hear what another one has heard, as if it were now.

    Raises:
        ValueError: it is not a letter.
    """
    try:
        _take_in(watching, orjson.loads(letter), now)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"not what a replica heard: {error!r}") from error


def _take_in(watching: Watching, told: dict[str, Any], now: Now) -> None:
    for watch in watching.watches:
        keys = [*watch.config.group_by]
        for pairs in told.get("seen", {}).get(watch.config.name, ()):
            labels = tuple((str(key), str(value)) for key, value in pairs)
            if [key for key, _ in labels] == keys:
                watch.groups.see(labels, now)
    tally = watching.tally
    if tally is None:
        return
    for service, by_signal in told.get("counts", {}).items():
        for signal, items in by_signal.items():
            tally.count(service, Signal(signal), int(items))
    for record in told.get("alerts", ()):
        if (event := alert_event(LogRecord.FromString(bytes.fromhex(record)))) is not None:
            tally.note(event)
    tally.machines.take_over(told.get("machines", {}))
