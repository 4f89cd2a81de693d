"""A number and what it counts, as people write it. Pure."""


def counted(count: int, one: str, many: str = "") -> str:
    """Return ``1 record``, ``1,240 records``; ``many`` where that is not ``one`` and an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
