"""What the page shows now: the last good state, and what is wrong since. Renewed when a file changes."""

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from otel_discord.component import StartError
from otel_discord.component.preview import PreviewedFile
from otel_discord.config.problem import ConfigurationError
from otel_discord.service.preview.otlp_input import InputError, scenario_of
from otel_discord.service.preview.page import sample_list, stage
from otel_discord.service.preview.scenario import Scenario
from otel_discord.service.preview.show import Shown, UnknownNameError, Wanted, read_configuration, show
from otel_discord.service.preview.watched_files import files_of, mark
from otel_discord.service.telemetry.redact import Redactor

LOOK_EVERY_S: Final = 0.3


@dataclass(slots=True)
class Desk:
    """The state of one page; ``changed`` is set anew with each version."""

    wanted: Wanted
    version: str
    number: int = 0
    error: str = ""
    html: str | None = None
    samples: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    files: Mapping[str, PreviewedFile] = field(default_factory=dict)
    pasted: Scenario | None = None
    origin: str = ""
    """Of the page, as ``http://localhost:8911``."""
    _at: str = ""
    _known_mark: object = None
    _known_paths: list[Path] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def watch(self) -> None:
        """Renew the page whenever a file of it changes; runs until cancelled."""
        before: object = None
        while True:
            paths = await asyncio.to_thread(self._paths)
            now = await asyncio.to_thread(mark, paths)
            if now != before:
                before = now
                await self.renew()
            await asyncio.sleep(LOOK_EVERY_S)

    async def paste(self, text: bytes) -> str:
        """Show OTLP JSON that somebody pasted; nothing goes back to the samples. Return a sentence for the page."""
        try:
            self.pasted = scenario_of(text, "pasted") if text.strip() else None
        except InputError as error:
            return str(error)
        await self.renew()
        return "shown" if self.pasted else ""

    async def renew(self) -> None:
        """Make everything anew."""
        async with self._turn:
            feed = [self.pasted] if self.pasted is not None else None
            try:
                shown = await asyncio.to_thread(self._shown, feed)
            except ConfigurationError as error:
                self.error = "\n".join(str(problem) for problem in error.problems)
            except (StartError, InputError, UnknownNameError) as error:
                self.error = str(error)
            else:
                self._take(shown)
            self.error = Redactor()(self.error)
        async with self._changed:
            self.number += 1
            self._changed.notify_all()

    async def after(self, number: int, timeout_s: float) -> int:
        """Return the number of the state once it is another one, or after the timeout."""
        async with self._changed:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait_for(lambda: self.number != number)
            except TimeoutError:
                pass
            return self.number

    def view(self) -> dict[str, Any]:
        """Return what the page fetches."""
        return {
            "version": str(self.number),
            "error": self.error,
            "html": self.html,
            "samples": list(self.samples),
            "notes": list(self.notes),
            "at": self._at,
            "pasted": self.pasted is not None,
        }

    def _paths(self) -> list[Path]:
        if self._known_paths and mark(self._known_paths) == self._known_mark:
            return self._known_paths
        try:
            configuration, _ = read_configuration(self.wanted.configs, self.wanted.sets)
        except ConfigurationError:
            configuration = None
        self._known_paths = files_of(self.wanted.configs, self.wanted.inputs, configuration)
        self._known_mark = mark(self._known_paths)
        return self._known_paths

    def _shown(self, feed: Sequence[Scenario] | None) -> Shown:
        return show(self.wanted, version=self.version, feed=feed)

    def _take(self, shown: Shown) -> None:
        files: dict[str, PreviewedFile] = {}

        def address(file: PreviewedFile) -> str:
            key = hashlib.sha256(file.content).hexdigest()[:24]
            files[key] = file
            return f"{self.origin}/files/{key}"

        self.html = stage(shown.outcomes, address)
        self.files, self.error = files, ""
        self.samples, self.notes = list(sample_list(shown.outcomes)), shown.notes
        self._at = time.strftime("%H:%M:%S")
