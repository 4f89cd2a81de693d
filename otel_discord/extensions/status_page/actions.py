"""What can be done on the page: dead letters sent again or removed, silences and maintenance begun and ended."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.component import Component, LetterFilter, PermanentError
from otel_discord.component.dead_letters import DeadLetters, ReplayRequest
from otel_discord.extensions.status_page.letters import READ_S, Replays, desk
from otel_discord.extensions.status_page.maintenance import (
    MAX_NAME_CHARS,
    end_maintenance,
    maintenance_request,
    start_maintenance,
)
from otel_discord.extensions.status_page.mutes import add_silence, expire_silence, silence_request
from otel_discord.extensions.status_page.pages.frame import Frame
from otel_discord.extensions.status_page.pages.letters_page import purge_question
from otel_discord.extensions.status_page.pages.words import plural

MOST_COUNTED: Final = 10_000
PURGE_S: Final = 30.0
_ID_CHARS: Final = 18

Fields = Mapping[str, str]
Action = Callable[[Fields], Awaitable[str]]


@dataclass(slots=True)
class Actions:
    """Each action takes the fields of a form and returns what to tell, or raises a ComponentError that says why not."""

    components: Callable[[], Mapping[str, Component]]
    logger: logging.Logger
    replays: Replays = field(default_factory=Replays)

    def by_path(self) -> Mapping[str, Action]:
        """Return the actions by the paths of their forms."""
        return {
            "/dead-letters/replay": self.replay,
            "/dead-letters/purge": self.purge,
            "/alerts/silence": self.silence,
            "/alerts/expire": self.expire,
            "/alerts/maintenance/start": self.start_maintenance,
            "/alerts/maintenance/end": self.end_maintenance,
        }

    async def replay(self, fields: Fields) -> str:
        """Begin to send letters again."""
        exporter, chosen, what = _meant(fields)
        request = ReplayRequest(chosen=chosen)
        self.replays.begin(exporter, desk(self.components(), exporter), request, what)
        self.logger.info("the status page replays dead letters", extra={"exporter": exporter, "what": what})
        return f"Sending again: {what}."

    async def purge(self, fields: Fields) -> str:
        """Remove letters, after the question."""
        exporter, chosen, _ = _meant(fields)
        if fields.get("confirm") != "yes":
            raise PermanentError("Nothing was removed: the question was not answered.")
        async with asyncio.timeout(PURGE_S):
            count = await desk(self.components(), exporter).purge(chosen)
        self.logger.info("the status page removed dead letters", extra={"exporter": exporter, "count": count})
        return f"Removed for good: {plural(count, 'dead letter')}."

    async def purge_question(self, query: Fields, frame: Frame) -> str:
        """Return the question with its form; it means the letters that are there now.

        Raises:
            PermanentError: it is not clear which letters are meant, or there are none.
        """
        now = {"until_ns": str(time.time_ns())} if not query.get("id") else {}
        fields = {name: query.get(name, "") for name in ("exporter", "id", "destination")} | now
        exporter, chosen, _ = _meant(fields)
        count, is_exact = await _count(desk(self.components(), exporter), chosen)
        if not count:
            raise PermanentError("There are no such dead letters.")
        hidden = {name: value for name, value in fields.items() if value}
        about = "" if chosen.ids else f"of {fields['destination']}" if fields["destination"] else "of every destination"
        return purge_question(count, is_exact, hidden, frame, about)

    async def silence(self, fields: Fields) -> str:
        """Add a silence."""
        request = silence_request(fields, time.time_ns(), secrets.token_hex(4))
        told = await add_silence(self.components(), request)
        self.logger.info("the status page added a silence", extra={"silence": request.id})
        return told

    async def expire(self, fields: Fields) -> str:
        """End a silence."""
        told = await expire_silence(self.components(), fields.get("id", "")[:100])
        self.logger.info("the status page ended a silence")
        return told

    async def start_maintenance(self, fields: Fields) -> str:
        """Begin maintenance."""
        request = maintenance_request(fields)
        told = await start_maintenance(self.components(), request)
        self.logger.info("the status page started maintenance", extra={"maintenance": request.name})
        return told

    async def end_maintenance(self, fields: Fields) -> str:
        """End maintenance."""
        name = fields.get("name", "")[:MAX_NAME_CHARS]
        told = await end_maintenance(self.components(), name)
        self.logger.info("the status page ended maintenance", extra={"maintenance": name})
        return told


def _meant(fields: Fields) -> tuple[str, LetterFilter, str]:
    """Return exporter, letters, and words for them."""
    exporter, number, destination = (fields.get(name, "") for name in ("exporter", "id", "destination"))
    if number:
        return exporter, LetterFilter(ids=frozenset({_whole(number)})), f"dead letter {number}"
    until_ns = _whole(until) if (until := fields.get("until_ns", "")) else None
    destinations = frozenset({destination} if destination else ())
    what = f"all dead letters of {destination}" if destination else "all dead letters"
    return exporter, LetterFilter(destinations=destinations, until_ns=until_ns), what


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _ID_CHARS + 1:
        raise PermanentError("That is not a number.")
    return int(text)


async def _count(letters: DeadLetters, chosen: LetterFilter) -> tuple[int, bool]:
    """Return how many letters are meant, and whether that is all of them."""
    count = 0
    try:
        async with asyncio.timeout(READ_S):
            found: Any = letters.letters(chosen, limit=MOST_COUNTED + 1, newest=False)
            async with aclosing(found):
                async for _ in found:
                    count += 1
    except TimeoutError:
        return count, False
    return min(count, MOST_COUNTED), count <= MOST_COUNTED
