"""A request can be printed, as debuggers and failed assertions do, without its token."""

from otel_discord.discord_api.http import HttpRequest


def test_a_printed_request_shows_no_address() -> None:
    request = HttpRequest(method="POST", url="https://discord.com/api/v10/webhooks/1/the-token", json={"content": "x"})
    assert "the-token" not in repr(request)
    assert "POST" in repr(request)
