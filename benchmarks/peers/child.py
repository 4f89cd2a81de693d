"""An application that reports errors, one after the other in one thread, and says how long each call took.

It prints ``ready``, waits for a line, reports, prints ``calls`` with what it saw, and ends: at once, or when told.
Calls that are not done after ``--limit-s`` are counted as they are. Runs in the environments of the peers: standard
library only.
"""

import argparse
import gc
import json
import os
import threading
import time
from typing import Any

from benchmarks.peers.calls import Call, call_of
from benchmarks.peers.loopback_only import guard
from benchmarks.peers.scenarios import BY_NAME, Scenario, texts


def report(call: Call, scenario: Scenario, seen: dict[str, Any]) -> None:
    """Report all records; keep when each call began and ended (monotonic ns), and how many raised."""
    errors, clock, begin_s = texts(scenario), time.monotonic_ns, time.monotonic()
    for place, text in enumerate(errors):
        if scenario.every_s:
            time.sleep(max(0.0, begin_s + place * scenario.every_s - time.monotonic()))
        seen["began_ns"] = began_ns = clock()
        try:
            call(text)
        except Exception as error:  # what reaches the application is what is counted
            seen["raised"] += 1
            seen["last_raised"] = type(error).__name__
        seen["spans_ns"].append((began_ns, clock()))
        seen["began_ns"] = 0


def main() -> None:
    """Report as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--scenario", choices=sorted(BY_NAME), required=True)
    parser.add_argument("--limit-s", type=float, required=True)
    options = parser.parse_args()
    scenario = BY_NAME[options.scenario]
    guard()
    call = call_of(options.way, options.url)
    gc.collect()  # what the imports left behind would be looked through in whichever call comes to it
    print("ready", flush=True)
    input()
    seen: dict[str, Any] = {"spans_ns": [], "raised": 0, "last_raised": "", "began_ns": 0}
    worker = threading.Thread(target=report, args=(call, scenario, seen), daemon=True)
    worker.start()
    worker.join(options.limit_s)
    print("calls", json.dumps({**seen, "ended_ns": time.monotonic_ns()}), flush=True)
    if worker.is_alive():
        os._exit(0)
    if not scenario.ends:
        input()


if __name__ == "__main__":
    main()
