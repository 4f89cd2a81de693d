# ruff: noqa: E501 - tables
"""The processor: contrib's lists as contrib's documentation describes them, and patterns by name."""

import hashlib
import hmac
from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.component import ACCEPTED
from otel_discord.processors.redaction.config import RedactionProcessorConfig
from otel_discord.processors.redaction.factory import FACTORY
from otel_discord.signals import Batch, LogsBatch, Signal, attributes_to_dict, to_plain
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.telemetry import settings

HMAC_KEY = "k" * 64
EMPTY: dict[str, Any] = {}


class Sink:
    def __init__(self) -> None:
        self.batches: list[Batch] = []

    async def consume(self, batch: Batch) -> object:
        self.batches.append(batch)
        return ACCEPTED


async def processed(batch: Batch, **config: Any) -> Batch:
    sink = Sink()
    processor = FACTORY.create(
        settings("redaction"),
        RedactionProcessorConfig.model_validate(config),
        Signal.LOGS,
        sink,  # type: ignore[arg-type]
    )
    async with processor.lifespan(NopHost()):
        assert await processor.consume(batch) == ACCEPTED
    return sink.batches[0]


async def attributes(given: dict[str, Any], **config: Any) -> dict[str, Any]:
    batch = await processed(logs_batch(attributes=given, resource={}), **config)
    assert isinstance(batch, LogsBatch)
    return next(attributes_to_dict(record.attributes) for _, _, record in batch.records())


async def body(given: Any, **config: Any) -> tuple[Any, dict[str, Any]]:
    batch = await processed(logs_batch(body=lambda _: given, resource={}), **config)
    assert isinstance(batch, LogsBatch)
    _, _, record = next(batch.records())
    return to_plain(record.body), attributes_to_dict(record.attributes)


async def test_only_allowed_keys_are_kept() -> None:
    given = {
        "group": "temporary",
        "id": 5,
        "name": "placeholder",
        "credit_card": "x",
        "safe_attribute": "4111111111111111",
    }
    config = {
        "allowed_keys": ["group", "id", "name"], "ignored_keys": ["safe_attribute"],
        "blocked_values": ["4[0-9]{12}(?:[0-9]{3})?"], "summary": "debug",
    }  # fmt: skip
    assert await attributes(given, **config) == {
        "group": "temporary", "id": 5, "name": "placeholder", "safe_attribute": "4111111111111111",
        "redaction.redacted.keys": "credit_card", "redaction.redacted.count": 1, "redaction.ignored.count": 1,
    }  # fmt: skip
    assert await attributes(given, **{**config, "summary": "info"}) == {
        "group": "temporary", "id": 5, "name": "placeholder", "safe_attribute": "4111111111111111",
        "redaction.redacted.count": 1, "redaction.ignored.count": 1,
    }  # fmt: skip


@pytest.mark.parametrize("config", [{"allowed_keys": []}, {"allow_all_keys": False}, {"blocked_values": ["x"]}])
async def test_what_nobody_allowed_is_removed(config: dict[str, Any]) -> None:
    assert await attributes({"a": "b"}, **config) == EMPTY


@pytest.mark.parametrize(
    "config", [{}, {"patterns": ["email"]}, {"allow_all_keys": True}, {"hash_user_ids": True, "hash_key": "k" * 16}]
)
async def test_with_keys_of_ours_everything_is_allowed(config: dict[str, Any]) -> None:
    assert await attributes({"a": "b"}, **config) == {"a": "b"}


async def test_blocked_and_allowed_values() -> None:
    config = {
        "allow_all_keys": True,
        "blocked_values": ["4[0-9]{12}(?:[0-9]{3})?", "(5[1-5][0-9]{14})", "mycompany.com"],
    }
    given = {
        "notes": "placeholder 4111111111111111 and 5105105105105100",
        "n": 4111111111111111,
        "m": "a@support.mycompany.com",
    }
    assert await attributes(given, **config, patterns=[]) == {
        "notes": "placeholder **** and ****", "n": "****", "m": "a@support.****"
    }  # fmt: skip
    allowed = await attributes(
        given, **config, allowed_values=[".+@support.mycompany.com"], summary="debug", redact_all_types=True
    )
    assert allowed == {
        "notes": "placeholder **** and ****", "n": "****", "m": "a@support.mycompany.com", "redaction.masked.keys": "n,notes",
        "redaction.masked.count": 2, "redaction.allowed.keys": "m", "redaction.allowed.count": 1,
    }  # fmt: skip


async def test_blocked_keys() -> None:
    given = {
        "session_token": "abc",
        "x_api_key": 7,
        "token_list": ["a"],
        "token_on": True,
        "token_x": 1.5,
        "token_b": b"a",
        "token_n": None,
        "k": "v",
    }
    config = {"allow_all_keys": True, "blocked_key_patterns": [".*token.*", ".*api_key.*"]}
    assert await attributes(given, **config) == dict.fromkeys(list(given)[:-1], "****") | {"k": "v"}


async def test_ignored_key_patterns() -> None:
    given = {"safe.a": "4111111111111111", "a": "4111111111111111"}
    config = {"allow_all_keys": True, "ignored_key_patterns": ["^safe"], "blocked_values": ["4[0-9]{15}"]}
    assert await attributes(given, **config) == {"safe.a": "4111111111111111", "a": "****"}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("md5", hashlib.md5(b"abc").hexdigest()),
        ("sha1", hashlib.sha1(b"abc").hexdigest()),
        ("sha3", hashlib.sha3_256(b"abc").hexdigest()),
        ("hmac-sha256", hmac.new(HMAC_KEY.encode(), b"abc", "sha256").hexdigest()),
        ("hmac-sha512", hmac.new(HMAC_KEY.encode(), b"abc", "sha512").hexdigest()),
    ],
)
async def test_hash_functions(function: str, expected: str) -> None:
    config = {"allow_all_keys": True, "hash_function": function, "hmac_key": HMAC_KEY}
    assert await attributes({"a": "x abc"}, blocked_values=["abc"], **config) == {"a": f"x {expected}"}
    assert await attributes({"a": "abc"}, blocked_key_patterns=["a"], **config) == {"a": expected}


async def test_numbers_and_booleans_as_texts() -> None:
    given = {"a": 1.5, "b": True, "c": False, "d": 2.5}
    assert await attributes(given, allow_all_keys=True, redact_all_types=True, blocked_values=["^1.5$", "^true$"]) == {
        "a": "****", "b": "****", "c": False, "d": 2.5
    }  # fmt: skip


async def test_bodies() -> None:
    config = {
        "allow_all_keys": True,
        "blocked_values": ["4[0-9]{15}"],
        "summary": "debug",
        "ignored_keys": ["safe"],
        "blocked_key_patterns": ["hide"],
    }
    assert await body("pay 4111111111111111", **config) == (
        "pay ****", {"redaction.body.masked.keys": "body", "redaction.body.masked.count": 1}
    )  # fmt: skip
    given = {
        "safe": "4111111111111111",
        "hide": "x",
        "n": {"m": ["4111111111111111", 1]},
        "password": "p",
        "l": {"password": [1]},
    }
    assert await body(given, **config) == (
        {"safe": "4111111111111111", "hide": "****", "n": {"m": ["****", 1]}, "password": "[password]", "l": {"password": ["[password]"]}},
        {
            "redaction.body.masked.keys": "hide,l.password,n.m.[0],password", "redaction.body.masked.count": 4,
            "redaction.body.ignored.count": 1,
        },
    )  # fmt: skip
    assert await body(["4111111111111111"], **config) == (
        ["****"], {"redaction.body.masked.keys": "[0]", "redaction.body.masked.count": 1}
    )  # fmt: skip


async def test_keys_of_a_body_that_are_not_allowed_are_removed() -> None:
    shown, summary = await body(
        {"a": 1, "b": {"c": 1}, "d": "keep"}, allowed_keys=["b", "d"], summary="debug", allowed_values=["keep"]
    )
    assert shown == {"b": {}, "d": "keep"}
    assert summary == {
        "redaction.body.redacted.keys": "a,b.c", "redaction.body.redacted.count": 2,
        "redaction.body.allowed.keys": "d", "redaction.body.allowed.count": 1,
    }  # fmt: skip
    assert await body(["keep"], allow_all_keys=True, allowed_values=["keep"], blocked_values=["k"]) == (["keep"], {})
    assert await body("keep", allow_all_keys=True, allowed_values=["keep"], blocked_values=["k"]) == ("keep", {})


async def test_bodies_can_be_left_alone() -> None:
    assert await body("password=hunter-22", bodies=False) == ("password=hunter-22", {})
    assert await body(None, summary="debug", ignored_keys=["x"], allow_all_keys=True) == (None, {})


async def test_a_second_processor_adds_to_the_summary() -> None:
    once = await attributes({"b": "x", "c": "y"}, allowed_keys=["c"], summary="debug")
    assert await attributes(once, allowed_keys=["d"], summary="debug") == {
        "redaction.redacted.keys": "b,c", "redaction.redacted.count": 2
    }  # fmt: skip


async def test_patterns_actions_and_own_expressions() -> None:
    given = {
        "a": "ann@example.com from 10.1.2.3",
        "b": "badge 42",
        "c": "password=hunter-22",
        "n": {"e": "ann@example.com"},
        "user.id": 7,
    }
    config = {
        "patterns": ["all"], "actions": {"email": "hash", "badge": "drop"}, "hash_key": "a key of this test", "hash_user_ids": True,
        "custom": [{"name": "badge", "regex": r"badge \d+"}, {"name": "other", "regex": "zzz", "action": "mask"}], "summary": "info",
    }  # fmt: skip
    shown = await attributes(given, **config)
    assert shown["a"].startswith("email-")
    assert shown["a"].endswith(" from [ip]")
    assert shown["n"]["e"] == shown["a"].split()[0]
    assert shown["c"] == "password=[password]"
    assert shown["user.id"].startswith("user-")
    assert "b" not in shown
    assert shown["redaction.redacted.count"] == 1
    assert shown["redaction.masked.count"] == 4
    assert await attributes(given, **config) == shown


async def test_dropping_from_a_body() -> None:
    config = {"patterns": ["email"], "action": "drop"}
    assert await body({"a": "x@example.com", "b": ["x@example.com", 1]}, **config) == ({"b": [1]}, {})


@pytest.mark.parametrize("batch", [logs_batch(), traces_batch(), metrics_batch()])
async def test_a_batch_without_findings_is_passed_on_as_it_is(batch: Batch) -> None:
    assert await processed(batch) is batch
    assert await processed(batch, allow_all_keys=True, blocked_values=["zzz"], ignored_keys=["n"]) is batch


async def test_spans_and_data_points() -> None:
    for batch in (traces_batch(), metrics_batch()):
        shown = str((await processed(batch, blocked_key_patterns=["^n$"], allow_all_keys=True)).request)
        assert shown.count("****") == 1


async def test_a_large_batch() -> None:
    batch = logs_batch(body="password=hunter-22 " + "x" * 1_100_000)
    shown = await processed(batch)
    assert "hunter" not in str(shown.request)[:2000]


async def test_what_is_too_deep_is_not_sent() -> None:
    deep: Any = "password=hunter-22"
    for _ in range(40):
        deep = [deep]
    shown, _ = await body({"a": deep}, summary="info")
    assert "hunter" not in str(shown)
    assert "not examined" in str(shown)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"patterns": ["e-mail"]}, "patterns: there is no pattern 'e-mail'; did you mean \"email\""),
        ({"actions": {"e-mail": "hash"}}, "actions: there is no pattern"),
        ({"blocked_values": ["ok", "("]}, r"blocked_values::1: '(' is not a regular expression of RE2: missing )"),
        ({"custom": [{"name": "a", "regex": "[z-a]"}]}, "custom::0::regex: '[z-a]' is not a regular expression"),
        ({"custom": [{"name": "A b", "regex": "x"}]}, "custom"),
        ({"action": "hash"}, "needs hash_key"),
        ({"hash_function": "hmac-sha512", "hmac_key": "k" * 32}, "hmac_key: hmac-sha512 needs one of 64 characters"),
        ({"hash_function": "hmac-sha256"}, "hmac_key: hmac-sha256 needs one of 32 characters"),
        ({"url_sanitizer": {"enabled": True}}, "url_sanitizer of the Collector is not supported"),
        ({"alowed_keys": []}, "alowed_keys"),
    ],
)
def test_what_is_refused(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RedactionProcessorConfig.model_validate(config)
    assert words in str(refused.value)
    assert "kkk" not in str(refused.value)
