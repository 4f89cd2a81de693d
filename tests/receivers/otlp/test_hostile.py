"""Requests that mean harm: answered, bounded, and never a server error or a stack trace."""

import asyncio
import gzip
import json
import logging
import random
import sys
from pathlib import Path

import grpc
import pytest
import zstandard

from otel_discord.signals import otlp_json
from otel_discord.testing.otlp import logs_request
from tests.receivers.otlp.rig import JSON, PROTOBUF, running

ROOT = Path(__file__).parents[3]
GOOD = logs_request(3, body=lambda n: {"a": [n, "b", {"c": 1.5}]}, attributes={"k": "v", "n": 1})


async def memory(kind: str, times: int) -> tuple[float, list[int]]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.receivers.otlp.memory_child",
        kind,
        str(times),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(child.communicate(), 60)
    answer = json.loads(out)
    return answer["mib"], answer["statuses"]


@pytest.mark.parametrize(("kind", "status"), [("empty messages", 413), ("attributes", 200), ("zeros", 400)])
async def test_eight_hostile_requests_at_once_cost_little_more_than_one(kind: str, status: int) -> None:
    (one_mib, one), (eight_mib, eight) = await asyncio.gather(memory(kind, 1), memory(kind, 8))
    assert one == [status]
    assert set(eight) <= {status, 503}
    assert one_mib < 200
    assert eight_mib < one_mib * 1.4 + 20


async def test_twenty_mib_of_empty_messages_are_refused_on_both_transports() -> None:
    body = b"\n\0" * (10 * 2**20)
    async with running() as otlp:
        for sent, headers in ((body, {}), (gzip.compress(body), {"Content_Encoding": "gzip"})):
            assert (await otlp.post(sent, **headers)).status == 413
        error = await otlp.call_error(body)
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "google.rpc.retryinfo-bin" not in dict(error.trailing_metadata())
        assert (await otlp.post(b'{"resourceLogs":[' + b"{}," * 3_000_000 + b"{}]}", JSON)).status == 413
        assert otlp.sink.offered == 0


async def test_others_are_served_while_a_large_request_is_decoded() -> None:
    large = gzip.compress(b"\n\0" * (10 * 2**20), 1)
    async with running() as otlp:
        loop = asyncio.get_running_loop()
        hostile = [asyncio.create_task(otlp.post(large, Content_Encoding="gzip")) for _ in range(3)]
        slowest_s = 0.0
        while not all(task.done() for task in hostile):
            start_s = loop.time()
            assert (await otlp.post(GOOD.SerializeToString())).status == 200
            slowest_s = max(slowest_s, loop.time() - start_s)
        assert {task.result().status for task in hostile} <= {413, 503}  # 503: it waited five seconds for its turn
        assert slowest_s < 5.0  # a large one alone takes longer, on a busy machine


async def test_mutated_requests_are_answered_without_errors_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(59)
    seeds = [(GOOD.SerializeToString(), PROTOBUF), (otlp_json.encode(GOOD), JSON)]
    async with running() as otlp:
        for _ in range(300):
            body, form = dice.choice(seeds)
            mutated = bytearray(body)
            for _ in range(dice.randint(1, 8)):
                match dice.randrange(4):
                    case 0:
                        mutated[dice.randrange(len(mutated))] = dice.randrange(256)
                    case 1:
                        del mutated[dice.randrange(len(mutated)) :]
                        mutated += b"\0"
                    case 2:
                        at = dice.randrange(len(mutated))
                        mutated[at:at] = mutated[: dice.randrange(40)]
                    case _:
                        mutated += dice.randbytes(3)
            encoding = dice.choice(["", "", "gzip", "zstd", "deflate"])
            sent = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}.get(encoding, bytes)(mutated)
            reply = await otlp.post(bytes(sent), form, **({"Content_Encoding": encoding} if encoding else {}))
            assert reply.status in {200, 400}
            assert reply.content_type == form
            if form == PROTOBUF:
                outcome = await asyncio.gather(otlp.call(bytes(mutated)), return_exceptions=True)
                assert outcome == [b""] or outcome[0].code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(("depth", "status"), [(45, 200), (60, 400), (5_000, 400)])
async def test_nesting(depth: int, status: int) -> None:
    text = b'{"arrayValue":{"values":[' * depth + b'{"stringValue":"x"}' + b"]}}" * depth
    body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":%s}]}]}]}' % text
    async with running() as otlp:
        assert (await otlp.post(body, JSON)).status == status


async def test_invalid_utf8_is_400() -> None:
    body = logs_request(1, body="abc").SerializeToString().replace(b"abc", b"a\xffc")
    async with running() as otlp:
        assert (await otlp.post(body)).status == 400
        assert (await otlp.call_error(body)).code() is grpc.StatusCode.INVALID_ARGUMENT
        assert (await otlp.post(otlp_json.encode(GOOD).replace(b'"b"', b'"\xff"'), JSON)).status == 400


async def test_half_a_surrogate_does_not_cost_the_batch() -> None:
    async with running() as otlp:
        body = otlp_json.encode(logs_request(2, body="abc")).replace(b"abc", rb"a\ud83dc")
        assert (await otlp.post(body, JSON)).status == 200
        assert list(otlp.sink.bodies) == ["a\ufffdc"] * 2


async def test_fifty_thousand_gzip_members_are_refused_at_once() -> None:
    async with running() as otlp:
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        reply = await otlp.post(gzip.compress(b"") * 50_000, Content_Encoding="gzip")
        assert reply.status == 400
        assert loop.time() - start_s < 5.0  # far from the minute that quadratic work takes
