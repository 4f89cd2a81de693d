"""A web application on aiohttp with OpenTelemetry's instrumentation of its server and its client."""

from pathlib import Path

import pytest

from tests.end_to_end.web_applications.course import Routes, assert_all_is_told, shown_after_requests
from tests.interop.toolchains import CLIENTS, aiohttp_application

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

AIOHTTP = Routes(
    checkout="GET /checkout",
    report="GET /reports/{year}",
    item="GET /items/{number}",
    order="GET /orders/{number}",
    refund="GET /refund/{number}",
    refused="ClientResponseError: 500",
)


@pytest.mark.parametrize("conventions", ["", "http"])
def test_what_is_slow_and_what_failed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conventions: str
) -> None:
    """With the names of attributes that instrumentations use unless told otherwise, and with the stable ones."""
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", conventions)
    shown = shown_after_requests(aiohttp_application(), tmp_path, embeds=6)
    assert_all_is_told(shown, AIOHTTP, CLIENTS / "aiohttp_web")
