"""Rows 65–68: connections that mean harm, and requests that come twice."""

import asyncio
import resource
import socket
import struct
import time

from otel_discord.config import parse_duration
from tests.faults.clients import request_of
from tests.faults.gate import reset
from tests.faults.row import Theme, row
from tests.faults.stage import Stage

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return an HTTP/2 frame. RFC 9113, section 4.1."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


async def _others_wait(stage: Stage, seconds: float) -> float:
    """Send ordinary records for a while; return how long the slowest took."""
    client = stage.client()
    slowest = 0.0
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        started = time.monotonic()
        await client.send(1, deadline_s=10)
        slowest = max(slowest, time.monotonic() - started)
        await asyncio.sleep(0.05)
    return slowest


@row(
    65,
    Theme.INPUT,
    "slowloris: headers, or a body, at one byte a second over hundreds of connections",
    injected="500 raw connections",
    expected="closed after `read_header_timeout`, answered 408 after `read_timeout`; others are served",
    codes="CE LIVE",
)
async def slowloris(stage: Stage) -> None:
    count, times = stage.of((60, ("500ms", "1s")), (500, ("10s", "30s")))
    http = {"read_header_timeout": times[0], "read_timeout": times[1]}
    await stage.start(stage.configuration(receivers={"otlp": {"protocols": {"http": http}}}))
    started = time.monotonic()
    in_head = [_drip(stage, HEAD + b"X-Slow: ", started) for _ in range(count // 2)]
    in_body = [_drip(stage, HEAD + b"Content-Length: 5000\r\n\r\n", started) for _ in range(count // 2)]
    dripping = asyncio.gather(*in_head, *in_body)
    slowest = await _others_wait(stage, 1.0)
    ends = await asyncio.wait_for(dripping, stage.of(10, 60))
    limits = [parse_duration(text) for text in times]
    assert max(end for end, _ in ends[: count // 2]) < limits[0] + 3
    # A body that nobody wants is read on for five seconds, so that the client sees its answer.
    assert max(end for end, _ in ends[count // 2 :]) < limits[1] + 5 + 3
    assert all(b" 408 " in answer[:20] for _, answer in ends[count // 2 :])
    assert slowest < 1.0, f"others waited {slowest:.1f} s"
    await stage.close_books()
    stage.note(f"{count} connections, the last closed after {max(end for end, _ in ends):.0f} s")


async def _drip(stage: Stage, head: bytes, started: float) -> tuple[float, bytes]:
    """Send a byte a second until the connection ends; return when that was, and what was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.ports["http"])
    answer = asyncio.ensure_future(reader.read())
    try:
        writer.write(head)
        while not answer.done():
            writer.write(b"a")
            await asyncio.wait([answer], timeout=1.0)
        return time.monotonic() - started, answer.result() if answer.exception() is None else b""
    finally:
        answer.cancel()
        reset(writer)


@row(
    66,
    Theme.INPUT,
    "ten thousand connections, idle and then sending",
    injected="as many raw connections as may be open here; the service may open a quarter of that",
    expected="those beyond `max_connections` are closed; sending to Discord and taking from others go on",
    codes="CE LIVE",
)
async def many_connections(stage: Stage) -> None:
    most = stage.of(300, 10_000)
    mine, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(most, mine - 500)
    allowed = count // 4
    http = {"max_connections": allowed}
    await stage.start(stage.configuration(receivers={"otlp": {"protocols": {"http": http}}}))
    await stage.deliver(stage.client())
    before = stage.service.open_files()
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        for _ in range(count):
            opened.append(await asyncio.open_connection("127.0.0.1", stage.ports["http"]))
        await asyncio.sleep(0.5)
        held = stage.service.open_files() - before
        assert held <= allowed + 20, f"{held} files for connections, {allowed} are allowed"
        assert await stage.client().send(1, via="grpc", deadline_s=10)
        for _, writer in opened:
            writer.write(HEAD + b"Content-Length: 0\r\n\r\n")
        answered = await asyncio.gather(*(_status(reader) for reader, _ in opened))
    finally:
        for _, writer in opened:
            reset(writer)
    served = sum(status == 200 for status in answered)
    assert served <= allowed + 5
    assert served >= allowed - 20, f"{served} of {allowed} were served"
    await asyncio.sleep(0.3)
    await stage.close_books()
    stage.note(f"{count} connections, {served} served, {held} files")


async def _status(reader: asyncio.StreamReader) -> int:
    try:
        async with asyncio.timeout(20):
            line = await reader.readline()
    except (OSError, TimeoutError):
        return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0


@row(
    67,
    Theme.INPUT,
    "HTTP/2: oversized message, floods of RST_STREAM, CONTINUATION, PING, SETTINGS and of streams",
    injected="raw frames on connections of their own",
    expected="limited or cut off; the process stays up, memory is bounded, others are served",
    codes="CE LIVE",
)
async def http2_floods(stage: Stage) -> None:
    await stage.start()
    await stage.deliver(stage.client(), via="grpc")
    before = stage.service.memory_mib()
    floods = [_flood(stage, kind) for kind in ("oversized", "rst", "continuation", "ping", "settings", "streams")]
    flooding = asyncio.gather(*floods)
    slowest = 0.0
    while not flooding.done():
        slowest = max(slowest, await _others_wait(stage, 0.2))
    sent = await flooding
    grew = stage.service.memory_mib() - before
    assert not stage.service.is_over
    assert grew < 150, f"memory grew by {grew:.0f} MiB"
    assert slowest < 3.0, f"others waited {slowest:.1f} s"
    assert await stage.client().send(1, via="grpc", deadline_s=10)
    await stage.close_books()
    stage.note(
        f"{sum(sent) / 2**20:.0f} MiB of frames, memory +{grew:.0f} MiB, others waited {slowest * 1000:.0f} ms at most"
    )


def _headers(stream: int, *, end: bool = True) -> bytes:
    """Return HEADERS of an export request: literals without Huffman coding or index. RFC 7541, section 6.2.2."""

    def literal(name: bytes, value: bytes) -> bytes:
        return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value

    path = b"/opentelemetry.proto.collector.logs.v1.LogsService/Export"
    block = (
        literal(b":method", b"POST")
        + literal(b":scheme", b"http")
        + literal(b":path", path)
        + literal(b":authority", b"x")
        + literal(b"te", b"trailers")
        + literal(b"content-type", b"application/grpc")
    )
    return frame(1, 0x4 if end else 0, stream, block)


async def _flood(stage: Stage, kind: str) -> int:
    """Send frames of one kind for as long as they are taken, at most so many; return how many bytes went out."""
    seconds = stage.of(1.0, 10.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.ports["grpc"])
    drain = asyncio.ensure_future(_discard(reader))
    sent = 0
    try:
        writer.write(PREFACE + frame(4, 0, 0))
        stream = 1
        if kind == "continuation":
            writer.write(_headers(stream, end=False))
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at and not drain.done():
            data = b""
            for _ in range(100):
                match kind:
                    case "rst":
                        data += _headers(stream) + frame(3, 0, stream, struct.pack(">I", 8))
                        stream += 2
                    case "continuation":
                        data += frame(9, 0, stream, b"\x00\x01x\x01y" * 100)
                    case "ping":
                        data += frame(6, 0, 0, bytes(8))
                    case "settings":
                        data += frame(4, 0, 0, struct.pack(">HI", 3, 100))
                    case "streams":
                        data += _headers(stream)
                        stream += 2
                    case _:
                        data += _headers(stream) + frame(
                            0, 0, stream, b"\x00" + struct.pack(">I", 2**31 - 1) + bytes(100)
                        )
                        stream += 2
            writer.write(data)
            sent += len(data)
            async with asyncio.timeout(5):
                await writer.drain()
            await asyncio.sleep(0.005)
    except (OSError, TimeoutError):
        pass
    finally:
        reset(writer)
        await asyncio.wait([drain], timeout=2)
    return sent


async def _discard(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(2**16):
            pass
    except OSError:
        return


@row(
    68,
    Theme.INPUT,
    "a client that gives up waiting and sends the same request again",
    injected="the connection is closed before the answer is read, then the request comes again",
    expected="both are taken, since OTLP has no request id: at most one copy for each time that it was sent",
    codes="NL D1 LIVE",
)
async def impatient_client(stage: Stage) -> None:
    await stage.start()
    client = stage.client()
    for _ in range(stage.of(3, 20)):
        ids = client.new_ids(2)
        request = request_of(ids)
        body = request.SerializeToString()
        stage.ledger.send(ids)
        _, writer = await asyncio.open_connection("127.0.0.1", stage.ports["http"])
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        reset(writer) if stage.dice.random() < 0.3 else writer.transport.get_extra_info("socket").shutdown(
            socket.SHUT_WR
        )
        await asyncio.sleep(0.02)
        writer.close()
        while not await client.offer(ids, request):
            await asyncio.sleep(0.1)
    held = await stage.close_books()
    extra = sum(len(ids) - len(set(ids)) for ids in held.delivered.values())
    stage.note(f"{extra} records came twice, each sent twice")
