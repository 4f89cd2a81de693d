"""``otel-discord demo``: the main job on this machine, with nothing to set up.

Within 45 seconds: errors as cards, a burst that folds, a storm that becomes a digest, an alert that turns green.
Three processes: a stand-in for Discord with a web page, the service itself (this process), and a small shop that sends
real OTLP. With ``DISCORD_WEBHOOK_URL`` set there is no stand-in: messages go to Discord.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples
from otel_discord.cli.run import exit_at_once
from otel_discord.component.errors import StartError

START_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 5.0
PAGE_PORT: Final = 8910


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demo listens; the usual ports where they are free."""

    grpc: int
    http: int
    metrics: int


@click.command(epilog=examples("demo", "demo --seconds 60"))
@click.option("--port", default=PAGE_PORT, show_default=True, help="Port of the page, another one if it is taken.")
@click.option("--seconds", default=0.0, help="End by itself after so many seconds; 0: until Ctrl-C.")
def demo(port: int, seconds: float) -> int:
    """Show OTLP becoming Discord messages, on this machine."""
    return asyncio.run(_demo(port, seconds))


async def _demo(port: int, seconds: float) -> int:
    ports = Ports(*(_free_port(wanted) for wanted in (4317, 4318, 8888)))
    webhook_url = os.environ.get("DISCORD_WEBHOOK_URL", "")
    async with contextlib.AsyncExitStack() as stack:
        page = ""
        if not webhook_url:
            webhook_url = await stack.enter_async_context(_stand_in(_free_port(port)))
            page = "{0.scheme}://{0.netloc}/".format(urlsplit(webhook_url))
        _introduce(ports, page)
        await stack.enter_async_context(_shop_when_ready(ports.grpc))
        if seconds:
            stack.callback(asyncio.get_running_loop().call_later(seconds, os.kill, os.getpid(), signal.SIGINT).cancel)
        return await _serve(ports, webhook_url, is_stand_in=bool(page))


async def _serve(ports: Ports, webhook_url: str, *, is_stand_in: bool) -> int:
    from otel_discord.service.config_file import load_configuration
    from otel_discord.service.registry import Registry
    from otel_discord.service.run import run_service

    # Through the environment, so that the URL is treated as the secret that it is.
    environment = {**os.environ, "DEMO_WEBHOOK_URL": webhook_url}
    prometheus = f"{{host: localhost, port: {ports.metrics}}}"
    sets = [
        f"receivers.otlp.protocols.grpc.endpoint=localhost:{ports.grpc}",
        f"receivers.otlp.protocols.http.endpoint=localhost:{ports.http}",
        f"service.telemetry.metrics.readers=[{{pull: {{exporter: {{prometheus: {prometheus}}}}}}}]",
    ]
    if is_stand_in:
        parts = urlsplit(webhook_url)
        sets += [
            f"exporters.discord.endpoint={parts.scheme}://{parts.netloc}/api/v10",
            "exporters.discord.allow_insecure_endpoint=true",
        ]
    configuration = load_configuration([f"yaml:{_CONFIGURATION}"], sets, Registry.from_entry_points(), environment)
    return await run_service(configuration, version=__version__, force_exit=exit_at_once)


_CONFIGURATION: Final = """
receivers: {otlp: {protocols: {grpc: {}, http: {}}}}
connectors:
  threshold:
    rules:
      - name: QueueTooDeep
        metric: queue.depth
        group_by: [service.name]
        conditions: {critical: "> 1000"}
        resolve: "< 100"
        for: 2s
        annotations: {summary: "{{ attr('service.name') }} has {{ value }} jobs waiting"}
exporters:
  discord:
    webhook_url: ${env:DEMO_WEBHOOK_URL}
    username: Telemetry
    min_severity: WARN
    alerts: {group_wait: 1s}
service:
  telemetry: {logs: {level: WARN}}
  pipelines:
    metrics: {receivers: [otlp], exporters: [threshold]}
    logs: {receivers: [otlp, threshold], exporters: [discord]}
"""


def _introduce(ports: Ports, page: str) -> None:
    lines = ["otel-discord demo: a small shop in trouble sends OTLP, and this is what Discord gets to see.", ""]
    where = f"  page     {page}   (a stand-in for Discord)" if page else "  messages go to your webhook in Discord"
    lines += [
        where,
        f"  OTLP     localhost:{ports.grpc} (gRPC) and http://localhost:{ports.http} (HTTP): send your own",
        f"  metrics  http://localhost:{ports.metrics}/metrics",
        "",
        "Ctrl-C ends it.",
    ]
    click.echo("\n".join(lines))
    sys.stdout.flush()


@asynccontextmanager
async def _stand_in(port: int) -> AsyncIterator[str]:
    """Run FakeDiscord as a process and give the URL of its webhook."""
    arguments = ["otel_discord.testing.fake_discord", "--port", str(port), "--webhooks", "1", "--until-eof"]
    async with _python(arguments, capture=True) as process:
        if process.stdout is None:
            raise StartError("the stand-in for Discord has no output")
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                url = (await process.stdout.readline()).decode().strip()
        except TimeoutError:
            url = ""
        if not url.startswith("http"):
            raise StartError("the stand-in for Discord did not start")
        yield url


@asynccontextmanager
async def _shop_when_ready(port: int) -> AsyncIterator[None]:
    """Run the shop as a process from the moment the service listens."""

    async def run() -> None:
        async with asyncio.timeout(START_TIMEOUT_S):
            await _listening(port)
        async with _python(["otel_discord.cli.demo_shop", f"http://localhost:{port}", "--until-eof"]) as process:
            await process.wait()

    task = asyncio.create_task(run(), name="shop")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _listening(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("localhost", port)
            writer.close()
            return
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _python(arguments: list[str], *, capture: bool = False) -> AsyncIterator[Process]:
    """Run a module of ours in a session of its own, so that Ctrl-C reaches only this process; end it at the end.

    It also ends when its standard input does, that is with this process, however that ends.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        stdin=PIPE,
        stdout=PIPE if capture else None,
        # At the end the shop finds nobody to send to, and that is no news.
        stderr=None if capture else DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_port(wanted: int) -> int:
    """Return ``wanted`` if it is free on localhost, else a free one."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise StartError("no free port on localhost")
