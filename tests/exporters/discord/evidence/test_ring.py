"""What is kept, and for how long: bounds, fairness, order."""

import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

from otel_discord.exporters.discord.evidence.lines import Reader
from otel_discord.exporters.discord.evidence.origin import Origin
from otel_discord.exporters.discord.evidence.ring import MOST_RECORD_BYTES, Ring
from otel_discord.signals import LogsBatch
from otel_discord.testing.otlp import key_values
from tests.exporters.discord.log_lines import log_lines as batch

SECOND = 10**9
KIB = 1024


def anyone(_: Origin) -> bool:
    return True


def bodies(ring: Ring, service: str = "") -> list[str]:
    kept = ring.find(lambda origin: not service or origin.label == service, 10**6, 10**6)
    return [LogRecord.FromString(each.record).body.string_value for part in kept for each in part]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.integers(1, 24),
            st.lists(st.integers(0, 2_000), max_size=12),
            st.integers(0, 40),
        ),
        max_size=40,
    ),
    st.integers(0, 40),
)
@example([("a", 1, [0], 0), ("b", 1, [0], 0), ("a", 1, [], 0)], 4)
def test_its_bounds_hold_and_its_order(steps: list[tuple[str, int, list[int], int]], max_kib: int) -> None:
    window_ns, now_ns, number = 60 * SECOND, 10**18, 0
    ring = Ring(window_ns, max_kib * KIB)
    came: dict[int, int] = {}
    for service, severity, sizes, later_s in steps:
        now_ns += later_s * SECOND
        texts = []
        for size in sizes:
            number += 1
            came[number] = now_ns
            texts.append(f"{number} {'x' * size}")
        ring.take(batch(*texts, service=service, severity=severity), now_ns)
        assert ring.used_bytes <= max(max_kib * KIB, 4 * KIB)  # as much a service takes of which nothing is kept
        ring.sweep(now_ns)
        for part in ring.find(anyone, 10**6, 10**6):
            numbers = [int(LogRecord.FromString(each.record).body.string_value.split()[0]) for each in part]
            assert numbers == sorted(numbers)
            assert all(came[each] >= now_ns - window_ns for each in numbers)
            for name in "abc":  # of each service the newest are kept, without gaps
                own = [each for each in part if each.origin.label == name]
                assert len(own) == len({id(each) for each in own})


def test_a_noisy_service_leaves_the_others_their_lines() -> None:
    ring = Ring(600 * SECOND, 256 * KIB)
    ring.take(batch(*(f"quiet {number}" for number in range(50)), service="quiet"), 0)
    for number in range(300):
        ring.take(batch(*[f"noise {number} {'x' * 200}"] * 50, service="noisy", severity=5), number * SECOND)
    assert bodies(ring, "quiet") == [f"quiet {number}" for number in range(50)]
    assert bodies(ring, "noisy")[-1].startswith("noise 299")
    assert ring.used_bytes <= 256 * KIB


def test_debug_lines_do_not_push_out_the_errors_of_their_own_service() -> None:
    ring = Ring(600 * SECOND, 64 * KIB)
    ring.take(batch("it broke"), 0)
    for number in range(200):
        ring.take(batch(*["x" * 100] * 20, severity=5), number)
    assert bodies(ring)[0] == "it broke"


def test_what_came_too_long_ago_is_gone_also_of_who_fell_silent() -> None:
    ring = Ring(60 * SECOND, 256 * KIB)
    ring.take(batch("old", service="silent"), 0)
    empty_bytes = ring.used_bytes
    ring.take(batch("new"), 61 * SECOND)
    assert bodies(ring) == ["new"]
    assert ring.used_bytes <= 2 * empty_bytes


def test_many_services_are_bounded() -> None:
    ring = Ring(60 * SECOND, 8 << 20)
    for number in range(3_000):
        ring.take(batch("up", service=f"job-{number}"), number)
    assert bodies(ring, "job-2999") == ["up"]
    assert bodies(ring, "job-0") == []


def test_alerts_and_status_are_no_lines() -> None:
    ring = Ring(60 * SECOND, 1 << 20)
    assert ring.take(batch("it fires", event_name="alert.firing"), 0).tells_alert
    ring.take(batch("all is well", event_name="heartbeat.status"), 0)
    assert not ring.take(batch("a line", event_name="order.placed"), 0).tells_alert
    assert bodies(ring) == ["a line"]


def test_a_refused_batch_is_not_there() -> None:
    ring = Ring(60 * SECOND, 1 << 20)
    ring.take(batch("once"), 0).is_void = True
    ring.take(batch("once"), 0)
    assert bodies(ring) == ["once"]


def test_of_a_long_record_its_first_words_are_kept() -> None:
    ring = Ring(60 * SECOND, 1 << 20)
    given_batch = batch("it broke " * 100_000)
    record = given_batch.request.resource_logs[0].scope_logs[0].log_records[0]
    record.attributes.extend(
        key_values({"discord.attachments": b"x" * 500_000, "exception.type": "E", "exception.message": "m " * 50_000})
    )
    ring.take(given_batch, 0)
    ring.take(batch("x" * 100_000), 0)
    first, second = bodies(ring)
    assert first.startswith("it broke it broke")
    assert second == "(100,000 characters)"
    assert ring.used_bytes < MOST_RECORD_BYTES + 8 * KIB


def test_the_account_is_honest() -> None:
    batches = [batch(*[f"line {number} of {place}" for number in range(50)]) for place in range(200)]
    ring = Ring(600 * SECOND, 64 << 20)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for each in batches:
            ring.take(each, 0)
        real_bytes = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.85 * ring.used_bytes < real_bytes < 1.15 * ring.used_bytes


def test_what_is_known_to_be_quiet_is_kept_as_what_is_looked_at() -> None:
    lines = batch("one", "two", "", "x" * 700, "y" * 20_000, *(f"line {number}" for number in range(400)), severity=5)
    quiet, looked_at = Ring(60 * SECOND, 8 << 20), Ring(60 * SECOND, 8 << 20)
    assert not quiet.take(lines, 0, is_quiet=True).tells_alert
    looked_at.take(lines, 0)
    on_wire = Ring(60 * SECOND, 8 << 20)
    on_wire.take(LogsBatch(lines.request, lines.request.SerializeToString()), 0, is_quiet=True)
    assert bodies(quiet) == bodies(looked_at) == bodies(on_wire)
    assert bodies(quiet)[:4] == ["one", "two", "", "x" * 700]
    assert bodies(quiet)[4] == "(20,000 characters)"  # also of a long one among many short ones


@pytest.mark.parametrize("has_wire", [False, True])
def test_bad_and_good_of_one_request_are_kept_apart_and_in_order(has_wire: bool) -> None:
    ring = Ring(60 * SECOND, 8 << 20)
    mixed = batch(*(str(number) for number in range(60)), severity=5)
    records = mixed.request.resource_logs[0].scope_logs[0].log_records
    for number in range(0, 60, 3):
        records[number].severity_number = SeverityNumber.SEVERITY_NUMBER_ERROR
    records[4].severity_number = SeverityNumber.SEVERITY_NUMBER_UNSPECIFIED
    records[4].severity_text = "ERROR"
    records[5].event_name = "alert.firing"
    records[6].event_name = "order.placed"
    assert ring.take(LogsBatch(mixed.request, mixed.request.SerializeToString() if has_wire else b""), 0).tells_alert
    notable, others = ring.find(anyone, 10**6, 10**6)
    numbers = [
        [int(LogRecord.FromString(each.record).body.string_value) for each in part] for part in (notable, others)
    ]
    assert numbers[0] == sorted([*range(0, 60, 3), 4])
    assert sorted(numbers[0] + numbers[1]) == [number for number in range(60) if number != 5]
    assert numbers[1] == sorted(numbers[1])


def test_the_newest_are_found_also_where_they_came_together() -> None:
    ring = Ring(60 * SECOND, 8 << 20)
    for start in (0, 50, 100):
        ring.take(batch(*(str(start + number) for number in range(50)), severity=9, service="ab"[start // 100]), start)
    for most in (0, 1, 49, 50, 51, 120, 150, 151):
        _, others = ring.find(anyone, 0, most)
        found = [LogRecord.FromString(each.record).body.string_value for each in others]
        assert found == [str(number) for number in range(max(0, 150 - most), 150)]


def test_a_great_request_is_forgotten_in_parts() -> None:
    ring = Ring(60 * SECOND, 256 * KIB)
    ring.take(batch(*(f"{number} {'x' * 100}" for number in range(8_192)), severity=9), 0)
    numbers = [int(each.split()[0]) for each in bodies(ring)]
    assert numbers == list(range(numbers[0], 8_192))
    assert len(numbers) > 1_000
    assert ring.used_bytes <= 256 * KIB


def test_what_cannot_be_read_again_does_not_hide_the_rest() -> None:
    ring = Ring(60 * SECOND, 8 << 20)
    lines = batch("one", "x" * 20_000, *("more" for _ in range(40)), severity=5)
    value = lines.request.resource_logs[0].scope_logs[0].log_records[1].body
    for _ in range(120):
        value = value.array_value.values.add()
    value.string_value = "x" * 20_000
    ring.take(lines, 0, is_quiet=True)
    _, others = ring.find(anyone, 0, 100)
    reader = Reader(0, SECOND)
    reader.feed(others)
    assert reader.total == 41
