import tracemalloc
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from otel_discord.sdk.buffer import Buffer, Losses
from otel_discord.sdk.capture import capture
from otel_discord.sdk.lightening import LEAST_BYTES, LIGHT_BYTES, lighten
from otel_discord.sdk.snapshot import Snapshot

RANGES = {0: 0, **{number: (number - 1) // 4 * 4 + 1 for number in range(1, 25)}}
INFO, WARN, ERROR, FATAL = 9, 13, 17, 21


def snapshot(body: object = "text", severity: int = INFO, time_ns: int = 1, **more: object) -> Snapshot:
    return Snapshot(time_ns, severity, "", body, more.pop("attributes", {}), "shop", {}, **more)  # type: ignore[arg-type]


def distinct(numbers: range, severity: int = INFO) -> list[Snapshot]:
    return [snapshot(f"{severity}: {number}", severity, number) for number in numbers]


def filled(buffer: Buffer, *snapshots: Snapshot) -> Buffer:
    for each in snapshots:
        buffer.put(each)
    return buffer


def bodies(snapshots: list[Snapshot]) -> list[object]:
    return [each.body for each in snapshots]


def test_fatal_leaves_first_and_the_rest_as_it_came() -> None:
    severities = [9, 17, 21, 5, 13, 22, 17, 0, 24]
    buffer = filled(Buffer(100, 10**6), *(snapshot(str(n), severity) for n, severity in enumerate(severities)))
    assert bodies(buffer.take(2)) == ["2", "5"]
    assert bodies(buffer.take(3)) == ["8", "0", "1"]
    buffer.put(snapshot("late", 23))
    assert bodies(buffer.take(100)) == ["late", "3", "4", "6", "7"]
    assert (len(buffer), buffer.size_bytes, buffer.take(5), buffer.take_losses()) == (0, 0, [], None)


def test_like_is_not_counted_into_like_while_there_is_room() -> None:
    buffer = filled(Buffer(5, 10**6), *(snapshot("same", time_ns=n) for n in range(5)))
    assert len(buffer) == 5
    assert buffer.is_full


def test_when_full_the_newcomer_is_counted_into_its_like() -> None:
    buffer = filled(Buffer(2, 10**6), snapshot("same", time_ns=5), snapshot("other"), snapshot("same", time_ns=9))
    buffer.put(snapshot("same", time_ns=7, count=3, last_ns=8))
    assert len(buffer) == 2
    same, other = buffer.take(9)
    assert (same.count, same.time_ns, same.last_ns) == (5, 5, 9)
    assert (other.count, other.last_ns) == (1, 0)
    assert buffer.take_losses() is None


def test_when_full_two_that_wait_are_counted_into_one_before_anything_is_lost() -> None:
    waiting = [snapshot("same", ERROR, time_ns=n) for n in (1, 2, 3)]
    buffer = filled(Buffer(4, 10**6), snapshot("oldest"), *waiting)
    filled(buffer, snapshot("new 1"), snapshot("new 2"))
    assert buffer.take_losses() is None
    taken = buffer.take(9)
    assert bodies(taken) == ["oldest", "same", "new 1", "new 2"]
    assert [(each.count, each.time_ns, each.last_ns) for each in taken] == [(1, 1, 0), (3, 1, 3), (1, 1, 0), (1, 1, 0)]


def test_what_has_left_is_counted_with_nothing_any_more() -> None:
    buffer = filled(Buffer(3, 10**6), snapshot("same", time_ns=1), snapshot("same", time_ns=2))
    (gone,) = buffer.take(1)
    filled(buffer, snapshot("same", time_ns=3), snapshot("x"), snapshot("y"))
    assert buffer.take_losses() is None
    assert [(each.body, each.count) for each in buffer.take(9)] == [("same", 2), ("x", 1), ("y", 1)]
    assert (gone.count, gone.last_ns) == (1, 0)
    filled(buffer, snapshot("same"))
    assert [each.count for each in buffer.take(9)] == [1]


@pytest.mark.parametrize(
    "other",
    [
        snapshot("same", 18),
        snapshot("same", ERROR, event_name="e"),
        snapshot("same", ERROR, exception=capture(ValueError())),
        snapshot("different", ERROR),
        snapshot("same", ERROR, template="t"),
        Snapshot(1, ERROR, "", "same", {}, "another scope", {}),
    ],
)
def test_only_like_is_counted_into_like(other: Snapshot) -> None:
    buffer = filled(Buffer(1, 10**6), snapshot("same", ERROR), other)
    assert bodies(buffer.take(9)) == [other.body]
    assert buffer.take_losses() == Losses({17: 1}, 1, 1)


def test_a_template_makes_like_of_different_texts_and_a_map_is_like_nothing() -> None:
    buffer = filled(Buffer(1, 10**6), snapshot("a 1", template="a %s"), snapshot("a 2", template="a %s"))
    assert [each.count for each in buffer.take(9)] == [2]
    filled(buffer, snapshot({"a": 1}), snapshot({"a": 1}))
    assert [each.count for each in buffer.take(9)] == [1]
    filled(buffer, snapshot({"a": 1}, event_name="e"), snapshot({"a": 2}, event_name="e"))
    assert [each.count for each in buffer.take(9)] == [2]


def test_long_texts_are_alike_by_their_ends() -> None:
    texts = ["a" * 5000 + "end", "a" * 5000 + "end", "a" * 5000 + "END", "b" + "a" * 4999 + "end", "a" * 5001 + "end"]
    buffer = filled(Buffer(1, 10**6), *map(snapshot, texts[:2]))
    assert [each.count for each in buffer.take(1)] == [2]
    for other in texts[2:]:
        filled(buffer, snapshot(texts[0]), snapshot(other))
        assert [(each.count, each.body) for each in buffer.take(1)] == [(1, other)]


def test_exceptions_of_one_type_and_text_are_alike() -> None:
    one, two, three = (snapshot("x", exception=capture(error)) for error in (ValueError(1), ValueError(2), KeyError(1)))
    assert [each.count for each in filled(Buffer(1, 10**6), one, two, three).take(9)] == [1]
    assert one.count == 2


def test_the_oldest_of_the_lowest_range_is_lost() -> None:
    buffer = filled(Buffer(3, 10**6), *distinct(range(2), ERROR), *distinct(range(1)))
    filled(buffer, *distinct(range(5, 7), INFO))
    assert bodies(buffer.take(9)) == ["17: 0", "17: 1", "9: 6"]
    assert buffer.take_losses() == Losses({9: 2}, 0, 5)
    assert buffer.take_losses() is None


def test_what_is_lowest_itself_is_lost_when_only_higher_waits() -> None:
    buffer = filled(Buffer(2, 10**6), *distinct(range(2), ERROR), *distinct(range(7, 9), WARN))
    assert bodies(buffer.take(9)) == ["17: 0", "17: 1"]
    assert buffer.take_losses() == Losses({13: 2}, 7, 8)


def test_fatal_takes_the_place_of_all_others_lowest_first() -> None:
    buffer = filled(Buffer(3, 10**6), *(snapshot(str(severity), severity) for severity in (17, 0, 9)))
    lost: list[object] = []
    for number in range(4):
        buffer.put(snapshot(f"fatal {number}", FATAL))
        losses = buffer.take_losses()
        assert losses is not None
        lost.append(dict(losses.by_severity))
        assert losses.total == 1
    assert lost == [{0: 1}, {9: 1}, {17: 1}, {21: 1}]
    assert bodies(buffer.take(9)) == ["fatal 1", "fatal 2", "fatal 3"]


def test_severities_that_do_not_exist_are_unspecified() -> None:
    buffer = filled(Buffer(1, 10**6), snapshot("a", 99), snapshot("b", -1))
    assert bodies(buffer.take(9)) == ["b"]
    assert buffer.take_losses() == Losses({0: 1}, 1, 1)


def test_many_small_give_way_to_a_larger_one_and_a_huge_one_loses_what_makes_it_so() -> None:
    buffer = filled(Buffer(10_000, 200_000), *distinct(range(1000)))
    assert 190_000 < buffer.size_bytes <= 200_000
    larger = snapshot("x" * 20_000, WARN)
    buffer.put(larger)
    assert larger.body == "x" * 20_000
    files = ({"filename": "a.bin", "data": b"x" * 150_000},)
    huge = snapshot("it broke", FATAL, attributes={"discord.attachments": files, "order": 5})
    buffer.put(huge)
    assert buffer.take(1) == [huge]
    assert huge.body == "it broke"
    assert huge.attributes["order"] == 5
    assert "bytes left out" in huge.attributes["discord.attachments"]


def test_a_large_one_is_whole_while_there_is_room() -> None:
    files = ({"filename": "a.bin", "data": b"x" * 150_000},)
    whole = snapshot("it broke", attributes={"discord.attachments": files})
    buffer = filled(Buffer(10, 200_000), whole)
    assert buffer.take(1)[0].attributes == {"discord.attachments": files}


def test_nothing_is_given_up_for_one_that_would_not_fit_even_then() -> None:
    errors = [snapshot(f"{number}" + "x" * 30_000, ERROR) for number in range(6)]
    buffer = filled(Buffer(100, 190_000), *errors, snapshot("small"))
    large = snapshot("begin" + "y" * 100_000, INFO)
    buffer.put(large)  # loses its middle rather than its neighbours
    assert bodies(buffer.take(9))[-2:] == ["small", large.body]
    assert str(large.body).startswith("begin")
    assert buffer.take_losses() is None


@pytest.mark.parametrize("body", ["\U0001f600" * 100_000, {"k": "v" * 100_000}, b"x" * 100_000])
def test_lightening_reaches_any_bound(body: object) -> None:
    error = ValueError("z" * 100_000)
    for bound in (LIGHT_BYTES, 4096, LEAST_BYTES):
        attributes = {f"k{n}" * 30: "ü" * 5000 for n in range(200)}
        heavy = snapshot(body, exception=capture(error), template="t" * 100_000, event_name="e" * 9999)
        heavy.attributes = attributes
        lighten(heavy, bound)
        assert heavy.size_bytes <= bound
        assert heavy.body


def test_bounds_below_one_are_refused() -> None:
    for bounds in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="room for a record"):
            Buffer(*bounds)


def test_nothing_of_what_was_taken_stays_behind() -> None:
    buffer = Buffer(50, 10**7)
    tracemalloc.start()
    try:
        for turn in range(400):
            if turn == 200:
                before = tracemalloc.get_traced_memory()[0]
            filled(buffer, *(snapshot(f"{turn} {number % 20}", (5, 9, 17, 21)[number % 4]) for number in range(60)))
            buffer.take(50 if turn % 3 else 10)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 200_000


class BufferMachine(RuleBasedStateMachine):
    """Any order of puts and takes against the promises of a buffer."""

    max_records = 6
    max_bytes = 12_000

    def __init__(self) -> None:
        super().__init__()
        self.buffer = Buffer(self.max_records, self.max_bytes)
        self.clock = 0
        self.put = self.taken = self.lost = 0
        self.waiting: Counter[int] = Counter()  # records by range, as the promises say they must be

    @rule(
        severity=st.integers(0, 24),
        kind=st.integers(0, 4),
        chars=st.sampled_from([1, 1, 1, 300, 3000, 40_000]),
        count=st.sampled_from([1, 1, 5]),
    )
    def put_one(self, severity: int, kind: int, chars: int, count: int) -> None:
        self.clock += 1
        last_ns = self.clock if count > 1 else 0
        self.buffer.put(snapshot(f"{kind}" * chars, severity, self.clock, count=count, last_ns=last_ns))
        self.put += count
        self.waiting[RANGES[severity]] += count
        losses = self.buffer.take_losses()
        if losses is not None:
            assert 1 <= losses.since_ns <= losses.until_ns <= self.clock
            self.lost += losses.total
            for start, lost in losses.by_severity.items():
                self.waiting[start] -= lost
            highest = max(losses.by_severity)
            assert not [start for start, number in self.waiting.items() if number and start < highest]
            assert highest <= RANGES[severity]

    @rule(most=st.integers(0, 8))
    def take_some(self, most: int) -> None:
        there = len(self.buffer)
        taken = self.buffer.take(most)
        assert len(taken) == min(most, there)
        self.taken += sum(each.count for each in taken)
        fatal = [each.severity >= FATAL for each in taken]
        assert fatal == sorted(fatal, reverse=True)
        for part in ([each for each in taken if each.severity >= FATAL], [e for e in taken if e.severity < FATAL]):
            times = [each.time_ns for each in part]
            assert times == sorted(times)
        if not all(fatal):
            assert self.waiting[FATAL] == sum(each.count for each in taken if each.severity >= FATAL)
        for each in taken:
            assert each.count == 1 or each.time_ns <= each.last_ns <= self.clock
            self.waiting[RANGES[each.severity]] -= each.count

    @precondition(lambda self: self.put)
    @rule()
    def all_is_accounted_for(self) -> None:
        self.take_some(self.max_records)
        assert self.put == self.taken + self.lost
        assert self.buffer.size_bytes == 0

    @invariant()
    def bounds_are_kept(self) -> None:
        assert len(self.buffer) <= self.max_records
        assert self.buffer.size_bytes <= self.max_bytes
        assert all(number >= 0 for number in self.waiting.values())


TestAnyOrder = BufferMachine.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@given(st.lists(st.tuples(st.integers(0, 24), st.integers(0, 6), st.integers(1, 9)), max_size=120), st.integers(1, 12))
def test_counting_keeps_first_and_last_time_of_each_kind(puts: list[tuple[int, int, int]], room: int) -> None:
    buffer = Buffer(room, 10**7)
    first: dict[tuple[int, object], int] = {}
    last: dict[tuple[int, object], int] = {}
    for at, (severity, kind, count) in enumerate(puts, 1):
        key = (severity, f"{kind}")
        first.setdefault(key, at)
        last[key] = at
        buffer.put(snapshot(f"{kind}", severity, at, count=count, last_ns=at if count > 1 else 0))
    lost = buffer.take_losses()
    taken = buffer.take(room)
    assert sum(count for _, _, count in puts) == sum(each.count for each in taken) + (lost.total if lost else 0)
    for each in taken:
        key = (each.severity, each.body)
        assert first[key] <= each.time_ns <= max(each.last_ns, each.time_ns) <= last[key]
    if lost is None:
        for (severity, body), at in first.items():
            of_kind = [each for each in taken if (each.severity, each.body) == (severity, body)]
            assert min(each.time_ns for each in of_kind) == at
            assert max(max(each.last_ns, each.time_ns) for each in of_kind) == last[severity, body]
