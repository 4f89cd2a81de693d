"""Of several mutes the strongest decides, what is critical comes, and a restart changes nothing."""

from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.mutes.book import MAX_MUTES, PASS, MuteBook, Verdict, read_stored
from otel_discord.exporters.discord.mutes.mute import STRENGTH, Action, Mute, Which
from otel_discord.exporters.discord.mutes.periods import FOREVER_NS, Once, Period
from tests.exporters.discord.mutes.test_matchers import item

ERROR, FATAL = 17, 21


def mute(
    name: str = "deploy",
    *matchers: str,
    start: int = 10,
    end: int = 20,
    action: Action = Action.HOLD,
    destinations: Sequence[str] = (),
    critical: bool = False,
) -> Mute:
    return Mute(
        id=name,
        name=name,
        which=Which.of(matchers),
        when=Once(Period(start, end)),
        action=action,
        destinations=frozenset(destinations),
        critical=critical,
    )


def action_at(book: MuteBook, now: int, *, severity: int = ERROR, destination: str = "ops") -> Action | None:
    return book.verdict(item(severity), now, severity=severity, destination=destination).action


def test_it_holds_from_its_start_to_before_its_end() -> None:
    book = MuteBook([mute()])
    assert [action_at(book, now) for now in (9, 10, 19, 20, 15, 5)] == [None, "hold", "hold", None, "hold", None]


def test_what_is_critical_comes_without_a_ping_unless_it_is_named() -> None:
    assert action_at(MuteBook([mute()]), 15, severity=FATAL) is Action.NO_PING
    assert action_at(MuteBook([mute(critical=True)]), 15, severity=FATAL) is Action.HOLD
    assert action_at(MuteBook([mute("x", "severity>=FATAL")]), 15, severity=FATAL) is Action.HOLD
    assert action_at(MuteBook([mute("x", "severity>=WARN")]), 15, severity=FATAL) is Action.NO_PING
    assert action_at(MuteBook([mute()], critical_from=ERROR), 15) is Action.NO_PING


def test_other_destinations_and_records_are_not_concerned() -> None:
    book = MuteBook([mute("x", "service.name=shop", destinations=["ops"])])
    assert action_at(book, 15) is Action.HOLD
    assert action_at(book, 15, destination="errors") is None
    assert book.verdict(item(service="pay"), 15, severity=ERROR, destination="ops") == PASS


def test_an_added_one_takes_the_place_of_a_configured_one_and_gives_it_back() -> None:
    book = MuteBook([mute("deploy", start=100, end=200)])
    book.add(mute("deploy", start=10, end=20, action=Action.DROP), 5)
    assert action_at(book, 15) is Action.DROP
    assert [each.id for each in book.clean(20)] == ["deploy"]
    assert action_at(book, 150) is Action.HOLD


def test_a_configured_one_that_is_ended_early_holds_again_the_next_time() -> None:
    class Twice(Once):
        def period_at(self, now_ns: int) -> Period | None:
            return next((each for each in (Period(10, 20), Period(30, 40)) if each.covers(now_ns)), None)

        def next_edge(self, now_ns: int) -> int:
            return next((edge for edge in (10, 20, 30, 40) if edge > now_ns), FOREVER_NS)

    book = MuteBook([Mute(id="x", name="x", when=Twice(Period(10, 40)))])
    assert not book.end("x", 5)
    assert book.end("x", 15)
    again = MuteBook(book.configured)
    again.restore(read_stored(orjson.dumps(book.to_json())))
    for each in (book, again):
        assert [action_at(each, now) for now in (16, 25, 30)] == [None, None, "hold"]


def test_the_number_of_those_that_are_added_is_bounded() -> None:
    book = MuteBook()
    for number in range(MAX_MUTES):
        book.add(mute(f"m{number}", start=0, end=50 + number), 0)
    with pytest.raises(ValueError, match="already"):
        book.add(mute("more", start=0, end=10_000), 0)
    book.add(mute("more", start=0, end=10_000), 60)  # some are over by now
    with pytest.raises(ValueError, match="not over"):
        book.add(mute("late", start=0, end=50), 50)


def test_what_cannot_be_read_is_left_out() -> None:
    book = MuteBook()
    stored = orjson.dumps({"added": [{"id": "x"}, 7], "ended": {}})
    assert book.restore(read_stored(stored)) == 2
    assert read_stored(b"\xff") == {}
    assert read_stored(b"[1]") == {}


mutes = st.builds(
    mute,
    st.sampled_from("abcdef"),
    st.sampled_from(["service.name=shop", "service.name=pay", "severity<ERROR", "severity>=FATAL", "body=~.*space.*"]),
    start=st.integers(0, 50),
    end=st.integers(0, 100),
    action=st.sampled_from(Action),
    destinations=st.lists(st.sampled_from(["ops", "errors"]), max_size=1),
    critical=st.booleans(),
)


@given(
    st.lists(mutes, max_size=6),
    st.lists(st.tuples(st.sampled_from(["add", "end"]), mutes, st.integers(0, 100)), max_size=8),
    st.lists(st.tuples(st.integers(0, 110), st.integers(1, 24)), min_size=1, max_size=8),
)
def test_the_verdict_is_that_of_the_strongest_that_holds(
    configured: list[Mute], steps: list[tuple[str, Mute, int]], questions: list[tuple[int, int]]
) -> None:
    unique = list({each.id: each for each in configured}.values())
    book = MuteBook(unique)
    added: dict[str, Mute] = {}
    for verb, each, now in steps:
        if verb == "end" or each.when.period_at(now) is None:
            continue
        book.add(each, now)
        added = {known.id: known for known in added.values() if known.when.next_edge(now) != FOREVER_NS}
        added[each.id] = each
    again = MuteBook(unique)
    again.restore(read_stored(orjson.dumps(book.to_json())))
    for now, severity in questions:
        present = [*(each for each in unique if each.id not in added), *added.values()]
        words = [
            each.action_for(is_critical=severity >= FATAL, critical_from=FATAL)
            for each in present
            if each.when.period_at(now) and each.which.holds(item(severity), severity) and each.concerns("ops")
        ]
        expected = min(words, key=STRENGTH.index, default=None)
        for asked in (book, again):
            found = asked.verdict(item(severity), now, severity=severity, destination="ops")
            assert isinstance(found, Verdict)
            assert found.action == expected
