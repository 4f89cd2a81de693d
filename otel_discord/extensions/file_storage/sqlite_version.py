"""Which SQLite is at work. Before 3.51.3 it can lose commits when two connections checkpoint (the WAL-reset bug)."""

from typing import Final

import apsw

FIRST_SOUND: Final = (3, 51, 3)


def sqlite_version() -> tuple[int, ...]:
    """Return the version of the library that apsw carries."""
    return tuple(int(part) for part in apsw.sqlite_lib_version().split("."))


def is_sound(version: tuple[int, ...]) -> bool:
    """Return whether the WAL-reset bug is mended; backports to 3.44.6 and 3.50.7 count."""
    if version >= FIRST_SOUND:
        return True
    return any(version[:2] == fixed[:2] and version >= fixed for fixed in ((3, 44, 6), (3, 50, 7)))
