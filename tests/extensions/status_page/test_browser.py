"""The page in headless Chromium: no complaint, keyboard, live update, text stays text, actions, the service gone."""

import asyncio

import pytest

from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.extension import StatusPage
from tests.extensions.status_page.chromium import CHROMIUM, Tab, chromium
from tests.extensions.status_page.conftest import SETTINGS
from tests.extensions.status_page.shop import shop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; .ci/run installs it"),
]
PATHS = (
    "/",
    "/messages",
    "/alerts",
    "/dead-letters",
    "/configuration",
    "/dead-letters/letter?exporter=discord&id=18",
    "/dead-letters/purge?exporter=discord&destination=pager",
)

# Contrast of every text against the nearest background that is painted, by WCAG 2: those below 4.5 (3 where large).
FAINT = """(() => {
  const numbers = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || e.closest('svg,.dv,.unseen,noscript,script') || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), a = light(numbers(style.color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 600;
    if (ratio < (large ? 3 : 4.5)) found.push([walk.currentNode.data.trim().slice(0, 40), ratio.toFixed(2)]);
  }
  return found;
})()"""
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def each_page_on_both_themes_and_widths(tab: Tab, url: str) -> None:
    for theme in ("dark", "light"):
        for width in (1280, 390):
            await tab.look(width, theme=theme, phone=width == 390)
            for path in PATHS:
                await tab.go(url + path)
                where = (theme, width, path)
                assert await tab.run(WIDER) is False, where
                assert await tab.run(FAINT) == [], where
    assert tab.complaints == []


async def the_keyboard_walks(tab: Tab, url: str) -> None:
    await tab.look(1280)
    await tab.go(f"{url}/dead-letters")
    here = "document.activeElement.textContent.trim()"
    await tab.press("Tab")
    assert await tab.run(here) == "Skip to the content"
    assert await tab.run("getComputedStyle(document.activeElement).outlineStyle") != "none"
    await tab.press("Enter")
    assert await tab.run("document.activeElement.id") == "main"
    seen = []
    for _ in range(20):
        await tab.press("Tab")
        seen.append(await tab.run("document.activeElement.getAttribute('aria-label') || " + here))
    assert {"All", "Replay all", "Remove all …", "Dead letters", "Replay letter 17"} <= set(seen)
    controls = 'document.querySelectorAll(\'[onclick],[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length'
    assert await tab.run(controls) == 0


async def what_changes_is_shown_and_the_reader_keeps_place(tab: Tab, url: str, service) -> None:
    await tab.go(f"{url}/messages")
    await tab.run("document.querySelectorAll('.journey')[1].open = true")
    await tab.run("document.querySelectorAll('.journey summary')[1].focus()")
    await tab.run("scrollTo(0, 300)")
    exporter = service.components["exporter:discord"]
    exporter.messages = [*exporter.messages[1:]]
    await tab.until("document.querySelectorAll('.messages > li').length === 3")
    assert await tab.run("document.querySelectorAll('.journey')[0].open") is True
    assert await tab.run("document.activeElement === document.querySelectorAll('.journey summary')[0]") is True
    assert await tab.run("[...document.querySelectorAll('.journey')].filter((each) => each.open).length") == 1
    await tab.go(f"{url}/")
    service.components["exporter:discord"].states.pop(1)
    await tab.until("!document.body.textContent.includes('404 Unknown Webhook')")


async def text_stays_text(tab: Tab, url: str) -> None:
    for path in (
        "/messages",
        "/dead-letters",
        "/dead-letters/letter?exporter=discord&id=18",
    ):
        await tab.go(url + path)
        assert "owned" not in await tab.run("document.title")
        assert await tab.run("document.querySelectorAll('main script, main img').length") == 0
        assert "<script>document.title='owned'</script>" in await tab.run("document.body.textContent")


async def a_silence_is_added_by_hand(tab: Tab, url: str, service) -> None:
    await tab.go(f"{url}/alerts")
    await tab.run("document.querySelector('a.action').focus()")
    tab.expect_load()
    await tab.press("Enter")
    await tab.loaded()
    assert 'alert.name="DiskNearlyFull"' in await tab.run("document.getElementById('matchers').value")
    await tab.run("document.getElementById('comment').focus()")
    await tab.call("Input.insertText", text="we know")
    await asyncio.sleep(1.3)  # an update does not take away what is being typed
    assert await tab.run("document.getElementById('comment').value") == "we know"
    tab.expect_load()
    await tab.press("Enter")
    await tab.loaded()
    assert "holds" in await tab.run("document.querySelector('.notice').textContent")
    assert service.components["exporter:discord"].kept_silences[-1].comment == "we know"


async def maintenance_is_started_and_ended_by_keyboard(tab: Tab, url: str, service) -> None:
    await tab.go(f"{url}/alerts")
    await tab.run("[...document.querySelectorAll('a')].find((each) => each.textContent === 'Start …').focus()")
    tab.expect_load()
    await tab.press("Enter")
    await tab.loaded()
    assert await tab.run("document.getElementById('m-name').value") == "deploy"
    await tab.run("document.getElementById('m-comment').focus()")
    await tab.call("Input.insertText", text="new version")
    await asyncio.sleep(1.3)
    tab.expect_load()
    await tab.press("Enter")
    await tab.loaded()
    assert "deploy has begun" in await tab.run("document.querySelector('.notice').textContent")
    assert service.components["exporter:discord"].asked_maintenance[-1].comment == "new version"
    await tab.run("document.querySelector('[aria-label=\"End maintenance deploy\"]').focus()")
    tab.expect_load()
    await tab.press("Enter")
    await tab.loaded()
    assert "deploy has ended" in await tab.run("document.querySelector('.notice').textContent")


async def the_switch_of_themes_holds(tab: Tab, url: str) -> None:
    await tab.look(1280, theme="dark")
    await tab.go(f"{url}/messages")
    dark = await tab.run("getComputedStyle(document.body).color")
    await tab.run("document.getElementById('theme').click()")
    assert await tab.run("getComputedStyle(document.body).color") != dark
    await tab.go(f"{url}/messages")
    assert await tab.run("document.documentElement.dataset.theme") == "light"
    assert await tab.run("getComputedStyle(document.querySelector('.dv')).backgroundColor") == "rgb(255, 255, 255)"


async def test_in_a_browser(tmp_path):
    """One browser for all, since its start is what takes long."""
    service = shop()
    config = StatusPageConfig(endpoint="127.0.0.1:0", refresh="1s")
    async with chromium(tmp_path / "profile") as tab:
        async with StatusPage(SETTINGS, config).lifespan(shop()):
            pass  # it can be opened twice in a process
        page = StatusPage(SETTINGS, config)
        async with page.lifespan(service):
            address = page.endpoints["http"]
            url = f"http://{address}"
            await each_page_on_both_themes_and_widths(tab, url)
            await the_keyboard_walks(tab, url)
            await text_stays_text(tab, url)
            await what_changes_is_shown_and_the_reader_keeps_place(tab, url, service)
            await a_silence_is_added_by_hand(tab, url, service)
            await maintenance_is_started_and_ended_by_keyboard(tab, url, service)
            await the_switch_of_themes_holds(tab, url)
            assert tab.complaints == []
            await tab.go(f"{url}/")
        await tab.until("document.getElementById('gone').textContent.includes('does not answer')")
        again = StatusPage(SETTINGS, StatusPageConfig(endpoint=address))
        async with again.lifespan(shop()):
            await tab.until("document.getElementById('gone').textContent === ''")
            assert await tab.run("document.getElementById('pulse').textContent") == "Live"
