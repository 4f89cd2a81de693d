"""Rows 9–12 and 16–20: how a process ends, pauses, and lives with little."""

import asyncio
import shutil
import signal
import sys
import time
from math import inf
from pathlib import Path

from otel_discord.testing.fake_discord import Fault, Stall, posts
from tests.faults.gate import Blackhole, gate
from tests.faults.row import Theme, row
from tests.faults.rows.process_ends import ends_under_load
from tests.faults.service import launch, write
from tests.faults.stage import Stage

ROOT = Path(__file__).parents[3]


@row(
    9,
    Theme.PROCESS,
    "power cut",
    injected="every write and fsync is recorded; disks as they could look after a cut at any instant are opened",
    expected="each opens, no accepted record is missing; with `synchronous=NORMAL` the harness must find losses",
    codes="NL",
)
async def power_cut(stage: Stage) -> None:
    images = stage.of(50, 4_000)
    sizes = ["--images", str(images), *([] if stage.whole else ["--rounds", "10"])]
    code, text = await _crash_images(*sizes)
    assert code == 0, text[-2000:]
    stage.note(f"{images:,} disks, each opens, nothing is missing")
    if stage.whole:
        code, text = await _crash_images(*sizes, "--normal")
        assert code == 1, f"synchronous=NORMAL loses nothing here, so the harness proves nothing: {text[-2000:]}"
        stage.note("losses with NORMAL")


async def _crash_images(*arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.crash_images", *arguments],
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 1_800)
    return process.returncode, out.decode()


@row(
    10,
    Theme.PROCESS,
    "SIGTERM while Discord takes its time, and at random times under load from several clients",
    injected="FakeDiscord answers after seconds; then SIGTERM every half a second or so and a restart at once",
    expected="no more requests are taken, the message in hand is finished, exit 0; nothing lost, nothing repeated",
    codes="NL D0 LIVE",
    destinations=2,
)
async def slow_goodbye(stage: Stage) -> None:
    seconds = stage.of(1.5, 8.0)
    exporter = stage.exporter(timeout="20s", shutdown_timeout="15s")
    await stage.start(stage.configuration(exporter=exporter, service={"shutdown_timeout": "15s"}))
    client = stage.client()
    await stage.deliver(client)
    stage.fake.faults.add(Fault(Stall(seconds, commit=True), match=posts))
    ids = await client.send(3)
    await stage.until(lambda: stage.posts() == 4, "it is being sent")
    started = time.monotonic()
    stage.service.signal(signal.SIGTERM)
    await stage.service.said("Shutting down")
    await asyncio.sleep(0.3)
    refused = stage.client()
    try:
        await refused.send(1, deadline_s=0.5)
        raise AssertionError("a request was taken after SIGTERM")
    except TimeoutError:
        pass
    assert await stage.service.ended() == 0
    took_s = time.monotonic() - started
    assert stage.arrived(ids)
    assert took_s < seconds + 3
    stage.note(f"ended after {took_s:.1f} s")
    await ends_under_load(stage, signal.SIGTERM, stage.of(3, 60))
    codes = {service.running.process.returncode for service in stage.services}
    assert codes <= {0, None}, codes


@row(
    11,
    Theme.PROCESS,
    "SIGTERM while Discord is not reachable",
    injected="packets vanish",
    expected="ends within `shutdown_timeout`, everything stays in the queue; then nothing is missing or twice",
    codes="NL D0 LIVE",
)
async def goodbye_without_discord(stage: Stage) -> None:
    hole = Blackhole(0)
    await hole.close_up()
    try:
        base = f"http://127.0.0.1:{hole.port}"
        exporter = stage.exporter(base_url=base, shutdown_timeout="2s")
        await stage.start(stage.configuration(exporter=exporter, service={"shutdown_timeout": "2s"}))
        for _ in range(5):
            await stage.client().send(5)
        started = time.monotonic()
        code = await stage.service.stop()
        took_s = time.monotonic() - started
        assert took_s < 5, f"{took_s:.1f} s"
        assert code == 0, f"exit code {code}\n{stage.log[-1000:]}"
    finally:
        hole.open()
    async with gate(stage.server.port, port=hole.port):
        await stage.start()
        await stage.close_books()
    stage.note(f"ended after {took_s:.1f} s")


@row(
    12,
    Theme.PROCESS,
    "a second SIGTERM, or SIGINT, while it shuts down",
    injected="signals, FakeDiscord is silent",
    expected="ends at once, not with 0; nothing lost, at most the message in flight twice",
    codes="NL D1 LIVE",
)
async def second_signal(stage: Stage) -> None:
    exporter = stage.exporter(timeout="20s", shutdown_timeout="15s")
    configuration = stage.configuration(exporter=exporter, service={"shutdown_timeout": "15s"})
    client = stage.client()
    allowed = 0
    for second in (signal.SIGTERM, signal.SIGINT):
        await stage.start(configuration)
        await stage.deliver(client)
        stage.fake.faults.add(Fault(Stall(5, commit=True), match=posts, times=inf))
        before = stage.posts()
        await client.send(3)
        allowed += 3
        await stage.until(lambda before=before: stage.posts() > before, "it is being sent")  # type: ignore[misc]
        stage.service.signal(signal.SIGTERM)
        await stage.service.said("Shutting down")
        started = time.monotonic()
        code = await stage.service.stop(second)
        assert code != 0
        assert time.monotonic() - started < 1.5
        stage.fake.faults.clear()
    await stage.start()
    await stage.close_books(duplicates=allowed, tolerated=["concurrent_post"])


@row(
    16,
    Theme.PROCESS,
    "the process stands still for seconds (SIGSTOP), then goes on",
    injected="SIGSTOP, SIGCONT while a message is in flight and while idle",
    expected="goes on where it was; at most the message in flight twice",
    codes="NL D1 LIVE",
)
async def standstill(stage: Stage) -> None:
    seconds = stage.of(2.5, 20)
    await stage.start(stage.configuration(exporter=stage.exporter(timeout="1s")))
    client = stage.client()
    stage.fake.faults.add(Fault(Stall(0.5, commit=True), match=posts))
    await client.send(3)
    await stage.until(lambda: stage.posts() == 1, "it is being sent")
    stage.service.signal(signal.SIGSTOP)
    sending = asyncio.ensure_future(stage.client().send(2, deadline_s=60))
    await asyncio.sleep(seconds)
    stage.service.signal(signal.SIGCONT)
    await sending
    await stage.close_books(duplicates=3)
    stage.note(f"stood still for {seconds:g} s")


@row(
    17,
    Theme.PROCESS,
    "two processes on one directory",
    injected="the service is started twice",
    expected="the second one ends within a second or so and says whose the directory is; the first goes on",
    codes="NL D0 CE LIVE",
)
async def two_processes(stage: Stage) -> None:
    first = await stage.start()
    await stage.deliver(stage.client())
    other = stage.configuration()
    for kind in ("http", "grpc"):
        other["receivers"]["otlp"]["protocols"][kind]["endpoint"] = "127.0.0.1:0"
    other["service"]["telemetry"]["metrics"] = {"level": "none"}
    other["service"]["control"] = {"endpoint": f"unix://{stage.directory}/other.sock"}
    path = stage.directory / "other.yaml"
    write(path, other)
    second = launch(path, environment={})
    try:
        started = time.monotonic()
        code = await second.ended(10)
        took_s = time.monotonic() - started
    finally:
        second.stack.close()
    assert code != 0
    assert took_s < 3, f"{took_s:.1f} s"
    assert str(first.pid) in second.log, second.log
    assert "is in use by process" in second.log
    await stage.close_books()
    stage.note(f"refused after {took_s:.1f} s, start of Python included")


@row(
    18,
    Theme.PROCESS,
    "little memory and a large backlog",
    injected="a limit on the address space (prlimit), a backlog of thousands of records, a restart with it",
    expected="memory does not grow with the backlog; what does not fit is refused with 503; it drains",
    codes="NL D0 LIVE",
)
async def little_memory(stage: Stage) -> None:
    stage.need(shutil.which("prlimit"), "needs prlimit (util-linux)")
    requests = stage.of(10, 300)
    exporter = stage.exporter(sending_queue={"queue_size": 1_000_000, "queue_mib": 2_000})
    before = ["prlimit", f"--as={2 * 2**30}"]
    await stage.start(stage.configuration(exporter=exporter), before=before)
    await stage.deliver(stage.client())
    await stage.server.stop_listening()
    client = stage.client()
    await client.send(50, text="filler " * 50)
    small = stage.service.memory_mib()
    for _ in range(requests):
        await client.send(100, text="filler " * 50)
    full = stage.service.memory_mib()
    await stage.restart(before=before)
    again = stage.service.memory_mib()
    await stage.server.listen_again()
    await stage.close_books(deadline_s=stage.of(60, 900))
    most = stage.service.memory_mib("VmHWM")
    assert full - small < 60, f"from {small:.0f} to {full:.0f} MiB with a backlog of {requests * 100}"
    assert most < small + 120, f"{most:.0f} MiB while it drained"
    stage.note(f"{small:.0f} MiB, {full:.0f} with the backlog, {again:.0f} after a restart, at most {most:.0f}")


@row(
    19,
    Theme.PROCESS,
    "few files: 64",
    injected="prlimit --nofile=64, a hundred clients at once",
    expected="connections beyond half of them are closed; storing and sending go on",
    codes="NL D0 LIVE",
)
async def few_files(stage: Stage) -> None:
    stage.need(shutil.which("prlimit"), "needs prlimit (util-linux)")
    await stage.start(before=["prlimit", "--nofile=64"])
    client = stage.client()
    held = []
    for _ in range(100):
        held.append(await asyncio.open_connection("127.0.0.1", stage.ports["http"]))
    try:
        assert stage.service.open_files() < 64
        ids = await client.send(2, via="grpc")
        await stage.until(lambda: stage.arrived(ids), "it is sent while connections are held")
        files = stage.service.open_files()
    finally:
        for _, writer in held:
            writer.close()
    await asyncio.sleep(0.3)
    await stage.close_books()
    stage.note(f"{files} files open under 100 connections")


@row(
    20,
    Theme.PROCESS,
    "the machine has no time for us",
    injected="busy processes on every core with a better priority, the service at nice 19",
    expected="slower, nothing else; no request to Discord is given up that was answered",
    codes="NL D0 LIVE",
)
async def no_time(stage: Stage) -> None:
    import os

    stage.need(shutil.which("nice"), "needs nice")
    await stage.start(before=["nice", "-n", "19"])
    hogs = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass")
        for _ in range((os.cpu_count() or 1) * stage.of(1, 2))
    ]
    try:
        client = stage.client()
        ends_at = time.monotonic() + stage.of(2, 15)
        while time.monotonic() < ends_at:
            await client.send(3, deadline_s=60)
            await asyncio.sleep(0.05)
    finally:
        for hog in hogs:
            hog.kill()
            await hog.wait()
    await stage.close_books()
