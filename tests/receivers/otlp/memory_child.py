"""Runs in a process of its own: a receiver, and as many hostile requests at once as told; prints the memory it took."""

import asyncio
import gzip
import json
import sys

from otel_discord.component import ACCEPTED, Receipt
from otel_discord.signals import Batch
from otel_discord.testing.otlp import logs_request
from tests.receivers.otlp.rig import running


def peak_mib() -> float:
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - a plain script
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmHWM"].split()[0]) / 1024


class SlowSink:
    """Holds each batch for a while, as a full queue does."""

    async def consume(self, batch: Batch) -> Receipt:
        await asyncio.sleep(0.3)
        return ACCEPTED


def hostile(kind: str) -> bytes:
    if kind == "empty messages":  # 20 MiB of them, 443 MiB when parsed
        body = b"\n\0" * (10 * 2**20)
    elif kind == "attributes":  # just under the bound, in one record
        content = b"\x32\0" * 990_000 + b"\x1a" + b"\x80\x80\x40" + b"x" * 2**20
        for tag in (b"\x12", b"\x12", b"\n"):
            size, length = len(content), b""
            while size > 127:
                length += bytes([size & 127 | 128])
                size >>= 7
            content = tag + length + bytes([size]) + content
        body = content
    else:  # zeros: never a request, 60 MiB of it
        body = bytes(60 * 2**20)
    return gzip.compress(body, 1)


async def main(kind: str, times: int) -> None:
    async with running(sink=SlowSink()) as otlp:
        await otlp.post(logs_request(1).SerializeToString())
        body = hostile(kind)
        before = peak_mib()
        replies = await asyncio.gather(*(otlp.post(body, Content_Encoding="gzip") for _ in range(times)))
        print(json.dumps({"mib": peak_mib() - before, "statuses": [reply.status for reply in replies]}))


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
