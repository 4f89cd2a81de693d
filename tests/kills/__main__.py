"""``python -m tests.kills [--kills 200] [--seed 7] [--signal KILL] [--profile P] [--fold]``, or ``--failpoints``."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.end_to_end.processes import stand_in
from tests.kills.fold_ends import play_folded
from tests.kills.fold_places import FOLD_PLACES, play_at
from tests.kills.launch import command
from tests.kills.perform import perform
from tests.kills.random_ends import Plan, play
from tests.kills.scenes import CASES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--signal", choices=["KILL", "TERM"], default="KILL")
    parser.add_argument("--profile", default="unlimited", help="of FakeDiscord; default: limits as Discord has them")
    parser.add_argument("--failpoints", action="store_true", help="a kill at every place that the code names, instead")
    parser.add_argument("--fold", action="store_true", help="problems that repeat, counted on their cards")
    options = parser.parse_args()
    if options.failpoints:
        return at_fold_places() if options.fold else at_failpoints()
    plan = Plan(options.kills, options.seed, signal.Signals[f"SIG{options.signal}"], options.profile)
    with tempfile.TemporaryDirectory(prefix="kills-") as directory:
        outcome = (play_folded if options.fold else play)(plan, Path(directory))
    for name, figure in outcome.figures.items():
        print(f"{name:20} {figure}")
    for words in outcome.verdict.wrong:
        print(f"WRONG  {words[:2000]}")
    return 1 if outcome.verdict.wrong else 0


def at_failpoints() -> int:
    """Play every scene at each of its places, with the service as users start it, and print a table."""
    wrong = 0
    print(f"{'killed at':28} {'while':28} {'on disk then':16} {'in the end':36} repeats")
    with stand_in("--profile", "unlimited", "--webhooks", str(2 * len(CASES))) as fake:
        for number, (scene, place) in enumerate(CASES):
            with tempfile.TemporaryDirectory(prefix="kills-") as directory:
                urls = fake.urls[2 * number : 2 * number + 2]
                try:
                    played = perform(scene, place, Path(directory), fake, command, urls)
                except AssertionError as error:
                    wrong += 1
                    print(f"{place:28} {scene.name:28} WRONG  {str(error)[:2000]}", flush=True)
                    continue
            print(f"{place:28} {scene.name:28} {played.on_disk:16} {played.end:36} {played.repeats}", flush=True)
    print(f"{len(CASES)} kills at {len({place for _, place in CASES})} places, {wrong} wrong")
    return 1 if wrong else 0


def at_fold_places() -> int:
    """Do so while problems are folded."""
    wrong = 0
    print(f"{'killed at':28} {'on disk then':36} {'messages':>8} {'repeated':>8}")
    with stand_in("--profile", "unlimited", "--webhooks", str(len(FOLD_PLACES))) as fake:
        for place, url in zip(FOLD_PLACES, fake.urls, strict=True):
            with tempfile.TemporaryDirectory(prefix="kills-") as directory:
                try:
                    played = play_at(place, Path(directory), fake, command, url)
                except AssertionError as error:
                    wrong += 1
                    print(f"{place:28} WRONG  {str(error)[:2000]}", flush=True)
                    continue
            verdict = played.verdict
            print(f"{place:28} {played.left:36} {verdict.messages:8} {verdict.repeated:8}", flush=True)
    print(f"{len(FOLD_PLACES)} kills, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
