"""The way in for applications with plain ``logging``: a handler that hands records over and returns at once."""

import logging
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from otel_discord.sdk.handler_lifetime import Keeper, configures_logging, is_ending, shut_down_aside
from otel_discord.sdk.log_record import snapshot_of
from otel_discord.sdk.ours import is_ours
from otel_discord.sdk.own_logging import OWN_LOGGER, show_own_logs
from otel_discord.sdk.severity import of_level

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet
    from otel_discord.sdk.settings import SdkSettings

_log: Final = logging.getLogger("otel_discord.sdk")
_OWN_CHILDREN: Final = f"{OWN_LOGGER}."
_SEVERITIES: Final = {level: of_level(level) for level in range(101)}
_LONGEST_FLUSH_S: Final = 5.0
_MOST_NESTED: Final = 2
"""A value that logs while it is put into a message is heard; one that logs itself is not heard for ever."""
_MOST_SERVICES: Final = 64
_REOPENING_S: Final = 1.0


class _Depth(threading.local):
    value: int = 0


_depth: Final = _Depth()


class DiscordHandler(logging.Handler):
    """Shows log records in Discord, without holding up who logs.

    ``logging.getLogger().addHandler(DiscordHandler("https://discord.com/api/webhooks/…", level="ERROR"))``

    What is passed as ``extra=`` becomes attributes, an exception becomes evidence; ``extra={"otel.event.name": …}``
    names an event, ``extra={"discord.attachments": […]}`` brings files. Wrong settings are one error on the logger
    ``otel_discord.sdk``, and the handler then takes records and forgets them: it never raises.

    Args:
        webhook_url: where to; without it ``OTEL_EXPORTER_DISCORD_WEBHOOK_URL`` and the other variables say so.
        level: records below it are not taken.
        service_name: whose records these are; else ``OTEL_SERVICE_NAME``, else the name of the script or module.
        environment: becomes ``deployment.environment.name``.
        resource: more about where records come from.
        use_formatter: show what the handler's formatter makes of a record instead of its message.
        include_code: say where in the code a record was logged.
        outlet: takes the place of the one that is made from the settings.
        settings: keys of the service's ``discord`` exporter, and those of the environment in lower case.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        *,
        level: int | str = logging.NOTSET,
        service_name: str | None = None,
        environment: str | None = None,
        resource: Mapping[str, Any] | None = None,
        use_formatter: bool = False,
        include_code: bool = True,
        outlet: "Outlet | None" = None,
        **settings: Any,
    ) -> None:
        super().__init__()
        show_own_logs()
        self._use_formatter = use_formatter
        self._include_code = include_code
        self._service_is_known = service_name is not None
        self._resource: Mapping[str, Any] = {}
        self._resources: dict[str, Mapping[str, Any]] = {}
        self._settings: SdkSettings | None = None
        self._reopening = threading.RLock()
        self._is_opening = False
        self._is_heard = False
        self._has_failed = False
        self._keeper: Keeper | None = None
        self._outlet: Outlet | None = outlet
        self._leaving: weakref.finalize[Any, Any] | None = None
        try:
            self._set_up(webhook_url, level, service_name, environment, resource, settings)
        except Exception as error:  # noqa: BLE001 - a handler that raises here takes the application's logging along
            self._settings = None
            self._outlet = _inert(error)

    def _set_up(
        self,
        webhook_url: str | None,
        level: int | str,
        service_name: str | None,
        environment: str | None,
        resource: Mapping[str, Any] | None,
        settings: Mapping[str, Any],
    ) -> None:
        import os

        from otel_discord.sdk.origin import SERVICE_NAME, environment_attributes, resource_attributes
        from otel_discord.sdk.settings import SettingsError, read_settings
        from otel_discord.sdk.settings_conceal import conceal

        try:
            self.setLevel(level.upper() if isinstance(level, str) else level)
        except (TypeError, ValueError):
            said = conceal(f"level: {level!r} is none of logging's levels; write for example ERROR", level)
            raise SettingsError(said) from None
        if resource is not None and not isinstance(resource, Mapping):
            raise SettingsError("resource: write a mapping of attributes, for example {'service.version': '1.2'}")
        self._resource = resource_attributes(service_name, environment, resource, os.environ)
        self._service_is_known = (
            service_name is not None
            or SERVICE_NAME in (resource or ())
            or SERVICE_NAME in environment_attributes(os.environ)
        )
        if self._outlet is None:
            self._settings = read_settings({"webhook_url": webhook_url, **settings})
            self._open()

    # ------------------------------------------------------------------------------------------------- taking records

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """Have none: the outlet has its own, and nobody waits here for somebody else's record."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Take the record unless a filter refuses it."""
        kept: Any = self.filter(record)
        if isinstance(kept, logging.LogRecord):  # from Python 3.12 on, a filter may give another one
            record = kept
        if kept:
            self.emit(record)
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record over. Takes some microseconds, never waits and never raises."""
        try:
            name = str(record.name)
            if is_ours() or name == OWN_LOGGER or name.startswith(_OWN_CHILDREN):
                return
            severity = _SEVERITIES.get(record.levelno) or of_level(record.levelno)
            outlet = self._outlet or self._open()
            if outlet is None or severity < outlet.floor or _depth.value >= _MOST_NESTED:
                return
            if not self._is_heard:
                self._is_heard = True
                show_own_logs()
            _depth.value += 1
            try:
                snapshot = snapshot_of(
                    record,
                    severity=severity,
                    resource=self._resource_of(record),
                    include_code=self._include_code,
                    text=self._formatted(record) if self._use_formatter else None,
                )
            finally:
                _depth.value -= 1
            outlet.offer(snapshot)
        except Exception as error:  # noqa: BLE001 - who logs must not hear of it
            self._say_once("a record was not taken", error)

    def _formatted(self, record: logging.LogRecord) -> str | None:
        with suppress(Exception):
            return self.format(record)
        return None

    def _resource_of(self, record: logging.LogRecord) -> Mapping[str, Any]:
        """Return the handler's resource; OpenTelemetry's name of the service counts more than a guess of ours."""
        name = record.__dict__.get("otelServiceName")
        if self._service_is_known or not name or not isinstance(name, str) or name.startswith("unknown_service"):
            return self._resource
        known = self._resources.get(name)
        if known is None:
            if len(self._resources) >= _MOST_SERVICES:
                return self._resource
            known = self._resources.setdefault(name, {**self._resource, "service.name": name})
        return known

    def _say_once(self, what: str, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            with suppress(Exception):
                _log.error("%s: %s; please report this", what, type(error).__name__)

    # ------------------------------------------------------------------------------------------------------ lifetime

    def _open(self) -> "Outlet | None":
        """Open an outlet, also where the handler goes on to be used after it was closed."""
        if not self._reopening.acquire(timeout=_REOPENING_S):  # forked while another thread was in here
            return self._outlet
        try:
            if self._outlet is None and self._settings is not None and not self._is_opening and not is_ending():
                from otel_discord.sdk.outlet import Outlet

                self._is_opening = True  # what is logged meanwhile on this thread comes here again
                self._outlet = Outlet(self._settings)
                self._leaving = weakref.finalize(self, shut_down_aside, self._outlet)
                self._leaving.atexit = False
            return self._outlet
        finally:
            self._is_opening = False
            self._reopening.release()

    def flush(self) -> None:
        """Wait until what was logged is in Discord, at most 5 s. At the end of the program :meth:`close` does that."""
        outlet = self._outlet
        if outlet is not None and not (is_ours() or is_ending() or configures_logging()):
            try:
                outlet.flush(self._patience_s())
            except Exception as error:  # noqa: BLE001 - whoever configures logging, or ends, must not hear of it
                self._say_once("what was logged cannot be waited for", error)

    def close(self) -> None:
        """Send what is left, until the settings' ``shutdown_timeout``; a second call does nothing.

        While ``logging`` is being configured anew nobody waits: handlers are closed then whether they stay in use or
        not. One that stays goes on; one that nobody holds any more ends by itself.
        """
        if configures_logging() and not is_ending():
            self._is_heard = False  # loggers that exist may be switched off in a moment, ours too
            self._stay_closable()
        else:
            self._end(None)
        super().close()

    async def aflush(self, timeout_s: float | None = None) -> bool:
        """Wait, without holding up the event loop, until what was logged is in Discord; return whether it is."""
        import asyncio

        outlet = self._outlet
        most_s = self._patience_s() if timeout_s is None else timeout_s
        return outlet is None or await asyncio.to_thread(outlet.flush, most_s)

    async def aclose(self, timeout_s: float | None = None) -> bool:
        """Close without holding up the event loop; return whether everything was done in time."""
        import asyncio

        is_done = await asyncio.to_thread(self._end, timeout_s)
        super().close()
        return is_done

    def _end(self, timeout_s: float | None) -> bool:
        outlet, self._outlet = self._outlet, None
        if self._leaving is not None:
            self._leaving.detach()
        try:
            return outlet is None or outlet.shutdown(timeout_s)
        except Exception as error:  # noqa: BLE001 - nor here
            self._say_once("what was logged cannot be seen off", error)
            return False

    def _patience_s(self) -> float:
        most_s = self._settings.shutdown_timeout_s if self._settings is not None else _LONGEST_FLUSH_S
        return min(_LONGEST_FLUSH_S, most_s)

    def _stay_closable(self) -> None:
        """Be known to ``logging`` again at the end: a new configuration forgets the handlers that were there."""
        if self._outlet is None or self._keeper is not None:
            return
        from otel_discord.sdk.exits import at_end

        me = weakref.ref(self)

        def be_known() -> None:
            handler = me()
            if handler is not None and handler._outlet is not None:  # noqa: SLF001
                handler._keeper = Keeper(handler)  # noqa: SLF001

        at_end(be_known)


def _inert(error: Exception) -> "Outlet | None":
    from otel_discord.sdk.settings import SettingsError

    reason = str(error) if isinstance(error, SettingsError) else f"the handler cannot be set up: {type(error).__name__}"
    try:
        from otel_discord.sdk.outlet import Outlet

        return Outlet.inert(reason)
    except Exception:  # noqa: BLE001
        _log.error("nothing is sent to Discord: %s", reason)
        return None
