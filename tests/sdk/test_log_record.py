"""What a log record says, whatever the application has put into it."""

import logging
import sys
import traceback
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.sdk.log_record import exception_of_text, message_of, snapshot_of
from otel_discord.sdk.snapshot import Snapshot
from tests.sdk.collecting import collecting


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


def record(**values: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "shop", "levelno": 40, "levelname": "ERROR", "msg": "hello", **values})


def snapshot(**values: Any) -> Snapshot:
    return snapshot_of(record(**values), severity=17, resource={})


@pytest.mark.parametrize(
    ("message", "args", "said"),
    [
        ("paid %s of %d", ("a", 3), "paid a of 3"),
        ("100 %", (), "100 %"),
        ("paid %d", ("a",), "paid %d (values do not fit: 'a')"),
        ("paid %s", ("a", "b"), "paid %s (values do not fit: 'a', 'b')"),
        ("paid %s", (Unprintable(),), "paid %s (values do not fit: <unprintable Unprintable>)"),
        (Unprintable(), (), "<unprintable Unprintable> (values do not fit: )"),
        (ValueError("no"), (), "no"),
        (ValueError(), (), "ValueError()"),
        (7, (), "7"),
        ("%(a)s", ({"a": 1},), "1"),
    ],
)
def test_the_message_is_said_whatever_is_wrong_with_it(message: Any, args: Any, said: str) -> None:
    given_ = logging.LogRecord("shop", 40, "app.py", 1, message, args, None)
    assert message_of(given_) == said
    assert snapshot_of(given_, severity=17, resource={}).body == said


def test_the_template_is_the_message_before_its_values_and_only_there() -> None:
    assert snapshot(msg="paid %s", args=("a",)).template == "paid %s"
    assert snapshot(msg="paid a").template == ""
    assert snapshot(msg="%s: %s", args=("a", "b")).template == ""


def test_extras_are_attributes_and_nothing_else_is() -> None:
    with collecting(include_code=False) as (logger, outlet):
        logger.error("x", extra={"order": 3, "cart": {"items": ["a"]}, "_logger": object(), "who": Unprintable()})
    assert outlet.only.attributes == {"order": 3, "cart": {"items": ("a",)}, "who": "<unprintable Unprintable>"}


def test_a_plain_record_has_no_attributes() -> None:
    with collecting(include_code=False) as (logger, outlet):
        logger.error("x")
        logging.Formatter("%(asctime)s %(message)s").format(record())
    assert dict(outlet.only.attributes) == {}


def test_what_changes_later_is_as_it_was() -> None:
    order = {"lines": [1]}
    with collecting() as (logger, outlet):
        logger.error("x", extra={"order": order})
        order["lines"].append(2)
    assert outlet.only.attributes["order"] == {"lines": (1,)}


def test_where_in_the_code_and_on_which_thread() -> None:
    given_ = snapshot(pathname="/srv/app.py", lineno=7, funcName="pay", threadName="worker-1")
    assert given_.attributes == {
        "code.file.path": "/srv/app.py",
        "code.line.number": 7,
        "code.function.name": "pay",
        "thread.name": "worker-1",
    }
    assert not snapshot(threadName="MainThread").attributes


def test_time_is_that_of_the_record() -> None:
    assert snapshot(created=1_700_000_000.123456).time_ns == 1_700_000_000_123_456_000


def test_an_exception_is_captured_with_its_words() -> None:
    try:
        raise ValueError("19 %")
    except ValueError:
        given_ = snapshot(exc_info=sys.exc_info())
    assert given_.exception is not None
    assert (given_.exception.type, given_.exception.message) == ("ValueError", "19 %")


@pytest.mark.parametrize("message", [ValueError("no"), {"event": "x", "exc_info": ValueError("no")}])
def test_an_exception_that_is_the_message_or_in_it_is_evidence_too(message: Any) -> None:
    given_ = snapshot(msg=message)
    assert given_.exception is not None
    assert given_.exception.type == "ValueError"


def test_nothing_to_capture_is_no_exception() -> None:
    assert snapshot(exc_info=(None, None, None)).exception is None
    assert snapshot(exc_info=True).exception is None


def test_a_structured_message_stays_structured() -> None:
    assert snapshot(msg={"event": "declined", "order": 3}).body == {"event": "declined", "order": 3}


def test_a_trace_that_the_message_repeats_is_said_once() -> None:
    text = "failed\nTraceback (most recent call last):\n  File ..."
    assert snapshot(msg=text, exc_info=(ValueError, ValueError("x"), None)).body == "failed"
    assert snapshot(msg=text).body == text


def test_a_stack_is_an_attribute() -> None:
    with collecting() as (logger, outlet):
        logger.warning("slow", stack_info=True)
    assert "test_a_stack_is_an_attribute" in outlet.only.attributes["code.stacktrace"]


def test_loguru_extras_lie_one_deeper() -> None:
    assert snapshot(extra={"order": 3}, exc_text="\n").attributes == {"order": 3}


@pytest.mark.parametrize("key", ["otel.event.name", "event.name"])
def test_an_event_has_a_name(key: str) -> None:
    given_ = snapshot(**{key: "discord.member.join"})
    assert given_.event_name == "discord.member.join"
    assert not given_.attributes


def test_attachments_pass_whole() -> None:
    big = b"x" * 1_000_000
    text = "y" * 1_000_000
    files = [{"filename": "a.bin", "data": bytearray(big)}, {"filename": "b.txt", "data": text}, "nonsense"]
    passed = snapshot(**{"discord.attachments": files}).attributes["discord.attachments"]
    assert passed == ({"filename": "a.bin", "data": big}, {"filename": "b.txt", "data": text}, "nonsense")
    assert type(passed[0]["data"]) is bytes


def test_what_instrumentation_notes_becomes_ids_and_is_not_shown() -> None:
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    given_ = snapshot(otelTraceID=trace, otelSpanID=span, otelTraceSampled=True, otelServiceName="shop")
    assert (given_.trace_id, given_.span_id, given_.flags) == (int(trace, 16), int(span, 16), 1)
    assert not given_.attributes


@pytest.mark.parametrize("noise", ["0", "", "none of hex", "-5", "f" * 33, 7, None])
def test_ids_that_are_none(noise: Any) -> None:
    given_ = snapshot(otelTraceID=noise, otelSpanID=noise)
    assert (given_.trace_id, given_.span_id, given_.flags) == (0, 0, 0)


def test_the_span_that_runs_is_noted() -> None:
    from opentelemetry import trace

    context = trace.SpanContext(trace_id=5, span_id=6, is_remote=False, trace_flags=trace.TraceFlags(1))
    with trace.use_span(trace.NonRecordingSpan(context)):
        given_ = snapshot()
    assert (given_.trace_id, given_.span_id, given_.flags) == (5, 6, 1)


def test_half_an_opentelemetry_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", SimpleNamespace())  # type: ignore[arg-type]
    assert snapshot().trace_id == 0


# --------------------------------------------------------------------------------------- a trace that is only text


def raised(error: BaseException) -> str:
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001
        return "".join(traceback.format_exception(caught))


class OddError(Exception):
    pass


def test_a_printed_trace_has_a_type_and_a_message() -> None:
    found = exception_of_text(raised(ValueError("no\nsecond line")))
    assert (found["exception.type"], found["exception.message"]) == ("ValueError", "no\nsecond line")
    assert found["exception.stacktrace"].startswith("Traceback")


def test_of_a_chain_the_last_counts() -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise OddError("outer: worse") from inner
    except OddError as caught:
        found = exception_of_text("".join(traceback.format_exception(caught)))
    assert found["exception.type"].endswith("OddError")
    assert found["exception.message"] == "outer: worse"


def test_of_a_group_the_group_counts() -> None:
    found = exception_of_text(raised(ExceptionGroup("both", [ValueError("a"), KeyError("b")])))
    assert found["exception.type"] == "ExceptionGroup"
    assert found["exception.message"] == "both (2 sub-exceptions)"


def test_without_a_message_there_is_none() -> None:
    found = exception_of_text(raised(ValueError()))
    assert found["exception.type"] == "ValueError"
    assert "exception.message" not in found


def test_nothing_is_nothing() -> None:
    assert exception_of_text("\n") == {}


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    found = exception_of_text(text)
    assert not found or "exception.stacktrace" in found


def test_a_trace_from_another_thread_becomes_attributes_unless_there_are_some() -> None:
    text = raised(ValueError("no"))
    assert snapshot(exc_text=text).attributes["exception.type"] == "ValueError"
    assert snapshot(exc_text=text, **{"exception.type": "Mine"}).attributes["exception.type"] == "Mine"


hostile = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.just(Unprintable()),
    st.lists(st.integers()), st.dictionaries(st.text(), st.integers()),
)  # fmt: skip


@given(message=hostile, args=st.lists(hostile, max_size=3), extra=st.dictionaries(st.text(), hostile, max_size=4))
def test_nothing_raises(message: Any, args: list[Any], extra: dict[str, Any]) -> None:
    given_ = logging.LogRecord("shop", 40, "app.py", 1, message, tuple(args), None)
    for key, value in extra.items():
        if key not in given_.__dict__:
            given_.__dict__[key] = value
    assert snapshot_of(given_, severity=17, resource={}).body is not Ellipsis
