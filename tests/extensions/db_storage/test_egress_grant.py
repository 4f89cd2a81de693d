"""Shares of an address under any interleaving: never above the whole, fair soon, also with those that die."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.extensions.db_storage.egress_grant import FLOOR_PER_S, Portion, counted, fair_level, grant, spare

WHOLE = 45.0
VALID_S = 3.0


@dataclass(slots=True)
class Row:
    counted_per_s: float = 0.0
    wanted_per_s: float = 0.0
    until_s: float = -1.0


@dataclass(slots=True)
class Process:
    """``heard`` is what it was told last; an answer may still be on its way."""

    row: Row
    heard: float = 0.0
    until_s: float = -1.0
    on_its_way: tuple[float, float] | None = None

    def using(self, now_s: float) -> float:
        return self.heard if now_s < self.until_s else 0.0


def renew(processes: list[Process], index: int, wanted: float, now_s: float) -> None:
    mine = processes[index]
    others = [each.row for each in processes if each is not mine and each.row.until_s > now_s]
    using = min(mine.using(now_s), mine.row.counted_per_s if mine.row.until_s > now_s else 0.0)
    granted = grant(Portion(using, wanted), [Portion(row.counted_per_s, row.wanted_per_s) for row in others], WHOLE)
    mine.row.counted_per_s, mine.row.wanted_per_s = counted(using, granted), wanted
    mine.row.until_s = now_s + VALID_S
    mine.on_its_way = granted, now_s + VALID_S


def hear(process: Process) -> None:
    if process.on_its_way is not None:
        process.heard, process.until_s = process.on_its_way
        process.on_its_way = None


steps = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["renew", "hear", "lose", "wait"]),
        st.floats(0, 60),
        st.floats(0, 4),
    ),
    max_size=80,
)


@settings(max_examples=300, deadline=None)
@given(steps)
def test_together_never_above_the_whole(steps: list[tuple[int, str, float, float]]) -> None:
    processes, now_s = [Process(Row()) for _ in range(6)], 0.0
    for index, what, wanted, seconds in steps:
        process = processes[index]
        if what == "renew":
            if process.on_its_way is None:  # one at a time
                renew(processes, index, wanted, now_s)
        elif what == "hear":
            hear(process)
        elif what == "lose":
            process.on_its_way = None
        else:
            now_s += seconds
        assert sum(each.using(now_s) for each in processes) <= WHOLE + 1e-6
        assert sum(each.row.counted_per_s for each in processes if each.row.until_s > now_s) <= WHOLE + 1e-6


@settings(max_examples=200, deadline=None)
@given(st.permutations(range(5)), st.lists(st.floats(0, 60), min_size=5, max_size=5), st.integers(1, 5))
def test_three_rounds_bring_everyone_its_fair_share(order: list[int], wants: list[float], count: int) -> None:
    processes = [Process(Row()) for _ in range(5)]
    now_s = 0.0
    for index in range(count):  # some began before and had all they wanted
        renew(processes, index, 60.0, now_s)
        hear(processes[index])
    for _ in range(4):
        now_s += 1.0
        for index in order:
            for _ in range(2):  # who is told less says at once that it uses no more
                renew(processes, index, wants[index], now_s)
                hear(processes[index])
    aims = [max(FLOOR_PER_S, 1.25 * want) for want in wants]
    level, more = fair_level(aims, WHOLE), spare(aims, WHOLE)
    for process, aim in zip(processes, aims, strict=True):
        assert process.heard == pytest.approx(min(level, aim + more), abs=0.01)


@pytest.mark.parametrize(
    ("wants", "level"), [([10.0, 10.0], float("inf")), ([45.0, 45.0, 45.0], 15.0), ([5.0, 100.0, 100.0], 20.0)]
)
def test_the_level_up_to_which_all_are_served(wants: list[float], level: float) -> None:
    assert fair_level(wants, WHOLE) == level


def test_who_had_little_to_send_need_not_ask_first_when_there_is_more() -> None:
    alone = grant(Portion(0, 0), [], WHOLE)
    assert alone > WHOLE / 2, "a few errors after a quiet hour go at once"
    assert WHOLE - alone > WHOLE / 3, "who comes next need not wait until this one has given something back"
    among_three = grant(Portion(0, 2), [Portion(0, 0)] * 2, WHOLE)
    assert among_three > 5
    in_need = grant(Portion(0, 0), [Portion(0, 60)] * 2, WHOLE)
    assert in_need == FLOOR_PER_S, "where somebody wants all of it nobody keeps what is not used"


def test_the_more_there_are_the_less_they_share() -> None:
    """Each may send one more in a second than its rate says."""
    alone = grant(Portion(0, 100), [], WHOLE)
    among_ten = grant(Portion(0, 100), [Portion(0, 0)] * 9, WHOLE)
    assert alone == WHOLE
    assert among_ten + 9 * FLOOR_PER_S == 40.0
    assert grant(Portion(0, 1000), [Portion(0, 0)] * 30, 400.0) > 300, "another endpoint has its own limits"
