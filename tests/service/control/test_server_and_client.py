"""Questions and answers over a real socket."""

import asyncio
import http.client
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component import RetryableError
from otel_discord.service.control.client import ControlError, NotRunningError, call
from otel_discord.service.control.command import Command, RefusedError
from otel_discord.service.control.server import ControlSocket

closed: list[str] = []


async def count(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    for number in range(arguments["to"]):
        yield {"number": number}


async def fail(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    yield {"before": True}
    match arguments["how"]:
        case "refused":
            raise RefusedError("there is nothing called hunter2hunter2")
        case "retryable":
            raise RetryableError("the disk is full")
        case _:
            raise KeyError("internals")


async def endless(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    try:
        while True:
            yield {"text": "x" * 10_000}
            await asyncio.sleep(0)
    finally:
        closed.append("endless")


async def silent(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    await asyncio.sleep(arguments.get("for_s", 30))
    yield {}


async def leak(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    yield {"text": "the token is hunter2hunter2"}


COMMANDS = [
    Command("count", count, at_any_time=True),
    Command("fail", fail),
    Command("endless", endless),
    Command("silent", silent),
    Command("a/leak", leak),
]


@asynccontextmanager
async def serving(path: Path, why_not: str = "") -> AsyncIterator[ControlSocket]:
    control = ControlSocket(
        path, COMMANDS, redact=lambda text: text.replace("hunter2hunter2", "[REDACTED]"), why_not=lambda: why_not
    )
    async with control.lifespan():
        yield control


async def ask(path: Path | str, name: str, timeout_s: float = 10, **arguments: Any) -> list[dict[str, Any]]:
    return await asyncio.to_thread(lambda: list(call(path, name, arguments, timeout_s=timeout_s)))


@pytest.fixture
def path(short_path: Path) -> Path:
    return short_path / "control.sock"


async def test_lines_as_they_come(path: Path) -> None:
    async with serving(path):
        assert await ask(path, "count", to=3) == [{"number": 0}, {"number": 1}, {"number": 2}]
        assert await ask(f"unix://{path}", "count", to=0) == []


async def test_the_first_line_does_not_wait_for_the_last(path: Path) -> None:
    async with serving(path):
        lines = await asyncio.to_thread(call, path, "endless", {}, timeout_s=10)
        assert len((await asyncio.to_thread(next, lines))["text"]) == 10_000
        closed.clear()
        await asyncio.to_thread(lines.close)  # type: ignore[attr-defined]
        async with asyncio.timeout(10):
            while not closed:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("refused", r"there is nothing called \[REDACTED\]"),
        ("retryable", "the disk is full"),
        ("broken", "fail failed in the service; its log says why"),
    ],
)
async def test_an_error_is_the_last_line(path: Path, how: str, words: str, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[dict[str, Any]] = []
    async with serving(path):
        with caplog.at_level(logging.ERROR), pytest.raises(ControlError, match=f"^{words}$"):
            await asyncio.to_thread(lambda: seen.extend(call(path, "fail", {"how": how}, timeout_s=10)))
        assert [dict(line) for line in await ask(path, "count", to=1)] == [{"number": 0}]
    assert ("internals" in caplog.text) == (how == "broken")


async def test_an_unknown_command_is_told_those_that_there_are(path: Path) -> None:
    async with serving(path):
        with pytest.raises(ControlError, match=r"no command 'top' here; there are: count, fail, .*a/leak"):
            await ask(path, "top")


async def test_no_secret_in_an_answer(path: Path) -> None:
    async with serving(path):
        assert await ask(path, "a/leak") == [{"text": "the token is [REDACTED]"}]


async def test_while_starting_most_commands_are_refused(path: Path) -> None:
    async with serving(path, "the service is starting; try again"):
        with pytest.raises(ControlError, match="the service is starting"):
            await ask(path, "a/leak")
        assert len(await ask(path, "count", to=2)) == 2


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("GET", "/v1/count", None, 405),
        ("POST", "/v1/count", b"[1]", 400),
        ("POST", "/v1/count", b"{", 400),
        ("POST", "/count", b"{}", 404),
        ("POST", "/v1/", b"{}", 404),
    ],
)
async def test_what_is_no_question(path: Path, method: str, target: str, body: bytes | None, status: int) -> None:
    def raw() -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(path))
        try:
            connection.request(method, target, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    async with serving(path):
        answered, words = await asyncio.to_thread(raw)
        assert answered == status
        assert words.startswith(b'{"error":')


async def test_nobody_there(short_path: Path) -> None:
    dead = short_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(dead))
    (short_path / "file").write_text("")
    for path in (short_path / "none.sock", short_path / "no" / "directory.sock", dead, short_path / "file"):
        with pytest.raises(NotRunningError, match="no service listens on"):
            await ask(path, "status")
    with pytest.raises(NotRunningError):
        await ask(short_path / ("x" * 200), "status")


async def test_a_service_that_says_nothing_or_dies(path: Path) -> None:
    async with serving(path):
        with pytest.raises(ControlError, match=r"did not answer within 0.2 s"):
            await ask(path, "silent", timeout_s=0.2)
    async with serving(path):
        asking = asyncio.create_task(ask(path, "silent"))
        await asyncio.sleep(0.1)
    with pytest.raises(ControlError, match="ended before it had answered"):
        await asking
