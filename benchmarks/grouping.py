"""How well and how fast messages are grouped: `python benchmarks/grouping.py FILE.csv…` (columns Content, EventId).

Grouping accuracy as the LogPAI benchmarks define it: the share of lines whose group holds exactly the lines of their
true group. Each file has a miner of its own; a line's group is the one given when the line arrived.
"""

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from otel_discord.exporters.discord.mining import Miner

_ROUNDS: Final = 5
"""The speed is that of the fastest round, each with a new miner: others use the machine as well."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was found in one file, or on the average of all."""

    name: str
    lines: int
    groups: int
    accuracy: float
    lines_per_s: float


def read_lines(path: Path) -> tuple[list[str], list[str]]:
    """Return the messages of a file and the ids of their true templates."""
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = [(row["Content"] or "", row["EventId"] or "") for row in csv.DictReader(file)]
    return [message for message, _ in rows], [truth for _, truth in rows]


def groups_online(messages: Sequence[str]) -> Iterator[str]:
    """Yield the group of each message as it arrives."""
    match = Miner().match
    for message in messages:
        yield match(message).group


def grouping_accuracy(found: Sequence[str], truth: Sequence[str]) -> float:
    """Return the share of lines whose found group holds exactly the lines of their true group; 0 for no lines."""
    if not found:
        return 0.0
    sizes_found, sizes_true = Counter(found), Counter(truth)
    both = Counter(zip(found, truth, strict=True))
    right = sum(lines for (group, event), lines in both.items() if lines == sizes_found[group] == sizes_true[event])
    return right / len(found)


def over_merged(found: Sequence[str], truth: Sequence[str]) -> int:
    """Return how many lines are in a group with lines of another template that are more."""
    most: dict[str, int] = {}
    for (group, _), lines in Counter(zip(found, truth, strict=True)).items():
        most[group] = max(lines, most.get(group, 0))
    return len(found) - sum(most.values())


def lines_per_s(messages: Sequence[str]) -> float:
    """Return how many messages a new miner groups in a second, from the text to the group."""
    best_s = float("inf")
    for _ in range(_ROUNDS):
        match = Miner().match
        began_s = time.process_time()
        for message in messages:
            match(message)
        best_s = min(best_s, time.process_time() - began_s)
    return len(messages) / best_s if best_s > 0 else 0.0


def measured(path: Path) -> Row:
    """Return the row of one file."""
    messages, truth = read_lines(path)
    found = list(groups_online(messages))
    return Row(path.stem, len(found), len(set(found)), grouping_accuracy(found, truth), lines_per_s(messages))


def mean(rows: Sequence[Row]) -> Row:
    """Return the row `mean`: each file counts alike, however long it is."""
    count = max(1, len(rows))
    return Row(
        "mean",
        round(sum(row.lines for row in rows) / count),
        round(sum(row.groups for row in rows) / count),
        sum(row.accuracy for row in rows) / count,
        sum(row.lines_per_s for row in rows) / count,
    )


def print_groups(paths: Sequence[Path]) -> None:
    """Print the file, the line's number and its group, line by line."""
    for path in paths:
        for number, group in enumerate(groups_online(read_lines(path)[0]), start=1):
            print(f"{path}\t{number}\t{group}", flush=True)


def print_table(rows: Sequence[Row]) -> None:
    """Print what was found for reading."""
    print(f"{'name':<20} {'lines':>8} {'groups':>7} {'accuracy':>9} {'lines/s':>9}")
    for row in rows:
        print(f"{row.name:<20} {row.lines:>8} {row.groups:>7} {row.accuracy:>9.4f} {row.lines_per_s:>9.0f}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a script; return the exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks/grouping.py", description=(__doc__ or "").split(":")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.csv")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print a list of objects")
    shape.add_argument("--assign", action="store_true", help="print the group of each line")
    options = parser.parse_args(arguments)
    if options.assign:
        print_groups(options.files)
        return 0
    rows = [measured(path) for path in options.files]
    rows.append(mean(rows))
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        print_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
