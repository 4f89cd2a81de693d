"""The directory of a storage: made if it may be, and refused, with what to do, where it would not do."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from otel_discord.component.errors import StartError
from otel_discord.extensions.file_storage.network_file_systems import file_system_of, is_network_file_system

_MOUNTS: Final = Path("/proc/self/mounts")
_OWNER_ONLY: Final = 0o700


def prepare_directory(directory: Path, *, create: bool, allow_network_file_system: bool) -> Path:
    """Return the directory, resolved, ready to hold files of ours.

    Raises:
        StartError: it cannot be used; the message names it and what to do.
    """
    try:
        _make(directory, create=create)
        resolved = directory.resolve(strict=True)
        status = resolved.stat()
    except FileNotFoundError:
        raise StartError(f"directory: {directory} does not exist; create it, or set create_directory") from None
    except (FileExistsError, NotADirectoryError):
        raise StartError(f"directory: {directory} is or lies under a file; name a directory") from None
    except PermissionError as error:
        raise StartError(
            f"directory: {error.filename or directory} cannot be created or entered by user {os.geteuid()}; "
            "change its permissions, or name another directory"
        ) from None
    except OSError as error:
        raise StartError(f"directory: {directory} cannot be used: {error.strerror}") from None
    if not stat.S_ISDIR(status.st_mode):
        raise StartError(f"directory: {directory} is a file; name a directory")
    _check_access(directory, resolved, status)
    _check_file_system(directory, resolved, allowed=allow_network_file_system)
    return resolved


def sync_directory(directory: Path) -> None:
    """Make names that were created, renamed or removed in a directory last."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(directory: Path, *, create: bool) -> None:
    if directory.is_dir() or not create:
        return
    missing = [directory, *(each for each in directory.parents if not each.exists())]
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):
            each.mkdir(mode=_OWNER_ONLY)
            each.chmod(_OWNER_ONLY)  # whatever the umask took away
            sync_directory(each.parent)


def _check_access(directory: Path, resolved: Path, status: os.stat_result) -> None:
    user = os.geteuid()
    if status.st_uid != user and not _shared_with_us(status):
        raise StartError(
            f"directory: {directory} belongs to user {status.st_uid}, and this service runs as user {user}; "
            f"run it as user {status.st_uid}, change the owner (chown {user} {directory}), or name another directory"
        )
    if not os.access(resolved, os.R_OK | os.W_OK | os.X_OK):
        reason = "is on a volume that is read-only" if _read_only(resolved) else "is not writable"
        raise StartError(f"directory: {directory} {reason} for user {user}; change that, or name another directory")


def _shared_with_us(status: os.stat_result) -> bool:
    """Whether a foreign directory is open to us on purpose, not just because root may do anything."""
    if status.st_gid in {os.getegid(), *os.getgroups()} and status.st_mode & 0o070 == 0o070:
        return True
    return status.st_mode & 0o007 == 0o007


def _read_only(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _check_file_system(directory: Path, resolved: Path, *, allowed: bool) -> None:
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return  # not Linux: nothing to ask
    type_name = file_system_of(resolved, mounts)
    if is_network_file_system(type_name) and not allowed:
        raise StartError(
            f"directory: {directory} is on a network file system ({type_name}), where locks and fsync may not keep "
            "their word; name a directory on a local disk, or set allow_network_file_system"
        )
