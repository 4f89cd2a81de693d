"""``python -m tests.faults [--rows 33,41-44] [--seed N]``: plays the fault matrix whole and writes its table."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import tests.faults.rows  # noqa: F401 - registers them
from tests.faults.perform import perform_in_passing
from tests.faults.row import ROWS, Result, Verdict
from tests.faults.table import rewritten

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "reliability.md"


def chosen(text: str) -> list[int]:
    """Return the row numbers that a text such as ``33,41-44`` names; all of them for an empty one."""
    if not text:
        return sorted(ROWS)
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return sorted(found & set(ROWS))


async def play(numbers: Sequence[int], *, seed: int, whole: bool) -> list[Result]:
    """Play rows one after another and say how each ended."""
    results = []
    for number in numbers:
        result = await perform_in_passing(ROWS[number], seed=seed, whole=whole)
        results.append(result)
        words = result.figures if result.verdict is Verdict.GREEN else result.why.partition("\n")[0]
        if result.verdict is Verdict.GREEN and result.why:
            words += f" ({result.why})"
        print(
            f"{number:3} {result.verdict:9} {result.took_s:6.1f} s  {ROWS[number].fault[:60]:60}  {words}", flush=True
        )
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the rows; return 0 where none is red."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rows", default="", help="such as 33,41-44; all without it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="as make test plays them")
    parser.add_argument("--no-table", action="store_true", help=f"leave {PAGE.name} alone")
    parser.add_argument("--verbose", action="store_true", help="what a red row found, whole")
    options = parser.parse_args(arguments)
    results = asyncio.run(play(chosen(options.rows), seed=options.seed, whole=not options.small))
    if not options.no_table:
        PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), ROWS, results), encoding="utf-8")
    for result in results:
        if result.verdict is Verdict.RED and options.verbose:
            print(f"\n{result.number}: {result.why}")
    red = [result.number for result in results if result.verdict is Verdict.RED]
    print(f"{len(results)} rows, {len(results) - len(red)} green or explained" + (f", red: {red}" if red else ""))
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
