"""A server of raw bytes: each test says, in a coroutine, what the other end of the connection does."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET

import pytest

Script = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """One accepted connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> tuple[bytes, bytes]:
        """Read one request with its body; return head and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        return head, await self.reader.readexactly(int(lengths[0]) if lengths else 0)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body: bytes, *, status: bytes = b"200 OK", headers: bytes = b"") -> None:
        length = b"Content-Length: %d\r\n" % len(body)
        await self.send(b"HTTP/1.1 " + status + b"\r\n" + headers + length + b"\r\n" + body)

    def reset(self) -> None:
        """Close with RST."""
        self.writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class RawServer:
    """What listens; ``connections`` counts who came."""

    script: Script | None = None
    port: int = 0
    connections: int = 0
    errors: list[BaseException] = field(default_factory=list)
    _peers: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10/webhooks/123/SECRET-TOKEN"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._peers.add(task)
        try:
            assert self.script is not None
            await self.script(Peer(reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        except AssertionError as error:
            self.errors.append(error)
        except asyncio.CancelledError:
            return  # this is the end of the task; asyncio's stream callback of Python 3.11 logs anything else
        finally:
            writer.close()
            self._peers.discard(task)

    async def end(self) -> None:
        for task in self._peers:
            task.cancel()
        await asyncio.gather(*self._peers, return_exceptions=True)
        assert not self.errors, self.errors


@pytest.fixture
async def raw_server() -> AsyncIterator[RawServer]:
    raw = RawServer()
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
        await raw.end()
    finally:
        server.close()
