"""What is read from a record, however odd it is."""

import time
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.facts import NO_MESSAGE, RecordFacts, record_facts, severity_label, severity_name
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.testing.otlp import any_value, key_values


def facts_of(
    body: Any = None, attributes: dict[str, Any] | None = None, resource: dict[str, Any] | None = None, **fields: Any
) -> RecordFacts:
    record = LogRecord(body=any_value(body), attributes=key_values(attributes or {}), **fields)
    source = source_facts(Resource(attributes=key_values(resource or {})).SerializeToString())
    return record_facts(source, InstrumentationScope(name="shop", version="1"), record)


@pytest.mark.parametrize(
    ("body", "title", "rest"),
    [
        ("one line", "one line", ""),
        ("first\n\nsecond\nthird\n", "first", "second\nthird"),
        ("  padded  ", "padded", ""),
        ("\x1b[31mred\x1b[0m \x00nul", "red nul", ""),
        (None, NO_MESSAGE, ""),
        ("", NO_MESSAGE, ""),
        ("   \n  ", NO_MESSAGE, ""),
        (42, "42", ""),
        (2.5, "2.5", ""),
        (True, "true", ""),
        (float("nan"), "nan", ""),
        ([1, "two", None], "1, two, null", ""),
        (b"\x00\x01\x02", "3 B: 0001 02", ""),
        ({"message": "hi", "order": 7}, "hi", ""),
        ({"event": "cart.emptied", "level": "info"}, "cart.emptied", ""),
        ({"order": 7, "user": {"id": 3}}, "order=7  user=(id=3)", ""),
        ('{"msg": "from json", "order": 7}', "from json", ""),
        ('{"order": 7}', '{"order": 7}', ""),
        ("{not json}", "{not json}", ""),
        ('{"msg": ' + "[" * 5000 + "}", None, None),
        ({}, NO_MESSAGE, ""),
        ([], NO_MESSAGE, ""),
        ("1920×1080 and ×5", "1920×\u200b1080 and ×\u200b5", ""),
    ],
)
def test_title_and_rest_of_a_body(body: Any, title: str | None, rest: str | None) -> None:
    facts = facts_of(body)
    assert facts.title.strip()
    if title is not None:
        assert (facts.title, facts.body) == (title, rest)


def test_entries_of_a_structured_body_stay() -> None:
    facts = facts_of({"message": "hi", "order": 7, "level": "error", "nothing": "", "deep": {"a": [1, 2]}})
    assert facts.body_pairs == (("order", "7"), ("deep", "(a=[1, 2])"))


@pytest.mark.parametrize(
    ("attributes", "fields", "title"),
    [
        ({}, {"event_name": "user.login"}, "user.login"),
        ({"event.name": "user.login"}, {}, "user.login"),
        ({"message": "in an attribute"}, {}, "in an attribute"),
        ({"other": 1}, {}, NO_MESSAGE),
    ],
)
def test_a_title_without_a_body(attributes: dict[str, Any], fields: dict[str, Any], title: str) -> None:
    assert facts_of(None, attributes, **fields).title == title


KEY_ERROR = "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'rate'"
GO = "panic: runtime error: index\n\ngoroutine 1 [running]:\nmain.f()\n\t/srv/a.go:3 +0x1"
PYTHON = (
    "Traceback (most recent call last):\n"
    '  File "/srv/app/cart/totals.py", line 118, in add_tax\n    x\nTypeError: no tax'
)


@pytest.mark.parametrize(
    ("attributes", "body", "title", "rest"),
    [
        ({"exception.type": "TypeError", "exception.message": "bad"}, "bad", "TypeError: bad", ""),
        ({"exception.type": "builtins.TypeError", "exception.message": "bad"}, None, "TypeError: bad", ""),
        (
            {"exception.type": "java.lang.IllegalStateException"},
            "while paying",
            "IllegalStateException",
            "while paying",
        ),
        ({"exception.message": "only a message"}, None, "only a message", ""),
        ({"exception.type": "KeyError", "exception.stacktrace": KEY_ERROR}, "", "KeyError: 'rate'", ""),
        ({"exception.stacktrace": PYTHON}, "while adding", "TypeError: no tax", "while adding"),
        ({"exception.type": "E", "exception.message": "first\nsecond"}, None, "E: first", "second"),
        ({"exception.type": "E", "exception.message": "E: first"}, None, "E: first", ""),
        ({}, "could not add\n" + PYTHON, "TypeError: no tax", "could not add"),
        ({}, PYTHON, "TypeError: no tax", ""),
        ({}, GO, "panic: runtime error: index", ""),
        ({}, "oops\njava.io.IOException: gone\n\tat com.shop.A.b(A.java:3)", "IOException: gone", "oops"),
        ({}, "two lines\nat the pier", "two lines", "at the pier"),
    ],
)
def test_exceptions(attributes: dict[str, Any], body: Any, title: str, rest: str) -> None:
    facts = facts_of(body, attributes)
    assert (facts.title, facts.body) == (title, rest)


@pytest.mark.parametrize(
    ("trace", "title"),
    [
        (PYTHON, "TypeError: no tax"),
        (KEY_ERROR, "KeyError: 'rate'"),
        (GO, "panic: runtime error: index"),
        ("java.io.IOException: gone\n\tat com.shop.A.b(A.java:3)\nCaused by: x.Y: z", "IOException: gone"),
        (PYTHON.rpartition("\n")[0], "cart/totals.py:118 in add_tax"),
        ("\tat com.shop.A.b(A.java:3)\n\tat com.shop.C.d(C.java:4)", "A.java:3 in A.b"),
        ("    at internal (node:internal/x:3:4)", "node:internal/x:3 in internal"),
        ("goroutine 1 [running]:\nmain.f()\n\t/srv/a.go:3 +0x1", "srv/a.go:3 in main.f"),
        ("app.rb:3:in `pay'\n  from app.rb:9\nShop::PaymentError: declined", "Shop::PaymentError: declined"),
        (
            "  + Exception Group Traceback\n  | ExceptionGroup: two (2 sub-exceptions)",
            "ExceptionGroup: two (2 sub-exceptions)",
        ),
        ("#0 /srv/a.php(3): pay()\n#1 {main}", "#0 /srv/a.php(3): pay()"),
    ],
)
def test_a_trace_alone_gives_the_title(trace: str, title: str) -> None:
    assert facts_of(None, {"exception.stacktrace": trace}).title == title


@pytest.mark.parametrize(
    ("kind", "message", "line", "title"),
    [
        ("KeyError", "rate", "KeyError: 'rate'", "KeyError: 'rate'"),
        ("FileNotFoundError", "2", "FileNotFoundError: [Errno 2] No such file: '/x'", None),
        (
            "JSONDecodeError",
            "broken",
            "json.decoder.JSONDecodeError: broken: line 1",
            "JSONDecodeError: broken: line 1",
        ),
        ("ValueError", "said otherwise", "ValueError: bad", "ValueError: said otherwise"),
        ("ValueError", "bad", "shop.OtherError: bad thing", "ValueError: bad"),
        ("ValueError", "bad\nof two lines", "ValueError: bad", "ValueError: bad"),
    ],
)
def test_a_message_that_is_only_a_part_is_read_from_the_trace(
    kind: str, message: str, line: str, title: str | None
) -> None:
    trace = f'Traceback (most recent call last):\n  File "/srv/a.py", line 1, in f\n    g()\n{line}'
    attributes = {"exception.type": kind, "exception.message": message, "exception.stacktrace": trace}
    assert facts_of("x", attributes).title == (title or line)


def test_a_group_around_one_error_is_titled_by_it() -> None:
    trace = (
        "  + Exception Group Traceback (most recent call last):\n"
        '  |   File "/srv/app/main.py", line 9, in main\n'
        "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n"
        "  +-+---------------- 1 ----------------\n"
        "    | Traceback (most recent call last):\n"
        '    |   File "/srv/app/rates.py", line 7, in rate\n'
        "    | shop.RateError: no rate\n"
        "    +------------------------------------\n"
    )
    group = {"exception.type": "ExceptionGroup", "exception.message": "unhandled errors in a TaskGroup"}
    facts = facts_of("Nightly job failed", {**group, "exception.stacktrace": trace})
    assert facts.title == "RateError: no rate (in ExceptionGroup: unhandled errors in a TaskGroup)"
    assert facts.location == "app/rates.py:7 in rate"


def test_without_a_message_the_place_is_told() -> None:
    place = {"code.file.path": "/srv/app/cart/views.py", "code.line.number": 7, "code.function.name": "pay"}
    assert facts_of("", place).title == f"{NO_MESSAGE} at cart/views.py:7 in pay"


def test_a_stack_that_was_asked_for_is_shown() -> None:
    stack = (
        'Stack (most recent call last):\n  File "/srv/app/main.py", line 3, in <module>\n    run()\n'
        '  File "/srv/app/locks.py", line 9, in run\n    log.error("Lock held for too long", stack_info=True)'
    )
    facts = facts_of("Lock held for too long", {"code.stacktrace": stack})
    assert (facts.title, facts.body, facts.location) == ("Lock held for too long", "", "app/locks.py:9 in run")
    assert facts.exception is not None
    assert (facts.exception.type, facts.exception.message, facts.exception.trace_text) == ("", "", stack)
    also = {"exception.type": "ValueError", "exception.message": "bad"}
    assert facts_of("x", {"code.stacktrace": stack, **also}).title == "ValueError: bad"


def test_location() -> None:
    assert facts_of("x", {"exception.stacktrace": PYTHON}).location == "cart/totals.py:118 in add_tax"
    new = {"code.file.path": "/srv/app/cart/views.py", "code.line.number": 7, "code.function.name": "shop.cart.pay"}
    old = {
        "code.filepath": "/srv/app/cart/views.py",
        "code.lineno": 7,
        "code.function": "pay",
        "code.namespace": "cart",
    }
    assert facts_of("x", new).location == "cart/views.py:7 in cart.pay"
    assert facts_of("x", old).location == "cart/views.py:7 in cart.pay"
    assert facts_of("x", {"code.function.name": "<module>"}).location == ""


@pytest.mark.parametrize(
    ("attributes", "pairs"),
    [
        ({"order": 48213, "gateway": "stripe"}, [("order", "48213"), ("gateway", "stripe")]),
        (
            {
                "a": 1,
                "user.id": "u-1",
                "error.type": "timeout",
                "http.request.method": "POST",
                "url.path": "/cart",
                "http.response.status_code": 500,
            },
            [("request", "POST /cart → 500"), ("error", "timeout"), ("user", "u-1"), ("a", "1")],
        ),
        ({"http.request.method": "GET"}, [("method", "GET")]),
        (
            {
                "http.method": "GET",
                "http.route": "/cart",
                "http.host": "10.0.0.1:80",
                "http.server_name": "10.0.0.1:80",
                "net.host.port": 80,
                "net.peer.ip": "10.0.0.2",
            },
            [("request", "GET /cart")],
        ),
        ({"request": {"path": "/a"}}, [("request", "(path=/a)")]),
        (
            {
                "exception.type": "E",
                "code.lineno": 1,
                "thread.name": "t",
                "otelTraceID": "0",
                "log.file.name": "x",
                "funcName": "f",
            },
            [],
        ),
        ({"empty": "", "none": None, "list": [1, 2], "long": "x" * 5_000}, [("list", "1, 2")]),
        ({"same": "as resource", "k": "other"}, [("k", "other")]),
        ({"order": "4711 is told"}, []),
        ({"multi": "a\n  b"}, [("multi", "a b")]),
    ],
)
def test_chosen_attributes(attributes: dict[str, Any], pairs: list[tuple[str, str]]) -> None:
    facts = facts_of("the order 4711 is told", attributes, {"same": "as resource"})
    assert [(attribute.name, attribute.value) for attribute in facts.attributes] == pairs


def test_of_duplicates_the_last_counts() -> None:
    record = LogRecord(attributes=[KeyValue(key="k", value=any_value(n)) for n in (1, 2)])
    facts = record_facts(source_facts(b""), InstrumentationScope(), record)
    assert facts.all_attributes == {"k": 2}


@pytest.mark.parametrize(
    ("number", "text", "name", "label"),
    [
        (0, "", "", ""),
        (9, "", "INFO", "INFO"),
        (9, "Informational", "INFO", "INFO (Informational)"),
        (17, "ERROR", "ERROR", "ERROR"),
        (18, "error", "ERROR2", "ERROR2"),
        (24, "", "FATAL4", "FATAL4"),
        (25, "", "", ""),
        (0, "weird", "", "weird"),
        (13, "*W*\x00", "WARN", "WARN (*W*)"),
    ],
)
def test_severity(number: int, text: str, name: str, label: str) -> None:
    assert severity_name(number) == name
    assert severity_label(name, text) == label


def test_severity_from_text_only_without_a_number() -> None:
    assert facts_of("x", severity_text="WARNING").severity_number == 13
    assert facts_of("x", severity_number=17, severity_text="WARNING").severity_number == 17


def test_times_and_ids() -> None:
    assert facts_of("x", time_unix_nano=5, observed_time_unix_nano=7).time_unix_ns == 5
    assert facts_of("x", observed_time_unix_nano=7).time_unix_ns == 7
    assert facts_of("x").time_unix_ns == 0
    assert facts_of("x", trace_id=b"\1" * 16, span_id=b"\2" * 8).trace_id == "01" * 16
    assert facts_of("x", trace_id=bytes(16), span_id=b"\2" * 3).trace_id == ""
    assert facts_of("x", span_id=b"\2" * 3).span_id == ""


def test_source() -> None:
    old = {"service.name": "checkout", "deployment.environment": "prod", "host.name": "h", "k8s.pod.name": "pod-1"}
    source = facts_of("x", None, old).source
    assert (source.service, source.environment, source.host) == ("checkout", "prod", "pod-1")
    assert facts_of("x", None, {"deployment.environment.name": "new", **old}).source.environment == "new"
    assert facts_of("x", None, {"service.name": "unknown_service:python"}).source.service == ""
    assert facts_of("x", None, {"service.name": 7}).source.service == "7"


def nested(depth: int) -> AnyValue:
    value = AnyValue(string_value="leaf")
    for _ in range(depth):
        value = AnyValue(array_value=ArrayValue(values=[value]))
    return value


@pytest.mark.parametrize(
    "record",
    [
        LogRecord(body=AnyValue(string_value="x" * 20_000_000)),
        LogRecord(body=AnyValue(string_value="\x00" * 3_000_000)),
        LogRecord(body=AnyValue(string_value="{" * 1_000_000)),
        LogRecord(body=AnyValue(string_value="a\n" * 2_000_000)),
        LogRecord(body=AnyValue(string_value="\n at x(y:1:2)" * 300_000)),
        LogRecord(body=AnyValue(string_value='\n  File "x", line 1, in y' * 300_000)),
        LogRecord(body=AnyValue(bytes_value=bytes(5_000_000))),
        LogRecord(body=nested(30)),
        LogRecord(attributes=[KeyValue(key=f"k{n}", value=AnyValue(int_value=n)) for n in range(200_000)]),
        LogRecord(body=AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key=f"k{n}") for n in range(200_000)]))),
        LogRecord(
            attributes=key_values({"exception.stacktrace": "Traceback (most recent call last):\n" + "x: " * 1_000_000})
        ),
        LogRecord(
            attributes=key_values({"exception.stacktrace": "  at a.b.c(" * 500_000, "exception.type": "T" * 1_000_000})
        ),
        LogRecord(severity_text="s" * 5_000_000, event_name="e" * 5_000_000),
    ],
    ids=range(13),
)
def test_time_is_bounded(record: LogRecord) -> None:
    started = time.process_time()
    facts = record_facts(source_facts(b""), InstrumentationScope(), record)
    assert time.process_time() - started < 0.5
    assert facts.title.strip()
    assert len(facts.title) < 20_000


@pytest.mark.parametrize(
    ("instance", "host"), [("web-1", "web-1"), ("627cc493-f310-47de-96bd-71410b7dec09", ""), (17, "17")]
)
def test_an_instance_that_an_sdk_made_up_is_no_place(instance: Any, host: str) -> None:

    resource = Resource(attributes=key_values({"service.instance.id": instance, "service.name": "a"}))
    facts = source_facts(resource.SerializeToString())
    assert facts.host == host
    assert ("service.instance.id" in facts.attributes) is bool(host)
