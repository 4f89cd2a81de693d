# ruff: noqa: E501 - tables
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from otel_discord.config import Secret
from otel_discord.redaction import (
    NOT_EXAMINED,
    USER_ID_KEYS,
    Action,
    Masker,
    MaskingPlan,
    mask_batch,
    mask_logs,
    pseudonym,
    select_patterns,
    text_masker,
)
from otel_discord.redaction.bytes_masker import MAX_BYTES
from otel_discord.redaction.masker import MAX_DEPTH
from otel_discord.redaction.secret_keys import TRIGGERS, kind_of_key
from otel_discord.signals import LogsBatch, attributes_to_dict, to_plain
from otel_discord.testing.otlp import any_value, key_values, logs_batch, metrics_batch, traces_batch
from tests.redaction.secrets import SECRETS, TOKEN

MASKER = Masker(MaskingPlan())
KEY = Secret("a key of this test")


def record_of(batch: LogsBatch) -> Any:
    return batch.request.resource_logs[0].scope_logs[0].log_records[0]


def nested(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return value


PLACES: dict[str, Callable[[Any, str], None]] = {
    "body": lambda b, t: record_of(b).body.CopyFrom(any_value(t)),
    "nested body": lambda b, t: record_of(b).body.CopyFrom(any_value({"a": [{"b": t}]})),
    "body bytes": lambda b, t: record_of(b).body.CopyFrom(any_value(t.encode())),
    "body utf-16": lambda b, t: record_of(b).body.CopyFrom(any_value(t.encode("utf-16"))),
    "body dump": lambda b, t: record_of(b).body.CopyFrom(any_value(b"\xff\0\x01" + t.encode() + b"\0\xff")),
    "attribute": lambda b, t: record_of(b).attributes.extend(key_values({"x": t})),
    "key": lambda b, t: record_of(b).attributes.extend(key_values({t: "x"})),
    "nested key": lambda b, t: record_of(b).attributes.extend(key_values({"x": {t: 1}})),
    "exception": lambda b, t: record_of(b).attributes.extend(key_values({"exception.message": t})),
    "trace": lambda b, t: record_of(b).attributes.extend(key_values({"exception.stacktrace": f"File x\n    {t}\nend"})),
    "event name": lambda b, t: setattr(record_of(b), "event_name", t),
    "severity": lambda b, t: setattr(record_of(b), "severity_text", t),
    "resource": lambda b, t: b.request.resource_logs[0].resource.attributes.extend(key_values({"x": t})),
    "scope": lambda b, t: setattr(b.request.resource_logs[0].scope_logs[0].scope, "name", t),
    "scope attribute": lambda b, t: (
        b.request.resource_logs[0].scope_logs[0].scope.attributes.extend(key_values({"x": t}))
    ),
    "file name": lambda b, t: record_of(b).attributes.extend(
        key_values({"discord.attachments": [{"filename": t, "data": b"x"}]})
    ),
    "file": lambda b, t: record_of(b).attributes.extend(
        key_values({"discord.attachments": [{"filename": "x", "description": t, "data": t.encode()}]})
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SECRETS)
def test_each_secret_in_each_place(name: str, place: str) -> None:
    text, secret = SECRETS[name]
    batch = logs_batch()
    PLACES[place](batch, text)
    before = batch.request.SerializeToString()
    masked = mask_logs(MASKER, batch)
    shown = str(to_plain(record_of(masked).body)) + str(masked.request)
    data = masked.request.SerializeToString()
    assert secret.encode() not in data
    assert secret.encode("utf-16-le") not in data
    assert secret not in shown
    assert batch.request.SerializeToString() == before  # shared with others
    if "key" not in place:
        assert (mask_logs(MASKER, masked) is masked) is True


@pytest.mark.parametrize("masker", [MASKER, Masker(MaskingPlan(patterns=select_patterns(["all"])))])
def test_a_batch_without_secrets_is_not_copied(masker: Masker) -> None:
    batches = [
        logs_batch(3, attributes={"token_count": 3, "a": 1.5, "ok": True, "n": None, "key": "x"}),
        metrics_batch(),
        traces_batch(),
    ]
    for batch in batches:
        assert mask_batch(masker, batch) is batch


def test_records_with_many_attributes() -> None:
    many = {f"name {number}": f"value {number}" for number in range(40)}
    assert mask_logs(MASKER, batch := logs_batch(2, attributes=many)) is batch
    mixed = logs_batch(2, attributes=many)
    clean, secret = mixed.request.resource_logs[0].scope_logs[0].log_records
    clean.time_unix_nano = clean.observed_time_unix_nano = 0  # bytes of a time may look like text
    secret.attributes.extend(key_values({"header": f"Bearer {TOKEN}"}))
    masked = mask_logs(MASKER, mixed)
    assert TOKEN not in str(masked.request)
    assert masked.request.resource_logs[0].scope_logs[0].log_records[0] == clean


def test_what_was_clean_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_masker, "_REMEMBERED_TEXTS", 3)
    masker = Masker(MaskingPlan())
    for number in range(9):
        assert masker.texts.masked_again(f"value {number}").text == f"value {number}"
        assert masker.texts.masked_again(f"Bearer {TOKEN}").text != f"Bearer {TOKEN}"
        assert len(masker.texts._clean) <= 3
    long = "x " * 500
    assert masker.texts.masked_again(long).text == long
    assert long not in masker.texts._clean


def test_spans() -> None:
    batch = traces_batch()
    span = batch.request.resource_spans[0].scope_spans[0].spans[0]
    secret = f"password={TOKEN}"
    span.name = span.status.message = span.trace_state = secret
    span.attributes.extend(key_values({"a": secret}))
    span.events.add(name=secret).attributes.extend(key_values({"a": secret}))
    span.links.add(trace_state=secret).attributes.extend(key_values({"a": secret}))
    masked = mask_batch(MASKER, batch)
    assert TOKEN not in str(masked.request)
    assert str(masked.request).count("[password]") == 8
    assert TOKEN in str(batch.request)


@pytest.mark.parametrize("kind", ["gauge", "sum", "histogram", "exponential_histogram", "summary"])
def test_metrics(kind: str) -> None:
    batch = metrics_batch(0)
    metric = batch.request.resource_metrics[0].scope_metrics[0].metrics[0]
    secret = f"password={TOKEN}"
    metric.description = secret
    metric.metadata.extend(key_values({"a": secret}))
    point = getattr(metric, kind).data_points.add()
    point.attributes.extend(key_values({"a": secret}))
    if kind != "summary":
        point.exemplars.add().filtered_attributes.extend(key_values({"a": secret}))
    masked = mask_batch(MASKER, batch)
    assert str(masked.request).count("[password]") == (3 if kind == "summary" else 4)
    assert TOKEN not in str(masked.request)


def test_a_metric_without_data() -> None:
    batch = metrics_batch(0, name="password=hunter-22")
    batch.request.resource_metrics[0].scope_metrics[0].metrics[0].ClearField("gauge")
    assert "hunter" not in str(mask_batch(MASKER, batch).request)


def masked_attributes(masker: Masker, attributes: dict[str, Any]) -> dict[str, Any]:
    return attributes_to_dict(record_of(mask_logs(masker, logs_batch(attributes=attributes))).attributes)


def test_a_key_says_that_its_value_is_secret() -> None:
    given = {
        "db.password": "x", "http.request.header.authorization": ["y"], "api_key": 12345, "credentials": {"user": "bob", "n": [1.5]},
        "secret": b"abc", "token": "", "password": True, "cookie": None, "token_count": 5, "max_tokens": 9, "tokens": "abc",
        "sessionKey": "z", "public_key": "p",
    }  # fmt: skip
    assert masked_attributes(MASKER, given) == {
        "db.password": "[password]", "http.request.header.authorization": ["[authorization]"], "api_key": "[api-key]",
        "credentials": {"user": "[credentials]", "n": ["[credentials]"]}, "secret": "[secret]", "token": "", "password": True,
        "cookie": None, "token_count": 5, "max_tokens": 9, "tokens": "[token]", "sessionKey": "[session-key]", "public_key": "p",
    }  # fmt: skip


def test_without_its_pattern_a_key_says_nothing() -> None:
    masker = Masker(MaskingPlan(patterns=select_patterns(["jwt"])))
    assert masked_attributes(masker, {"password": "x"}) == {"password": "x"}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("DB_PASSWORD", "password"), ("userPassword2", "password"), ("new-password-confirmation", "password"), ("x-api-key", "api-key"),
        ("AWSSecretAccessKey", "access-key"), ("accesstoken", "token"), ("connectionString", "connection-string"), ("MYSQL_PWD", "password"),
        ("DefaultConnectionstring", "connection-string"), ("myapikey", "api-key"), ("accountkeys", "secret-key"), ("set-cookie", "cookie"),
        ("recovery_code", "one-time-code"), ("token_count", ""), ("primary_key", ""), ("compass", ""), ("123", ""), ("", ""), ("next_page_token", ""),
        ("tokenizer", ""), ("secretary", ""), ("session.id", ""), ("author", ""), ("monkey", ""), ("status_code", ""),
    ],
)  # fmt: skip
def test_keys(key: str, kind: str) -> None:
    assert kind_of_key(key) == kind
    if kind:
        assert not MASKER.texts.is_clean(key.encode()), TRIGGERS


def test_an_attribute_can_be_dropped() -> None:
    masker = Masker(MaskingPlan(patterns=select_patterns(["email", "key_value"]), action=Action.DROP))
    given = {
        "a": "x@example.com",
        "b": 1,
        "c": ["x@example.com", "y"],
        "password": "p",
        "token": "",
        "n": {"secret": 1, "m": 2},
    }
    assert masked_attributes(masker, given) == {"b": 1, "c": ["y"], "token": "", "n": {"m": 2}}
    batch = mask_logs(masker, logs_batch(body="to x@example.com!"))
    assert record_of(batch).body.string_value == "to !"


def test_user_ids_become_pseudonyms() -> None:
    masker = Masker(MaskingPlan(hash_user_ids=True, hash_key=KEY))
    given = {
        "user.id": 42, "user_name": "bob", "userId": "42", "client.address": "10.1.2.3", "n": {"enduser.id": ["bob", {"x": "bob"}]},
        "user.email": "", "user.full_name": b"bob", "username": None, "user.roles": "admin",
    }  # fmt: skip
    bob, same = pseudonym("user", "bob", KEY), pseudonym("user", "42", KEY)
    assert masked_attributes(masker, given) == {
        "user.id": same, "user_name": bob, "userId": same, "client.address": pseudonym("user", "10.1.2.3", KEY),
        "n": {"enduser.id": [bob, {"x": bob}]}, "user.email": "", "user.full_name": bob, "username": None, "user.roles": "admin",
    }  # fmt: skip
    assert masked_attributes(Masker(masker.plan), given) == masked_attributes(masker, given)
    assert len(set(USER_ID_KEYS)) == len(USER_ID_KEYS)


def test_a_card_may_be_a_number() -> None:
    masker = Masker(MaskingPlan(patterns=select_patterns(["payment_card"])))
    assert masked_attributes(masker, {"n": 4111111111111111, "m": 4111111111111112, "x": 1.5}) == {
        "n": "[card]",
        "m": 4111111111111112,
        "x": 1.5,
    }
    dropping = Masker(MaskingPlan(patterns=masker.plan.patterns, action=Action.DROP))
    assert masked_attributes(dropping, {"n": 4111111111111111, "x": 1}) == {"x": 1}


def test_what_is_too_deep_is_not_sent() -> None:
    given = {
        "a": nested("password=hunter-22", MAX_DEPTH + 1),
        "password": nested("x", MAX_DEPTH + 1),
        "b": nested("fine", 5),
    }
    shown = masked_attributes(MASKER, given)
    assert "hunter" not in str(shown)
    assert "'x'" not in str(shown)
    assert str(shown).count(NOT_EXAMINED) == 2
    assert shown["b"] == [[[[["fine"]]]]]


def test_what_is_too_large_is_not_sent() -> None:
    big = AnyValue(bytes_value=b"password=hunter-22" + b" " * MAX_BYTES)
    batch = logs_batch()
    record_of(batch).body.CopyFrom(big)
    assert record_of(mask_logs(MASKER, batch)).body.bytes_value == NOT_EXAMINED.encode()


def test_an_image_stays_as_it_is() -> None:
    image = bytes(range(256)) * 40
    assert masked_attributes(MASKER, {"data": image, "word": "token"}) == {"data": image, "word": "token"}
