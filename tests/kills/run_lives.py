"""Lives of the extension run_channels in processes of their own: forked from one that has imported it all.

As a module it is that process: for each line of input it forks one that lives as the line says, and says on its output
what that one has seen, line by line, and at last its exit code.
"""

import asyncio
import gc
import importlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson

TOKEN: Final = "a-token-of-ci-that-is-long"
SETTLED_S: Final = 20.0
_RESTING: Final = ("running", "archived", "cleaned")


@dataclass(slots=True)
class Lived:
    """What one life has said. ``code`` is its exit code: minus the signal that has killed it."""

    code: int
    answers: list[dict[str, Any]] = field(default_factory=list)
    """To each request: ``status``, and the body of the answer as ``body``."""
    runs: list[dict[str, Any]] | None = None
    """Those that it knew in the end; None where it did not come so far."""


@dataclass(slots=True)
class Cradle:
    """The process that forks."""

    process: "subprocess.Popen[bytes]"

    def live(self, order: dict[str, Any]) -> Lived:
        """Let one live; ``order``: see :func:`_live`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(orjson.dumps(order) + b"\n")
        self.process.stdin.flush()
        lived = Lived(code=0)
        for line in self.process.stdout:
            said = orjson.loads(line)
            if "code" in said:
                lived.code = said["code"]
                return lived
            if "runs" in said:
                lived.runs = said["runs"]
            else:
                lived.answers.append(said)
        raise AssertionError("the process that forks has ended")


@contextmanager
def cradle() -> Iterator[Cradle]:
    """Open one."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.kills.run_lives"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        try:
            yield Cradle(process)
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


# ------------------------------------------------------------------------------------------- in the process itself


def main() -> int:
    """Fork one life for each line of input."""
    for name in ("run_channels.extension", "run_channels.factory", "file_storage.extension", "file_storage.factory"):
        importlib.import_module(f"otel_discord.extensions.{name}")
    gc.freeze()
    gc.disable()  # lives are short, and what is not touched is not copied
    for line in sys.stdin.buffer:
        order = orjson.loads(line)
        pid = os.fork()
        if not pid:
            _become(order)
        _say({"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])})
    return 0


def _say(said: dict[str, Any]) -> None:
    os.write(1, orjson.dumps(said) + b"\n")


def _become(order: dict[str, Any]) -> None:
    code = 1
    try:
        asyncio.run(asyncio.wait_for(_live(order), 60))
    except BaseException:  # noqa: BLE001 - said, and the process ends
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


async def _live(order: dict[str, Any]) -> None:
    """Live: ask what ``asks`` says one after the other, wait until all has settled, say what there is, and end.

    Beside ``asks``: ``run_channels`` (its keys), ``directory`` of the storage, ``hours`` that the wall clock is late,
    ``failpoint``, ``request`` (the body of a create) and ``channel_id`` (of a finalize, where none was made here).
    """
    from opentelemetry.metrics import NoOpMeter
    from opentelemetry.trace import NoOpTracer

    from otel_discord.component import ComponentId, Settings, failpoint
    from otel_discord.extensions.file_storage.extension import FileStorage
    from otel_discord.extensions.file_storage.factory import FACTORY as STORAGE
    from otel_discord.extensions.run_channels.extension import RunChannels
    from otel_discord.extensions.run_channels.factory import FACTORY
    from otel_discord.extensions.run_channels.worker import Worker
    from otel_discord.testing.host import NopHost

    os.environ[failpoint.VARIABLE] = order["failpoint"]
    importlib.reload(failpoint)  # it reads the environment when it is imported
    late_s = 3600.0 * order["hours"]
    assert Worker.__init__.__kwdefaults__ is not None
    Worker.__init__.__kwdefaults__["wall_clock"] = lambda: time.time() + late_s
    logger = logging.getLogger("otel_discord.test.run_lives")
    logger.setLevel(logging.CRITICAL)

    def settings(name: str) -> Settings:
        return Settings(ComponentId(name), NoOpMeter("t"), NoOpTracer(), logger, "0.9.0")

    keys = {"directory": order["directory"], "fsync": False, "ballast_mib": 0, "min_free_mib": 0}
    storage = FileStorage(settings("file_storage"), STORAGE.config.model_validate(keys))
    extension = RunChannels(settings("run_channels"), FACTORY.config.model_validate(order["run_channels"]))
    host = NopHost({"file_storage": storage})
    async with storage.lifespan(host), extension.lifespan(host):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        base_url = f"http://{extension.endpoints['http']}"
        async with aiohttp.ClientSession(base_url, headers=headers) as session:
            channel_id = order["channel_id"]
            for ask in order["asks"]:
                path = "/runs" if ask == "create" else f"/runs/{channel_id}/finalize"
                answer = await _asked(session, path, order["request"] if ask == "create" else {"outcome": "success"})
                channel_id = answer["body"].get("channelId") or channel_id
                _say(answer)
            if order["failpoint"]:
                await asyncio.sleep(SETTLED_S)  # it comes, or else this life has not come by there
            resting = ("cleaned",) if order["hours"] else _RESTING  # so late, nothing else is left to rest
            _say({"runs": await _settled(session, resting)})
            os._exit(0)  # nothing that an orderly end would do is needed


async def _asked(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask as a client does: again where the answer says so."""
    while True:
        async with session.post(path, json=body) as response:
            if response.status != 503:
                return {"status": response.status, "body": await response.json()}
            await asyncio.sleep(0.1)


async def _settled(session: aiohttp.ClientSession, resting: Collection[str]) -> list[dict[str, Any]]:
    """Return the runs when nothing is under way any more, by two looks."""
    ends_at = time.monotonic() + SETTLED_S
    before = None
    while True:
        async with session.get("/runs") as response:
            runs = (await response.json())["runs"]
        if runs == before and all(run["state"] in resting for run in runs):
            return list(runs)
        assert time.monotonic() < ends_at, f"it does not settle: {runs}"
        before = runs
        await asyncio.sleep(0.03)


if __name__ == "__main__":
    sys.exit(main())
