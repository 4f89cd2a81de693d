"""When a handler ends: at the end of the program, and not whenever ``logging`` is configured anew."""

import logging
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet


class Keeper(logging.Handler):
    """Is on logging's list of what to close at the end, in place of another handler."""

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler

    def close(self) -> None:
        """Close the other one."""
        self._handler.close()
        super().close()


def is_ending() -> bool:
    """Return whether the interpreter shuts down; nothing is imported to find out."""
    exits = sys.modules.get("otel_discord.sdk.exits")
    return exits is not None and bool(exits.interpreter_is_ending())


def configures_logging() -> bool:
    """Return whether this thread holds logging's own lock, as ``dictConfig`` does.

    Waiting then would be for nothing: the sender's thread needs that lock for the loggers of what it imports.
    """
    is_owned = getattr(getattr(logging, "_lock", None), "_is_owned", None)
    return bool(is_owned is not None and is_owned())


def shut_down_aside(outlet: "Outlet") -> None:
    """Shut an outlet down without waiting for it: whoever lets go of a handler may be anywhere.

    The end of the program waits for the thread, which keeps the deadline: nobody else would see these records off.
    """
    with suppress(RuntimeError):  # the interpreter ends
        threading.Thread(target=outlet.shutdown, name="otel-discord end", daemon=False).start()
