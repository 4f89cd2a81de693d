"""Which mounts, disks and interfaces are measured. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, TypeAlias

from otel_discord.receivers.host_metrics.samples import Mount

MatchType: TypeAlias = Literal["strict", "regexp"]
Matches: TypeAlias = Callable[[str], bool]

_NETWORK_TYPES: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "9p", "virtiofs", "beegfs", "ocfs2"}
)
_VIRTUAL_TYPES: Final = frozenset(
    {"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devfs", "devpts", "devtmpfs"}
    | {"efivarfs", "fdescfs", "fusectl", "hugetlbfs", "iso9660", "linprocfs", "linsysfs", "mqueue", "nfsd", "nsfs"}
    | {"overlay", "aufs", "proc", "pstore", "ramfs", "rootfs", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs"}
    | {"sysfs", "tmpfs", "tracefs", "udf", "erofs", "fuse.lxcfs", "fuse.portal", "fuse.gvfsd-fuse", "fuse.snapfuse"}
)
"""They have no disk of their own, or are always full."""


def is_remote(mount: Mount) -> bool:
    """Return whether asking a file system may wait for another machine."""
    return mount.type in _NETWORK_TYPES or mount.type.startswith("fuse.")


def is_virtual(mount: Mount) -> bool:
    """Return whether a file system says nothing about a disk. The root of a container does, whatever its type."""
    return mount.type in _VIRTUAL_TYPES and not (mount.mount_point == "/" and mount.type in {"overlay", "aufs"})


def matcher(names: Sequence[str], match_type: MatchType) -> Matches | None:
    """Return a function that says whether a text is one of the names, or matches one; None without names.

    Raises:
        ValueError: a name is no regular expression.
    """
    if not names:
        return None
    if match_type == "strict":
        return frozenset(names).__contains__
    try:
        patterns = [re.compile(name) for name in names]
    except re.error as error:
        raise ValueError(f"{error.pattern!r} is not a regular expression: {error}") from None
    return lambda text: any(pattern.search(text) for pattern in patterns)


def is_wanted(text: str, include: Matches | None, exclude: Matches | None) -> bool:
    """Return whether something is to be measured: included where anything is, and not excluded."""
    return (include is None or include(text)) and not (exclude is not None and exclude(text))


def one_for_each_device(mounts: Iterable[Mount]) -> list[Mount]:
    """Return the mounts, of a block device only the one with the shortest path: the others show the same again."""
    chosen: dict[str, Mount] = {}
    for mount in mounts:
        key = mount.device if mount.device.startswith("/dev/") else f"at {mount.mount_point}"
        if key not in chosen or len(mount.mount_point) < len(chosen[key].mount_point):
            chosen[key] = mount
    return list(chosen.values())
