"""The page of a served fake in a browser: on a wide screen and on a phone's."""

import shutil
from pathlib import Path

import aiohttp
import pytest

from otel_discord.testing.fake_discord import FakeDiscord, FakeGuild, serve_fake_discord
from otel_discord.testing.fake_discord.state import CATEGORY, FakeChannel
from tests.extensions.status_page.chromium import CHROMIUM, Tab, chromium

LONG = "run-" + "a-very-long-name-" * 5
TITLE = "otel-discord · what Discord would show"
pytestmark = pytest.mark.skipif(CHROMIUM is None or shutil.which("fc-list") is None, reason="there is no Chromium here")


@pytest.fixture
def channels(fake: FakeDiscord, guild: FakeGuild) -> dict[str, FakeChannel]:
    """Channels of runs, by name."""
    category = fake.add_channel("Agent Runs", guild_id=guild.id, type=CATEGORY)
    names = [LONG, *(f"run-build-{number}" for number in range(30))]
    made = {name: fake.add_channel(name, guild_id=guild.id, parent_id=category.id) for name in names}
    for channel in made.values():
        channel.topic = "build 42, attempt 1, made at noon and gone in a day " * 3
    return made


async def post(url: str, content: str) -> None:
    embed = {"title": "x" * 200, "description": f"```\n{'y' * 900}\n```"}
    async with aiohttp.ClientSession(headers={"User-Agent": "DiscordBot (https://example.invalid, 1.0)"}) as session:
        body = {"content": content, "embeds": [embed], "allowed_mentions": {"parse": []}}
        async with session.post(f"{url}?wait=true", json=body) as answer:
            assert answer.status == 200


async def width_of(tab: Tab, selector: str) -> int:
    width = await tab.run(f"document.querySelector('{selector}').clientWidth")
    assert isinstance(width, int)
    return width


async def test_the_title_follows(fake: FakeDiscord, channels: dict[str, FakeChannel], tmp_path: Path) -> None:
    async with serve_fake_discord(fake) as server, chromium(tmp_path / "profile") as tab:
        for name in (LONG, "run-build-3"):
            hook = fake.add_webhook(channels[name])
            await post(server.webhook_url(hook), f"said in {name}")
        await tab.look(1280)
        await tab.go(server.base_url)
        await tab.until(f"document.title === 'all channels · {TITLE}'")
        await tab.until("document.querySelectorAll('.dv-message').length === 2")
        assert await tab.run("getComputedStyle(document.querySelector('#list')).display") == "none"
        await tab.run(
            "[...document.querySelectorAll('#places a')].find(a => a.textContent === '# run-build-3').click()"
        )
        await tab.until(f"document.title === '# run-build-3 · {TITLE}'")
        await tab.until("document.querySelectorAll('.dv-message').length === 1")
        assert await tab.run("document.querySelector('#channel').textContent") == "# run-build-3"
        assert await tab.run("document.querySelector('#places [aria-current]').textContent") == "# run-build-3"
        await tab.run("document.querySelector('#places a').click()")
        await tab.until(f"document.title === 'all channels · {TITLE}'")
        assert tab.complaints == []


async def test_it_is_of_use_on_a_phone(fake: FakeDiscord, channels: dict[str, FakeChannel], tmp_path: Path) -> None:
    async with serve_fake_discord(fake) as server, chromium(tmp_path / "profile") as tab:
        hook = fake.add_webhook(channels[LONG])
        await post(server.webhook_url(hook), "hello")
        await tab.look(400, 800, phone=True)
        await tab.go(f"{server.base_url}/#{channels[LONG].id}")
        await tab.until("document.querySelector('.dv-message') !== null")
        await tab.until(f"document.title.startsWith('# {LONG}')")
        assert await tab.run("document.documentElement.scrollWidth") == 400
        assert await width_of(tab, "#messages") == 400
        assert await tab.run("document.querySelector('#messages').scrollWidth") == 400
        assert await width_of(tab, "#places") == 0
        assert await tab.run("document.querySelector('#messages').clientHeight") > 500

        # the list unfolds above the messages, and folds when a channel is chosen
        await tab.run("document.querySelector('#list').click()")
        assert await width_of(tab, "#places") == 400
        assert await tab.run("document.querySelector('#list').getAttribute('aria-expanded')") == "true"
        assert await tab.run("document.querySelector('#messages').clientHeight") > 200
        await tab.run("[...document.querySelectorAll('#places a')].at(-1).click()")
        await tab.until("document.title.startsWith('# run-build-29')")
        await tab.until("!document.querySelector('.dv-message')")
        assert await width_of(tab, "#places") == 0
        assert tab.complaints == []


async def test_without_a_guild_there_is_no_list(tmp_path: Path) -> None:
    fake = FakeDiscord()
    async with serve_fake_discord(fake) as server, chromium(tmp_path / "profile") as tab:
        await post(server.webhook_url(fake.add_webhook()), "hello")
        await tab.look(400, 800, phone=True)
        await tab.go(server.base_url)
        await tab.until("document.querySelector('.dv-message') !== null")
        assert await tab.run("document.title") == TITLE
        assert await tab.run("getComputedStyle(document.querySelector('#list')).display") == "none"
        assert await tab.run("document.querySelector('#messages').scrollWidth") == 400
