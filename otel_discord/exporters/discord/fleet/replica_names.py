"""What replicas are called where people read it: as short as tells them apart. Pure."""

from collections import Counter
from collections.abc import Collection
from typing import Final

_BEHIND_THE_NAME: Final = " process "


def short_name(name: str, living: Collection[str]) -> str:
    """Return what a replica was named by the configuration or its host, with its process where others have that name.

    Args:
        name: as ``Replica.name`` has it.
        living: the names of all replicas, this one among them or not.
    """
    shared = Counter(_named(each) for each in {*living, name})
    return _named(name) if shared[_named(name)] == 1 else name


def _named(name: str) -> str:
    return name.partition(_BEHIND_THE_NAME)[0] or name
