"""Garbage is not looked for while starting, and is again afterwards."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from otel_discord.service.garbage import Looks, begin_collecting, collection_postponed


class Cycle:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself: object = self


@pytest.fixture(autouse=True)
def _as_before():
    yield
    gc.enable()
    gc.unfreeze()


def test_nothing_is_collected_until_it_begins() -> None:
    with collection_postponed():
        assert not gc.isenabled()
        begin_collecting()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert gc.isenabled()


def test_a_start_that_fails_leaves_collection_on() -> None:
    with pytest.raises(RuntimeError), collection_postponed():
        raise RuntimeError
    assert gc.isenabled()


def test_a_start_s_own_garbage_does_not_become_permanent() -> None:
    with collection_postponed():
        Cycle()
        begin_collecting()
    gc.unfreeze()
    assert not [each for each in gc.get_objects() if type(each) is Cycle]


def test_what_took_long_to_look_through_is_not_looked_through_each_time_but_now_and_then() -> None:
    with collection_postponed(), looks_at(clock := [1000.0]):
        begin_collecting()
        permanent, cycle = gc.get_freeze_count(), Cycle()
        gc.collect()  # takes no time
        assert gc.get_freeze_count() == permanent
        clock[1:] = [0.5]
        gc.collect()
        assert gc.get_freeze_count() > permanent
        gone = weakref.ref(cycle)
        del cycle
        gc.collect()
        assert gone() is not None
        clock[0] += 601.0
        gc.collect()
        assert gone() is None


def test_what_is_not_used_any_more_is_freed_though_it_is_permanent() -> None:
    with collection_postponed(), looks_at([1000.0, 0.5]):
        begin_collecting()
        kept = {1: Cycle()}
        kept[1].itself = None
        gc.collect()
        gone = weakref.ref(kept[1])
        kept.clear()
        assert gone() is None


@contextmanager
def looks_at(clock: list[float]) -> Iterator[None]:
    """Let looks have another clock: the time, and how much passes with each look at it."""

    def now_s() -> float:
        clock[0] += sum(clock[1:])
        return clock[0]

    (looks,) = [each for each in gc.callbacks if isinstance(each, Looks)]
    gc.callbacks.remove(looks)
    with_own_clock = Looks(now_s)
    gc.callbacks.append(with_own_clock)
    yield
    gc.callbacks.remove(with_own_clock)
    gc.callbacks.append(looks)
