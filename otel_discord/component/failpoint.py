"""Places at which a test can end the process: the steps of the queue's protocol, by name.

``OTEL_DISCORD_FAILPOINT=settle.before_commit:3`` kills the process (SIGKILL, as a crash does) when that place is
reached for the third time; without a number, the first time. Without the variable a place costs one comparison.
"""

import os
import signal
from typing import Final

VARIABLE: Final = "OTEL_DISCORD_FAILPOINT"


def _wanted(text: str) -> tuple[str, int]:
    name, _, number = text.partition(":")
    return name, int(number) if number.isdigit() else 1


_name, _left = _wanted(os.environ.get(VARIABLE, ""))


def reach(name: str) -> None:
    """Come by a place; where the variable names it, the process ends here."""
    if _name and name == _name:
        _count_down()


def _count_down() -> None:
    global _left  # noqa: PLW0603 - the count belongs to the process, as its environment does
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
