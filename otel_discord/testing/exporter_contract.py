"""What every exporter must do with records, whatever the far end answers: each is delivered or accounted for.

Records are numbered; a *far end* stands for what the exporter sends to, answers as the scenario says, and remembers the
numbers that it took and those that it refused for good. Four scenarios: ok, retryable, permanent, mixed.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from otel_discord.component.component import Exporter
from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import PermanentError, RetryableError
from otel_discord.component.host import Host
from otel_discord.signals.batch import LogsBatch
from otel_discord.testing.host import NopHost
from otel_discord.testing.leaks import no_leaked_tasks
from otel_discord.testing.otlp import logs_batch

Verdict: TypeAlias = Literal["ok", "retryable", "permanent"]
Decide: TypeAlias = Callable[[], Verdict]

SCENARIOS: Mapping[str, Mapping[Verdict, float]] = {
    "ok": {"ok": 1.0},
    "random retryable": {"ok": 0.6, "retryable": 0.4},
    "random permanent": {"ok": 0.6, "permanent": 0.4},
    "mixed": {"ok": 0.5, "retryable": 0.3, "permanent": 0.2},
}
"""How often each answer comes."""

RECORD_BODY = "record #{n}#"
"""What a far end looks for in what it is sent."""


class FarEnd(ABC):
    """What an exporter sends to, in a test."""

    @abstractmethod
    def make_exporter(self) -> Exporter:
        """Return a new exporter, not started, that sends to this far end and retries what is retryable."""

    @abstractmethod
    def answer_by(self, decide: Decide) -> None:
        """From now on ask ``decide`` once for each request and answer so."""

    @abstractmethod
    def delivered(self) -> Sequence[str]:
        """Return the numbers of the records taken, in order, one entry for each time."""

    @abstractmethod
    def refused(self) -> set[str]:
        """Return the numbers of the records in requests that were refused for good."""


async def check_exporter(
    make_far_end: Callable[[], FarEnd],
    *,
    records: int = 100,
    batch_size: int = 7,
    seed: int = 0,
    max_failures_in_a_row: int = 3,
    scenarios: Sequence[str] = tuple(SCENARIOS),
    host: Callable[[], Host] = NopHost,
    patience_s: float = 600.0,
) -> None:
    """Run the scenarios, each against a new far end.

    ``max_failures_in_a_row`` is to be below the exporter's ``max_attempts``, so that nothing ends by too many attempts.
    A virtual clock makes it quick.

    Raises:
        AssertionError: names the scenario, and the numbers lost or doubled.
    """
    for name in scenarios:
        far_end = make_far_end()
        far_end.answer_by(dice(SCENARIOS[name], seed, max_failures_in_a_row))
        async with no_leaked_tasks():
            returned = await _run(far_end, records, batch_size, host(), patience_s)
        _judge(name, far_end, [str(number) for number in range(records)], returned)


def dice(weights: Mapping[Verdict, float], seed: int, max_failures_in_a_row: int) -> Decide:
    """Return seeded answers, with at most so many retryable ones in a row."""
    rng = random.Random(seed)
    row = 0

    def decide() -> Verdict:
        nonlocal row
        verdict = rng.choices(list(weights), list(weights.values()))[0]
        row = row + 1 if verdict == "retryable" else 0
        if row > max_failures_in_a_row:
            row = 0
            return "ok"
        return verdict

    return decide


@dataclass(slots=True)
class _Returned:
    """What the exporter did not take: whole batches by number, and a count out of batches taken in part."""

    numbers: set[str] = field(default_factory=set)
    uncounted: int = 0


async def _run(far_end: FarEnd, records: int, batch_size: int, host: Host, patience_s: float) -> _Returned:
    exporter = far_end.make_exporter()
    returned = _Returned()
    async with exporter.lifespan(host):
        for first in range(0, records, batch_size):
            count = min(batch_size, records - first)
            receipt = await _consume(exporter, logs_batch(count, first=first, body=RECORD_BODY))
            if receipt is None or receipt.rejected == count:
                returned.numbers |= {str(number) for number in range(first, first + count)}
            else:
                returned.uncounted += receipt.rejected
        await _until_seen(far_end, records - len(returned.numbers) - returned.uncounted, patience_s)
    return returned


async def _consume(exporter: Exporter, batch: LogsBatch) -> Receipt | None:
    """Send a batch as a careful client does; None when it was refused for good."""
    while True:
        try:
            return await exporter.consume(batch)
        except RetryableError as error:
            await asyncio.sleep(error.retry_after_s or 0.1)
        except PermanentError:
            return None


async def _until_seen(far_end: FarEnd, expected: int, patience_s: float) -> None:
    """Wait until the far end has seen everything; after ``patience_s`` go on, the verdict says what is missing."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + patience_s
    while len(set(far_end.delivered()) | far_end.refused()) < expected and loop.time() < deadline_s:  # noqa: ASYNC110 - a far end has no event
        await asyncio.sleep(0.1)


def _judge(name: str, far_end: FarEnd, numbers: Sequence[str], returned: _Returned) -> None:
    delivered, refused = Counter(far_end.delivered()), far_end.refused()
    lost = [number for number in numbers if not delivered[number] and number not in refused | returned.numbers]
    if len(lost) > returned.uncounted:
        raise AssertionError(f"scenario {name!r}: {len(lost)} of {len(numbers)} records lost, first {lost[:5]}")
    doubled = [number for number, times in delivered.items() if times > 1]
    if doubled:
        raise AssertionError(f"scenario {name!r}: delivered more than once: {doubled[:5]}")
    not_taken = returned.numbers & set(delivered)
    if not_taken:
        raise AssertionError(f"scenario {name!r}: delivered though given back: {sorted(not_taken)[:5]}")
    if "permanent" not in SCENARIOS[name] and len(delivered) < len(numbers):
        raise AssertionError(f"scenario {name!r}: {len(delivered)} of {len(numbers)} delivered")
