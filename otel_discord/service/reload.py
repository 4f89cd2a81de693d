"""Reloads, one at a time: read anew, check everything, exchange what differs, or stay with what runs.

https://github.com/open-telemetry/opentelemetry-collector/issues/11817 is what happens to who stops first.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from otel_discord.component import StartError
from otel_discord.config.problem import ConfigurationError
from otel_discord.service.blueprint import name_of
from otel_discord.service.config_file import Configuration
from otel_discord.service.house import House
from otel_discord.service.lifecycle import Bounds, InterruptedChangeError, Lifecycle
from otel_discord.service.reload_diff import Difference
from otel_discord.service.reload_result import ReloadResult
from otel_discord.service.reload_source import Loaded, load_anew
from otel_discord.service.telemetry.redact import Redactor, secrets_in

READ_TIMEOUT_S: Final = 30.0
RELOAD_TIMEOUT_S: Final = 90.0
"""By then everything new is open, or the old configuration is brought back."""

GIVEN_UP: Final = ReloadResult(ok=False, text="reload given up: the service is shutting down")

_logger = logging.getLogger("otel_discord.service")


class Reload:
    """How one reload goes. ``configuration`` and what the house runs belong together, before and after."""

    def __init__(
        self, loaded: Loaded, house: House, lifecycle: Lifecycle, redactor: Redactor, load: Callable[[], Configuration]
    ) -> None:
        self.configuration = loaded.configuration
        self._blueprint = loaded.blueprint
        self._at_start = loaded.configuration.service
        self._house = house
        self._lifecycle = lifecycle
        self._redactor = redactor
        self._load = load
        self._reading: asyncio.Timeout | None = None
        self._is_stopping = False

    def interrupt(self) -> None:
        """Say that the service ends: a reload that is under way ends as soon as nothing is left half done."""
        self._is_stopping = True
        self._lifecycle.interrupt()
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> ReloadResult:
        """Reload once and log what came of it; never raises but when it is cancelled.

        A reload that the end of the service interrupts has left nothing that waits in memory without its component.
        """
        begun_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(READ_TIMEOUT_S) as self._reading:
                new = await asyncio.to_thread(load_anew, self._load)
        except ConfigurationError as error:
            return self._unreadable([self._redactor(str(problem)) for problem in error.problems], begun_s)
        except TimeoutError:
            if self._is_stopping:
                return GIVEN_UP
            return self._unreadable([f"the configuration could not be read within {READ_TIMEOUT_S:g} s"], begun_s)
        except Exception as error:  # a foreign component's model may raise anything; the old one runs on
            _logger.debug("reading the configuration failed", exc_info=True)
            return self._unreadable([self._redactor(f"{type(error).__name__}: {error}")], begun_s)
        finally:
            self._reading = None
        learn_secrets(self._redactor, new.configuration)
        return await self._take_over(new, begun_s)

    async def _take_over(self, new: Loaded, begun_s: float) -> ReloadResult:
        loop = asyncio.get_running_loop()
        bounds = Bounds(begun_s + RELOAD_TIMEOUT_S, self.configuration.service.shutdown_timeout)
        old_members = self._house.blueprint.members
        try:
            found = await self._lifecycle.change_to(new.blueprint, bounds)
        except InterruptedChangeError:
            return await self._interrupted(bounds)
        except Exception as error:
            if not isinstance(error, StartError):
                _logger.exception("reload failed in a way that it should not")
            text = self._redactor(str(error) or type(error).__name__)
            return await self._go_back(text, bounds)
        self.configuration, self._blueprint = new.configuration, new.blueprint
        self._say_what_waits()
        duration_s = loop.time() - begun_s
        text = (
            f"reloaded in {duration_s * 1000:.0f} ms: {describe(found, rewired=old_members != new.blueprint.members)}"
        )
        _logger.info(text)  # not by a template: lines of one template are thinned out
        return ReloadResult(
            ok=True,
            text=text,
            duration_s=duration_s,
            changed=tuple(map(name_of, found.changed)),
            added=tuple(map(name_of, found.added)),
            removed=tuple(map(name_of, found.removed)),
            kept=tuple(map(name_of, found.kept)),
        )

    async def _go_back(self, problem: str, bounds: Bounds) -> ReloadResult:
        _logger.error("reload failed: %s", problem)
        bounds.open_by_s = asyncio.get_running_loop().time() + RELOAD_TIMEOUT_S
        try:
            await self._lifecycle.return_to(self._blueprint, bounds)
        except InterruptedChangeError:
            return await self._interrupted(bounds)
        text = "reload failed; the old configuration is in force"
        _logger.warning("%s", text)
        return ReloadResult(ok=False, text=text, problems=(problem,))

    async def _interrupted(self, bounds: Bounds) -> ReloadResult:
        bounds.open_by_s = asyncio.get_running_loop().time() + bounds.close_timeout_s
        await self._lifecycle.rescue(self._blueprint, bounds)
        return GIVEN_UP

    def _unreadable(self, problems: list[str], begun_s: float) -> ReloadResult:
        duration_s = asyncio.get_running_loop().time() - begun_s
        count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        text = f"reload failed after {duration_s * 1000:.0f} ms, nothing has changed: {count}"
        for line in (*(f"configuration: {problem}" for problem in problems), text):
            _logger.error(line)
        return ReloadResult(ok=False, text=text, problems=tuple(problems), duration_s=duration_s)

    def _say_what_waits(self) -> None:
        for key in ("telemetry", "control"):
            if getattr(self.configuration.service, key) != getattr(self._at_start, key):
                _logger.warning("service::%s has changed: it takes effect at the next start", key)


def learn_secrets(redactor: Redactor, configuration: Configuration) -> None:
    """Let no secret of the configuration into a log from now on."""
    redactor.add(secrets_in([each.config for kind in configuration.components.values() for each in kind.values()]))
    redactor.add(secrets_in(configuration.service))


def describe(found: Difference, *, rewired: bool) -> str:
    """Return what a reload did in a few words."""
    parts = [f"{name_of(node)} changed ({why})" for node, why in found.changed.items()]
    parts += [f"{name_of(node)} added" for node in found.added]
    parts += [f"{name_of(node)} removed" for node in found.removed]
    if rewired and not (found.added or found.removed):
        parts.append("pipelines changed")
    count = len(found.kept)
    kept = f"{count} component{'' if count == 1 else 's'} unchanged"
    return f"{', '.join(parts) or 'nothing changed'}; {kept}"
