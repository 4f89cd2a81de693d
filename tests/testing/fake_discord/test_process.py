"""FakeDiscord as a process: URLs on its standard output, a journal over HTTP, an end on SIGTERM."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

BODY = {"content": "hello", "allowed_mentions": {"parse": []}}
AGENT = {"User-Agent": "DiscordBot (https://example.invalid, 1.0)"}


@pytest.fixture
async def urls() -> AsyncIterator[list[str]]:
    command = [sys.executable, "-m", "otel_discord.testing.fake_discord", "--webhooks", "2", "--one-channel"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            lines = [(await process.stdout.readline()).decode().strip() for _ in range(3)]
        assert lines[2] == "ready"
        yield lines[:2]
    finally:
        process.terminate()
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def test_others_can_post_and_ask(urls: list[str]) -> None:
    base = urls[0].partition("/api/")[0]
    async with aiohttp.ClientSession(headers=AGENT) as session:

        async def ask(path: str) -> object:
            async with session.get(f"{base}/_fake/{path}") as answer:
                return await answer.json()

        async def post(url: str) -> int:
            async with session.post(url.replace("/api/", "/api/v10/") + "?wait=true", json=BODY) as answer:
                return answer.status

        assert [await post(url) for url in urls] == [200, 200]
        async with session.post(f"{base}/_fake/faults", json={"shape": "503_empty", "commit": True}) as answer:
            assert answer.status == 204
        assert await post(urls[0]) == 503
        async with session.post(f"{base}/_fake/faults", json={"shape": "nothing"}) as answer:
            assert answer.status == 400
        async with session.delete(f"{base}/_fake/faults") as answer:
            assert answer.status == 204
        messages = await ask("messages")
        assert isinstance(messages, list)
        assert [message["content"] for message in messages] == ["hello"] * 3
        assert len(await ask("journal")) == 3  # type: ignore[arg-type]
        channels = {webhook["channel_id"] for webhook in await ask("webhooks")}  # type: ignore[attr-defined]
        assert len(channels) == 1
        async with session.post(urls[1], json=BODY) as answer:
            assert answer.status == 204
        assert {each["rule"] for each in await ask("violations")} == {"unversioned", "wait_false"}  # type: ignore[attr-defined]
        assert await ask("stats") == {
            "requests": 4,
            "by_status": {"200": 2, "503": 1, "204": 1},
            "rate_limited": {},
            "created": 4,
            "edited": 0,
            "deleted": 0,
            "violations": {"unversioned": 1, "wait_false": 1},
        }


async def test_a_bot_finds_its_guild_and_works_in_it() -> None:
    arguments = ["--webhooks", "0", "--bot-token", "made-up", "--guild", "One", "--without-creation-limits"]
    command = [sys.executable, "-m", "otel_discord.testing.fake_discord", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    headers = AGENT | {"Authorization": "Bot made-up", "X-Audit-Log-Reason": "a%20run"}
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession(headers=headers) as session:
            lines = [(await process.stdout.readline()).decode().split() for _ in range(3)]
            assert [line[0] for line in lines] == ["endpoint", "guild", "ready"]
            endpoint, guild_id = lines[0][1], lines[1][1]
            base = endpoint.partition("/api/")[0]

            async def ask(method: str, url: str, body: object = None) -> tuple[int, Any]:
                async with session.request(method, url, json=body) as answer:
                    return answer.status, await answer.json(content_type=None)

            body = {"name": "Run 7", "topic": "run <7>"}
            made = [await ask("POST", f"{endpoint}/guilds/{guild_id}/channels", body) for _ in range(12)]
            assert {status for status, _ in made} == {201}
            assert (await ask("POST", f"{base}/_fake/faults", {"shape": "503_empty", "operation": "create_webhook"}))[
                0
            ] == 204
            path = f"{endpoint}/channels/{made[0][1]['id']}/webhooks"
            assert [(await ask("POST", path, {"name": "n"}))[0] for _ in range(2)] == [503, 200]
            assert len((await ask("GET", f"{base}/_fake/channels"))[1]) == 12
            assert {entry["reason"] for entry in (await ask("GET", f"{base}/_fake/audit"))[1]} == {"a run"}
            async with session.get(f"{base}/_fake/places") as answer:
                page = await answer.text()
            assert page.startswith('<a href="#">all channels</a><h2>One</h2>')
            assert page.count("# run-7") == 12
            assert "run &lt;7&gt;" in page
            assert "made-up" not in page
    finally:
        process.terminate()
        async with asyncio.timeout(10):
            assert await process.wait() == 0
