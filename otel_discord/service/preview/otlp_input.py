"""A user's own OTLP JSON as a scenario: one export request, several, or one on each line."""

from pathlib import Path
from typing import Any, Final

import orjson

from otel_discord.service.preview.scenario import Scenario, Step
from otel_discord.signals import OTLP_SERVICES, Batch, Signal
from otel_discord.signals.otlp_json import OtlpJsonError, decode

MAX_INPUT_BYTES: Final = 32 * 1024 * 1024
_KEYS: Final = {
    Signal.LOGS: ("resourceLogs", "resource_logs"),
    Signal.METRICS: ("resourceMetrics", "resource_metrics"),
    Signal.TRACES: ("resourceSpans", "resource_spans"),
}


class InputError(ValueError):
    """An input cannot be read; the message names the place and the reason."""


def read_input(path: Path) -> Scenario:
    """Return what a file holds.

    Raises:
        InputError: it cannot be read, or is no OTLP JSON.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_INPUT_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or type(error).__name__}") from None
    return scenario_of(text, str(path))


def scenario_of(text: bytes, name: str) -> Scenario:
    """Return what a text holds: a request, a list of requests, or one request on each line.

    Raises:
        InputError: it is no OTLP JSON; says at which line.
    """
    if len(text) > MAX_INPUT_BYTES:
        raise InputError(f"{name}: larger than {MAX_INPUT_BYTES // 2**20} MiB")
    batches = list(_batches(text, name))
    if not batches:
        raise InputError(f"{name}: holds no log record, metric or span")
    return Scenario(name, name, [Step(lambda *_, batch=batch: batch) for batch in batches])


def _batches(text: bytes, name: str) -> list[Batch]:
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if len(lines) < 2 or not lines[0][1].strip().startswith(b"{") or not _is_json(lines[0][1]):
            raise InputError(f"{name}:{error.lineno}: not JSON: {error.msg}") from None
        return [batch for number, line in lines for batch in _of_text(line, f"{name}:{number}")]
    if isinstance(whole, list):
        return [batch for item in whole for batch in _of_object(item, name)]
    return _of_object(whole, name)


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _of_text(line: bytes, place: str) -> list[Batch]:
    try:
        return _of_object(orjson.loads(line), place)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{place}: not JSON: {error.msg}") from None


def _of_object(value: Any, place: str) -> list[Batch]:
    if not isinstance(value, dict):
        raise InputError(f'{place}: must be an export request, as {{"resourceLogs": […]}}')
    found: list[Batch] = []
    for signal, service in OTLP_SERVICES.items():
        if any(key in value for key in _KEYS[signal]):
            try:
                found.append(service.batch(decode(orjson.dumps(value), service.request)))
            except OtlpJsonError as error:
                raise InputError(f"{place}: {error}") from None
    if not found:
        raise InputError(f"{place}: has none of resourceLogs, resourceMetrics, resourceSpans")
    return [batch for batch in found if batch.item_count]
