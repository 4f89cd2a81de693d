"""Keeps our own mistakes from the application: the first is a line of the log, the others are nothing."""

import logging
from contextlib import suppress
from types import TracebackType
from typing import Final

_log: Final = logging.getLogger("otel_discord.sdk")


class SayingOnce:
    """A block in which an ``Exception`` ends the block only. ``what`` says what did not happen then."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._has_failed = False

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        if not self._has_failed:
            self._has_failed = True
            with suppress(Exception):
                _log.error("%s: %s; please report this", self._what, type(error).__name__)
        return True
