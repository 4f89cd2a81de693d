import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from otel_discord.component.http_connections import BoundedServer, ConnectionLimits, serving, written
from otel_discord.component.listening_sockets import listening_sockets

LOGGER = logging.getLogger("otel_discord.tests.http_connections")
ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@asynccontextmanager
async def served(limits: ConnectionLimits, body: bytes = b"here") -> AsyncIterator[int]:
    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/fails":
            raise KeyError("a secret")
        return await written(request, web.Response(body=body), 0.2)

    def answer_error(request: web.BaseRequest, status: int, message: str, error: BaseException | None) -> web.Response:
        response = web.Response(status=status, text=f"{bool(message)} {type(error).__name__}")
        response.force_close()
        return response

    server = BoundedServer(answer, answer_error=answer_error, limits=limits, lingering_s=0.1, logger=LOGGER)
    sockets = listening_sockets("127.0.0.1:0", "here")
    async with serving(server, sockets, context=None, backlog=16, last_answers_s=0.1):
        yield int(sockets[0].getsockname()[1])
    assert all(one.fileno() == -1 for one in sockets)


async def asked(port: int, request: bytes = ASKED) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(5):
            writer.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            return await reader.read()
    finally:
        writer.close()


async def is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(5):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def test_what_is_not_http_and_what_fails_get_answers_of_the_servers_own_kind() -> None:
    async with served(ConnectionLimits(10, 5.0, 5.0)) as port:
        assert (await asked(port)).endswith(b"\r\n\r\nhere")
        refused = await asked(port, b"nonsense\r\n\r\n")
        assert b" 400 " in refused.partition(b"\r\n")[0]
        assert refused.partition(b"\r\n\r\n")[2].startswith(b"True Bad")
        failed = await asked(port, ASKED.replace(b"/ ", b"/fails "))
        assert failed.startswith(b"HTTP/1.1 500")
        assert failed.endswith(b"KeyError")


async def test_no_more_connections_than_allowed_and_none_without_a_request() -> None:
    async with served(ConnectionLimits(2, 0.3, 5.0)) as port:
        open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await is_closed(reader)
        writer.close()
        for reader, writer in open_ones:
            assert await is_closed(reader), "no request came in time"
            writer.close()
        assert (await asked(port)).endswith(b"here")


async def test_who_does_not_take_an_answer_loses_the_connection() -> None:
    async with served(ConnectionLimits(10, 5.0, 5.0), body=b"x" * 20_000_000) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
        writer.write(ASKED)
        await asyncio.sleep(0.5)
        received = 0
        with suppress(ConnectionError):
            async with asyncio.timeout(5):
                while chunk := await reader.read(1_000_000):
                    received += len(chunk)
        assert received < 20_000_000
        writer.close()
