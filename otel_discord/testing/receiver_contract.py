"""What every receiver must do with records, whatever the next consumer answers: each is passed on or given back.

A *client* stands for whoever sends to the receiver. It sends numbered records, sends again what it is told to, and
must know of every record whether it was accepted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol, TypeAlias

from otel_discord.component.component import Component
from otel_discord.component.consumer import ACCEPTED
from otel_discord.component.errors import PermanentError, RetryableError
from otel_discord.component.factory import Outlets
from otel_discord.component.host import Host
from otel_discord.signals.batch import Batch, LogsBatch, Signal
from otel_discord.testing.expect import within
from otel_discord.testing.exporter_contract import RECORD_BODY, SCENARIOS, Decide, dice
from otel_discord.testing.host import NopHost
from otel_discord.testing.leaks import no_leaked_tasks
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.sinks import Verdict as SinkVerdict

Told: TypeAlias = Literal["accepted", "retry", "refused"]


class Client(Protocol):
    """Sends one batch to the receiver and says what the receiver told it."""

    async def send(self, batch: LogsBatch) -> Told:
        """Return ``accepted``, ``retry`` (nothing was taken), or ``refused`` (never send it again)."""
        ...


async def check_receiver(
    make_receiver: Callable[[Outlets], Component],
    connect: Callable[[Component], AbstractAsyncContextManager[Client]],
    *,
    records: int = 60,
    batch_size: int = 4,
    seed: int = 0,
    max_retries: int = 20,
    scenarios: Sequence[str] = tuple(SCENARIOS),
    host: Callable[[], Host] = NopHost,
    patience_s: float = 60.0,
) -> None:
    """Run the scenarios, each with a new receiver; ``connect`` is entered while the receiver runs.

    Raises:
        AssertionError: names the scenario, and the numbers lost, doubled or reported wrongly.
    """
    for name in scenarios:
        sink = Sink(decide=_answers(dice(SCENARIOS[name], seed, max_retries // 2)))
        receiver = make_receiver(Outlets(by_signal=dict.fromkeys(Signal, sink)))
        async with no_leaked_tasks(), receiver.lifespan(host()), connect(receiver) as client:
            sending = _send_all(client, records, batch_size, max_retries)
            told = await within(patience_s, sending, f"scenario {name!r}")
        _judge(name, sink, told, records)


def _answers(decide: Decide) -> Callable[[Batch], SinkVerdict]:
    def answer(_: Batch) -> SinkVerdict:
        match decide():
            case "retryable":
                return RetryableError("busy", retry_after_s=0.0)
            case "permanent":
                return PermanentError("never")
            case _:
                return ACCEPTED

    return answer


async def _send_all(client: Client, records: int, batch_size: int, max_retries: int) -> dict[str, Told]:
    told: dict[str, Told] = {}
    for first in range(0, records, batch_size):
        count = min(batch_size, records - first)
        batch = logs_batch(count, first=first, body=RECORD_BODY)
        answer: Told = "retry"
        for _ in range(max_retries):
            answer = await client.send(batch)
            if answer != "retry":
                break
        told |= {RECORD_BODY.replace("{n}", str(number)): answer for number in range(first, first + count)}
    return told


def _judge(name: str, sink: Sink, told: dict[str, Told], records: int) -> None:
    passed_on = Counter(str(body) for body in sink.bodies)
    for body, answer in told.items():
        expected = 1 if answer == "accepted" else 0
        if passed_on[body] != expected:
            raise AssertionError(f"scenario {name!r}: {body} was {answer} and passed on {passed_on[body]} times")
    if len(told) != records:
        raise AssertionError(f"scenario {name!r}: {len(told)} of {records} records were answered")
    if "permanent" not in SCENARIOS[name] and set(told.values()) != {"accepted"}:
        raise AssertionError(f"scenario {name!r}: told {Counter(told.values())}")
