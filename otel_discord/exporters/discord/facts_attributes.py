"""Which of a record's attributes a reader needs, best first, and how they read. Pure functions.

Left out: what the resource says already, what has its own place on the card (exceptions, source code, traces), and what
only machines read. A request's method, path and status become one entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.seen import DEDUP_KEYS
from otel_discord.signals import Plain

_SKIPPED_PREFIXES: Final = (
    "exception.", "code.", "thread.", "otel.", "discord.", "log.", "telemetry.", "process.", "event.", "service.",
    "deployment.", "_", "trace_id", "trace.", "span_id", "span.",
)  # fmt: skip
_SKIPPED_KEYS: Final = frozenset(
    (
        "filename", "funcName", "lineno", "levelname", "levelno", "level", "severity", "logger", "logger_name",
        "name", "pathname", "module", "msecs", "created", "process", "thread", "threadName", "processName",
        "relativeCreated", "taskName", "timestamp", "time", "ts", "otelTraceID", "otelSpanID", "otelServiceName",
        "otelTraceSampled", "message", "msg", "stack", "stacktrace", "stack_trace",
    )
)  # fmt: skip
_METHOD_KEYS: Final = ("http.request.method", "http.method")
_PATH_KEYS: Final = ("http.route", "url.path", "http.target", "url.full", "http.url")
_STATUS_KEYS: Final = ("http.response.status_code", "http.status_code")
_HTTP_NOISE: Final = frozenset(
    (
        "url.scheme", "http.scheme", "http.flavor", "network.protocol.version", "network.protocol.name",
        "user_agent.original", "http.user_agent", "server.port", "client.port", "network.peer.port",
        "network.peer.address", "http.host", "http.server_name", "net.host.name", "net.host.port", "net.peer.ip",
        "net.peer.port",
    )
)  # fmt: skip
_SHORT_KEYS: Final = {
    "http.response.status_code": "status",
    "http.status_code": "status",
    "http.request.method": "method",
    "http.method": "method",
    "http.route": "route",
    "url.path": "path",
    "url.full": "url",
    "enduser.id": "user",
    "user.id": "user",
    "db.system.name": "db",
    "db.system": "db",
    "db.operation.name": "operation",
    "messaging.destination.name": "queue",
    "server.address": "server",
    "client.address": "client",
    "error.type": "error",
    "rpc.method": "rpc",
}
_MAX_USEFUL_CHARS: Final = 120
_REQUEST: Final = "request"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as a reader meets it: a short name and a value on one line."""

    key: str
    """As it arrived, or ``request``."""
    name: str
    value: str
    is_sentence: bool = False
    """The value says by itself what it is."""


def chosen_attributes(attributes: Mapping[str, Plain], resource: Mapping[str, Plain], told: str) -> list[Attribute]:
    """Return the useful attributes, the most useful first.

    Args:
        attributes: of the record.
        resource: attributes of the resource; an equal entry is left out.
        told: what the card says already; a value that stands in it word for word is left out.
    """
    request = _request(attributes)
    taken = set(request.used) if request else set()
    if attributes.keys() >= DEDUP_KEYS:
        taken |= DEDUP_KEYS  # the card's own count and times say it
    others = [
        (_rank(key, value), order, key, value)
        for order, (key, value) in enumerate(attributes.items())
        if key not in taken and _is_useful(key, value) and resource.get(key) != value
    ]
    others.sort(key=lambda entry: entry[:2])
    chosen = [Attribute(_REQUEST, _REQUEST, request.text, is_sentence=True)] if request else []
    for _, _, key, value in others:
        text = short_text(value, _MAX_USEFUL_CHARS)
        if text and not (len(text) > 2 and text in told):
            chosen.append(Attribute(key, _SHORT_KEYS.get(key, key), text))
    return chosen


@dataclass(frozen=True, slots=True)
class _Request:
    text: str
    used: tuple[str, ...]


def _request(attributes: Mapping[str, Plain]) -> _Request | None:
    """Return ``POST /cart/{id} → 500`` when there are at least two of its parts."""
    method = _first(attributes, _METHOD_KEYS)
    path = _first(attributes, _PATH_KEYS)
    status = _first(attributes, _STATUS_KEYS)
    if not method or not (path or status):
        return None
    text = " ".join(short_text(attributes[key], 80) for key in (method, path) if key)
    if status:
        text += f" → {short_text(attributes[status], 20)}"
    return _Request(text, (*_METHOD_KEYS, *_PATH_KEYS, *_STATUS_KEYS))


def _first(attributes: Mapping[str, Plain], keys: tuple[str, ...]) -> str:
    return next((key for key in keys if attributes.get(key) not in (None, "")), "")


def _is_useful(key: str, value: Plain) -> bool:
    if value is None or key in _SKIPPED_KEYS or key in _HTTP_NOISE or key.startswith(_SKIPPED_PREFIXES):
        return False
    if isinstance(value, (list, dict)):
        return 0 < len(value) <= 8
    return not isinstance(value, (str, bytes)) or 0 < len(value) <= 4 * _MAX_USEFUL_CHARS


def _rank(key: str, value: Plain) -> int:
    """Errors first, then requests and ids, short values before long ones; lists and maps last."""
    if isinstance(value, (list, dict, bytes)):
        return 5
    if key.startswith("error") or key.endswith(("error", "error.code", "status_code")):
        return 0
    if key.startswith(("http.", "rpc.", "db.", "messaging.", "url.")):
        return 1
    if key.endswith(("id", "_id", ".id", "Id", "ID")) or key in _SHORT_KEYS:
        return 2
    return 4 if isinstance(value, str) and len(value) > 60 else 3
