"""An application that has errors to report: a burst from some threads, or so many a second; then it ends.

``python -m benchmarks.application_child --way apprise --url URL --errors 60 --threads 4``. It prints ``ready``, waits
for a line, reports, prints ``calls`` with what each call took, and ends as any program does. Runs in the environment of
the peers too: standard library only.
"""

import argparse
import gc
import json
import threading
import time
from typing import Final

from benchmarks.application_ways import Call, make_call

_VERBS: Final = ("charge", "reserve", "ship", "index", "resize", "publish", "archive", "import", "merge", "sync")
_NOUNS: Final = ("invoice", "basket", "parcel", "catalog", "thumbnail", "refund")


def texts(errors: int, *, repeats: bool) -> list[str]:
    """Return what the errors say: the same words with other numbers, or other words each (60, then again)."""
    if repeats:
        return [f"cannot charge invoice {7000 + number}: timeout" for number in range(errors)]
    return [
        f"cannot {_VERBS[number % 10]} {_NOUNS[number // 10 % 6]} {7000 + number}: timeout" for number in range(errors)
    ]


def burst(call: Call, errors: list[str], threads: int) -> list[tuple[int, int]]:
    """Report all errors, in shares, from threads that begin together; return when each call began and ended, in ns."""
    spans: list[list[tuple[int, int]]] = [[] for _ in range(threads)]
    together = threading.Barrier(threads)

    def run(place: int) -> None:
        mine, taken, clock = errors[place::threads], spans[place], time.perf_counter_ns
        together.wait(30)
        for text in mine:
            began = clock()
            call(text)
            taken.append((began, clock()))

    if threads == 1:
        run(0)
    else:
        workers = [threading.Thread(target=run, args=(place,)) for place in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return sorted(span for each in spans for span in each)


def steady(call: Call, errors: list[str], per_s: float) -> list[tuple[int, int]]:
    """Report one error after the other at a steady pace; return when each call began and ended, in ns."""
    taken, clock, begin_s = [], time.perf_counter_ns, time.monotonic()
    for number, text in enumerate(errors):
        time.sleep(max(0.0, begin_s + number / per_s - time.monotonic()))
        began = clock()
        call(text)
        taken.append((began, clock()))
    return taken


def main() -> None:
    """Report errors as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--errors", type=int, default=60)
    parser.add_argument("--repeats", action="store_true", help="the same error again and again")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--per-s", type=float, default=0.0, help="0 is a burst")
    options = parser.parse_args()
    call = make_call(options.way, options.url)
    errors = texts(options.errors, repeats=options.repeats)
    gc.collect()  # what the imports left behind would be looked through in whichever call comes to it
    print("ready", flush=True)
    input()
    spans = steady(call, errors, options.per_s) if options.per_s else burst(call, errors, options.threads)
    ended_s = time.monotonic()
    print("calls", json.dumps({"spans_ns": spans, "ended_s": ended_s}), flush=True)


if __name__ == "__main__":
    main()
