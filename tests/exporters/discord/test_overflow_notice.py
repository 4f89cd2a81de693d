"""Who is told what of lost records, when, and how it reads."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.overflow_notice import INTERVAL_S, QUIET_S, LossBook, notice

S = 10**9
STEPS = st.tuples(
    st.floats(0, 900),
    st.sampled_from(["ops", "shop"]),
    st.dictionaries(st.integers(1, 24), st.integers(1, 9)),
    st.booleans(),
)


@given(st.lists(STEPS))
def test_all_is_told_and_nobody_twice_within_the_interval(
    steps: list[tuple[float, str, dict[int, int], bool]],
) -> None:
    book, now_s = LossBook(), 0.0
    lost, told = 0, 0
    last_s: dict[str, float] = {}
    for after_s, name, records, has_room in steps:
        now_s += after_s
        due = book.due(now_s, has_room=has_room)
        for each in due:
            assert now_s - last_s.get(each, -INTERVAL_S) >= INTERVAL_S
            last_s[each] = now_s
        told += sum(loss.count for loss in due.values())
        if records:
            book.note(name, records, 0, 0, now_s=now_s)
        lost += sum(records.values())
    told += sum(loss.count for loss in book.rest(now_s).values())
    assert told == lost
    assert not book


def test_it_waits_for_room_and_for_quiet_but_not_for_ever() -> None:
    book = LossBook()
    book.note("ops", {17: 1}, 0, 0, now_s=0)
    assert not book.due(QUIET_S / 2, has_room=True)
    assert not book.due(100, has_room=False)
    book.note("ops", {18: 1}, 0, 0, now_s=100)
    assert not book.due(101, has_room=True)
    assert book.due(INTERVAL_S, has_room=False)["ops"].records == {17: 2}


def test_how_it_reads() -> None:
    book = LossBook()
    book.note("ops", {17: 5}, 1_767_225_600 * S, 1_767_225_660 * S, now_s=0)
    book.note("ops", {13: 6, 12: 1_001}, 1_767_225_590 * S, 1_767_225_610 * S, now_s=0)
    (embed,) = notice(book.rest(0)["ops"]).embeds
    assert embed.title == "⚠️ 1,012 records were not shown: queue full"
    assert embed.description == (
        "🔴 5 ERROR · ⚠️ 6 WARN · ℹ️ 1,001 INFO\n"
        "from <t:1767225590:t> to <t:1767225660:t>\n"
        "Send less (`min_severity`, a filter) or give the queue more room (`queue_size`)."
    )


def test_one_record_without_a_time() -> None:
    book = LossBook()
    book.note("ops", {17: 1}, 0, 0, now_s=0)
    (embed,) = notice(book.rest(0)["ops"]).embeds
    assert embed.title == "⚠️ 1 record was not shown: queue full"
    assert "<t:" not in embed.description
