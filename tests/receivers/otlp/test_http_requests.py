import pytest
from multidict import CIMultiDict

from otel_discord.receivers.otlp.config import CorsConfig, HttpConfig
from otel_discord.receivers.otlp.cors import cors_headers, is_preflight
from otel_discord.receivers.otlp.http_requests import (
    ExportRequest,
    accepts_gzip,
    answer_format,
    body_deadline_s,
    read_head,
    signal_paths,
    wire_format,
)
from otel_discord.receivers.otlp.ingest import WireFormat
from otel_discord.receivers.otlp.refusal import Reason
from otel_discord.signals import Signal

PATHS = signal_paths(HttpConfig(), dict.fromkeys(Signal))


def head(method: str = "POST", path: str = "/v1/logs", **headers: str):
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return read_head(method, path, named, paths=PATHS, content_encodings=("", "gzip"), max_body_bytes=100)


def test_a_good_request_names_signal_format_and_encoding() -> None:
    assert head(content_type="application/json", content_encoding=" GZIP ") == ExportRequest(
        Signal.LOGS, WireFormat.JSON, "gzip"
    )
    assert head(path="/v1/traces", content_type="application/x-protobuf").signal is Signal.TRACES


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"path": "/"}, Reason.NOT_FOUND),
        ({"path": "/v1/logs/"}, Reason.NOT_FOUND),
        ({"method": "GET"}, Reason.METHOD_NOT_ALLOWED),
        ({}, Reason.UNSUPPORTED_MEDIA_TYPE),
        ({"content_type": "text/plain"}, Reason.UNSUPPORTED_MEDIA_TYPE),
        ({"content_type": "application/json", "content_encoding": "br"}, Reason.INVALID),
        ({"content_type": "application/json", "content_length": "101"}, Reason.TOO_LARGE),
        ({"content_type": "application/json", "content_length": "9" * 5000}, Reason.TOO_LARGE),
    ],
)
def test_why_a_request_is_not_read(arguments: dict, reason: Reason) -> None:
    assert head(**arguments).reason is reason


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("*", True),
        ("identity", False),
    ],
)
def test_who_accepts_gzip(accept: str, expected: bool) -> None:
    assert accepts_gzip({"Accept-Encoding": accept}) is expected


def test_formats() -> None:
    assert wire_format("Application/JSON; charset=utf-8") is WireFormat.JSON
    assert wire_format("application/jsonp") is None
    assert answer_format({"Accept": "application/x-protobuf"}) is WireFormat.PROTOBUF
    assert answer_format({}) is WireFormat.JSON


def test_a_body_may_take_longer_while_bytes_flow() -> None:
    assert body_deadline_s(30, 0) == 30
    assert body_deadline_s(30, 65_536 * 10) == 40


CORS = CorsConfig(allowed_origins=("https://*.example.com", "http://a.test"), allowed_headers=("X-Token",), max_age=60)


def preflight(config: CorsConfig | None = CORS, **headers: str) -> dict[str, str]:
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    return cors_headers(config, asked | {k.replace("_", "-"): v for k, v in headers.items()}, preflight=True)


def test_an_allowed_origin_may_ask_and_send() -> None:
    answer = preflight(Access_Control_Request_Headers="content-type, X-TOKEN")
    assert answer["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert answer["Access-Control-Allow-Methods"] == "POST"
    assert answer["Access-Control-Allow-Headers"] == "content-type, X-TOKEN"
    assert answer["Access-Control-Max-Age"] == "60"
    sent = cors_headers(CORS, {"Origin": "http://a.test"}, preflight=False)
    assert sent["Access-Control-Allow-Origin"] == "http://a.test"
    assert "Access-Control-Allow-Methods" not in sent


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com.evil"},
        {"Origin": "https://evil?.example.com.evil.org"},
        {"Origin": ""},
        {"Access_Control_Request_Method": "PUT"},
        {"Access_Control_Request_Headers": "X-Other"},
    ],
)
def test_what_is_not_allowed_gets_no_permission(headers: dict[str, str]) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(**headers)


def test_without_origins_cors_is_off_and_star_allows_all() -> None:
    assert preflight(None) == preflight(CorsConfig()) == {}
    everyone = CorsConfig(allowed_origins=("*",), allowed_headers=("*",))
    assert preflight(everyone, Access_Control_Request_Headers="anything")["Access-Control-Allow-Origin"]
    assert is_preflight("OPTIONS", {"Origin": "x", "Access-Control-Request-Method": "POST"})
    assert not is_preflight("OPTIONS", {"Origin": "x"})
