"""Which problem a record tells of."""

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.facts_source import SourceFacts
from otel_discord.exporters.discord.folding import problem as problem_module
from otel_discord.exporters.discord.folding.problem import KIND_BYTES, ProblemFinder, group_of, who
from otel_discord.testing.otlp import any_value, key_values

ERROR = 17


def fingerprint(finder: ProblemFinder, record: LogRecord, *, whose: str = "shop", severity: int = ERROR) -> bytes:
    return finder.find(whose, record, severity, is_critical=severity >= 21).fingerprint


def record(body: str = "", event_name: str = "", **attributes: str) -> LogRecord:
    given = {name.replace("_", "."): value for name, value in attributes.items()}
    return LogRecord(body=AnyValue(string_value=body), event_name=event_name, attributes=key_values(given))


BASE = record("order 17 failed")


@pytest.mark.parametrize("other", [record("order 99 failed"), record("order 17 failed", user_id="7")])
def test_numbers_and_other_attributes_make_no_other_problem(other: LogRecord) -> None:
    finder = ProblemFinder()
    assert fingerprint(finder, BASE) == fingerprint(finder, other)


@pytest.mark.parametrize(
    "other",
    [
        record("basket 17 failed"),
        record("order 17 failed", event_name="order.failed"),
        record("order 17 failed", event_name_="x", event_name="other"),
        record("order 17 failed", exception_type="ValueError"),
        record("order 17 failed", exception_message="no stock left"),
        record(),
    ],
)
def test_other_words_events_and_exceptions_are_other_problems(other: LogRecord) -> None:
    finder = ProblemFinder()
    assert fingerprint(finder, BASE) != fingerprint(finder, other)


def test_what_an_exception_group_holds_makes_another_problem() -> None:
    def group(*errors: str) -> LogRecord:
        lines = ["  + Exception Group Traceback (most recent call last):", '  |   File "/srv/a.py", line 1, in main']
        lines.append(f"  | ExceptionGroup: unhandled errors in a TaskGroup ({len(errors)} sub-exceptions)")
        for number, error in enumerate(errors, 1):
            lines += [f"  {'+-+' if number == 1 else '  +'}---------------- {number} ----------------"]
            lines += [f"    | {line}" for line in error.split("\n")]
        lines.append("    +------------------------------------")
        return record(
            "Nightly job failed",
            exception_type="ExceptionGroup",
            exception_message="unhandled errors in a TaskGroup",
            exception_stacktrace="\n".join(lines),
        )

    finder = ProblemFinder()
    bad_rate = fingerprint(finder, group("ValueError: bad rate 17"))
    assert bad_rate == fingerprint(finder, group("ValueError: bad rate 18"))
    assert bad_rate == fingerprint(finder, group("ValueError: bad rate 17", "ValueError: bad rate 17"))
    assert bad_rate != fingerprint(finder, group("ValueError: no stock"))
    assert bad_rate != fingerprint(finder, group("ConnectionRefusedError: database"))
    assert bad_rate != fingerprint(finder, group("ValueError: bad rate 17", "KeyError: 'x'"))


def test_who_and_how_bad_make_another_problem() -> None:
    finder = ProblemFinder()
    all_different = {
        fingerprint(finder, BASE),
        fingerprint(finder, BASE, whose="search"),
        fingerprint(finder, BASE, severity=13),
        fingerprint(finder, BASE, severity=21),
    }
    assert len(all_different) == 4
    assert fingerprint(finder, BASE, severity=18) == fingerprint(finder, BASE)
    critical = finder.find("shop", BASE, 18, is_critical=True).fingerprint
    assert critical not in all_different


def test_it_is_the_same_in_another_process() -> None:
    assert fingerprint(ProblemFinder(), BASE) == fingerprint(ProblemFinder(), record("order 4 failed"))


def test_the_event_may_be_named_by_an_attribute() -> None:
    finder = ProblemFinder()
    by_attribute = LogRecord(body=BASE.body, attributes=key_values({"event.name": "order.failed"}))
    assert fingerprint(finder, by_attribute) == fingerprint(
        finder, record("order 17 failed", event_name="order.failed")
    )


def test_a_message_that_repeats_its_exception_is_told_once() -> None:
    found = ProblemFinder().find(
        "shop", record("failed: no stock", exception_message="no stock"), ERROR, is_critical=False
    )
    assert found.text == "failed: no stock"
    assert (
        ProblemFinder().find("shop", record(exception_message="no stock"), ERROR, is_critical=False).text == "no stock"
    )


def test_a_structured_body_is_its_sentence() -> None:
    finder = ProblemFinder()
    as_json = record('{"message": "order 17 failed", "order": 17}')
    as_map = LogRecord(
        body=AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="message", value=any_value("order 3 failed"))]))
    )
    assert fingerprint(finder, as_json) == fingerprint(finder, as_map) == fingerprint(finder, BASE)


def test_without_a_message_it_is_what_else_tells_of_it() -> None:
    finder = ProblemFinder()
    tells = ["order 17 failed", "order.failed", "order 3 failed"]
    records = [record(msg="order 17 failed"), record(event_name="order.failed"), record(message="order 3 failed")]
    found = [finder.find("shop", each, ERROR, is_critical=False) for each in records]
    assert [each.text for each in found] == tells
    assert found[0].fingerprint == found[2].fingerprint
    keys = KeyValueList(values=[KeyValue(key="b"), KeyValue(key="a")])
    assert finder.find("", LogRecord(body=AnyValue(kvlist_value=keys)), ERROR, is_critical=False).text == "a b"


def test_a_record_with_a_file_has_no_fingerprint() -> None:
    assert fingerprint(ProblemFinder(), record("x", discord_attachments="[]")) == b""


def test_an_event_name_that_is_no_text_is_none() -> None:
    finder = ProblemFinder()
    odd = LogRecord(body=BASE.body, attributes=key_values({"event.name": 7, "exception.message": 7}))
    assert fingerprint(finder, odd) == fingerprint(finder, BASE)


def test_a_learnt_problem_keeps_its_fingerprint_over_a_restart() -> None:
    finder = ProblemFinder()
    names = ["anna", "bert", "carl", "dora", "emil", "fred", "gina", "hans", "iris", "jana", "kurt", "lena", "mark"]
    names += ["nina", "otto", "paul", "quin", "rosa", "sven", "tina", "udo", "vera", "willi", "xenia", "yann", "zoe"]
    found = [finder.find("shop", record(f"refused to greet {name}"), ERROR, is_critical=False) for name in names]
    last = found[-1]
    assert found[-2].fingerprint == last.fingerprint, "many different words at one place are one problem in the end"
    after = ProblemFinder()
    after.miner.seed(last.template, group_of(last.fingerprint))
    assert fingerprint(after, record("refused to greet ludwig")) == last.fingerprint


def test_kinds_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problem_module, "_MAX_KINDS", 3)
    finder = ProblemFinder()
    first = fingerprint(finder, BASE, whose="0")
    for number in range(9):
        fingerprint(finder, BASE, whose=str(number))
    assert len(finder._kinds) <= 3
    assert fingerprint(finder, BASE, whose="0") == first
    assert len(first) == KIND_BYTES + 8


def test_whose_it_is_says_service_and_environment() -> None:
    assert who(SourceFacts(service="shop", environment="prod")) != who(SourceFacts(service="shop"))
