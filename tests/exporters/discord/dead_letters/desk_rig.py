"""A queue, a place for letters and a far end that takes or refuses cards: an exporter without Discord."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otel_discord.component import NewCard, NewPosted, Posting, Settlement, Storage, WorkQueue
from otel_discord.component.dead_letters import ReplayRequest, ReplayState
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.config import DeadLettersConfig
from otel_discord.exporters.discord.dead_letters.desk import DeadLetterDesk
from otel_discord.exporters.discord.dead_letters.office import LetterOffice, open_office
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard
from otel_discord.exporters.discord.dead_letters.upkeep import Upkeep
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.store.memory import MemoryStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.exporters.discord.dead_letters.test_letter import SHOP, text_record
from tests.exporters.discord.records import card_of

LIMITS = QueueLimits(size=10_000, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
QUICK_S = 5.0
FULL_FORM = Cause(reason="invalid_form", detail="Invalid Form Body", status=400, code=50035, attempts=1)


@dataclass(slots=True)
class FarEnd:
    """Implements ``replay.Lanes``: takes cards at once, or has them buried; ``taken`` are texts by destination."""

    queue: WorkQueue
    bury: Callable[[str, Sequence[object], Cause], object]
    names: tuple[str, ...] = ("errors", "ops")
    gone: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    taken: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    folds: bool = False
    """What is taken is kept as posted."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def known(self) -> Sequence[str]:
        return self.names

    async def admit(self, destination: str) -> str:
        self.asked.append(destination)
        return f"{destination} is gone" if destination in self.gone else ""

    def notify(self, destination: str) -> None:
        self.woken.append(destination)

    def priority(self, severity: int) -> int:
        return int(severity >= 21)

    async def work(self) -> None:
        """Take what is in the lanes."""
        async with self.turn:
            await self._work()

    async def _work(self) -> None:
        for lane in self.names:
            if lane in self.away:
                continue
            while stored := await self.queue.head(lane, 7):
                if lane in self.refused:
                    await self.bury(lane, stored, FULL_FORM)  # type: ignore[misc]
                    continue
                cards = [Card.from_bytes(item.payload) for item in stored]
                self.cards += cards
                self.taken += [(lane, str(card.parts()[2].body.string_value)) for card in cards]
                if self.folds:
                    postings = [Posting(item.id, 1) for item in stored]
                    await self.queue.post(NewPosted(lane, f"message {stored[0].id}", 1, b"", postings))
                else:
                    await self.queue.settle([item.id for item in stored], Settlement.DELIVERED)


@dataclass(slots=True)
class DeskRig:
    """What a test holds in its hands."""

    office: LetterOffice
    desk: DeadLetterDesk
    far_end: FarEnd
    upkeep: Upkeep
    telemetry: InMemoryTelemetry
    said: list[tuple[str, Message]]

    async def bury(self, *texts: str, lane: str = "errors", cause: Cause = FULL_FORM, count: int = 1) -> None:
        """Let cards wait and end as letters."""
        cards = [card_of(text_record(text), SHOP, count=count) for text in texts]
        await self.office.queue.adopt([NewCard(lane, 0, card.to_bytes()) for card in cards])
        stored = await self.office.queue.head(lane, len(cards))
        await self.far_end.bury(lane, stored, cause)  # type: ignore[misc]

    async def texts(self) -> list[str]:
        """Return the texts of all letters."""
        return [letter.text async for letter in self.desk.letters()]


@asynccontextmanager
async def storage_in(directory: Path, *, on_disk: bool) -> AsyncIterator[Storage]:
    """Open a storage: on disk, or none to speak of."""
    if not on_disk:
        yield MemoryStorage()
        return
    given = settings("file_storage", InMemoryTelemetry())
    storage = FileStorage(given, FileStorageConfig(directory=str(directory / "storage"), min_free_mib=0))
    async with storage.lifespan(NopHost()):
        yield storage


@asynccontextmanager
async def desk_rig(
    directory: Path, *, on_disk: bool = False, config: DeadLettersConfig | None = None
) -> AsyncIterator[DeskRig]:
    """Open everything; leaving closes it as an exporter does."""
    telemetry = InMemoryTelemetry()
    given = settings("discord", telemetry)
    config = config or DeadLettersConfig(directory=str(directory / "letters"))
    said: list[tuple[str, Message]] = []
    async with storage_in(directory, on_disk=on_disk) as storage, storage.open_queue("discord/logs", LIMITS) as queue:
        office = open_office(given, config, queue, storage, ReplayBoard())
        instruments = DiscordInstruments(given.meter, "discord")

        async def say(destination: str, message: Message) -> None:
            said.append((destination, message))

        async def bury(destination: str, stored: Sequence[object], cause: Cause) -> None:
            burial = Burial(
                destination=destination,
                queue=office.queue,
                instruments=instruments.destination(destination),
                exporter_instruments=ExporterInstruments(given.meter, "discord"),
                logger=given.logger,
                release_attachments=lambda cards: None,
                box=office.box,
                upkeep=upkeep,
            )
            await burial.bury(stored, cause)  # type: ignore[arg-type]

        async with office.looked_after(say, lambda destination: "ops" if destination == "errors" else "") as upkeep:
            far_end = FarEnd(office.queue, bury)
            desk = office.desk(far_end.names, bury, far_end)  # type: ignore[arg-type]
            yield DeskRig(office, desk, far_end, upkeep, telemetry, said)
        office.close()


async def replayed(rig: DeskRig, *, work: bool = True, **request: Any) -> ReplayState:
    """Send letters again while the far end works; return the last state."""
    request.setdefault("wait_s", QUICK_S)
    last: ReplayState | None = None

    async def listen() -> None:
        nonlocal last
        async for state in rig.desk.replay(ReplayRequest(**request)):
            last = state

    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listen())
        while not listening.done():
            if work:
                await rig.far_end.work()
            await asyncio.sleep(0.01)
    assert last is not None
    assert last.done
    return last
