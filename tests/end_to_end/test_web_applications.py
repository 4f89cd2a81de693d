"""A web application with OpenTelemetry's instrumentation, as processes: Discord says what was slow and what failed."""

from pathlib import Path

import pytest

from tests.end_to_end.web_applications.course import (
    APPLICATIONS,
    Routes,
    assert_all_is_told,
    instrumented,
    shown_after_requests,
)

FASTAPI = Routes(
    checkout="GET /checkout",
    report="GET /reports/{year}",
    item="GET /items/{number}",
    order="GET /orders/{number}",
    refund="GET /refund/{number}",
    refused="HTTPStatusError: Server error '500",
)


@pytest.mark.timeout(60)
def test_fastapi_and_httpx(tmp_path: Path) -> None:
    shown = shown_after_requests(instrumented(APPLICATIONS / "fastapi_shop.py"), tmp_path, embeds=6)
    assert_all_is_told(shown, FASTAPI, APPLICATIONS)
