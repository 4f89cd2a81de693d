"""A signal's handler may raise in the middle of all this: one record may be gone by that, never what follows."""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

import pytest

from otel_discord.sdk import sender
from otel_discord.sdk.buffer import Buffer
from otel_discord.sdk.hands import Hand
from otel_discord.sdk.outlet import Outlet
from otel_discord.sdk.settings import SdkSettings
from otel_discord.sdk.snapshot import Snapshot

PLACES = ("buffer.py", "waiting.py", "outlet.py", "sender.py", "hands.py")


class Interrupted(BaseException):
    """What the application raises in a signal's handler, as for a timeout."""


def snapshot(text: str, severity: int = 17) -> Snapshot:
    return Snapshot(
        time_ns=1,
        severity=severity,
        severity_text="",
        body=text,
        attributes={},
        scope="shop",
        resource={},
        size_bytes=900,
    )


def interrupted_at(moment: int, call: Callable[[], Any]) -> bool:
    """Call, and raise where Python looks for signals: as a function begins, and after a call of C. ``moment`` counts
    from 0; return whether it came so far."""
    left = [moment]

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "c_return") and frame.f_code.co_filename.endswith(PLACES):
            left[0] -= 1
            if left[0] == -1:
                sys.setprofile(None)
                raise Interrupted(f"{frame.f_code.co_qualname}, line {frame.f_lineno}")

    sys.setprofile(profile)
    try:
        call()
    except Interrupted:
        return True
    finally:
        sys.setprofile(None)
    return False


@pytest.mark.parametrize("what", ["put", "put where it is full", "put and fold", "put and lose", "take"])
def test_a_buffer_is_mended_wherever_it_was_interrupted(what: str) -> None:
    kept, moment = 5, 0
    while True:
        buffer = Buffer(10 if what in ("put", "take") else kept, 1 << 20)
        texts = ["same", "same", "b", "c", "d"] if what == "put and fold" else list("abcde")
        for text in texts:
            buffer.put(snapshot(text, 9 if what == "put and lose" else 17))
        newcomer = "a" if what == "put where it is full" else "new"
        call = partial(buffer.take, 1) if what == "take" else partial(buffer.put, snapshot(newcomer))
        came_so_far = interrupted_at(moment, call)
        mended = buffer.mended()
        waiting = mended.take(100)
        counted = sum(each.count for each in waiting)
        losses = mended.take_losses()
        assert kept - 1 <= counted + (losses.total if losses else 0) <= kept + 1, (moment, waiting)
        assert len(mended) == mended.size_bytes == 0
        mended.put(snapshot("later"))
        assert [each.body for each in mended.take(9)] == ["later"]
        if not came_so_far:
            break
        moment += 1
    assert moment > 5


class TakingSender(sender.Sender):
    """Takes everything; nothing is imported and nothing is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[object] = []
        self.is_serving = 0

    def _serve(self, resolver: Hand, worker: Hand) -> None:
        self.is_serving += 1
        assert self.is_serving == 1, "two threads serve"
        while outlets := self.known():
            for outlet in outlets:
                taken = outlet.take(100)
                self.taken += [each.body for each in taken.items]
                for flush in taken.flushes:
                    flush.set()
                if taken.is_last:
                    self.forget(outlet)
                    outlet.ended()
            time.sleep(0.0005)
        self.is_serving -= 1


@pytest.fixture
def taking() -> Iterator[TakingSender]:
    before = sender.the_sender()
    mine = sender._current[0] = TakingSender()
    yield mine
    sender._current[0] = before


@pytest.mark.parametrize("is_first", [True, False], ids=["the first record", "a later one"])
def test_what_follows_an_interrupted_record_arrives(taking: TakingSender, is_first: bool) -> None:
    moment = 0
    while True:
        outlet = Outlet(SdkSettings(section={}, spool_directory=""))
        if not is_first:
            outlet.offer(snapshot("before"))
            assert outlet.flush(5)
        came_so_far = interrupted_at(moment, partial(outlet.offer, snapshot("interrupted")))
        outlet.offer(snapshot("after"))
        assert outlet.flush(5), moment
        assert taking.taken.count("after") == 1, moment
        assert len(taking.taken) <= 3
        assert outlet.shutdown(5)
        taking.taken.clear()
        if not came_so_far:
            break
        moment += 1
    assert moment > 5
