"""Which file system a path is on, and whether its promises are those of a local disk. Pure."""

import re
from pathlib import PurePath
from typing import Final

NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        "9p", "afs", "acfs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.cephfs", "fuse.davfs2",
        "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys", "fuse.juicefs", "fuse.rclone", "fuse.s3fs",
        "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb2", "smb3", "smbfs",
    }
)  # fmt: skip
"""Types, as the kernel names them, on which locks or fsync depend on another machine."""
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


def file_system_of(path: PurePath, mounts: str) -> str:
    """Return the type of the file system that holds ``path`` (absolute, resolved); ``mounts`` is /proc/mounts.

    Of several mounts on one place the last one is seen. "" where no line fits.
    """
    best, best_length = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = PurePath(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), fields[1]))
        if (path == point or point in path.parents) and len(point.parts) >= best_length:
            best, best_length = fields[2], len(point.parts)
    return best


def is_network_file_system(type_name: str) -> bool:
    """Return whether the promises of this type depend on another machine."""
    return type_name in NETWORK_FILE_SYSTEMS
