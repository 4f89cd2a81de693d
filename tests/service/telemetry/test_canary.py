"""A planted token in a real process: it tries every way out through the log, and none is open."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOKEN = "kAnArY-0123456789_abcdefghijKLMNOPQRSTUVWXYZ"

PROGRAM = """
import asyncio, logging, sys, threading, warnings
import aiohttp
from otel_discord.config import Secret, StrictModel
from otel_discord.service.telemetry.config import LogsConfig
from otel_discord.service.telemetry.logs import process_logging
from otel_discord.service.telemetry.redact import Redactor, secrets_in

TOKEN = sys.stdin.readline().strip()
URL = f"http://127.0.0.1:1/api/v10/webhooks/123456789012345678/{TOKEN}?wait=true"

class Config(StrictModel):
    webhook_url: Secret
    password: Secret

class Leaky:
    def __str__(self): return f"<Leaky {URL}>"
    __repr__ = __str__
    def __del__(self): raise RuntimeError(URL)

class Stubborn(Exception):
    def __str__(self): raise ValueError(URL)

async def main():
    log = logging.getLogger("otel_discord.exporter.discord")
    third_party = logging.getLogger("some.library")
    for logger in (log, third_party):
        logger.error(URL)
        logger.error("%s and %r and %s", URL, {"Authorization": "Bearer " + TOKEN}, Leaky())
        logger.error("%d", URL)
        logger.error("extras", extra={"url": URL, "headers": {"authorization": TOKEN}, "leaky": Leaky()})
        logger.error(f"plain {TOKEN}", stack_info=True)
        for error in (OSError(URL), Stubborn(TOKEN), ExceptionGroup(URL, [ValueError(TOKEN)])):
            try:
                raise error from KeyError(URL)
            except Exception as caught:
                caught.add_note(URL)
                logger.exception("failed: %s", TOKEN)
    try:
        async with aiohttp.ClientSession() as session:
            await session.post(URL)
    except aiohttp.ClientError:
        log.exception("not sent", extra={"url": URL})
    warnings.warn(URL)
    thread = threading.Thread(target=lambda: int(URL)); thread.start(); thread.join()
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": URL, "exception": OSError(URL)})
    loop.call_soon(lambda: int(URL))
    async def fails(): raise OSError(URL)
    task = asyncio.ensure_future(fails())
    await asyncio.sleep(0.01)
    del task
    for number in range(50):
        log.warning(f"again and again {URL}")

config = Config(webhook_url=Secret(URL), password=Secret(TOKEN))
redactor = Redactor()
redactor.add(secrets_in(config))
with process_logging(LogsConfig(encoding=sys.argv[1], level="debug"), redactor):
    asyncio.run(main(), debug=True)
    logging.getLogger("otel_discord.cli").info("config %s", config)
    if sys.argv[2] == "hook":
        sys.excepthook(OSError, OSError(URL), None)
    else:
        raise OSError(URL)
"""


@pytest.mark.parametrize("encoding", ["console", "json"])
@pytest.mark.parametrize("end", ["hook", "raise"])
def test_a_planted_token_never_appears(encoding, end, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-W", "always", str(program), encoding, end],
        input=TOKEN + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == (1 if end == "raise" else 0), done.stderr
    assert done.stdout == ""
    assert TOKEN not in done.stderr
    assert TOKEN[:12] not in done.stderr
    assert done.stderr.count("[REDACTED]") > 30
    for said in ("not sent", "exception in a thread", "again and again", "left out", "extras", "Traceback"):
        assert said in done.stderr, said
    if encoding == "json" and end == "hook":
        assert all(json.loads(line)["msg"] for line in done.stderr.splitlines())
