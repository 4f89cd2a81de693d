"""Names of the lanes in which cards are held: ``<destination>#held/<mute>``. Pure."""

from typing import Final

_MARK: Final = "#held/"


def held_lane(destination: str, mute_id: str) -> str:
    """Return the lane where what a mute holds for a destination waits."""
    return f"{destination}{_MARK}{mute_id}"


def is_held(lane: str) -> bool:
    """Return whether cards are held in a lane."""
    return _MARK in lane


def destination_of(lane: str) -> str:
    """Return whose lane it is; of others than held ones that is the name itself."""
    return lane.partition(_MARK)[0]


def mute_of(lane: str) -> str:
    """Return the id of the mute that holds; "" for other lanes."""
    return lane.partition(_MARK)[2]
