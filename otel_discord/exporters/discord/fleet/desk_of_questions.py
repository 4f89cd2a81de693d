"""Where other replicas' questions to a shard are answered, as long as its engine works here."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from otel_discord.component import ComponentError, ShutdownError
from otel_discord.component.fleet import Question, Seat
from otel_discord.exporters.discord.exporter import DiscordExporter

_AT_ONCE: Final = 16
_PAUSE_S: Final = 1.0


class Answerer(Protocol):
    """Answers what another replica asks of an engine here."""

    async def __call__(self, engine: DiscordExporter, body: bytes, /) -> bytes:
        """Return the answer, of which failures are a part."""
        ...


@asynccontextmanager
async def answering(
    seat: Seat, engine: DiscordExporter, answer: Answerer | None, logger: logging.Logger
) -> AsyncIterator[None]:
    """Answer questions while the block runs. What is begun by its end is left without an answer."""
    if answer is None:
        yield
        return
    async with asyncio.TaskGroup() as tasks:
        desk = tasks.create_task(_answer_all(seat, engine, answer, logger), name=f"questions to shard {seat.shard}")
        try:
            yield
        finally:
            desk.cancel()


async def _answer_all(seat: Seat, engine: DiscordExporter, answer: Answerer, logger: logging.Logger) -> None:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def answer_one(question: Question) -> None:
        try:
            await question.answer(await answer(engine, question.body))
        except ComponentError as error:
            logger.warning("what another replica asked could not be answered: %s", error)
        except Exception as error:  # noqa: BLE001 - a question that fails ends nothing
            logger.warning("a question of another replica has failed: %s; please report this", type(error).__name__)
        finally:
            turns.release()

    async with asyncio.TaskGroup() as tasks:
        while True:
            await turns.acquire()
            try:
                question = await seat.next_question()
            except ShutdownError:
                return
            except ComponentError:
                turns.release()
                await asyncio.sleep(_PAUSE_S)
                continue
            tasks.create_task(answer_one(question), name=f"a question to shard {seat.shard}")
