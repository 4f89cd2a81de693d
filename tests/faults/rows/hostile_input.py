"""Rows 59–64 and 69: requests that mean harm, or are broken."""

import asyncio
import gzip
import json
import random
import time
from dataclasses import dataclass
from io import BytesIO

import aiohttp
import grpc
import grpc.aio
import zstandard

from otel_discord.signals import otlp_json
from otel_discord.testing.otlp import logs_request
from tests.faults.row import Theme, row
from tests.faults.stage import Stage
from tests.sending.markers import marker

PROTOBUF, JSON = "application/x-protobuf", "application/json"
LOGS_METHOD = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a request over HTTP."""

    status: int
    took_s: float
    body: bytes


async def post(stage: Stage, body: bytes, content_type: str = PROTOBUF, **headers: str) -> Reply:
    """Send a body as it is; names of headers have underscores."""
    named = {"Content-Type": content_type} | {name.replace("_", "-"): value for name, value in headers.items()}
    started = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=60)
    async with (
        aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
        session.post(f"http://127.0.0.1:{stage.ports['http']}/v1/logs", data=BytesIO(body), headers=named) as answer,
    ):
        return Reply(answer.status, time.monotonic() - started, await answer.read())


async def call(stage: Stage, body: bytes) -> str:
    """Send bytes as a gRPC request; return the name of the status."""
    options = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stage.ports['grpc']}", options=options) as channel:
        method = channel.unary_unary(LOGS_METHOD)
        try:
            await method(body, timeout=30)
        except grpc.aio.AioRpcError as error:
            return error.code().name
    return "OK"


def mutated(body: bytes, dice: random.Random) -> bytes:
    """Return a body with some of its bytes changed, cut, repeated or added."""
    made = bytearray(body)
    for _ in range(dice.randint(1, 8)):
        match dice.randrange(4):
            case 0:
                made[dice.randrange(len(made))] = dice.randrange(256)
            case 1:
                del made[dice.randrange(len(made)) :]
                made += b"\0"
            case 2:
                at = dice.randrange(len(made))
                made[at:at] = made[: dice.randrange(40)]
            case _:
                made += dice.randbytes(3)
    return bytes(made)


_WRONG = [
    ("no content type we know", b"x", {"content_type": "text/plain"}, 415),
    ("an encoding we do not know", b"x", {"Content_Encoding": "br"}, (400, 415)),
    ("gzip that is none", b"\x1f\x8bgarbage", {"Content_Encoding": "gzip"}, 400),
    ("zstd that is none", b"(\xb5/\xfdgarbage", {"Content_Encoding": "zstd"}, 400),
    ("half a gzip", gzip.compress(bytes(1000))[:20], {"Content_Encoding": "gzip"}, 400),
    ("protobuf called JSON", logs_request(1).SerializeToString(), {"content_type": JSON}, 400),
    ("JSON called protobuf", b'{"resourceLogs":[]}', {}, 400),
    ("JSON of another shape", b'{"resourceLogs":7}', {"content_type": JSON}, 400),
    ("JSON of no shape", b"[1,2]", {"content_type": JSON}, 400),
]


@row(
    59,
    Theme.INPUT,
    "random bytes, truncated or changed protobuf and JSON, wrong Content-Type, wrong Content-Encoding",
    injected="bodies made from a seed, over HTTP and gRPC",
    expected="400, 415 or the like; never 500, no stack trace, others are served",
    codes="CE LIVE",
)
async def random_bytes(stage: Stage) -> None:
    await stage.start()
    good = logs_request(3, body=lambda n: {"a": [n, "b", {"c": 1.5}]}, attributes={"k": "v"}, severity=1)
    seeds = [(good.SerializeToString(), PROTOBUF), (otlp_json.encode(good), JSON)]
    answers: dict[int, int] = {}
    codes: set[str] = set()
    for _ in range(stage.of(150, 5_000)):
        body, form = stage.dice.choice(seeds)
        sent = (
            stage.dice.randbytes(stage.dice.randrange(200)) if stage.dice.random() < 0.2 else mutated(body, stage.dice)
        )
        packed = stage.dice.choice(["", "", "gzip", "zstd"])
        data = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}.get(packed, bytes)(sent)
        reply = await post(stage, data, form, **({"Content_Encoding": packed} if packed else {}))
        answers[reply.status] = answers.get(reply.status, 0) + 1
        if form == PROTOBUF and stage.dice.random() < 0.2:
            codes.add(await call(stage, sent))
    assert set(answers) <= {200, 400}, answers
    assert codes <= {"OK", "INVALID_ARGUMENT", "INTERNAL"}, codes
    for words, body, how, expected in _WRONG:
        reply = await post(stage, body, **how)
        wanted = expected if isinstance(expected, tuple) else (expected,)
        assert reply.status in wanted, f"{words}: {reply.status} {reply.body[:200]!r}"
    await _only_ours(stage)
    stage.note(", ".join(f"{count} × {status}" for status, count in sorted(answers.items())))


async def _only_ours(stage: Stage) -> None:
    """Close the books; records of hostile requests have no markers that anybody counts."""
    await stage.close_books(ordered=False)
    assert not stage.service.is_over


@row(
    60,
    Theme.INPUT,
    "strings that are not UTF-8",
    injected="crafted bodies in protobuf and JSON, over HTTP and gRPC",
    expected="400, INVALID_ARGUMENT",
    codes="CE LIVE",
)
async def not_utf8(stage: Stage) -> None:
    await stage.start()
    broken = logs_request(1, body="abc").SerializeToString().replace(b"abc", b"a\xffc")
    assert (await post(stage, broken)).status == 400
    assert await call(stage, broken) == "INVALID_ARGUMENT"
    text = otlp_json.encode(logs_request(1, body="abc")).replace(b"abc", b"a\xffc")
    assert (await post(stage, text, JSON)).status == 400
    await stage.close_books()


@row(
    61,
    Theme.INPUT,
    "values nested 45, 60 and 100,000 deep",
    injected="crafted bodies in protobuf and JSON",
    expected="45 is taken, more is 400; no stack overflow",
    codes="CE LIVE",
)
async def nested(stage: Stage) -> None:
    await stage.start()
    statuses = {}
    for depth in (45, 60, 5_000, 100_000):
        text = b'{"arrayValue":{"values":[' * depth + b'{"stringValue":"x"}' + b"]}}" * depth
        body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":%s}]}]}]}' % text
        statuses[depth] = [(await post(stage, body, JSON)).status, (await post(stage, _nested(depth))).status]
    assert statuses[45] == [200, 200], statuses
    assert statuses[60] == [400, 400], statuses
    assert statuses[5_000] == [400, 400], statuses
    assert all(status in {400, 413} for status in statuses[100_000]), statuses
    await _only_ours(stage)


def _nested(depth: int) -> bytes:
    """Return a log record whose body is an array in an array …, as protobuf."""
    value = b"\x0a\x01x"
    for _ in range(min(depth, 5_000)):
        inner = b"\x0a" + _varint(len(value)) + value  # ArrayValue.values
        value = b"\x2a" + _varint(len(inner)) + inner  # AnyValue.array_value
    record = b"\x2a" + _varint(len(value)) + value
    scope = b"\x12" + _varint(len(record)) + record
    resource = b"\x12" + _varint(len(scope)) + scope
    return b"\x0a" + _varint(len(resource)) + resource


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


@row(
    62,
    Theme.INPUT,
    "a body over the limit, declared and in chunks",
    injected="200 MiB sent, the limit is 64 MiB",
    expected="413 as soon as the limit is crossed, the connection ends, memory stays flat",
    codes="CE LIVE",
)
async def too_long(stage: Stage) -> None:
    await stage.start()
    total = stage.of(96, 200) * 2**20
    before = stage.service.memory_mib("VmHWM")
    for declared in (True, False):
        status, sent = await _pour(stage, total, declared=declared)
        assert status == 413, f"declared={declared}: {status}"
        stage.note(f"413 after {sent / 2**20:.0f} MiB {'declared' if declared else 'in chunks'}")
    grew = stage.service.memory_mib("VmHWM") - before
    assert grew < 110, f"memory grew by {grew:.0f} MiB"
    stage.note(f"memory +{grew:.0f} MiB")
    await stage.close_books()


async def _pour(stage: Stage, total: int, *, declared: bool) -> tuple[int, int]:
    """Send zeros until there is an answer; return its status and how much was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.ports["http"])
    head = f"Content-Length: {total}" if declared else "Transfer-Encoding: chunked"
    writer.write(f"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: {PROTOBUF}\r\n{head}\r\n\r\n".encode())
    piece = bytes(2**16)
    answered = asyncio.ensure_future(reader.readline())
    sent = 0
    try:
        async with asyncio.timeout(30):
            while not answered.done() and sent < total:
                writer.write(piece if declared else b"10000\r\n" + piece + b"\r\n")
                await writer.drain()
                sent += len(piece)
                await asyncio.sleep(0)
            return int((await answered).split()[1]), sent
    except ConnectionError:
        return (int((await answered).split()[1]) if answered.done() else 0), sent
    finally:
        answered.cancel()
        writer.transport.abort()


@row(
    63,
    Theme.INPUT,
    "bombs: gzip 1,000:1, zstd, a bomb in a bomb, 50,000 empty gzip members, 20 MiB of empty messages",
    injected="crafted bodies, several at once, over HTTP and gRPC",
    expected="413 or 400 at once; memory bounded; others are served meanwhile",
    codes="CE LIVE",
)
async def bombs(stage: Stage) -> None:
    await stage.start()
    stage.service.memory_mib()
    zeros = bytes(stage.of(128, 1024) * 2**20)
    packed = gzip.compress(zeros, 9)
    empty_messages = b"\n\0" * (10 * 2**20)
    bodies: list[tuple[str, bytes, dict[str, str], set[int]]] = [
        ("gzip", packed, {"Content_Encoding": "gzip"}, {400, 413, 503}),
        ("zstd", zstandard.ZstdCompressor().compress(zeros), {"Content_Encoding": "zstd"}, {400, 413, 503}),
        ("nested", gzip.compress(packed), {"Content_Encoding": "gzip"}, {400, 413, 503}),
        ("members", gzip.compress(b"") * 50_000, {"Content_Encoding": "gzip"}, {400, 413}),
        ("messages", gzip.compress(empty_messages, 1), {"Content_Encoding": "gzip"}, {413, 503}),
    ]
    client = stage.client()
    replies = asyncio.gather(*(post(stage, body, **how) for _, body, how, _ in bodies for _ in range(2)))
    slowest = 0.0
    while not replies.done():
        started = time.monotonic()
        await client.send(1)
        slowest = max(slowest, time.monotonic() - started)
    found = await replies
    for place, (name, _, _, wanted) in enumerate(bodies):
        pair = found[2 * place : 2 * place + 2]
        assert {reply.status for reply in pair} <= wanted, f"{name}: {[reply.status for reply in pair]}"
    assert await call(stage, empty_messages) == "RESOURCE_EXHAUSTED"
    most = stage.service.memory_mib("VmHWM")
    assert most < 450, f"{most:.0f} MiB"
    assert slowest < 2.0, f"others waited {slowest:.1f} s"
    await stage.close_books()
    stage.note(f"at most {most:.0f} MiB, others waited {slowest * 1000:.0f} ms at most")


@row(
    64,
    Theme.INPUT,
    "millions of attributes in one record",
    injected="28 KiB of gzip that are 4 million attributes",
    expected="refused, or taken with the memory bounded; the message has a few of them and says how many are missing",
    codes="NL LIVE",
)
async def many_attributes(stage: Stage) -> None:
    await stage.start()
    one = b"\x32\x05\x0a\x01k\x12\x00"[:7]
    for count in (10_000, stage.of(500_000, 4_000_000)):
        attributes = one * count
        client = stage.client()
        ids = client.new_ids(1)
        text = f"{marker(ids[0])} many".encode()
        body = b"\x2a" + _varint(len(text) + 2) + b"\x0a" + _varint(len(text)) + text
        record = b"\x10\x11" + body + attributes
        scope = b"\x12" + _varint(len(record)) + record
        resource = b"\x12" + _varint(len(scope)) + scope
        request = b"\x0a" + _varint(len(resource)) + resource
        stage.ledger.send(ids)
        reply = await post(stage, gzip.compress(request), Content_Encoding="gzip")
        assert reply.status in {200, 413, 503}, reply
        if reply.status == 200:
            stage.ledger.accept(ids, 17)
        stage.note(f"{count:,} attributes: {reply.status}")
    most = stage.service.memory_mib("VmHWM")
    assert most < 450, f"{most:.0f} MiB"
    await stage.close_books(ordered=False)
    stage.note(f"at most {most:.0f} MiB")


@row(
    69,
    Theme.INPUT,
    "records of one request that differ: some below `min_severity`, one nested as deep as may be, one empty",
    injected="crafted requests",
    expected="200; what is to be shown arrives, nothing else is lost by its neighbours",
    codes="NL D0 LIVE",
)
async def mixed(stage: Stage) -> None:
    await stage.start()
    client = stage.client()
    request = logs_request(0)
    records = request.resource_logs[0].scope_logs[0].log_records
    shown = []
    for place in range(10):
        ids = client.new_ids(1)
        severity = 9 if place % 3 == 0 else 17
        records.extend(
            logs_request(1, body=marker(ids[0]), severity=severity).resource_logs[0].scope_logs[0].log_records
        )
        if severity >= 13:
            shown += ids
    records.add()
    records.add(severity_number=17)  # type: ignore[arg-type]
    stage.ledger.send(shown)
    reply = await post(stage, request.SerializeToString())
    assert reply.status == 200
    stage.ledger.accept(shown, 17)
    await stage.close_books()
    stage.note(f"{len(shown)} of {len(records)} shown; answer {json.dumps(reply.body.decode(errors='replace'))}")
