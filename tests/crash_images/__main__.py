"""``python -m tests.crash_images --images 5000 --seed 7``"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.crash_images.run import record, table, try_images


async def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash_images", description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40, help="batches a worker and half")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--normal", action="store_true", help="record with fsync: false (synchronous=NORMAL)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        live, images = Path(name, "live"), Path(name, "images")
        live.mkdir()
        images.mkdir()
        recording, books = await record(
            live, options.seed, fsync=not options.normal, workers=options.workers, rounds=options.rounds
        )
        mode = "NORMAL" if options.normal else "FULL"
        print(f"synchronous={mode}: {recording.now:,} operations, {books.answers:,} answers, seed {options.seed}")
        results = await try_images(recording, books, images, images=options.images, seed=options.seed)
    print(table(results))
    for result in results.values():
        for each in [*result.unopened, *result.wrong][:5]:
            print(f"  {each}")
    return 0 if all(result.is_good for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
