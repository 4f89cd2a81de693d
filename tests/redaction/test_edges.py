"""Where masking decides that there is nothing, or not enough, to hide."""

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.config import Secret
from otel_discord.redaction import (
    Action,
    Expression,
    Masker,
    MaskingPlan,
    Walk,
    blocked_value,
    custom_pattern,
    mask_logs,
    mask_metrics,
    mask_traces,
    select_patterns,
)
from otel_discord.redaction.secret_keys import is_phone_key, kind_of_key
from otel_discord.signals import LogsBatch, MetricsBatch, TracesBatch
from otel_discord.testing.otlp import logs_request

DEFAULT = Masker(MaskingPlan())
EVERYTHING = Masker(MaskingPlan(patterns=select_patterns(["all"])))

STAYS = [
    "pin: GPIO 17 set high",
    "pin=17",
    "cookies: [] cookie=[cookie] cookies={}",
    "sessionid: 0x14ede63a5a70002",
    'parameters: name="password"\n\n',
    "name=primary_key\n\n4711",
    "<primary_key>5</primary_key> <password>[password]</password>",
    "INSERT INTO tokens (token, user_id) VALUES (?, ?)",
    "INSERT INTO orders (id, total) VALUES ('a', 12.5)",
    "Key (id)=(48213) already exists.",
    "Duplicate entry '48213-7' for key 'order_items.PRIMARY'",
    "password is: correct; the password for bob was wrong",
    "password uses SHA-256 and bcrypt2 now",
    "password is SHA-256 hashed",
    'secret "default-token-x7k2p" not found',
    "token for user 7c1b2a3d-4e5f-6071-8293-a4b5c6d7e8f9 revoked",
    "credentials in /etc/shop/credentials.json",
    "GET /verify/assets/main-8f3b2c1d0e9f1a2b3c.js",
    "GET /cb?code=ER_DUP_ENTRY_FOR_KEY",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
    "Invalid token: signature mismatch",
    '{primary_key, "5"} :routing_key "orders"',
    'map({password, ""})',
    'auth: "oauth" _auth=none',
    "module hf_tokenizer",
    "Basic abcde",
]


@pytest.mark.parametrize("text", STAYS)
def test_nothing_to_hide(text: str) -> None:
    assert DEFAULT.mask_text(text) is text


@pytest.mark.parametrize(
    "text",
    [
        "ip-999-1-1-1 and ip-127-0-0-1",
        "4111.1111.1111.1112 and 1234_5678_9012_3456",
        "icon@2x.png logo@1.5x.min.js git@host.example.org",
        "203.0.113.77.so lib-1.2.3.4.jar",
        "mobile 12",
    ],
)
def test_no_personal_data(text: str) -> None:
    assert EVERYTHING.mask_text(text) is text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ann%40example.com.txt 203.0.113.77.txt", "[email] [ip].txt"),
        ("password: |\n    a-b-c-1\n\n    d-e-f-2\n  port: 1", "password: |\n    [password]\n  port: 1"),
        ("password: |\n    a-b-c-1", "password: |\n    [password]"),
        (
            "INSERT INTO u (a, password) VALUES ('x', 'y'); COMMIT",
            "INSERT INTO u (a, password) VALUES ([password]); COMMIT",
        ),
        ("INSERT INTO u (a, password) VALUES ('x', 'y", "INSERT INTO u (a, password) VALUES ([password]"),
        ("Key (id, token)=(1, abc) already", "Key (id, token)=([token]) already"),
        ("Key (id, token)=(1, abc", "Key (id, token)=([token]"),
        ('name="password"\\r\\n\\r\\nhunter-22\\r\\n--x', 'name="password"\\r\\n\\r\\n[password]\\r\\n--x'),
        ("<password><![CDATA[a<b]]></password>", "<password><![CDATA[[password]]]></password>"),
        ("cookies={'sid': 'abc'", "cookies={[cookie]"),
        ('{password,<<"hunter-22">>}', '{password,<<"[password]">>}'),
        ('run --password "hunter 22" -v', 'run --password "[password]" -v'),
        ("password=" + "f(x)." * 9 + "y z", "password=[password] z"),
        ("Basic dXNlcjpwYXNzd29yZDEy", "Basic [credentials]"),
        ("Basic dXNlcjpwYXNzd29yZDEya", "Basic [credentials]"),
    ],
)
def test_what_the_reader_sees(text: str, shown: str) -> None:
    assert EVERYTHING.mask_text(text) == shown


def test_a_blocked_value_is_what_the_caller_makes_of_it() -> None:
    masker = Masker(MaskingPlan(patterns=(blocked_value("b[0-9]+", str.upper),)))
    assert masker.mask_text("x b42") == "x B42"
    assert Expression("b[0-9]").is_in("b4")


def test_a_batch_with_nothing_in_it_is_not_walked_over() -> None:
    request = logs_request(body="all is well")
    record = request.resource_logs[0].scope_logs[0].log_records[0]
    record.time_unix_nano = record.observed_time_unix_nano = 1
    assert DEFAULT.is_clean(request)
    batch = LogsBatch(request)
    assert mask_logs(DEFAULT, batch) is batch


def test_what_is_clean_beside_what_is_not_stays() -> None:
    spans = TracesBatch(ExportTraceServiceRequest())
    of_scope = spans.request.resource_spans.add().scope_spans.add()
    of_scope.spans.add(name="all is well")
    of_scope.spans.add(name="password=hunter-22")
    masked = mask_traces(DEFAULT, spans).request.resource_spans[0].scope_spans[0].spans
    assert [span.name for span in masked] == ["all is well", "password=[password]"]
    metrics = MetricsBatch(ExportMetricsServiceRequest())
    in_scope = metrics.request.resource_metrics.add().scope_metrics.add()
    in_scope.metrics.add(name="requests")
    in_scope.metrics.add(name="requests", description="password=hunter-22")
    shown = mask_metrics(DEFAULT, metrics).request.resource_metrics[0].scope_metrics[0].metrics
    assert [metric.description for metric in shown] == ["", "password=[password]"]


def test_what_is_masked_already_is_not_changed_again() -> None:
    batch = LogsBatch(logs_request(attributes={"password": "[password]"}))
    assert mask_logs(DEFAULT, batch) is batch


def test_an_empty_match_is_no_finding() -> None:
    assert Masker(MaskingPlan(patterns=(custom_pattern("ys", "x(?P<s>y*)"),))).mask_text("x xyy") == "x x[ys]"


@pytest.mark.parametrize("key", ["phone", "user.phone", "mobileNumber", "phone_no", "contact.telephone"])
def test_a_key_says_that_its_value_is_a_telephone_number(key: str) -> None:
    assert is_phone_key(key)
    batch = LogsBatch(logs_request(attributes={key: 4155552671}))
    masked = mask_logs(EVERYTHING, batch).request
    assert b"4155552671" not in masked.SerializeToString()
    assert masked.resource_logs[0].scope_logs[0].log_records[0].attributes[0].value.string_value == "[phone]"
    assert mask_logs(DEFAULT, batch) is batch


@pytest.mark.parametrize("key", ["phone.model", "", "microphone", "phonebook", "numbers"])
def test_other_keys_say_nothing_of_telephones(key: str) -> None:
    assert not is_phone_key(key)


def test_a_telephone_number_by_its_key_is_hashed_or_dropped_as_the_pattern_is() -> None:
    phones = select_patterns(["phone"])
    dropped = Masker(MaskingPlan(patterns=phones, action=Action.DROP))
    batch = LogsBatch(logs_request(attributes={"phone": "4155552671", "other": "x"}))
    kept = mask_logs(dropped, batch).request.resource_logs[0].scope_logs[0].log_records[0].attributes
    assert [pair.key for pair in kept] == ["other"]
    hashed = Masker(MaskingPlan(patterns=phones, action=Action.HASH, hash_key=Secret("a key of this test")))
    record = mask_logs(hashed, batch).request.resource_logs[0].scope_logs[0].log_records[0]
    assert record.attributes[0].value.string_value.startswith("phone-")


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("ASP.NET_SessionId", "session-id"),
        ("connect.sid", "session-id"),
        ("session.id", ""),
        ("AZURE_EXT_PAT", "token"),
    ],
)
def test_keys_of_sessions(key: str, kind: str) -> None:
    assert kind_of_key(key) == kind


def test_a_record_without_a_body_and_empty_values() -> None:
    walk = Walk(EVERYTHING, may_change=True)
    record = LogRecord(
        attributes=[KeyValue(key="password"), KeyValue(key="tokens", value=AnyValue(array_value=ArrayValue()))]
    )
    walk.attributes(record.attributes)
    walk.body(record)
    assert walk.changes == 0
