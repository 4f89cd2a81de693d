"""Headless Chromium over its own protocol: open a page, press keys, run a line, take a picture, hear its console."""

import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--hide-scrollbars",
    "--remote-debugging-port=0", "about:blank",
]  # fmt: skip
PATIENCE_S = 15.0


class Tab:
    """One page. ``complaints`` are errors and warnings of its console, policy violations included."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._loaded = asyncio.Event()
        self.complaints: list[str] = []

    async def listen(self) -> None:
        async for each in self._socket:
            said = each.json()
            waiting = self._answers.pop(said.get("id", 0), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(said)
            match said.get("method"):
                case "Page.loadEventFired":
                    self._loaded.set()
                case "Log.entryAdded" if said["params"]["entry"]["level"] in {"error", "warning"}:
                    self.complaints.append(said["params"]["entry"]["text"])
                case "Runtime.exceptionThrown":
                    self.complaints.append(str(said["params"]["exceptionDetails"]))
                case "Runtime.consoleAPICalled" if said["params"]["type"] in {"error", "warning", "assert"}:
                    self.complaints.append(str(said["params"]["args"]))

    async def call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        said = await asyncio.wait_for(answer, PATIENCE_S)
        assert "error" not in said, said
        return said["result"]

    async def go(self, url: str) -> None:
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), PATIENCE_S)

    async def loaded(self) -> None:
        """Wait for a page that something else has begun to load, after :meth:`expect_load`."""
        await asyncio.wait_for(self._loaded.wait(), PATIENCE_S)

    def expect_load(self) -> None:
        self._loaded.clear()

    async def look(self, width: int, height: int = 900, *, theme: str = "dark", phone: bool = False) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    async def run(self, expression: str) -> Any:
        said = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def until(self, expression: str, patience_s: float = PATIENCE_S) -> Any:
        """Return the value of an expression once it is true."""
        async with asyncio.timeout(patience_s):
            while not (value := await self.run(expression)):
                await asyncio.sleep(0.05)
        return value

    async def press(self, key: str, *, shift: bool = False) -> None:
        codes = {"Tab": 9, "Enter": 13, " ": 32, "Space": 32}
        event: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        if key == "Enter":
            event["text"] = "\r"
        event["modifiers"] = 8 if shift else 0
        await self.call("Input.dispatchKeyEvent", type="keyDown", **event)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    async def picture(self, path: Path) -> None:
        said = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(said["data"]))


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Tab]:
    """Start the browser; yield its one tab."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, f"--user-data-dir={profile}", *FLAGS,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port_file = profile / "DevToolsActivePort"
        async with asyncio.timeout(30):
            while not port_file.exists() or not port_file.read_text().strip():
                await asyncio.sleep(0.05)
        port = port_file.read_text().split()[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                target = next(each for each in await answer.json() if each["type"] == "page")
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                tab = Tab(socket)
                listening = asyncio.create_task(tab.listen())
                try:
                    for domain in ("Page", "Log", "Runtime"):
                        await tab.call(f"{domain}.enable")
                    yield tab
                finally:
                    listening.cancel()
                    await asyncio.wait({listening})
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
