"""The books find what they are for."""

from dataclasses import replace

import pytest

from tests.kills.books import Destination, judge
from tests.kills.ledger import Record
from tests.kills.sightings import Sighting

ERRORS = Destination("errors", 17)
ENDS_S = [10.0, 20.0]


def record(number: int, *, severity: int = 17, tries: int = 1, sent_s: float = 0.0) -> Record:
    return Record(number, severity, False, sent_s + number, tries, sent_s + number + 0.5)


def seen(at_s: float, *ids: int, marked: bool = False) -> Sighting:
    return Sighting(at_s, ids, frozenset(ids if marked else ()))


GOOD = [seen(5, 1, 2), seen(12, 2, marked=True), seen(13, 3, 4)]
RECORDS = {number: record(number) for number in (1, 2, 3, 4)}


def judged(records: dict[int, Record], messages: list[Sighting], *, kill: bool = True) -> list[str]:
    return judge(records, {ERRORS: messages}, ENDS_S, repeats_allowed=kill).wrong


def test_good_books() -> None:
    verdict = judge(RECORDS, {ERRORS: GOOD}, ENDS_S, repeats_allowed=True)
    assert verdict.wrong == []
    assert (verdict.accepted, verdict.deliveries, verdict.repeats, verdict.marked_messages) == (4, 5, 1, 1)
    assert judged(RECORDS | {5: record(5, severity=13)}, GOOD) == []
    assert judged(RECORDS | {5: replace(record(5), accepted_s=None)}, GOOD) == []


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (GOOD[:2], "2 of 4 accepted records lost, such as 3, 4"),
        ([*GOOD, seen(14, 9)], "nobody sent these there: such as 9"),
        ([*GOOD, seen(14, 3)], "1 records repeated without a word, such as 3"),
        ([*GOOD, seen(14, 3, marked=True)], "2 messages marked as repeats after end 1"),
        ([*GOOD, seen(6, 1, marked=True)], "1 messages marked as repeats after end 0"),
        ([GOOD[0], seen(13, 4), seen(14, 3)], "1 other records after later ones, such as 3"),
        ([*GOOD, *(seen(14, 3, marked=True) for _ in range(20))], "21 records repeated, at most 20 may be"),
    ],
)
def test_what_is_wrong_is_found(messages: list[Sighting], expected: str) -> None:
    assert any(expected in words for words in judged(RECORDS, messages)), judged(RECORDS, messages)


def test_an_orderly_end_repeats_nothing() -> None:
    assert len(judged(RECORDS, GOOD, kill=False)) == 2


def test_what_a_client_has_sent_twice_may_come_twice() -> None:
    assert judged(RECORDS | {1: record(1, tries=2)}, [*GOOD, seen(14, 1)]) == []


def test_critical_records_may_overtake_others_but_not_each_other() -> None:
    records = RECORDS | {number: record(number, severity=21) for number in (3, 4)}
    assert judged(records, [seen(5, 3, 4), seen(6, 1, 2)]) == []
    assert judged(records, [seen(5, 4, 3), seen(6, 1, 2)]) == ["errors: 1 critical records after later ones, such as 3"]
