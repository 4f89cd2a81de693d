"""Reading an answer: so many bytes, so much time, so much decompression, and never an exception for a broken body."""

import asyncio
import zlib
from typing import Final

from aiohttp import ClientError, ClientResponse

from otel_discord.discord_api.http import ANSWER_MAX_BYTES

_WBITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 47}


async def read_answer(
    response: ClientResponse, *, timeout_s: float, max_bytes: int = ANSWER_MAX_BYTES
) -> tuple[bytes, bool]:
    """Return at most ``max_bytes`` of the decoded body, and whether that is all of it."""
    raw = bytearray()
    complete = False
    try:
        async with asyncio.timeout(timeout_s):
            while len(raw) <= max_bytes:
                piece = await response.content.read(max_bytes + 1 - len(raw))
                if not piece:
                    complete = True
                    break
                raw += piece
    except (TimeoutError, ClientError, OSError):
        complete = False
    body, whole = decode(bytes(raw[:max_bytes]), response.headers.get("Content-Encoding", ""), max_bytes)
    return body, complete and whole


def decode(raw: bytes, encoding: str, max_bytes: int) -> tuple[bytes, bool]:
    """Return at most ``max_bytes`` of what ``raw`` says, and whether that is all of it.

    We ask for no compression; what comes compressed all the same is undone here, within the same bound.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return raw, True
    if name not in _WBITS:
        return b"", False
    unzip = zlib.decompressobj(_WBITS[name])
    try:
        body = unzip.decompress(raw, max_bytes)
    except zlib.error:
        return b"", False
    return body, unzip.eof
