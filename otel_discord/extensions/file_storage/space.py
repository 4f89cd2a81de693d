"""How much room there is, and whether new work may have some of it. Pure: measured elsewhere."""

from dataclasses import dataclass
from typing import Final

_MIB: Final = 1024 * 1024
_FLOOR_SHARE: Final = 20  # the floor is at most 1/20 of a volume
_BALLAST_SHARE: Final = 4
_LOG_SHARE: Final = 16
_MOST_LOG_BYTES: Final = 8 * _MIB


@dataclass(frozen=True, slots=True)
class SpaceLimits:
    """What the configuration asks for, in bytes."""

    max_bytes: int
    min_free_bytes: int
    ballast_bytes: int


@dataclass(frozen=True, slots=True)
class Volume:
    """A file system: all of it, and what an ordinary user may still write."""

    total_bytes: int
    free_bytes: int


def floor_bytes(limits: SpaceLimits, volume: Volume) -> int:
    """Return the free space below which new work is refused: never more than 5 % of a volume."""
    return min(limits.min_free_bytes, volume.total_bytes // _FLOOR_SHARE)


def ballast_bytes(limits: SpaceLimits, volume: Volume) -> int:
    """Return how much to hold: never more than a quarter of a volume."""
    return min(limits.ballast_bytes, volume.total_bytes // _BALLAST_SHARE)


def log_bytes(volume: Volume) -> int:
    """Return how large the write-ahead log may become before it is written into the main file."""
    return max(min(_MOST_LOG_BYTES, volume.total_bytes // _LOG_SHARE), 256 * 1024)


def may_take_ballast(limits: SpaceLimits, volume: Volume) -> bool:
    """Return whether holding the ballast leaves new work enough room, so that it does not come and go."""
    return volume.free_bytes >= floor_bytes(limits, volume) + 2 * ballast_bytes(limits, volume)


def refusal(limits: SpaceLimits, volume: Volume, used_bytes: int) -> str:
    """Return why new work has to wait, with numbers; "" where it may come."""
    if used_bytes >= limits.max_bytes:
        return f"waiting work takes up {used_bytes / _MIB:.1f} MiB of max_mib {limits.max_bytes // _MIB}"
    floor = floor_bytes(limits, volume)
    if volume.free_bytes < floor:
        return (
            f"the volume has {volume.free_bytes / _MIB:.1f} MiB free of {volume.total_bytes / _MIB:.0f} MiB, "
            f"and {floor / _MIB:.1f} MiB are kept free"
        )
    return ""
