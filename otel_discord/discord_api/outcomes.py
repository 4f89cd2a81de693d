"""What an answer of Discord means: one table of codes, and a status for what the table does not know.

Sources: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json and topics/rate-limits; shapes of bans
from discord/discord-api-docs#5810 and discordjs/discord.js#8574.
"""

from collections.abc import Mapping
from typing import Any, Final

from otel_discord.discord_api import retry_after
from otel_discord.discord_api.answer_text import (
    clean,
    describe_foreign,
    describe_json,
    flatten_errors,
    is_html,
    parse_json,
)
from otel_discord.discord_api.http import TransportError
from otel_discord.discord_api.outcome_types import (
    Delivered,
    Gone,
    Outcome,
    RateLimited,
    Reason,
    Refused,
    Scope,
    Unavailable,
)

INVALID_FORM: Final = 50035
ARCHIVED_THREAD: Final = 50083
NOT_THE_AUTHOR: Final = 50005

EDITS_CAPPED: Final = 30046
"""Too many edits of messages that are older than an hour; later edits may be taken again."""
_REFUSED_CODES: Final = {
    INVALID_FORM: Reason.INVALID_FORM,
    50006: Reason.EMPTY_MESSAGE,
    40005: Reason.TOO_LARGE,
    50045: Reason.TOO_LARGE,
    200000: Reason.CONTENT_BLOCKED,  # AutoMod
    200001: Reason.CONTENT_BLOCKED,  # AutoMod, title
    240000: Reason.CONTENT_BLOCKED,  # harmful links
    20009: Reason.CONTENT_BLOCKED,  # explicit content
    10008: Reason.MESSAGE_GONE,
    EDITS_CAPPED: Reason.MESSAGE_GONE,
}
_GONE_CODES: Final = {
    10003: Reason.NOT_FOUND,  # channel
    10004: Reason.NOT_FOUND,  # server
    10015: Reason.NOT_FOUND,  # webhook
    50027: Reason.UNAUTHORIZED,  # webhook token
    50014: Reason.UNAUTHORIZED,
    50001: Reason.FORBIDDEN,
    50013: Reason.FORBIDDEN,
    60003: Reason.FORBIDDEN,
    40333: Reason.FORBIDDEN,  # Cloudflare refuses the user agent
    220001: Reason.MISCONFIGURED,  # a forum needs thread_name or thread_id
    220002: Reason.MISCONFIGURED,  # both were given
    220003: Reason.MISCONFIGURED,  # thread_name outside a forum
    40058: Reason.MISCONFIGURED,
    40067: Reason.MISCONFIGURED,  # a forum needs a tag
    160005: Reason.MISCONFIGURED,  # thread locked
    ARCHIVED_THREAD: Reason.MISCONFIGURED,
}
_SECRET_KEYS: Final = frozenset({"token", "url"})
"""What the answer to GET webhook repeats of the address."""

_BUSY_CODES: Final = frozenset({110000, 130000})
_GONE_STATUSES: Final = {401: Reason.UNAUTHORIZED, 403: Reason.FORBIDDEN, 404: Reason.NOT_FOUND, 410: Reason.NOT_FOUND}
# The server, or a proxy on the way, gave up before it had the whole request.
_TRY_AGAIN_STATUSES: Final = {
    408: Reason.TIMEOUT,
    407: Reason.BAD_ANSWER,
    421: Reason.BAD_ANSWER,
    425: Reason.BAD_ANSWER,
}


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Return what became of a request; never raises.

    Args:
        status: the HTTP status, whatever it is.
        headers: names in lower case.
        body: the answer's body, possibly cut.
    """
    parsed = parse_json(body)
    if 200 <= status < 300:
        return _success(status, headers, body, parsed)
    if status < 400 or status > 599:
        place = f", which points to {_host_of(headers['location'])}" if headers.get("location") else ""
        detail = clean(f"unexpected status {status}{place}: {describe_foreign(headers, body)}")
        return Unavailable(Reason.BAD_ANSWER, ambiguous=status > 599, status=status, detail=detail)
    answer = parsed if isinstance(parsed, dict) else None
    if status == 429:
        return _rate_limited(headers, body, answer)
    if status >= 500:
        words = describe_json(answer) if answer else describe_foreign(headers, body)
        detail, told_s = clean(f"status {status}: {words}"), retry_after.outage_s(headers)
        return Unavailable(Reason.SERVER_ERROR, ambiguous=True, status=status, detail=detail, retry_after_s=told_s)
    return _client_error(status, headers, body, answer)


def from_transport_error(error: TransportError) -> Unavailable:
    """Return the outcome of a request without an answer; ambiguous where its body may have arrived."""
    reason = Reason.TIMEOUT if error.timed_out else Reason.CONNECTION
    return Unavailable(reason, ambiguous=error.sent, detail=clean(str(error)))


def _success(status: int, headers: Mapping[str, str], body: bytes, parsed: Any) -> Outcome:
    if is_html(headers, body):
        # A captive portal or a proxy's page: Discord has not seen the message.
        detail = clean(f"status {status} with {describe_foreign(headers, body)} instead of Discord's answer")
        return Unavailable(Reason.BAD_ANSWER, ambiguous=False, status=status, detail=detail)
    if isinstance(parsed, dict) and _id(parsed, "id"):
        public = {key: value for key, value in parsed.items() if key not in _SECRET_KEYS}
        return Delivered(_id(parsed, "id"), _id(parsed, "channel_id"), public)
    # Any other 2xx is success, whatever a proxy made of the body: to send again would be to say everything twice.
    return Delivered()


def _client_error(status: int, headers: Mapping[str, str], body: bytes, answer: dict[str, Any] | None) -> Outcome:
    if status == 403 and _is_host_ban(answer, headers, body):
        return _host_ban(status, headers, body)
    code = _code(answer)
    errors = flatten_errors(answer.get("errors")) if answer else ()
    words = describe_json(answer, errors) if answer else describe_foreign(headers, body)
    detail = clean(f"status {status}, code {code}: {words}" if code else f"status {status}: {words}")
    if code in retry_after.SHARED_CODES:
        told_s = _told_s(headers, answer)
        delay_s = retry_after.CODE_WITHOUT_DELAY_S if told_s is None else told_s
        return RateLimited(retry_after.clamp(delay_s), Scope.SHARED, code, detail)
    if code in _BUSY_CODES:
        return Unavailable(Reason.SERVER_ERROR, ambiguous=False, status=status, detail=detail)
    if code in _REFUSED_CODES:
        return Refused(_REFUSED_CODES[code], status, code, detail, errors)
    if code in _GONE_CODES:
        return Gone(_GONE_CODES[code], status, code, detail)
    if status in _TRY_AGAIN_STATUSES:
        return Unavailable(_TRY_AGAIN_STATUSES[status], ambiguous=False, status=status, detail=detail)
    if status in _GONE_STATUSES:
        return Gone(_GONE_STATUSES[status], status, code, detail)
    reason = Reason.TOO_LARGE if status == 413 else Reason.BAD_REQUEST
    return Refused(reason, status, code, detail, errors)


def _rate_limited(headers: Mapping[str, str], body: bytes, answer: dict[str, Any] | None) -> RateLimited:
    told_s = _told_s(headers, answer)
    if told_s is None or _is_host_ban(answer, headers, body):
        return _host_ban(429, headers, body)
    code = _code(answer)
    words = describe_json(answer) if answer else describe_foreign(headers, body)
    scope = retry_after.read_scope(headers, answer or {}, code)
    return RateLimited(retry_after.clamp(told_s), scope, code, clean(f"status 429: {words}"))


def _host_ban(status: int, headers: Mapping[str, str], body: bytes) -> RateLimited:
    detail = clean(f"status {status}: this address is turned away: {describe_foreign(headers, body)}")
    return RateLimited(retry_after.host_ban_s(headers), Scope.HOST, 0, detail)


def _is_host_ban(answer: dict[str, Any] | None, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether an edge server in front of Discord speaks, not Discord: a page, plain text, its static JSON."""
    if answer is not None:
        message = answer.get("message")
        return _code(answer) == 0 and isinstance(message, str) and "blocked from accessing" in message.lower()
    if is_html(headers, body):
        return True
    return not (_claims_json(headers, body) or any(name.startswith("x-ratelimit-") for name in headers))


def _told_s(headers: Mapping[str, str], answer: dict[str, Any] | None) -> float | None:
    told = answer.get("retry_after") if answer else None
    told_s, header_s = retry_after.read_seconds(told), retry_after.read_header(headers)
    # The body is finer than the header, but only as the number that it should be.
    return header_s if told_s is None or (isinstance(told, str) and header_s is not None) else told_s


def _claims_json(headers: Mapping[str, str], body: bytes) -> bool:
    return "json" in headers.get("content-type", "").lower() or body.lstrip()[:1] == b"{"


def _code(answer: dict[str, Any] | None) -> int:
    code = answer.get("code") if answer else 0
    return code if isinstance(code, int) and not isinstance(code, bool) and 0 <= code < 10**9 else 0


def _id(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    return value if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20 else ""


def _host_of(location: str) -> str:
    """Return the host of a redirect; its path may hold our token."""
    host = location.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return clean(host, 60) or "another path"
