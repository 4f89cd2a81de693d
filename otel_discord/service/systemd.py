"""What the service tells systemd: ready, reloading, stopping, alive. A no-op without ``$NOTIFY_SOCKET``.

The protocol is that of sd_notify(3): one datagram of ``NAME=value`` lines a message.
https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

SOCKET_VARIABLE: Final = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE: Final = "WATCHDOG_USEC"
WATCHDOG_PID_VARIABLE: Final = "WATCHDOG_PID"

DRAIN_BEAT_S: Final = 2.0
DRAIN_EXTENSION_S: Final = 10.0
"""A drain asks for this much more time every DRAIN_BEAT_S, so that systemd kills none that goes on."""
START_EXTENSION_S: Final = 90.0
"""A start that has come further asks for this much more; it gives up by itself before that is over."""
_SEND_TIMEOUT_S: Final = 0.5

_logger = logging.getLogger("otel_discord.service.systemd")


@dataclass(slots=True)
class ServiceManager:
    """The service manager as the service sees it. Telling it something never fails; at worst it is not heard."""

    address: str = ""
    """Of its datagram socket; a leading NUL for an abstract one, "" where there is no service manager."""
    watchdog_s: float | None = None
    """After how long without a sign of life it ends us; None: it does not look."""
    clock_ns: Callable[[], int] = field(default=lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC))
    _draining: asyncio.Event = field(default_factory=asyncio.Event)

    def ready(self, status: str) -> None:
        """Everything is ready, also again after a reload."""
        self._tell("READY=1", _status(status))

    def start_goes_on(self, how_far: str) -> None:
        """A start, or a reload, has come further."""
        self._tell(_status(how_far), _more_time(START_EXTENSION_S))

    def reloading(self) -> None:
        """A reload begins; ``ready`` ends it, whatever came of it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={self.clock_ns() // 1000}", _status("Reloading the configuration."))

    def stopping(self, status: str) -> None:
        """The end begins; from now on more time is asked for as long as the loop turns."""
        self._tell("STOPPING=1", _status(status), _more_time())
        self._draining.set()

    def status(self, status: str) -> None:
        """One line for ``systemctl status``."""
        self._tell(_status(status))

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Give signs of life while the block runs and the event loop turns."""
        if not self.address:
            yield
            return
        beats = [asyncio.create_task(self._ask_for_time(), name="systemd drain")]
        if self.watchdog_s is not None:
            beats.append(asyncio.create_task(self._show_life(self.watchdog_s / 2), name="systemd watchdog"))
        try:
            yield
        finally:
            for beat in beats:
                beat.cancel()
            await asyncio.wait(beats)

    async def _show_life(self, every_s: float) -> None:
        while True:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(every_s)

    async def _ask_for_time(self) -> None:
        await self._draining.wait()
        while True:
            await asyncio.sleep(DRAIN_BEAT_S)
            self._tell(_more_time())

    def _tell(self, *lines: str) -> None:
        if not self.address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(_SEND_TIMEOUT_S)
                sender.sendto("\n".join(lines).encode(errors="replace"), self.address)
        except OSError as error:
            _logger.warning("systemd was not told %s: %s", lines[0], error.strerror or error)


def service_manager(environ: MutableMapping[str, str]) -> ServiceManager:
    """Return who started us, and take its variables out of the environment: children have nothing to say to it."""
    address = environ.pop(SOCKET_VARIABLE, "")
    watchdog = environ.pop(WATCHDOG_VARIABLE, "")
    watched_pid = environ.pop(WATCHDOG_PID_VARIABLE, "")
    if not address:
        return ServiceManager()
    if address[0] not in "/@":
        _logger.warning("%s is neither a path nor an abstract socket; systemd is told nothing", SOCKET_VARIABLE)
        return ServiceManager()
    is_us = not watched_pid or watched_pid == str(os.getpid())
    usec = int(watchdog) if watchdog.isascii() and watchdog.isdigit() else 0
    return ServiceManager(
        address=f"\0{address[1:]}" if address[0] == "@" else address,
        watchdog_s=usec / 1_000_000 if usec and is_us else None,
    )


def _status(text: str) -> str:
    return f"STATUS={' '.join(text.split())}"


def _more_time(extension_s: float = DRAIN_EXTENSION_S) -> str:
    return f"EXTEND_TIMEOUT_USEC={int(extension_s * 1_000_000)}"
