"""The directory of what belongs to this machine: made if it may be, refused, with what to do, where it would not do."""

import os
from pathlib import Path

from otel_discord.component.errors import StartError


def prepare_directory(directory: Path, *, create: bool) -> None:
    """See that a directory is there and can be written.

    Raises:
        StartError: it cannot be used; the message names it and what to do.
    """
    try:
        if create:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not directory.is_dir():
            raise StartError(f"directory: {directory} is not a directory; create it, or set create_directory")
    except OSError as error:
        raise StartError(f"directory: {directory} cannot be used: {error.strerror}; name another one") from None
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise StartError(f"directory: {directory} is not writable for user {os.geteuid()}; name another one")
