"""Answers seen in the wild, by name: every shape of 429, errors of servers and of what stands before them.

Sources: discord/discord-api-docs#5574, #5810, #8290; discord.js#8574; MinnDevelopment/discord-webhooks#97.
"""

from typing import Any, Final

from otel_discord.testing.fake_discord.faults import Answer
from otel_discord.testing.fake_discord.rate_limits import BANNED_MESSAGE, LIMITED_MESSAGE, SHARED_MESSAGE

HTML: Final = "<!DOCTYPE html>\n<html><head><title>Attention required</title></head><body>Sorry.</body></html>"


def _limited(retry_after: Any, header: str | None, scope: str = "user", **more: Any) -> Answer:
    headers = {"Via": "1.1 google"} | ({"X-RateLimit-Scope": scope} if scope else {})
    if header is not None:
        headers["Retry-After"] = header
    body = {"message": LIMITED_MESSAGE, "global": scope == "global", **more}
    if retry_after is not None:
        body["retry_after"] = retry_after
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    return Answer(429, body, headers)


RATE_LIMITED: Final[dict[str, Answer]] = {
    "user": _limited(0.376, "1"),
    "shared": _limited(1.337, "2", "shared", message=SHARED_MESSAGE),
    "global": _limited(0.5, "1", "global"),
    "no_retry_after": _limited(None, None),
    "text_retry_after": _limited("1.5", "2"),
    "zero": _limited(0, "0"),
    "channel_write_20028": _limited(0.3, "1", "shared", code=20028),
    "service_40062": _limited(3.0, "3", "shared", code=40062, message="Service resource is being rate limited."),
    "hour": _limited(3600.0, "3600"),
    "header_only": Answer(429, b"", {"Retry-After": "2", "X-RateLimit-Scope": "user", "Via": "1.1 google"}),
    "body_only": _limited(1.25, None),
    "html": Answer(429, HTML),
    "html_with_retry_after": Answer(429, HTML, {"Retry-After": "90"}),
    "cloudflare_1015": Answer(429, "error code: 1015", {"Retry-After": "66271"}),
    "banned": Answer(429, {"message": BANNED_MESSAGE, "code": 0}),
}
"""Every shape of a 429."""

SERVER_ERRORS: Final[dict[str, Answer]] = {
    f"{status}_{kind}": Answer(status, body)
    for status in (500, 502, 503, 504, 520, 522, 524)
    for kind, body in (("json", {"message": f"{status}: Server Error", "code": 0}), ("html", HTML), ("empty", b""))
}
"""``502_html`` and the like; :func:`committed` makes them lie."""

ODD_ANSWERS: Final[dict[str, Answer]] = {
    "html_200": Answer(200, HTML),
    "empty_200": Answer(200, b""),
    "redirect": Answer(302, b"", {"Location": "/api/v10/redirected"}),
    "forbidden_html": Answer(403, HTML),
    "overloaded_130000": Answer(
        503, {"message": "API resource is currently overloaded. Try again later", "code": 130000}
    ),
    "automod_200000": Answer(400, {"message": "Message was blocked by automatic moderation", "code": 200000}),
    "too_large_40005": Answer(413, {"message": "Request entity too large", "code": 40005}),
}
"""What is neither a limit nor a plain failure."""


def committed(answer: Answer) -> Answer:
    """Return the same answer to a request that is carried out all the same."""
    return Answer(answer.status, answer.body, answer.headers, commit=True)
