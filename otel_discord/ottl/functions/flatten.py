"""Nested maps and lists moved to the root of a map, under keys joined by dots."""

from otel_discord.ottl.values import Value


def flattened(before: dict[str, Value], prefix: str, depth: int | None, resolve_conflicts: bool) -> dict[str, Value]:
    """Return a map with ``address.street`` for ``street`` in ``address`` and ``tags.0`` for the first of ``tags``.

    ``depth`` bounds how many levels of maps are taken apart; None is all, 0 leaves the map as it is. Of equal keys the
    last one stays; with ``resolve_conflicts`` the later ones, and members of lists, get ``.0``, ``.1`` … appended.
    """
    if depth == 0:
        return before
    flattening = _Flattening(resolve_conflicts)
    flattening.add_map(before, prefix, _DEEPER_THAN_ANY if depth is None else depth)
    return flattening.result


_DEEPER_THAN_ANY = 1_000


class _Flattening:
    def __init__(self, resolve_conflicts: bool) -> None:
        self.result: dict[str, Value] = {}
        self.resolve_conflicts = resolve_conflicts
        self.next_suffix: dict[str, int] = {}

    def add_map(self, members: dict[str, Value], prefix: str, depth: int) -> None:
        for name, value in members.items():
            key = f"{prefix}.{name}" if prefix else name
            if isinstance(value, dict) and depth > 0:
                self.add_map(value, key, depth - 1)
            elif isinstance(value, list):
                for number, member in enumerate(value):
                    self.add(key if self.resolve_conflicts else f"{key}.{number}", member)
            else:
                self.add(key, value)

    def add(self, key: str, value: Value) -> None:
        unique = key
        while self.resolve_conflicts and unique in self.result:
            suffix = self.next_suffix.get(key, 0)
            self.next_suffix[key] = suffix + 1
            unique = f"{key}.{suffix}"
        self.result[unique] = value
