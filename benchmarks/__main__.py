"""``python -m benchmarks [NAME…]``: run benchmarks, print one table, compare with what is stored."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, Report
from benchmarks.sizes import Size
from benchmarks.table import LATEST, STORED, read_ratios, table, write_figures

NAMES: Final = (
    *(
        "ingest",
        "durable",
        "latency",
        "utilisation",
        "startup",
        "memory",
        "rendering",
        "charts",
        "storm",
        "application",
    ),
    "threshold",
)
"""A module each, with ``run(size) -> Report``."""
SEPARATE: Final = {
    "peers": "benchmarks.peers.run",
    "simulation": "benchmarks.simulation.run",
    "fleet-queue": "benchmarks.fleet.queue",
    "fleet-storm": "benchmarks.fleet.storm",
    "fleet-ends": "benchmarks.fleet.ends",
    "fleet-faults": "benchmarks.fleet.faults",
    "fleet-growth": "benchmarks.fleet.growth",
}
"""Asked for by name alone, as they take minutes of their own; where their ``run`` is."""
REPEATED: Final = frozenset({"application"})
"""Those with ``run(size, repeat)``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; return 0, whatever the figures are: a speed is not a test."""
    options = _parser().parse_args(arguments)
    figures: list[Figure] = []
    notes: list[str] = []
    for name in options.names or NAMES:
        started_s = time.monotonic()
        print(f"{name} …", file=sys.stderr, flush=True)
        run: Callable[..., Report] = import_module(SEPARATE.get(name, f"benchmarks.{name}")).run
        repeat = {"repeat": options.repeat} if name in REPEATED and options.repeat else {}
        report = run(options.size, **repeat)
        figures += report.figures
        notes += report.notes
        print(f"{name} took {time.monotonic() - started_s:.0f} s", file=sys.stderr, flush=True)
    print(table(figures, read_ratios(STORED)))
    print("\n".join(["", *notes]))
    for path in [options.latest, *([STORED] if options.store else [])]:
        write_figures(path, figures, machine())
    return 0


def machine() -> Mapping[str, object]:
    """Return what a reader of stored figures may want to know of where they come from."""
    return {"python": platform.python_version(), "processor": platform.machine(), "cores": len(os.sched_getaffinity(0))}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help=f"of: {', '.join((*NAMES, *SEPARATE))}")
    parser.add_argument(
        "--size", type=Size, choices=list(Size), default=Size.FULL, help="tiny only shows that they run"
    )
    parser.add_argument("--repeat", type=int, metavar="N", help="how often application measures ours (3); medians")
    parser.add_argument("--latest", type=Path, default=LATEST, help="where the figures are written")
    parser.add_argument("--store", action="store_true", help="also make them what later runs are compared with")
    return parser


def _name(text: str) -> str:
    if text not in (*NAMES, *SEPARATE):
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join((*NAMES, *SEPARATE))}")
    return text


if __name__ == "__main__":
    sys.exit(main())
