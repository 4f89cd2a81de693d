"""``python -m tests.kills [--kills 200] [--seed 7] [--signal KILL] [--profile unlimited] [--failpoints]``"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.kills.random_ends import Plan, play


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--signal", choices=["KILL", "TERM"], default="KILL")
    parser.add_argument("--profile", default="unlimited", help="of FakeDiscord; default: limits as Discord has them")
    options = parser.parse_args()
    plan = Plan(options.kills, options.seed, signal.Signals[f"SIG{options.signal}"], options.profile)
    with tempfile.TemporaryDirectory(prefix="kills-") as directory:
        outcome = play(plan, Path(directory))
    for name, figure in outcome.figures.items():
        print(f"{name:20} {figure}")
    for words in outcome.verdict.wrong:
        print(f"WRONG  {words}")
    return 1 if outcome.verdict.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
