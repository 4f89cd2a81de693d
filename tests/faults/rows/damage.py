"""Rows 25–29: stored files that are damaged, missing, or from the future."""

import asyncio
import hashlib
import re
import sqlite3
from pathlib import Path

from tests.faults.books import Books
from tests.faults.row import Theme, row
from tests.faults.stage import Stage
from tests.sending.markers import marker

DATABASE = "file_storage.db"
LOG_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
ALARM = "stored queue damaged"


async def _backlog(stage: Stage, records: int, *, cleanly: bool) -> None:
    """Leave records on disk: Discord is away, the service ends."""
    await stage.start()
    await stage.server.stop_listening()
    client = stage.client()
    for _ in range(records // 5):
        await client.send(5, text=f"{stage.dice.randbytes(150).hex()}")
    await stage.until(lambda: "cannot be reached" in stage.service.log, "everything is on disk", 15)
    if cleanly:
        await stage.service.stop()
    else:
        await stage.service.kill()
    await stage.server.listen_again()


def _files(stage: Stage) -> tuple[Path, Path]:
    return stage.storage_directory / DATABASE, stage.storage_directory / f"{DATABASE}-wal"


def _flip(path: Path, at: int, bit: int = 1) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ bit]))


async def _survivors(stage: Stage, *, alarm: str) -> int:
    """Start again; hold that it says what happened, that nothing is invented or twice, and that work goes on."""
    await stage.start()
    await stage.service.said(alarm)
    before = set(stage.ledger.accepted)
    await stage.live()
    await asyncio.sleep(1.0)
    held = Books(stage.ledger.accepted, stage.ledger.offered, stage.delivered(), await stage.dead())
    assert not held.never_sent()
    assert held.copies_too_many() == 0
    assert "Traceback" not in stage.log, stage.log[-3000:]
    lost = set(held.open().get("default", []))
    there = len(before - lost)
    stage.note(f"{there} of {len(before)} survive")
    stage.figures.append(f"{len(held.dead['default'])} dead letters")
    return there


def _set_aside(stage: Stage) -> list[str]:
    return [path.name for path in stage.storage_directory.iterdir() if ".corrupt-" in path.name]


@row(
    25,
    Theme.STORE,
    "write-ahead log cut short, or with a bit flipped",
    injected="the file is edited after kill -9",
    expected="starts, raises an alarm, sets copies aside; what is before the damage is delivered, nothing is invented",
    codes="CE LIVE",
)
async def damaged_log(stage: Stage) -> None:
    ways = ("cut", "flip")
    for way in ways if stage.whole else [stage.dice.choice(ways)]:
        await _backlog(stage, 60, cleanly=False)
        _, log = _files(stage)
        # The log is written from its beginning again and again: what is in use begins there.
        page = int.from_bytes(log.read_bytes()[8:12])
        if way == "cut":
            with log.open("r+b") as file:
                file.truncate(LOG_HEADER_BYTES + FRAME_HEADER_BYTES + page + page // 2)
        else:
            _flip(log, LOG_HEADER_BYTES + FRAME_HEADER_BYTES + page // 2)
        stage.note(way)
        accepted = len(stage.ledger.accepted)
        survived = await _survivors(stage, alarm="")
        if ALARM in stage.service.log:
            assert _set_aside(stage), "nothing was set aside"
        else:  # on a slow day all of it was in the database before the kill, and the log was of no use any more
            assert survived == accepted
        await stage.service.stop()
        stage.ledger.accepted.clear()


@row(
    26,
    Theme.STORE,
    "a bit flipped in one stored record",
    injected="the database file is edited while the service is stopped",
    expected="that record becomes a dead letter that says so, or is missing with an alarm; the others are delivered",
    codes="CE LIVE",
)
async def damaged_payload(stage: Stage) -> None:
    await _backlog(stage, 60, cleanly=True)
    database, _ = _files(stage)
    number = stage.dice.choice(sorted(stage.ledger.accepted))
    # Pages that are free still hold old copies; the one in use is among the places.
    places = [found.end() for found in re.finditer(marker(number).encode(), database.read_bytes())]
    stage.need(places, "payloads are not found as text in the file")
    for at in places:
        _flip(database, at + 5)
    there = await _survivors(stage, alarm="damaged")
    assert there >= 59, f"{60 - there} records are lost by one bit"
    shown = "\n".join(text for message in stage.fake.messages for text in message.texts())
    assert marker(number) not in shown, "a damaged record was shown"
    letters = await stage.letters()
    assert len(letters) == 1, letters
    stage.note(f"reason {letters[0]['reason']}")


@row(
    27,
    Theme.STORE,
    "database cut in half; its header zeroed; garbage instead of it",
    injected="the file is edited while the service is stopped",
    expected="set aside under a dated name, rows that are whole are saved into a new one, the service works",
    codes="CE LIVE",
)
async def damaged_database(stage: Stage) -> None:
    ways = ("cut", "header", "garbage")
    for way in ways if stage.whole else [stage.dice.choice(ways)]:
        records = stage.of(60, 2_000)
        await _backlog(stage, records, cleanly=True)
        database, _ = _files(stage)
        size = database.stat().st_size
        with database.open("r+b") as file:
            match way:
                case "cut":
                    file.truncate(size // 2)
                case "header":
                    file.write(bytes(100))
                case _:
                    file.write(stage.dice.randbytes(size))
        stage.note(way)
        there = await _survivors(stage, alarm=ALARM)
        assert _set_aside(stage), "nothing was set aside"
        if way == "header":
            assert there >= records * 0.9, f"{there} of {records} were saved"
        await stage.service.stop()
        stage.ledger.accepted.clear()
        for path in stage.storage_directory.glob("*.corrupt-*"):
            path.unlink()


@row(
    28,
    Theme.STORE,
    "write-ahead log, or its index, removed",
    injected="the files are removed after kill -9",
    expected="starts and says so; only what had not reached the database is lost",
    codes="CE LIVE",
)
async def removed_log(stage: Stage) -> None:
    await _backlog(stage, 60, cleanly=False)
    database, log = _files(stage)
    index = database.with_name(f"{DATABASE}-shm")
    index.unlink(missing_ok=True)
    await stage.start()
    await stage.until(lambda: stage.arrived(stage.ledger.accepted), "without the index nothing is lost")
    await stage.service.stop()
    await _backlog(stage, 60, cleanly=False)
    log.unlink()
    index.unlink(missing_ok=True)
    await _survivors(stage, alarm="its write-ahead log is gone")


@row(
    29,
    Theme.STORE,
    "a database from a newer version",
    injected="the schema's number is raised",
    expected="does not start, says why, touches nothing",
    codes="CE LIVE",
)
async def newer_schema(stage: Stage) -> None:
    await _backlog(stage, 10, cleanly=True)
    database, _ = _files(stage)
    _set_schema(database, 99)
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    service = await stage.start(ready=False)
    code = await service.ended()
    assert code not in (0, -9)
    assert "newer version" in service.log, service.log
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before, "the file was changed"
    _set_schema(database, None)
    await stage.start()
    await stage.close_books()
    stage.note(f"exit code {code}")


_KEPT: dict[Path, tuple[int, int]] = {}


def _set_schema(database: Path, number: int | None) -> None:
    """Write another number of the schema, or with None the one that was there."""
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        if number is None:
            row_of = _KEPT.pop(database)
        else:
            found = connection.execute("SELECT value, mirror FROM meta WHERE key = 'schema_version'").fetchone()
            _KEPT[database] = (int(found[0]), int(found[1]))
            row_of = (number, -number)
        connection.execute("UPDATE meta SET value = ?, mirror = ? WHERE key = 'schema_version'", row_of)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
