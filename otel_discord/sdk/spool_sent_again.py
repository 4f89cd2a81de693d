"""What an earlier run has left in the spool is sent again, beside what is new."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from otel_discord.component import LetterFilter, PermanentError, RetryableError
from otel_discord.component.dead_letters import ReplayRequest, ReplayState
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.notice import OF_THE_RECORD
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.sdk.spool import make_sure_of_room

_log: Final = logging.getLogger("otel_discord.sdk")

_SENT_AGAIN: Final = frozenset(
    str(reason) for reason in Reason if reason not in OF_THE_RECORD and reason is not Reason.EXPIRED
)
"""Why a spooled record was not sent that may well be sent now."""


@asynccontextmanager
async def spool_sent_again(
    exporter: DiscordExporter, config: DiscordConfig, drain_deadline_s: Callable[[], float]
) -> AsyncIterator[None]:
    """Send what an earlier run has left, also after the block as far as there is time; the rest stays where it is."""
    directory = config.dead_letters.directory
    if not directory or not Path(directory).is_dir():  # noqa: ASYNC240 - one look, before anything is sent
        yield
        return
    task = asyncio.create_task(_send_again(exporter, directory), name="spool")
    try:
        yield
        left_s = drain_deadline_s() - asyncio.get_running_loop().time()
        await asyncio.wait([task], timeout=max(0.0, left_s))
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _send_again(exporter: DiscordExporter, directory: str) -> None:
    request = ReplayRequest(chosen=LetterFilter(reasons=_SENT_AGAIN))
    last: ReplayState | None = None
    try:
        await asyncio.to_thread(make_sure_of_room, directory)
        async for state in exporter.dead_letters().replay(request):
            last = state
    except RetryableError as error:  # another process of this application is at it
        _log.info("the spool is not sent again by this process: %s", error)
    except (OSError, PermanentError) as error:
        _log.warning("the spool cannot be sent again: %s", error)
    if last is not None and last.chosen:
        _log.info("of %d messages in the spool %d were sent again", last.chosen, last.delivered)
    if last is not None and last.remarks:
        _log.warning("%d messages stay in the spool: %s", last.left, " ".join(last.remarks))
