"""Whom a client span asks, where its name is only the method of HTTP, as instrumentations of clients call it. Pure."""

from typing import Final
from urllib.parse import urlsplit

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.signals.any_value import find_attribute

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"})
_NAME_KEYS: Final = ("peer.service", "server.address", "net.peer.name")
_URL_KEYS: Final = ("url.full", "http.url")


def callee(span: Span) -> str:
    """Return ``bank.example`` for a span named ``GET`` (or ``HTTP GET``); "" where the name says more, or nobody knows.

    Names of attributes are those of the semantic conventions for HTTP client spans, new and old.
    """
    if span.kind != Span.SPAN_KIND_CLIENT or span.name.upper().removeprefix("HTTP ") not in _METHODS:
        return ""
    for key in _NAME_KEYS:
        if found := find_attribute(span.attributes, key):
            return str(found)
    return next(filter(None, (_host(find_attribute(span.attributes, key)) for key in _URL_KEYS)), "")


def _host(url: object) -> str:
    try:
        return urlsplit(url).hostname or "" if isinstance(url, str) else ""
    except ValueError:
        return ""
