"""Records a run of the real queue on the real database, and opens many images of its disk with the real code."""

import logging
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.metrics import NoOpMeterProvider

from otel_discord.component.errors import StartError
from otel_discord.component.instruments import StorageInstruments
from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.extensions.file_storage import upkeep
from otel_discord.extensions.file_storage.database import SqliteDatabase
from otel_discord.extensions.file_storage.opening import create_file
from otel_discord.extensions.file_storage.options import DatabaseOptions
from otel_discord.extensions.file_storage.quarantine import set_aside_files
from otel_discord.extensions.file_storage.space import SpaceLimits
from otel_discord.store.batch_codec import from_bytes
from otel_discord.store.relational_queue import open_relational_queue
from otel_discord.store.rows import SALVAGEABLE, payload_of
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, POSTED
from otel_discord.store.work import Access, Query, Row, Steps, Work
from tests.crash_images.books import Books, Findings
from tests.crash_images.disk import Disk, Style
from tests.crash_images.recorder import NAME, Recording, recording_vfs
from tests.crash_images.workload import work_from

OWNER = "discord/logs"
DATABASE = "file_storage.db"
LIMITS = QueueLimits(size=1_000_000, sizer=Sizer.REQUESTS, max_bytes=1 << 40)
SHORT_LOG_BYTES = 512 * 1024
_LOGGER = logging.getLogger("tests.crash_images")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False


@dataclass
class Result:
    """What came of one style of images."""

    images: int = 0
    unopened: list[str] = field(default_factory=list)
    false_alarms: int = 0
    with_losses: int = 0
    most_lost: int = 0
    with_returns: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.unopened or self.false_alarms or self.with_losses or self.with_returns or self.wrong)


@asynccontextmanager
async def _open(path: Path, *, fsync: bool, vfs: str = "") -> AsyncIterator[SqliteDatabase]:
    options = DatabaseOptions(path, SpaceLimits(1 << 40, 0, 0), fsync=fsync, vfs=vfs)
    instruments = StorageInstruments(NoOpMeterProvider().get_meter("tests"), "file_storage")
    database = SqliteDatabase(options, logger=_LOGGER, instruments=instruments)
    async with database.opened():
        yield database


async def record(directory: Path, seed: int, *, fsync: bool, workers: int, rounds: int) -> tuple[Recording, Books]:
    """Run the workload, with checkpoints in between and a clean end in the middle."""
    path = directory / DATABASE
    create_file(path)  # its name is safe from here on
    most, upkeep.log_bytes = upkeep.log_bytes, lambda _: SHORT_LOG_BYTES
    try:
        with recording_vfs(directory) as recording:
            books = Books(recording)
            for half in range(2):
                async with (
                    _open(path, fsync=fsync, vfs=NAME) as database,
                    open_relational_queue(database, OWNER, LIMITS) as queue,
                ):
                    await work_from(seed, queue, books, part=half, workers=workers, rounds=rounds)
    finally:
        upkeep.log_bytes = most
    return recording, books


async def survey(path: Path) -> dict[str, str]:
    """Open an image as the service does; return where everything is.

    Raises:
        StartError: it does not open.
    """
    async with (
        _open(path, fsync=False) as database,
        open_relational_queue(database, OWNER, LIMITS) as queue,
    ):
        observed = await database.run(Work("survey", Access.READ, _survey))
        await queue.letter_totals()
    return observed


def _survey() -> Steps[dict[str, str]]:
    (check,), *_ = yield Query("PRAGMA integrity_check")
    if check != "ok":
        raise StartError(f"integrity: {check}")
    found: dict[str, str] = {}
    for table in SALVAGEABLE:
        rows = yield Query(f"SELECT {', '.join(table.columns)} FROM {table.name}")
        if not all(table.verify(row) for row in rows):
            raise StartError(f"a row of {table.name} fails its checksum")
        for row in rows:
            named = _named(table.name, row)
            if named:
                found[named[0]] = named[1]
    return found


def _named(table: str, row: Row) -> tuple[str, str] | None:
    if table == BATCHES.name and not row[BATCHES.columns.index("routed")]:
        batch = from_bytes(row[2], payload_of(BATCHES, row) or b"")
        assert batch is not None
        [(_, _, record)] = batch.records()
        return record.event_name, "waiting"
    if table == CARDS.name:
        doubt = ", in doubt" if row[CARDS.columns.index("in_doubt")] else ""
        name, folded = _read(payload_of(CARDS, row))
        return name, f"in {row[2]}{doubt}{folded}"
    if table == POSTED.name:
        name, folded = _read(payload_of(POSTED, row))
        return name, f"posted, shows {row[POSTED.columns.index('shown')]}{folded}"
    if table == LETTERS.name:
        return (payload_of(LETTERS, row) or b"").decode(), "letter"
    return None


def _read(payload: bytes | None) -> tuple[str, str]:
    name, _, rest = (payload or b"").partition(b" ")
    return name.decode(), ", folded" if rest == b"folded" else ""


async def try_images(
    recording: Recording, books: Books, directory: Path, *, images: int, seed: int
) -> dict[Style, Result]:
    """Make images of random moments, open each and compare it with the books."""
    dice = random.Random(seed)
    disk = Disk(recording, DATABASE)
    results = {style: Result() for style in Style}
    moments = sorted(dice.randint(0, recording.now) for _ in range(images))
    styles = list(Style)
    for number, moment in enumerate(moments):
        style = styles[number % len(styles)]
        disk.advance(moment)
        target = directory / "image"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        disk.image(target, style, dice)
        await _try_image(target / DATABASE, moment, books, results[style])
    return results


async def _try_image(path: Path, moment: int, books: Books, result: Result) -> None:
    result.images += 1
    try:
        observed = await survey(path)
    except StartError as error:
        result.unopened.append(f"moment {moment}: {error}")
        return
    result.false_alarms += bool(set_aside_files(path))
    findings: Findings = books.compare(moment, observed)
    result.with_losses += bool(findings.lost)
    result.most_lost = max(result.most_lost, len(findings.lost))
    result.with_returns += bool(findings.returned)
    result.wrong += [f"moment {moment}: {each}" for each in findings.wrong]


def table(results: dict[Style, Result]) -> str:
    """Return the results for people."""
    titles = ("images", "unopened", "alarms", "with loss", "most lost", "returned", "wrong")
    lines = [f"{'unsynced writes':<22}" + "".join(f"{title:>11}" for title in titles)]
    for style, each in results.items():
        numbers = (
            *(each.images, len(each.unopened), each.false_alarms, each.with_losses, each.most_lost),
            *(each.with_returns, len(each.wrong)),
        )
        lines.append(f"{style.value:<22}" + "".join(f"{number:>11,}" for number in numbers))
    return "\n".join(lines)
