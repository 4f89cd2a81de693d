"""``python -m tests.faults.soak --seconds 120 --seed N``: everything at random, then calm, then the books.

Clients send all the time; Discord fails in every way, goes away and comes back; the service is killed, ended, stopped
and reloaded. In the end accepted = delivered + counted + dead letters + still queued, for each destination.
"""

import argparse
import asyncio
import errno
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from otel_discord.testing.fake_discord import (
    ODD_ANSWERS,
    RATE_LIMITED,
    SERVER_ERRORS,
    Answer,
    Break,
    CloseAfter,
    Cut,
    Drip,
    Fault,
    Gzip,
    Stall,
    Truncate,
    committed,
    posts,
)
from tests.faults.books import Books
from tests.faults.meddling import Disk, Knob, Meddling
from tests.faults.row import UnplayableError
from tests.faults.rows.process_ends import load
from tests.faults.stage import Stage, opened_stage

CARDS_IN_A_MESSAGE = 10
_SHORT_LIMITS = ("user", "shared", "global", "channel_write_20028", "body_only")
_ENDS = {signal.SIGKILL: "kill -9", signal.SIGTERM: "SIGTERM"}


class Chaos:
    """What goes wrong, by dice; counts what leaves open whether Discord has a message."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._meddling: Meddling | None = None
        with suppress(UnplayableError):  # no compiler: disks do not fail then
            self._meddling = Meddling(stage.directory, stage.storage_directory)
        self.events: Counter[str] = Counter()
        self.left_open = 0
        """Most messages that may be there twice."""

    @property
    def environment(self) -> dict[str, str]:
        """What the service is to be started with."""
        return self._meddling.environment if self._meddling is not None else {}

    async def happen(self) -> None:
        """Let one thing go wrong, and end it."""
        dice = self._stage.dice
        deeds = [self._answers, self._answers, self._answers, self._end, self._end]
        deeds += [self._breaks, self._away, self._pause, self._reload]
        if self._meddling is not None:
            deeds.append(self._disk)
        await dice.choice(deeds)()

    async def _answers(self) -> None:
        dice = self._stage.dice
        limits = [RATE_LIMITED[name] for name in _SHORT_LIMITS]
        odd = [ODD_ANSWERS["html_200"], ODD_ANSWERS["redirect"], ODD_ANSWERS["overloaded_130000"]]
        answer: Answer = dice.choice([*SERVER_ERRORS.values(), *limits, *odd])
        times = dice.randint(1, 4)
        if answer.status >= 500 and dice.random() < 0.5:
            answer = committed(answer)
            self.left_open += times
        self._add(f"answers {answer.status}", Fault(answer, match=posts, times=times), times)

    async def _breaks(self) -> None:
        dice = self._stage.dice
        action = dice.choice(
            [
                Break(Cut.UPLOAD),
                Break(Cut.BEFORE_HEADERS),
                Break(Cut.BEFORE_HEADERS, commit=True),
                Break(Cut.MID_BODY, commit=True),
                Stall(1.0, commit=True),
                Stall(30.0, commit=True),
                Drip(),
                Truncate(),
                Gzip(),
                CloseAfter(),
            ]
        )
        times = dice.randint(1, 3)
        self.left_open += times * bool(getattr(action, "commit", False))
        self._add(type(action).__name__.lower(), Fault(action, match=posts, times=times), times)

    def _add(self, name: str, fault: Fault, times: int) -> None:
        self.events[name] += times
        self._stage.fake.faults.add(fault)

    async def _away(self) -> None:
        self.events["outage"] += 1
        self.left_open += len(self._stage.webhooks)  # messages under way when connections break
        await self._stage.server.stop_listening()
        await asyncio.sleep(self._stage.dice.uniform(0.2, 4))
        await self._stage.server.listen_again()

    async def _end(self) -> None:
        number = self._stage.dice.choice(list(_ENDS))
        self.events[_ENDS[number]] += 1
        # A message whose answer does not come within the shutdown's time is in doubt too.
        self.left_open += len(self._stage.webhooks)
        await self._stage.restart(number, environment=self.environment)

    async def _pause(self) -> None:
        self.events["SIGSTOP"] += 1
        self.left_open += len(self._stage.webhooks)
        self._stage.service.signal(signal.SIGSTOP)
        await asyncio.sleep(self._stage.dice.uniform(0.2, 3))
        self._stage.service.signal(signal.SIGCONT)

    async def _disk(self) -> None:
        assert self._meddling is not None
        dice = self._stage.dice
        knob, value = dice.choice(
            [
                (Knob.DISK_MODE, int(Disk.FAILS)),
                (Knob.DISK_MODE, int(Disk.READ_ONLY)),
                (Knob.SYNC_ERRNO, errno.EIO),
                (Knob.SYNC_DELAY_US, 100_000),
                (Knob.SYNC_STALL_MS, 2_000),
            ]
        )
        self.events[f"disk {knob.name.lower()}"] += 1
        self.left_open += len(self._stage.webhooks)  # delivered, and that could not be noted
        self._meddling[knob] = value
        await asyncio.sleep(dice.uniform(0.1, 2))
        self._meddling[knob] = 0

    async def _reload(self) -> None:
        self.events["SIGHUP"] += 1
        for _ in range(self._stage.dice.randint(1, 20)):
            self._stage.service.signal(signal.SIGHUP)
        await asyncio.sleep(0.3)


async def soak(stage: Stage, *, seconds: float, clients: int) -> tuple[Chaos, Books]:
    """Let everything go wrong for a time, then nothing, and return the books.

    Raises:
        AssertionError: they do not add up.
    """
    chaos = Chaos(stage)
    await stage.start(environment=chaos.environment)
    over = False
    senders = [stage.client() for _ in range(clients)]
    sending = asyncio.create_task(load(stage, senders, lambda: over, pause_s=0.05))
    ends_at = time.monotonic() + seconds
    try:
        while time.monotonic() < ends_at and not sending.done():
            await chaos.happen()
            await asyncio.sleep(stage.dice.uniform(0.1, 1.0))
    finally:
        over = True
        stage.fake.faults.clear()
        with suppress(asyncio.CancelledError):
            await sending
    held = await stage.close_books(
        duplicates=10 * chaos.left_open,
        ordered=False,
        deadline_s=120,
        tolerated=["concurrent_post", "retry_after_ignored"],
    )
    return chaos, held


def table(chaos: Chaos, held: Books) -> str:
    """Return the books as lines."""
    lines = [f"{name:24} {count:6}" for name, count in sorted(chaos.events.items())]
    lines += [
        "",
        f"{'':12}{'accepted':>10}{'delivered':>11}{'counted':>9}{'dead':>7}{'queued':>8}{'lost':>6}{'repeated':>10}",
    ]
    for name, ids in held.delivered.items():
        mine = set(ids) & set(held.accepted)
        dead = held.dead.get(name, set())
        lost = len(set(held.accepted) - mine - dead)
        repeated = len(ids) - len(set(ids))
        # Nothing is folded here, and the books are closed when nothing waits any more.
        numbers = (len(held.accepted), len(mine), 0, len(dead), 0, lost, repeated)
        lines.append(f"{name:12}" + "".join(f"{number:10,}" for number in numbers))
    return "\n".join(lines)


async def run(seconds: float, seed: int, clients: int, destinations: int) -> int:
    """Soak in a directory that goes away; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        async with opened_stage(Path(directory), seed=seed, whole=False, destinations=destinations) as stage:
            try:
                chaos, held = await soak(stage, seconds=seconds, clients=clients)
            except (AssertionError, UnplayableError) as error:
                print(f"seed {seed}: {error}")
                return 1
            print(table(chaos, held))
            print(f"\nseed {seed}: the books add up; at most {chaos.left_open} messages may be there twice")
            return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak; return 0 where the books add up."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--destinations", type=int, default=3)
    options = parser.parse_args(arguments)
    return asyncio.run(run(options.seconds, options.seed, options.clients, options.destinations))


if __name__ == "__main__":
    sys.exit(main())
