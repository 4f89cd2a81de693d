"""FakeDiscord in the benchmark's own process, so that sending and arriving are on one clock; and a client beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from benchmarks.processes import DEADLINE_S, Service, service

_ANSWER_TIMEOUT_S: Final = 30.0
_HEAD: Final = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"


class HttpClient:
    """One connection to the service's OTLP/HTTP port."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, body: bytes) -> float:
        """Send a request of log records, wait for its answer, and return when it was sent (loop time).

        Raises:
            RuntimeError: the answer is not 200.
        """
        request = b"%sContent-Length: %d\r\n\r\n%s" % (_HEAD, len(body), body)
        sent_s = asyncio.get_running_loop().time()
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            self._writer.write(request)
            answer = await self._reader.readuntil(b"\r\n\r\n")
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await self._reader.readexactly(int(length.partition(b":")[2]))
        if b" 200 " not in answer.partition(b"\r\n")[0]:
            raise RuntimeError(f"not taken: {answer!r}")
        return sent_s


@asynccontextmanager
async def connected(running: Service) -> AsyncIterator[HttpClient]:
    """Open a connection to the service."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.http_port)
    try:
        yield HttpClient(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def service_beside(
    exporters: Mapping[str, Any], *, core: int | None = None, extensions: Mapping[str, Any] | None = None
) -> AsyncIterator[Service]:
    """Run the service without stopping this process's loop, which is Discord for it."""
    starting = service(exporters, core=core, extensions=extensions)
    running = await asyncio.to_thread(starting.__enter__)
    try:
        yield running
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)


async def until(is_so: Callable[[], bool], *, timeout_s: float = DEADLINE_S) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it did not come true in time.
    """
    async with asyncio.timeout(timeout_s):
        while not is_so():
            await asyncio.sleep(0.02)
