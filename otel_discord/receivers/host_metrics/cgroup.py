"""The memory of this process's control group: what it may have and what counts against it. Linux only.

Version 2 where the kernel mounts it so, else version 1. A limit of a group holds for all below it, so the least of the
group's own and those above it counts; in a container with its own namespace the group is the root that it sees.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from otel_discord.receivers.host_metrics.samples import Memory

_MOUNT: Final = Path("/sys/fs/cgroup")
_OWN_GROUPS: Final = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class _Files:
    """What a version calls things."""

    limit: str
    current: str
    inactive_file: str


_V2: Final = _Files("memory.max", "memory.current", "inactive_file")
_V1: Final = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def memory_within_limit(host_total: int, *, mount: Path = _MOUNT, own_groups: Path = _OWN_GROUPS) -> Memory | None:
    """Return the memory of the group with the least limit; None where none is less than what the host has.

    Used is what cannot be given back at once: all but the file cache that nobody used lately, as ``docker stats`` and
    the kubelet count it. That cache is ``cached``.
    """
    found: tuple[int, Path, _Files] | None = None
    for folder, files in _groups(mount, own_groups):
        limit = _number(folder / files.limit)
        if limit is not None and 0 < limit < (found[0] if found else host_total):
            found = (limit, folder, files)
    if found is None:
        return None
    limit, folder, files = found
    current = _number(folder / files.current)
    if current is None:
        return None
    cache = min(_stat(folder / "memory.stat").get(files.inactive_file, 0), current)
    free = max(0, limit - current)
    return Memory(total=limit, free=free, available=min(limit, free + cache), buffers=None, cached=cache)


def _groups(mount: Path, own_groups: Path) -> Iterator[tuple[Path, _Files]]:
    """Yield the folders of this process's group and of those above it; some may not be there."""
    try:
        lines = own_groups.read_text().splitlines()
    except OSError:
        lines = []
    paths: dict[str, str] = {}
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "", "")[:3]
        for controller in controllers.split(","):
            paths[controller] = path
    if (mount / "cgroup.controllers").exists():
        base, files, own = mount, _V2, paths.get("", "/")
    else:
        base, files, own = mount / "memory", _V1, paths.get("memory", "/")
    group = PurePosixPath("/", own)
    for each in (group, *group.parents):
        if ".." not in each.parts:  # a group beside the root of the namespace is not to be seen
            yield base.joinpath(*each.parts[1:]), files


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None  # "max": no limit


def _stat(path: Path) -> Mapping[str, int]:
    try:
        pairs = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
