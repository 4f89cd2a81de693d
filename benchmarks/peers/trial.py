"""One way through one scenario: fresh processes, a Discord that nobody used before, and what came of it."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.counting import Counted, counted
from benchmarks.peers.installed import peer_python
from benchmarks.peers.memory_peak import MemoryPeak
from benchmarks.peers.places import Channel, held_by, new_channel
from benchmarks.peers.scenarios import Scenario
from benchmarks.peers.ways import Way
from benchmarks.processes import Process, started

_POLL_S: Final = 0.25
_AFTER_S: Final = 1.0
"""What was posted before a process ended has arrived by then."""
_END_TIMEOUT_S: Final = 30.0
_ROOT: Final = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it. ``made``: calls that have returned. ``exit_s``: from the last call's end to the process's."""

    way: Way
    scenario: Scenario
    counted: Counted
    made: int
    raised: int
    first_s: float | None
    last_s: float | None
    blocked_max_ms: float
    blocked_sum_ms: float
    memory_mib: float
    exit_s: float | None

    @property
    def lost(self) -> int:
        """Records whose call has returned and that nobody saw; of alerts, problems."""
        expected = self.scenario.problems if self.way.reading == "alerts" else self.made
        return max(0, expected - self.counted.accounted)

    @property
    def waiting(self) -> int:
        """Records whose call was not done when time was up."""
        return self.scenario.records - self.made


def trial(way: Way, scenario: Scenario, control: str, *, cut_s: float) -> Trial:
    """Return what came of it within ``cut_s`` of its first record.

    Raises:
        PeersMissingError: it is not installed and cannot be.
        RuntimeError: a process failed; with what it said.
    """
    python = peer_python(way.package) if way.package else sys.executable
    channel = new_channel(control)
    with held_by(way, channel) as (url, beside), _application(way, scenario, url, python, cut_s) as child:
        memory = MemoryPeak((beside or child).pid)
        begun_s = time.monotonic()
        child.say("go")
        if scenario.trouble:
            channel.announce(scenario.trouble)
        told = json.loads(child.wait_for("^calls (.*)", timeout_s=cut_s + 10)[1])
        last_call_s = told["ended_ns"] / 1e9
        exit_s = None
        if scenario.ends and not told["began_ns"]:
            exit_s = _ended(child, beside) - last_call_s
            time.sleep(_AFTER_S)
            found = counted(channel.told(), scenario, way.reading)
        else:
            found = _settled(way, scenario, channel, begun_s + cut_s)
        return _trial(way, scenario, told, found, memory.stop(), exit_s)


@contextlib.contextmanager
def _application(way: Way, scenario: Scenario, url: str, python: str, cut_s: float) -> Iterator[Process]:
    arguments = ["-m", "benchmarks.peers.child", "--way", way.name, "--url", url]
    arguments += ["--scenario", scenario.name, "--limit-s", str(cut_s)]
    with started(arguments, cwd=_ROOT, python=python) as child:
        child.wait_for("^ready")
        yield child


def _ended(child: Process, beside: Process | None) -> float:
    ended_s = child.wait_for_end(timeout_s=_END_TIMEOUT_S)
    if beside is None:
        return ended_s
    beside.popen.terminate()
    return beside.wait_for_end(timeout_s=_END_TIMEOUT_S)


def _settled(way: Way, scenario: Scenario, channel: Channel, ends_at_s: float) -> Counted:
    """Return what is there when nothing more is to be expected, or when time is up."""
    before, since_s = counted(channel.told(), scenario, way.reading), time.monotonic()
    while (now_s := time.monotonic()) < ends_at_s:
        time.sleep(min(_POLL_S, max(0.0, ends_at_s - now_s)))
        found = counted(channel.told(), scenario, way.reading)
        if found != before:
            before, since_s = found, time.monotonic()
        whole = scenario.problems if way.reading == "alerts" else scenario.records
        if time.monotonic() - since_s >= scenario.settled_s and (found.accounted >= whole or not way.answers_late):
            break
    return before


def _trial(
    way: Way, scenario: Scenario, told: Mapping[str, Any], found: Counted, memory_mib: float, exit_s: float | None
) -> Trial:
    spans = told["spans_ns"]
    taken = [end - begin for begin, end in spans]
    if told["began_ns"]:
        taken.append(told["ended_ns"] - told["began_ns"])  # under way when time was up
    begin_s = (spans[0][0] if spans else told["began_ns"]) / 1e9
    return Trial(
        way=way,
        scenario=scenario,
        counted=found,
        made=len(spans),
        raised=told["raised"],
        first_s=None if found.first_s is None else found.first_s - begin_s,
        last_s=None if found.last_s is None else found.last_s - begin_s,
        blocked_max_ms=max(taken, default=0) / 1e6,
        blocked_sum_ms=sum(taken) / 1e6,
        memory_mib=memory_mib,
        exit_s=exit_s,
    )
