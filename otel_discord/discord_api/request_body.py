"""The body of a request on its way out; it knows whether its last byte was handed to the network.

The difference decides whether a failed message may be sent again without the risk of a duplicate.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import orjson
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from aiohttp.payload import Payload

from otel_discord.discord_api.multipart import FileUnreadableError, Form


class RequestBody(Payload):
    """Writes a form, or one block of JSON, in pieces. Once ``handed_over``, it may have arrived in full."""

    def __init__(self, content: bytes | Form, content_type: str) -> None:
        super().__init__(content, content_type=content_type)
        self._content = content
        self._size = len(content) if isinstance(content, bytes) else content.size_bytes
        self.handed_over = False
        self.unreadable: FileUnreadableError | None = None

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write everything; the piece that completes the body is marked before it goes."""
        self._consumed = True
        left = self._size or 0
        pieces = iter((self._content,)) if isinstance(self._content, bytes) else self._content.pieces()
        while left:
            piece = await self._next(pieces)
            left -= len(piece)
            if not left:
                _refuse_closed(writer)
                self.handed_over = True
            await writer.write(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - aiohttp's names
        """Refuse: the library asks for it only where it would copy or log a body."""
        raise TypeError("a request body is written, not shown")

    async def _next(self, pieces: Iterator[bytes]) -> bytes:
        if isinstance(self._content, bytes) or self._content.in_memory:
            return next(pieces)
        try:
            return await asyncio.to_thread(next, pieces)
        except FileUnreadableError as error:
            self.unreadable = error
            raise


@asynccontextmanager
async def opened(form: AbstractContextManager[Form]) -> AsyncIterator[Form]:
    """Open and close a form in a thread, since files may be on a slow disk."""
    entered = await asyncio.to_thread(form.__enter__)
    try:
        yield entered
    finally:
        await asyncio.to_thread(form.__exit__, None, None, None)


def encode_json(value: Any) -> bytes:
    """Return UTF-8 JSON; a lone surrogate, which UTF-8 cannot hold, becomes a question mark."""
    try:
        return orjson.dumps(value)
    except (TypeError, ValueError):
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", errors="replace")


def _refuse_closed(writer: AbstractStreamWriter) -> None:
    """Raise before the last piece where the connection is known to be closed: then it never left."""
    if isinstance(writer, StreamWriter) and (writer.transport is None or writer.transport.is_closing()):
        raise ConnectionResetError("the connection closed while the request was written")
