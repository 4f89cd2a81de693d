"""A TCP proxy before the server that cuts connections: all at once, or just where a commit has been answered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"


class Proxy:
    """``swallow_commits``: of so many commits the answer is not passed on, and the connection is cut."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self.swallow_commits = 0
        self.swallowed = 0
        self.silent = False
        self.is_cut = False
        self.port = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut_all()
            await asyncio.sleep(0.05)

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def cut_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def cut_off(self) -> None:
        """Let nothing through any more."""
        self.is_cut = True
        self.cut_all()

    def let_back(self) -> None:
        """Let everything through again."""
        self.is_cut = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.close()
            return
        both = {writer, far_writer}
        self._writers |= both
        try:
            await asyncio.gather(
                self._pass(reader, far_writer, both, answers=False), self._pass(far_reader, writer, both, answers=True)
            )
        finally:
            self._writers -= both

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        both: set[asyncio.StreamWriter],
        *,
        answers: bool,
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while data := await reader.read(65536):
                if answers and self.swallow_commits and COMMITTED in data:
                    self.swallow_commits -= 1
                    self.swallowed += 1
                    break
                while self.silent:
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()
        for each in both:
            each.transport.abort()
