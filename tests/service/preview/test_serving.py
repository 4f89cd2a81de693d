"""The page of the preview: what it answers, to whom, and in a browser: live reload, keyboard, hostile text."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from otel_discord.service.preview.desk import Desk
from otel_discord.service.preview.serving import application
from otel_discord.service.preview.show import Wanted
from tests.extensions.status_page.chromium import CHROMIUM, chromium

CONFIGURATION = """
receivers: {otlp: {protocols: {grpc: {}}}}
exporters: {discord: {webhook_url: "${env:NOT_SET}", username: Telemetry, min_severity: WARN}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [discord]}}}
"""
PASTED = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":17,"body":{"stringValue":"pasted one"}}]}]}]}'
PATIENCE_S = 20.0


@asynccontextmanager
async def served(folder: Path, *samples: str) -> AsyncIterator[tuple[Desk, str]]:
    (folder / "config.yaml").write_text(CONFIGURATION)
    desk = Desk(Wanted(configs=[str(folder / "config.yaml")], samples=samples or ("error", "hostile", "debug")), "0")
    stopping = asyncio.Event()
    server = TestServer(application(desk, stopping), host="127.0.0.1")
    await server.start_server()
    desk.origin = f"http://127.0.0.1:{server.port}"
    watching = asyncio.create_task(desk.watch())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await desk.after(0, PATIENCE_S)
        yield desk, desk.origin
    finally:
        stopping.set()
        watching.cancel()
        await asyncio.wait({watching})
        await server.close()


async def test_the_page_is_strict_and_for_this_machine_only(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, origin), aiohttp.ClientSession() as session:
        async with session.get(origin) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "<script>" not in await answer.text()
        async with session.get(origin, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        async with session.put(f"{origin}/input", data=PASTED) as answer:
            assert answer.status == 403
        async with session.get(f"{origin}/files/0") as answer:
            assert answer.status == 404


async def test_a_bad_configuration_is_named_while_the_last_good_state_stays(tmp_path: Path) -> None:
    async with served(tmp_path) as (desk, _):
        good = desk.view()
        (tmp_path / "config.yaml").write_text(CONFIGURATION.replace("username", "usrname"))
        await desk.after(desk.number, PATIENCE_S)

        bad = desk.view()
        assert "usrname" in bad["error"]
        assert "config.yaml:3" in bad["error"]
        assert bad["html"] == good["html"]

        (tmp_path / "config.yaml").write_text(CONFIGURATION.replace("Telemetry", "Ada"))
        await desk.after(desk.number, PATIENCE_S)
        assert not desk.view()["error"]
        assert "Ada" in desk.view()["html"]


async def test_pasted_records_take_the_place_of_samples_and_go_again(tmp_path: Path) -> None:
    async with served(tmp_path) as (desk, origin), aiohttp.ClientSession(headers={"X-Preview": "1"}) as session:
        for text, said in ((PASTED, "shown"), ("{oh", "pasted:1: not JSON")):
            async with session.put(f"{origin}/input", data=text) as answer:
                assert said in await answer.text()
        assert "pasted one" in desk.view()["html"]
        async with session.put(f"{origin}/input", data="") as answer:
            assert answer.status == 200
        assert "Payment declined" in desk.view()["html"]


async def test_events_tell_of_a_change_and_end_with_the_server(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (desk, origin),
        aiohttp.ClientSession() as session,
        session.get(f"{origin}/events") as answer,
        asyncio.timeout(PATIENCE_S),
    ):
        assert (await answer.content.readline()).decode() == f"data: {desk.number}\n"
        await answer.content.readline()
        await desk.renew()
        assert (await answer.content.readline()).decode() == f"data: {desk.number}\n"


async def test_what_is_shown_is_what_would_be_sent(tmp_path: Path) -> None:
    async with (
        served(tmp_path, "error") as (_, origin),
        aiohttp.ClientSession() as session,
        session.get(f"{origin}/view") as answer,
    ):
        view = json.loads(await answer.text())
    assert [each["name"] for each in view["samples"]] == ["error"]
    assert "Payment declined: gateway timeout" in view["html"]
    assert "title 35/256" in view["html"]
    assert "NOT_SET is not set" in view["notes"][0]


@pytest.mark.skipif(CHROMIUM is None or shutil.which("fc-list") is None, reason="there is no Chromium here")
async def test_in_a_browser(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    async with served(tmp_path) as (_, origin), chromium(profile) as tab:
        await tab.look(1280)
        await tab.go(origin)
        await tab.until("document.querySelectorAll('#samples button').length === 3")
        assert await tab.run("document.querySelector('#stage section:not([hidden])').dataset.name") == "error"

        # the keyboard: arrows walk through the samples, and what has the focus is shown
        await tab.run("document.querySelector('#samples button').focus()")
        await tab.press("ArrowDown")
        await tab.until("document.querySelector('#stage section:not([hidden])').dataset.name === 'hostile'")
        assert await tab.run("document.activeElement.dataset.name") == "hostile"

        # text that would like to be more stays text
        assert "<img src=x onerror=alert(1)>" in await tab.run("document.querySelector('#stage').textContent")
        assert await tab.run("document.querySelectorAll('#stage img, #stage script, #stage .dv strong').length") == 0

        # a change of a file is seen without a reload of the page, and a bad one leaves the last good state there
        await tab.run("window.sameDocument = true")
        (tmp_path / "config.yaml").write_text(CONFIGURATION.replace("Telemetry", "Ada Lovelace"))
        await tab.until("document.querySelector('#stage').textContent.includes('Ada Lovelace')")
        (tmp_path / "config.yaml").write_text(CONFIGURATION.replace("username", "usrname"))
        await tab.until("document.querySelector('#error.on') !== null")
        assert "config.yaml:3" in await tab.run("document.querySelector('#error').textContent")
        assert "Ada Lovelace" in await tab.run("document.querySelector('#stage').textContent")
        assert await tab.run("window.sameDocument")

        await tab.run("document.querySelector('#theme').click()")
        assert await tab.run("document.querySelectorAll('.dv-light').length > 0")
        await tab.run("document.querySelector('#phone').click()")
        assert await tab.run("document.querySelector('#stage').getBoundingClientRect().width") <= 390
        assert tab.complaints == []
