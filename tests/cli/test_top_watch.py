"""Looking again and again: a service that goes away and comes back, keys, and the end."""

import os
import pty
import termios
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from rich.text import Text

from otel_discord.cli.top import _fitting
from otel_discord.cli.top_keys import waiting
from otel_discord.cli.top_watch import HISTORY, Watch, watch
from otel_discord.service.control.client import ControlError, NotRunningError
from tests.cli.test_top_frame import overview


def at(uptime_s: float, accepted: int, pid: int = 7) -> dict[str, Any]:
    found = overview()
    found["service"] |= {"uptime_s": uptime_s, "pid": pid}
    found["components"]["receiver:otlp"]["counters"]["logs"]["accepted"] = accepted
    return found


class Answers:
    """What a service answers, one after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def __call__(self) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def in_per_s(lines: list[Any]) -> str:
    row = next(line.plain for line in lines if line.plain.startswith("logs "))
    return str(row.split()[-4])


def test_rates_are_those_of_the_last_intervals() -> None:
    many = [at(float(n), n * n) for n in range(HISTORY + 4)]
    looking = Watch(Answers(*many), lambda: 0.0)
    seen = [in_per_s(looking.look(100)) for _ in many]
    assert seen[:3] == ["–", "1.0", "2.0"]
    last = len(many) - 1
    assert seen[-1] == str(round((last**2 - (last - HISTORY) ** 2) / HISTORY))


def test_a_service_that_goes_away_is_waited_for() -> None:
    gone = NotRunningError("no service listens on /run/x.sock")
    busy = ControlError("the service did not answer within 5 s")
    now_s = iter([10.0, 84.0, 100.0])
    looking = Watch(
        Answers(at(5, 50), at(6, 60), gone, busy, at(1, 5, pid=8), at(2, 8, pid=8), gone), lambda: next(now_s)
    )
    looking.look(100)
    assert in_per_s(looking.look(100)) == "10"
    first = [line.plain for line in looking.look(100)]
    assert first[0].startswith(
        "    The service does not answer, waiting for it (0ms): no service listens on /run/x.sock."
    )
    assert any(line.startswith("otel-discord 1.2.3") for line in first)  # what it showed last stays
    second = [line.plain for line in looking.look(100)]
    assert "waiting for it (1m14s): the service did not answer within 5 s" in second[0]
    back = looking.look(100)
    assert back[0].plain.startswith("otel-discord 1.2.3")
    assert in_per_s(back) == "–"  # another run begins to count anew
    assert in_per_s(looking.look(100)) == "3.0"
    assert "(0ms)" in looking.look(100)[0].plain


def test_a_screen_says_what_it_has_no_room_for() -> None:
    lines = [Text(str(number)) for number in range(10)]
    assert _fitting(lines, 10) is lines
    shown = [line.plain for line in _fitting(lines, 4)]
    assert shown == ["0", "1", "2", "… 7 more lines; --once shows all"]


def test_it_goes_on_until_it_is_enough() -> None:
    waits: list[float] = []
    shown: list[Any] = []

    def wait(timeout_s: float) -> bool:
        waits.append(timeout_s)
        return len(waits) < 3

    watch(list, shown.append, wait, 0.5)
    assert (len(shown), waits) == (3, [0.5, 0.5, 0.5])


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("key", [b"q", b"Q", b"\x04", b"xyzq"])
def test_a_key_leaves_at_once(terminal: tuple[int, int], key: bytes) -> None:
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    begun_s = time.monotonic()
    with waiting(theirs) as wait:
        assert not termios.tcgetattr(theirs)[3] & termios.ECHO
        timer = threading.Timer(0.05, os.write, (ours, key))
        timer.start()
        assert not wait(20)
        timer.join()
    assert time.monotonic() - begun_s < 10
    assert termios.tcgetattr(theirs) == before


def test_other_keys_do_not_hurry(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with waiting(theirs) as wait:
        os.write(ours, b"\x1b[A ")
        begun_s = time.monotonic()
        assert wait(0.1)
        assert time.monotonic() - begun_s >= 0.1


def test_without_a_keyboard_it_only_waits() -> None:
    read, write = os.pipe()
    try:
        with waiting(read) as wait:
            assert wait(0.01)
    finally:
        os.close(read)
        os.close(write)
