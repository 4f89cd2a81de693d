"""Whom a client span asks."""

from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.signals.callee import callee
from otel_discord.testing.otlp import key_values

CLIENT, SERVER = 3, 2


@pytest.mark.parametrize(
    ("name", "attributes", "kind", "expected"),
    [
        ("GET", {"server.address": "bank.example", "server.port": 443}, CLIENT, "bank.example"),
        ("HTTP POST", {"net.peer.name": "bank.example"}, CLIENT, "bank.example"),
        ("GET", {"peer.service": "bank", "server.address": "10.0.0.1"}, CLIENT, "bank"),
        ("GET", {"url.full": "https://user:secret@bank.example:8443/a?token=b"}, CLIENT, "bank.example"),
        ("GET", {"http.url": "https://bank.example/a"}, CLIENT, "bank.example"),
        ("GET", {"http.url": "http://[broken"}, CLIENT, ""),
        ("GET", {"url.full": 5}, CLIENT, ""),
        ("GET", {}, CLIENT, ""),
        ("GET /accounts", {"server.address": "bank.example"}, CLIENT, ""),
        ("SELECT", {"server.address": "db"}, CLIENT, ""),
        ("GET", {"server.address": "shop.example"}, SERVER, ""),
    ],
)
def test_callee(name: str, attributes: dict[str, Any], kind: Any, expected: str) -> None:
    assert callee(Span(name=name, kind=kind, attributes=key_values(attributes))) == expected
