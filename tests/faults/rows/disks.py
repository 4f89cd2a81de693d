"""Rows 21–24 and 30–32: disks that are full, fail, or are slow; a full queue; slow readers."""

import asyncio
import errno
import http.client
import time
from pathlib import Path

from otel_discord.testing.fake_discord import Answer, Fault, posts
from tests.faults.clients import Client, request_of
from tests.faults.meddling import Disk, Knob, Meddling
from tests.faults.row import Theme, row
from tests.faults.stage import Stage

MIB = 2**20
PLENTY = {
    "X-RateLimit-Limit": "1000000",
    "X-RateLimit-Remaining": "999999",
    "X-RateLimit-Reset": "1900000000.000",
    "X-RateLimit-Reset-After": "1.000",
    "X-RateLimit-Bucket": "plenty",
}
"""Headers of an answer that leaves the pace to the service."""
STORAGE = {"min_free_mib": 256, "ballast_mib": 16}


def used_bytes(directory: Path) -> int:
    """Return what the files of a directory take up."""
    return sum(path.stat().st_blocks * 512 for path in directory.iterdir() if path.is_file())


async def fill(stage: Stage, client: Client, most: int = 4_000) -> int:
    """Send large records until one is refused; return how many were taken."""
    for taken in range(most):
        ids = client.new_ids(1)
        text = stage.dice.randbytes(30_000).hex()
        if not await client.offer(ids, request_of(ids, 17, text)):
            return taken
    raise AssertionError(f"{most} records were taken and nothing was refused")


@row(
    21,
    Theme.STORE,
    "disk full while accepting",
    injected="a preloaded library: files grow to 48 MiB in all, no further",
    expected="503 and nothing half-written; what was accepted is delivered; work goes on by itself when there is room",
    codes="NL D0 CE LIVE",
)
async def full_disk(stage: Stage) -> None:
    meddling = Meddling(stage.directory, stage.storage_directory)
    volume_mib = stage.of(8, 48)
    meddling[Knob.DISK_BYTES] = volume_mib * MIB
    meddling[Knob.DISK_MODE] = Disk.FULL
    exporter = stage.exporter(sending_queue={"queue_mib": 1_000})
    configuration = stage.configuration(exporter=exporter, storage=STORAGE)
    await stage.start(configuration, environment=meddling.environment)
    await stage.server.stop_listening()
    taken = await fill(stage, stage.client())
    await stage.service.said("storage is full: new work is refused")
    assert stage.ledger.answers["503"] >= 1, stage.ledger.answers
    await stage.server.listen_again()
    await stage.close_books(deadline_s=60)
    assert used_bytes(stage.storage_directory) <= volume_mib * MIB
    stage.note(f"{taken} records of 60 kB on {volume_mib} MiB")


@row(
    22,
    Theme.STORE,
    "disk full while ending what was delivered",
    injected="a preloaded library: from one moment on no file grows by a byte",
    expected="the ballast is given up, everything is delivered and ended, nothing comes twice, also after kill -9",
    codes="NL D0 LIVE",
)
async def full_while_ending(stage: Stage) -> None:
    meddling = Meddling(stage.directory, stage.storage_directory)
    await stage.start(stage.configuration(storage=STORAGE), environment=meddling.environment)
    await stage.server.stop_listening()
    client = stage.client()
    for _ in range(stage.of(40, 400)):
        await client.send(5, text=stage.dice.randbytes(1_000).hex())
    meddling[Knob.DISK_BYTES] = used_bytes(stage.storage_directory)
    meddling[Knob.DISK_MODE] = Disk.FULL
    await stage.server.listen_again()
    await stage.until(lambda: stage.arrived(stage.ledger.accepted), "everything is delivered on a full disk", 60)
    await asyncio.sleep(0.5)
    await stage.service.kill()
    meddling[Knob.DISK_MODE] = Disk.WELL
    await stage.start(environment=meddling.environment)
    await stage.close_books()
    stage.note(f"{meddling[Knob.REFUSED]} writes refused")


@row(
    23,
    Theme.STORE,
    "writes fail (EIO), the disk turns read-only (EROFS), fsync fails",
    injected="a preloaded library, for seconds each, clients send all the time",
    expected="503, the log says why; after a failed fsync the file is opened anew; recovers by itself",
    codes="NL CE LIVE",
)
async def failing_disk(stage: Stage) -> None:
    meddling = Meddling(stage.directory, stage.storage_directory)
    await stage.start(environment=meddling.environment)
    client = stage.client()
    faults = [
        (Knob.DISK_MODE, Disk.FAILS),
        (Knob.DISK_MODE, Disk.READ_ONLY),
        (Knob.SYNC_ERRNO, errno.EIO),
    ]
    for knob, value in faults:
        await stage.deliver(client, 2)
        before = stage.service.log.count("storage fails")
        meddling[knob] = value
        sending = asyncio.ensure_future(client.send(2, deadline_s=60))
        try:
            said = lambda before=before: stage.service.log.count("storage fails") > before  # noqa: E731
            await stage.until(said, "it says so", 15)
            await asyncio.sleep(stage.of(0.5, 10))
        finally:
            meddling[knob] = 0
            await sending
    await stage.service.said("storage is well again")
    assert stage.ledger.answers["503"] >= 1
    # A commit whose fsync failed may be there all the same: the client sends again, and OTLP has no request id.
    # A message whose end could not be noted may come again.
    await stage.close_books(duplicates=3 * 4, ordered=False)
    stage.note(f"answers {dict(stage.ledger.answers)}")


@row(
    24,
    Theme.STORE,
    "a slow disk: every fsync takes 50 ms, one 5 s",
    injected="a preloaded library",
    expected="slower, nothing else",
    codes="NL LIVE",
)
async def slow_disk(stage: Stage) -> None:
    meddling = Meddling(stage.directory, stage.storage_directory)
    await stage.start(environment=meddling.environment)
    meddling[Knob.SYNC_DELAY_US] = 50_000
    clients = [stage.client() for _ in range(4)]
    slowest = 0.0
    for place in range(stage.of(4, 100)):
        if place == 2:
            meddling[Knob.SYNC_STALL_MS] = stage.of(2_500, 5_000)
        started = time.monotonic()
        await asyncio.gather(*(client.send(2, deadline_s=60) for client in clients))
        slowest = max(slowest, time.monotonic() - started)
    meddling[Knob.SYNC_DELAY_US] = 0
    await stage.close_books()
    stage.note(f"slowest answer {slowest:.1f} s, {meddling[Knob.SYNCS]} fsyncs")


@row(
    30,
    Theme.STORE,
    "the queue is full, by requests and by bytes",
    injected="Discord is away, more is sent than fits",
    expected="503 with Retry-After, UNAVAILABLE over gRPC; it goes on as soon as there is room",
    codes="NL D0 CE LIVE",
)
async def full_queue(stage: Stage) -> None:
    for limits in ({"queue_size": 5}, {"queue_mib": 1}):
        exporter = stage.exporter(sending_queue=limits)
        await stage.start(stage.configuration(exporter=exporter))
        await stage.server.stop_listening()
        taken = await fill(stage, stage.client(), 100)
        status, retry_after = await asyncio.to_thread(_refusal, stage)
        assert (status, retry_after is not None) == (503, True), f"{limits}: {status}, Retry-After {retry_after}"
        client = stage.client()
        ids = client.new_ids(1)
        assert not await client.offer(ids, request_of(ids, 17, "x" * 70_000), via="grpc")
        assert stage.ledger.answers["UNAVAILABLE"] >= 1
        await stage.server.listen_again()
        await stage.close_books(deadline_s=60)
        await stage.service.stop()
        stage.note(f"{limits}: {taken} taken")


def _refusal(stage: Stage) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", stage.ports["http"], timeout=10)
    try:
        body = request_of([999_999_999], 17, "x" * 70_000).SerializeToString()
        connection.request("POST", "/v1/logs", body, {"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After")
    finally:
        connection.close()


@row(
    31,
    Theme.STORE,
    "somebody reads the dead letters very slowly while records come in",
    injected="a client of the control socket that reads a few bytes a second",
    expected="the write-ahead log stays small: letters are read by pages; nothing else waits",
    codes="NL LIVE",
)
async def slow_reader(stage: Stage) -> None:
    blocked = {"message": "Message was blocked by automatic moderation", "code": 200000}
    await stage.start()
    client = stage.client()
    stage.fake.faults.add(Fault(Answer(400, blocked, PLENTY), match=posts, times=float("inf")))
    dead: set[int] = set()
    for _ in range(stage.of(2, 40)):
        dead |= set(await client.send(50, text="filler " * 100))
    async with asyncio.timeout(120):
        while len(await stage.letters()) < len(dead):
            await asyncio.sleep(0.3)
    stage.fake.faults.clear()
    reader, writer = await asyncio.open_unix_connection(stage.storage_directory / "control.sock", limit=1024)
    wal = stage.storage_directory / "file_storage.db-wal"
    most = 0
    try:
        writer.write(
            b"POST /v1/dead-letters/list HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\n\r\n{}"
        )
        ends_at = time.monotonic() + stage.of(2, 60)
        while time.monotonic() < ends_at:
            await reader.read(64)
            await client.send(5, text=stage.dice.randbytes(1_000).hex())
            await asyncio.sleep(0.05)
            most = max(most, wal.stat().st_size if wal.exists() else 0)
    finally:
        writer.close()
    assert most < 40 * MIB, f"the write-ahead log grew to {most / MIB:.0f} MiB"
    await stage.close_books(dead={"default": dead}, deadline_s=60)
    stage.note(f"write-ahead log at most {most / MIB:.1f} MiB")


@row(
    32,
    Theme.STORE,
    "an SQLite that can lose commits when two connections checkpoint (before 3.51.3)",
    injected="the library is made to call itself 3.40.1",
    expected="a warning at start; one connection alone is used",
    codes="NL CE LIVE",
)
async def old_library(stage: Stage) -> None:
    folder = stage.directory / "customize"
    folder.mkdir()
    code = "import apsw\napsw.sqlite_lib_version = lambda: '3.40.1'\n"
    (folder / "sitecustomize.py").write_text(code, encoding="ascii")
    await stage.start(environment={"PYTHONPATH": str(folder)})
    await stage.service.said("3.40.1 can lose commits when two connections checkpoint")
    await stage.deliver(stage.client(), 3)
    database = str(stage.storage_directory / "file_storage.db")
    links = [path.resolve() for path in Path(f"/proc/{stage.service.pid}/fd").iterdir()]
    assert [str(path) for path in links].count(database) == 1, "more than one connection"
    await stage.close_books()
