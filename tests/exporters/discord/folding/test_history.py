"""What is remembered of problems: exact while it is remembered, bounded, the same after a restart."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.cards import PastLife
from otel_discord.exporters.discord.folding.history import PARTS, REACH_NS, History
from tests.exporters.discord.folding.builders import SECOND, problem

NOW_NS = 1_800_000_000 * SECOND


def met(history: History, name: str, *, at_ns: int = NOW_NS, count: int = 1, version: str = "") -> None:
    told = problem(name)
    history.met(
        told.fingerprint,
        count=count,
        first_seen_ns=at_ns,
        last_seen_ns=at_ns,
        version=version,
        template=told.template,
    )


def past(history: History, name: str, *, now_ns: int = NOW_NS) -> PastLife | None:
    return history.past(problem(name).fingerprint, now_ns)


def times(history: History, name: str, *, now_ns: int = NOW_NS) -> int | None:
    life = past(history, name, now_ns=now_ns)
    return None if life is None else life.count


def stored(history: History) -> list[bytes]:
    return [history.part(number) for number in range(PARTS)]


def test_what_was_never_met_is_new() -> None:
    assert past(History(), "a") == PastLife(first_seen_ns=0, last_seen_ns=0, count=0)


def test_the_first_version_stays() -> None:
    history = History()
    met(history, "a", at_ns=NOW_NS, version="1.8.2")
    met(history, "a", at_ns=NOW_NS + SECOND, count=4, version="1.9.0")
    assert past(history, "a") == PastLife(
        first_seen_ns=NOW_NS, last_seen_ns=NOW_NS + SECOND, count=5, first_version="1.8.2"
    )


def test_who_was_seen_least_recently_is_forgotten_first() -> None:
    history = History(max_problems=2)
    for name in ("a", "b", "a", "c"):
        met(history, name)
    assert len(history) == 2
    assert past(history, "b") is None  # it may have been there before: nothing can be said
    assert times(history, "a") == 2


def test_nobody_is_called_new_until_the_memory_reaches_far_enough_back() -> None:
    history = History(max_problems=1)
    met(history, "a")
    met(history, "b")
    assert past(history, "z", now_ns=NOW_NS + REACH_NS - 1) is None
    assert times(history, "z", now_ns=NOW_NS + REACH_NS) == 0


def test_only_parts_that_changed_are_stored_again() -> None:
    history = History()
    met(history, "a")
    met(history, "b")
    for part in history.changed:
        history.part(part)
    assert history.changed == []
    met(history, "a")
    assert len(history.changed) == 1


def test_a_part_that_cannot_be_read_is_left_out() -> None:
    history = History()
    met(history, "a")
    (part,) = history.changed
    assert len(History.restored([b"\xff\xff", history.part(part)])) == 1


Meetings = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 10**6), st.integers(1, 1000), st.text(max_size=60)), max_size=80
)


@given(Meetings, st.integers(1, 30), st.integers(100, 3_000))
def test_it_is_bounded_and_the_same_after_a_restart(
    meetings: list[tuple[int, int, int, str]], most: int, most_bytes: int
) -> None:
    history = History(max_problems=most, max_bytes=most_bytes)
    counts: dict[str, int] = {}
    for number, at_s, count, version in meetings:
        name = f"p{number}"
        if not times(history, name):
            counts[name] = 0
        counts[name] += count
        met(history, name, at_ns=at_s * SECOND, count=count, version=version.encode(errors="ignore").decode())
        assert times(history, name) == counts[name]
    assert len(history) <= most
    assert len(history) <= 1 or history.size_bytes <= most_bytes
    again = History.restored(stored(history), max_problems=most, max_bytes=most_bytes)
    assert again.forgotten_ns == history.forgotten_ns
    for number in range(41):
        assert past(again, f"p{number}") == past(history, f"p{number}")


def test_the_templates_of_those_seen_last_come_last() -> None:
    history = History()
    for name in ("a", "b", "c", "a"):
        met(history, name)
    assert [template for _, template in history.templates(2)] == ["c <*>", "a <*>"]


def test_a_part_that_could_not_be_stored_is_still_to_be() -> None:
    history = History()
    met(history, "p")
    (number,) = history.changed
    history.part(number)
    assert history.changed == []
    history.not_stored(number)
    assert history.changed == [number]
