"""What each answer means: the table of codes, the family of 429, and that nothing an answer holds can break it."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.http import TransportError
from otel_discord.discord_api.outcome_types import (
    Delivered,
    FieldError,
    Gone,
    Outcome,
    RateLimited,
    Reason,
    Refused,
    Scope,
    Unavailable,
)
from otel_discord.discord_api.outcomes import classify, from_transport_error

JSON = {"content-type": "application/json", "via": "1.1 google"}
HTML = {"content-type": "text/html; charset=UTF-8", "server": "cloudflare"}
PAGE = b"<!DOCTYPE html>\n<html><head><title>Access denied | discord.com</title></head><body>" + b"<p>x</p>" * 500
TOKEN = "aB9-" * 17


def answer(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify(status, JSON if headers is None else headers, raw)


def limited(body: Any = b"", **headers: str) -> RateLimited:
    outcome = answer(429, body, {name.replace("_", "-"): value for name, value in headers.items()})
    assert isinstance(outcome, RateLimited)
    return outcome


# ------------------------------------------------------------------------------------------- success


def test_a_message_with_an_id_is_delivered() -> None:
    outcome = answer(200, {"id": "11", "channel_id": "22", "content": "x"})
    assert outcome == Delivered("11", "22", {"id": "11", "channel_id": "22", "content": "x"})


def test_the_answer_about_a_webhook_leaves_its_token_behind() -> None:
    outcome = answer(200, {"id": "1", "token": TOKEN, "url": f"https://discord.com/api/webhooks/1/{TOKEN}"})
    assert TOKEN not in repr(outcome)


@pytest.mark.parametrize(
    ("status", "body"),
    [(204, b""), (200, b""), (200, b'{"id": "1'), (200, b'{"id":')],
)
def test_discord_said_yes_even_where_its_answer_was_cut(status: int, body: bytes) -> None:
    assert answer(status, body) == Delivered()


def test_a_captive_portal_is_not_discord() -> None:
    outcome = answer(200, PAGE, HTML)
    assert isinstance(outcome, Unavailable)
    assert (outcome.reason, outcome.ambiguous, outcome.status) == (Reason.BAD_ANSWER, False, 200)
    assert "Access denied" in outcome.detail
    assert isinstance(answer(200, b"<html>sign in", {}), Unavailable)
    assert isinstance(answer(200, b"<html>sign", HTML), Unavailable)


@pytest.mark.parametrize(
    ("body", "headers"), [({"status": "ok"}, JSON), ([], JSON), (b"ok", {}), (b"\x1f\x8b\x08", {})]
)
def test_a_proxy_that_keeps_the_message_to_itself_has_delivered_all_the_same(
    body: Any, headers: dict[str, str]
) -> None:
    """Sending again because an id is missing would say everything five times."""
    assert answer(200, body, headers) == Delivered()


def test_an_outage_may_say_how_long_to_wait() -> None:
    assert answer(503, b"", {"retry-after": "7"}) == Unavailable(
        Reason.SERVER_ERROR, ambiguous=True, status=503, detail="status 503: an empty body", retry_after_s=7.0
    )
    for header, wait_s in {"86400": 60.0, "soon": None}.items():
        outcome = answer(503, b"", {"retry-after": header})
        assert isinstance(outcome, Unavailable)
        assert outcome.retry_after_s == wait_s


# ------------------------------------------------------------------------------------------- refusals by code


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (400, 50035, Refused, Reason.INVALID_FORM),
        (400, 50006, Refused, Reason.EMPTY_MESSAGE),
        (400, 50109, Refused, Reason.BAD_REQUEST),
        (400, 50041, Refused, Reason.BAD_REQUEST),
        (400, 0, Refused, Reason.BAD_REQUEST),
        (400, 30007, Refused, Reason.BAD_REQUEST),
        (400, 220001, Gone, Reason.MISCONFIGURED),
        (400, 220002, Gone, Reason.MISCONFIGURED),
        (400, 220003, Gone, Reason.MISCONFIGURED),
        (400, 40058, Gone, Reason.MISCONFIGURED),
        (400, 40067, Gone, Reason.MISCONFIGURED),
        (400, 160005, Gone, Reason.MISCONFIGURED),
        (400, 50083, Gone, Reason.MISCONFIGURED),
        (400, 200000, Refused, Reason.CONTENT_BLOCKED),
        (400, 240000, Refused, Reason.CONTENT_BLOCKED),
        (403, 20009, Refused, Reason.CONTENT_BLOCKED),
        (400, 30046, Refused, Reason.MESSAGE_GONE),
        (401, 50027, Gone, Reason.UNAUTHORIZED),
        (401, 0, Gone, Reason.UNAUTHORIZED),
        (403, 50027, Gone, Reason.UNAUTHORIZED),
        (403, 50013, Gone, Reason.FORBIDDEN),
        (403, 50001, Gone, Reason.FORBIDDEN),
        (403, 40333, Gone, Reason.FORBIDDEN),
        (403, 0, Gone, Reason.FORBIDDEN),
        (404, 10015, Gone, Reason.NOT_FOUND),
        (404, 10003, Gone, Reason.NOT_FOUND),
        (404, 0, Gone, Reason.NOT_FOUND),
        (404, 10008, Refused, Reason.MESSAGE_GONE),
        (405, 0, Refused, Reason.BAD_REQUEST),
        (408, 0, Unavailable, Reason.TIMEOUT),
        (413, 40005, Refused, Reason.TOO_LARGE),
        (400, 50045, Refused, Reason.TOO_LARGE),
        (400, 130000, Unavailable, Reason.SERVER_ERROR),
    ],
)
def test_discords_codes(status: int, code: int, kind: type, reason: Reason) -> None:
    outcome = answer(status, {"code": code, "message": "Some words"})
    assert isinstance(outcome, kind)
    assert outcome.reason is reason
    assert outcome.status == status
    assert "Some words" in outcome.detail
    if isinstance(outcome, (Refused, Gone)):
        assert outcome.code == code
    if isinstance(outcome, Unavailable):
        assert not outcome.ambiguous


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, Reason.UNAUTHORIZED), (404, Reason.NOT_FOUND)],
)
def test_a_status_without_json_still_parks_the_webhook(status: int, reason: Reason) -> None:
    outcome = answer(status, b"404 page not found", {})
    assert isinstance(outcome, Gone)
    assert outcome.reason is reason


def test_413_without_json_is_too_large() -> None:
    outcome = answer(413, PAGE, HTML)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.TOO_LARGE


def test_the_tree_of_a_bad_form_is_flattened_in_order() -> None:
    errors = {
        "embeds": {
            "_errors": [{"code": "MAX_EMBED_SIZE_EXCEEDED", "message": "Embed size exceeds maximum size of 6000"}],
            "0": {"fields": {"3": {"value": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "1024!"}]}}}},
        },
        "username": {"_errors": [{"code": "USERNAME_INVALID_CONTAINS", "message": "no"}]},
        "_errors": [{"code": "TOP", "message": "all of it"}],
    }
    outcome = answer(400, {"code": 50035, "message": "Invalid Form Body", "errors": errors})
    assert isinstance(outcome, Refused)
    assert outcome.errors == (
        FieldError(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000"),
        FieldError(("embeds", 0, "fields", 3, "value"), "BASE_TYPE_MAX_LENGTH", "1024!"),
        FieldError(("username",), "USERNAME_INVALID_CONTAINS", "no"),
        FieldError((), "TOP", "all of it"),
    )
    assert "embeds[0].fields[3].value[BASE_TYPE_MAX_LENGTH]: 1024!" in outcome.detail
    assert "message[TOP]: all of it" in outcome.detail


@pytest.mark.parametrize("errors", [None, 7, "x", [], {}, {"embeds": ["0"]}, {"a": {"_errors": "x"}}, [[[]]], {"": 1}])
def test_a_tree_of_another_shape_is_no_trouble(errors: object) -> None:
    assert isinstance(answer(400, {"code": 50035, "errors": errors}), Refused)


def test_a_tree_without_end_is_cut() -> None:
    wide = {str(index): {"_errors": [{"code": "C", "message": "m" * 900}]} for index in range(2000)}
    outcome = answer(400, {"code": 50035, "message": "x", "errors": {"embeds": wide}})
    assert isinstance(outcome, Refused)
    assert len(outcome.errors) == 50
    assert len(outcome.detail) <= 500


# ------------------------------------------------------------------------------------------- 429 and bans


@pytest.mark.parametrize(
    ("body", "headers", "seconds", "scope"),
    [
        ({"message": "You are being rate limited.", "retry_after": 0.3, "global": False}, {}, 0.3, Scope.USER),
        ({"retry_after": 64.57}, {"x-ratelimit-scope": "shared", "retry-after": "65"}, 64.57, Scope.SHARED),
        ({"retry_after": 1337}, {"x-ratelimit-reset-after": "64.57"}, 1337.0, Scope.USER),
        ({"retry_after": 4000.0, "global": True}, {}, 4000.0, Scope.GLOBAL),
        ({"retry_after": 1.0}, {"x-ratelimit-global": "true"}, 1.0, Scope.GLOBAL),
        ({"retry_after": 1.0}, {"x-ratelimit-scope": "global"}, 1.0, Scope.GLOBAL),
        ({"retry_after": 1.0}, {"x-ratelimit-scope": "martian"}, 1.0, Scope.USER),
        ({"retry_after": 0.3, "code": 20028}, {}, 0.3, Scope.SHARED),
        ({"retry_after": 3, "code": 40062}, {}, 3.0, Scope.SHARED),
        ({"retry_after": 0}, {}, 0.05, Scope.USER),
        ({"retry_after": 0.001}, {}, 0.05, Scope.USER),
        ({"retry_after": 66271}, {}, 66271.0, Scope.USER),
        ({"retry_after": 1e300}, {}, 86400.0, Scope.USER),
        ({"retry_after": "65"}, {}, 65.0, Scope.USER),
        ({"retry_after": "1.5"}, {"retry-after": "2"}, 2.0, Scope.USER),
        ({"retry_after": "soon"}, {"retry-after": "7"}, 7.0, Scope.USER),
        ({"retry_after": -5}, {"retry-after": "7"}, 7.0, Scope.USER),
        ({"retry_after": True}, {"retry-after": "7"}, 7.0, Scope.USER),
        ({"retry_after": None}, {"retry-after": "7"}, 7.0, Scope.USER),
        ({"retry_after": [1]}, {"retry-after": "7"}, 7.0, Scope.USER),
        (b'{"retry_after": NaN}', {"retry-after": "7"}, 7.0, Scope.USER),
        (b'{"retry_after": 1e309}', {"retry-after": "7"}, 7.0, Scope.USER),
        (b'{"retry_after": 1' + b"0" * 400 + b"}", {"retry-after": "7"}, 7.0, Scope.USER),
        ({"message": "slow"}, {"retry-after": "7"}, 7.0, Scope.USER),
        ({"retry_after": 2}, {"retry-after": "nan"}, 2.0, Scope.USER),
        ({}, {"retry-after": "2.5", "x-ratelimit-scope": "user"}, 2.5, Scope.USER),
        (b"", {"retry-after": "3", "x-ratelimit-scope": "shared"}, 3.0, Scope.SHARED),
        (b'{"retry_af', {"retry-after": "3", "content-type": "application/json"}, 3.0, Scope.USER),
        (
            {"message": "x"},
            {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"},
            30.0,
            Scope.USER,
        ),
        # not Discord but what stands before it: nothing leaves this address for a while
        ({"message": "x"}, {}, 60.0, Scope.HOST),
        ({"retry_after": -5}, {}, 60.0, Scope.HOST),
        ({"retry_after": "soon"}, {"retry-after": "-1"}, 60.0, Scope.HOST),
        ({"message": "x"}, {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, 60.0, Scope.HOST),
        (b"", {}, 60.0, Scope.HOST),
        (b"", {"retry-after": "3"}, 60.0, Scope.HOST),
        (b"error code: 1015", {"retry-after": "66271", "content-type": "text/plain"}, 66271.0, Scope.HOST),
        (b"error code: 1015", {"retry-after": "9" * 400}, 60.0, Scope.HOST),
        (b"error code: 1015", {}, 60.0, Scope.HOST),
        (PAGE, HTML, 60.0, Scope.HOST),
        (PAGE, HTML | {"retry-after": "120"}, 120.0, Scope.HOST),
        (
            {"code": 0, "message": "You are being blocked from accessing our API temporarily due to exceeding our"},
            {},
            60.0,
            Scope.HOST,
        ),
        (b"[1, 2]", {}, 60.0, Scope.HOST),
        (b"\xff\xfe\x00", {}, 60.0, Scope.HOST),
    ],
)
def test_every_shape_of_429(body: Any, headers: dict[str, str], seconds: float, scope: Scope) -> None:
    outcome = answer(429, body, headers)
    assert isinstance(outcome, RateLimited)
    assert (outcome.retry_after_s, outcome.scope) == (seconds, scope)


def test_the_code_of_a_429_is_kept() -> None:
    assert limited({"retry_after": 0.3, "code": 20028}).code == 20028


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (PAGE, HTML),
        (b"error code: 1015", {"content-type": "text/plain"}),
        (b"error code: 1020", {}),
        ({"code": 0, "message": "You are being blocked from accessing our API temporarily"}, JSON),
        (b"", {}),
    ],
)
def test_a_403_from_the_edge_is_a_ban_of_this_address(body: Any, headers: dict[str, str]) -> None:
    outcome = answer(403, body, headers | {"retry-after": "90"})
    assert isinstance(outcome, RateLimited)
    assert (outcome.scope, outcome.retry_after_s) == (Scope.HOST, 90.0)


def test_a_shared_limit_with_another_status_is_still_a_limit() -> None:
    outcome = answer(400, {"code": 20016, "message": "slow mode"})
    assert isinstance(outcome, RateLimited)
    assert (outcome.scope, outcome.retry_after_s) == (Scope.SHARED, 5.0)


# ------------------------------------------------------------------------------------------- the rest


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 522, 524, 526, 599])
def test_after_a_server_error_the_message_may_exist(status: int) -> None:
    for body, headers in ((PAGE, HTML), (b"", {}), ({"code": 0, "message": "oops"}, JSON)):
        outcome = answer(status, body, headers)
        assert isinstance(outcome, Unavailable)
        assert (outcome.reason, outcome.ambiguous, outcome.status) == (Reason.SERVER_ERROR, True, status)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_named_but_its_path_is_not(status: int) -> None:
    location = f"https://u:p@elsewhere.example/api/webhooks/1/{TOKEN}"
    outcome = answer(status, b"", {"location": location})
    assert isinstance(outcome, Unavailable)
    assert (outcome.reason, outcome.ambiguous) == (Reason.BAD_ANSWER, False)
    assert "elsewhere.example" in outcome.detail
    assert TOKEN not in outcome.detail
    assert "u:p" not in outcome.detail


def test_what_a_page_or_message_repeats_of_our_address_is_not_repeated() -> None:
    for status in (200, 400, 403, 404, 429, 500):
        for body in (
            f"Cannot POST /api/webhooks/1/{TOKEN}".encode(),
            b"Cannot POST /api/webhooks/1/short-token",
            f"<html><title>/api/webhooks/1/{TOKEN}</title>".encode(),
            {"code": 50035, "message": f"bad {TOKEN}", "errors": {TOKEN: {"_errors": [{"message": TOKEN}]}}},
        ):
            outcome = answer(status, body, {})
            assert TOKEN not in repr(outcome)
            assert "short-token" not in repr(outcome)


def test_connection_errors() -> None:
    lost = from_transport_error(TransportError("reset", sent=True, timed_out=False))
    assert lost == Unavailable(Reason.CONNECTION, ambiguous=True, detail="reset")
    slow = from_transport_error(TransportError("no answer in 10 s", sent=False, timed_out=True))
    assert slow == Unavailable(Reason.TIMEOUT, ambiguous=False, detail="no answer in 10 s")


BODIES: list[bytes] = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b'"x"',
    b"1",
    b"{",
    PAGE,
    b"error code: 1015",
    b"[" * 60_000,
    b'{"a":' * 20_000,
    b'{"code": "x", "message": {"a": 1}, "retry_after": {}}',
    b'{"code": 1e400, "message": "\\ud800\\u202e\\u0000\\n", "retry_after": 1}',
    b'{"code": true, "id": 5, "errors": {"a": [1, null]}}',
    b"\xff" * 70_000,
    bytes(range(256)),
]


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_with_every_body_is_an_outcome(status: int) -> None:
    for body in BODIES:
        for headers in ({}, JSON, HTML, {"retry-after": "x", "location": "::"}):
            _check(status, classify(status, headers, body))


@given(
    st.integers(-1, 1000),
    st.dictionaries(
        st.sampled_from(["retry-after", "date", "content-type", "location", "x-ratelimit-scope"]), st.text()
    ),
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["code", "message", "errors", "_errors", "retry_after", "id", "0"]) | st.text(),
                    inner,
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_no_answer_can_break_it(status: int, headers: dict[str, str], body: bytes) -> None:
    _check(status, classify(status, headers, body))


def _check(status: int, outcome: Outcome) -> None:
    match outcome:
        case Delivered():
            assert 200 <= status < 300
            return
        case RateLimited():
            assert 0.05 <= outcome.retry_after_s <= 86_400
        case Refused() | Gone():
            assert 400 <= status < 500
        case Unavailable():
            assert outcome.status == status
    assert len(outcome.detail) <= 500
    assert not [char for char in outcome.detail if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
