"""What stands between the service and FakeDiscord and misbehaves on the wire: a proxy that knows HTTP just enough."""

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

_HEAD = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_IDLE_S = 60.0


class Way(StrEnum):
    """What becomes of a POST."""

    PASS = "pass"
    SILENT = "silent"
    """Read whole, never answered, not passed on."""
    RESET_UPLOAD = "reset upload"
    """RST after the first half of the body."""
    RESET_UNREAD = "reset unread"
    """RST on a connection that was kept alive, before the request on it is read."""
    GARBLE = "garble"
    """Passed on; the answer comes back as ``garbler`` makes it, then the connection ends."""


Garbler = Callable[[bytes], bytes]


@dataclass(slots=True)
class Gate:
    """A running proxy; ``way`` holds for the next ``times`` POSTs."""

    target_port: int
    port: int = 0
    way: Way = Way.PASS
    times: float = 0
    garbler: Garbler = bytes
    close_idle_s: float = _IDLE_S
    posts: int = 0
    connections: int = 0
    open_connections: int = 0
    tls: ssl.SSLContext | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def misbehave(self, way: Way, times: float, garbler: Garbler = bytes) -> None:
        """Let the next POSTs go wrong."""
        self.way, self.times, self.garbler = way, times, garbler

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; requests on it follow each other."""
        self._writers.add(writer)
        self.connections += 1
        self.open_connections += 1
        served = 0
        try:
            while await self._one(reader, writer, served):
                served += 1
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ssl.SSLError):
            pass
        finally:
            self.open_connections -= 1
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, served: int) -> bool:
        async with asyncio.timeout(self.close_idle_s):
            first = await reader.readexactly(1)
        if self.way is Way.RESET_UNREAD and self.times > 0 and served:
            self.times -= 1
            reset(writer)
            return False
        head = first + await reader.readuntil(b"\r\n\r\n")
        length = int(found[1]) if (found := _HEAD.search(head)) else 0
        is_post = head.startswith(b"POST")
        way = self.way if is_post and self.times > 0 and self.way is not Way.RESET_UNREAD else Way.PASS
        if is_post:
            self.posts += 1
        if way is not Way.PASS:
            self.times -= 1
        if way is Way.RESET_UPLOAD:
            await reader.readexactly(length // 2)
            reset(writer)
            return False
        body = await reader.readexactly(length)
        if way is Way.SILENT:
            await reader.read()  # until the client gives up
            return False
        answer = await self._pass_on(head, body)
        if way is Way.GARBLE:
            writer.write(self.garbler(answer))
            await writer.drain()
            await asyncio.sleep(0.05)
            return False
        writer.write(answer)
        await writer.drain()
        return True

    async def _pass_on(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        try:
            writer.write(head + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(found[1]) if (found := _HEAD.search(answer)) else 0
            return answer + await reader.readexactly(length)
        finally:
            writer.close()

    async def stop(self) -> None:
        """End the connections that are open."""
        for writer in list(self._writers):
            writer.transport.abort()
        while self._writers:
            await asyncio.sleep(0.01)


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection with RST."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def gate(target_port: int, *, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Gate]:
    """Run a proxy to a port of this machine."""
    made = Gate(target_port, tls=tls)
    server = await asyncio.start_server(made.serve, "127.0.0.1", port, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await server.wait_closed()


class Blackhole:
    """A port that takes no connection and refuses none: SYNs are dropped, as on a path that is down."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(0)
        self._fillers: list[socket.socket] = []
        self._address = self._listener.getsockname()[:2]

    @property
    def port(self) -> int:
        """The port."""
        return int(self._address[1])

    async def close_up(self) -> None:
        """Fill the queue of connections until the next one is left without an answer."""
        loop = asyncio.get_running_loop()
        for _ in range(8):
            filler = socket.socket(self._listener.family)
            filler.setblocking(False)
            self._fillers.append(filler)
            try:
                async with asyncio.timeout(0.25):
                    await loop.sock_connect(filler, self._address)
            except TimeoutError:
                return
        raise AssertionError("the queue of connections does not fill")

    def open(self) -> None:
        """Give the port up."""
        for each in (*self._fillers, self._listener):
            each.close()
