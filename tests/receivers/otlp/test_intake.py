"""The way of one request, on a virtual clock: who waits, for how long, and that nothing is kept that was given back."""

import asyncio

import pytest

from otel_discord.component import ACCEPTED, Receipt
from otel_discord.receivers.otlp.ingest import DecodingLimits, WireFormat
from otel_discord.receivers.otlp.intake import INLINE_BYTES, OVERLOAD_WAIT_S, Incoming, Intake
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.signals import Signal
from otel_discord.testing.otlp import logs_request
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

ONE = logs_request(1, body="x" * 1000).SerializeToString()
LIMITS = DecodingLimits(64 * 2**20)


def intake(sink: Sink, max_decoding_bytes: int = 2**26) -> Intake:
    consumers = dict.fromkeys(Signal, sink)
    return Intake(consumers, settings("otlp"), transports=["grpc"], max_decoding_bytes=max_decoding_bytes)


def incoming(body: bytes) -> Incoming:
    return Incoming(Signal.LOGS, body, "", WireFormat.PROTOBUF, LIMITS, "grpc")


@pytest.mark.looptime
async def test_a_request_without_room_waits_and_then_is_told_to_try_again() -> None:
    sink = Sink()
    sink.block()
    taking = intake(sink, len(ONE) * 8)
    first = asyncio.create_task(taking.take(incoming(ONE)))
    await asyncio.sleep(0.1)
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    refusal = await taking.take(incoming(ONE))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.UNAVAILABLE
    assert loop.time() - start_s == pytest.approx(OVERLOAD_WAIT_S)
    third = asyncio.create_task(taking.take(incoming(ONE)))
    await asyncio.sleep(1)
    sink.unblock()
    assert await first == await third == ACCEPTED
    assert sink.offered == 2
    await taking.close(1)


@pytest.mark.looptime
async def test_a_cancelled_request_gives_its_place_back() -> None:
    sink = Sink()
    sink.block()
    taking = intake(sink, len(ONE) * 8)
    held = asyncio.create_task(taking.take(incoming(ONE)))
    waiting = asyncio.create_task(taking.take(incoming(ONE)))
    await asyncio.sleep(0.1)
    waiting.cancel()
    held.cancel()  # its batch is with the pipeline already and stays there
    await asyncio.gather(held, waiting, return_exceptions=True)
    sink.unblock()
    assert await taking.take(incoming(ONE)) == ACCEPTED
    assert sink.item_count == 2
    assert await taking.close(1) == 0


@pytest.mark.looptime
async def test_after_closing_every_request_is_told_to_try_again() -> None:
    sink = Sink()
    sink.block()
    taking = intake(sink)
    held = asyncio.create_task(taking.take(incoming(ONE)))
    await asyncio.sleep(0)
    assert await taking.close(2) == 1
    for refusal in (await held, await taking.take(incoming(ONE))):
        assert isinstance(refusal, Refusal)
        assert refusal.reason is Reason.UNAVAILABLE


async def test_bodies_waiting_to_be_decoded_are_bounded() -> None:
    sink = Sink()
    taking = intake(sink, 2**20)
    large = logs_request(1, body="x" * (INLINE_BYTES * 3)).SerializeToString()
    answers = await asyncio.gather(*(taking.take(incoming(large)) for _ in range(12)))
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert {refusal.reason for refusal in refused} == {Reason.UNAVAILABLE}
    assert 0 < len(refused) < 12
    assert sink.item_count == 12 - len(refused)
    assert isinstance(await taking.take(incoming(large)), Receipt)
    assert taking.uploads.taken_bytes == 0
    await taking.close(1)


async def test_impossible_receipts_are_brought_back_to_what_was_sent() -> None:
    taking = intake(Sink(always=Receipt(99, "all of it")))
    assert await taking.take(incoming(ONE)) == Receipt(1, "all of it")
    await taking.close(1)
