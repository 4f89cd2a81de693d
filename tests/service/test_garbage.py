"""Garbage is not looked for while starting, and is again afterwards."""

import gc

import pytest

from otel_discord.service.garbage import begin_collecting, collection_postponed


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
    class Cycle:
        pass

    with collection_postponed():
        cycle = Cycle()
        cycle.itself = cycle
        del cycle
        begin_collecting()
    gc.unfreeze()
    assert not [each for each in gc.get_objects() if type(each) is Cycle]
