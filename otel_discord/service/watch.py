"""Sees that files of the configuration have changed; the one door of watchfiles.

What counts is the content, not the event: editors that write beside and rename, and Kubernetes' exchange of a
symbolic link, end in other bytes under the same name. Directories are watched, since a file that is replaced takes its
watch along; and every LOOK_EVERY_S the files are looked at anyway, which also serves file systems without events.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Final, TypeAlias

from otel_discord.config.sources import fingerprint

LOOK_EVERY_S: Final = 10.0
QUIET_MS: Final = 200
"""A change counts once nothing has happened for so long, so that a file is not read half written."""
LONGEST_WAIT_MS: Final = 2000
Fingerprint: TypeAlias = Mapping[Path, bytes]
Files: TypeAlias = Callable[[], Fingerprint]
Changed: TypeAlias = Callable[[], Awaitable[object]]
"""Does not raise."""
_MAX_LINKS: Final = 40
"""As many as the kernel follows."""

_logger = logging.getLogger("otel_discord.service.watch")


async def watch_files(files: Files, changed: Changed, *, look_every_s: float = LOOK_EVERY_S) -> None:
    """Await ``changed`` each time that the content of a file is another; runs until it is cancelled.

    ``files`` are those of the configuration in force, with the digests of what it was made from; it is asked each
    time, since a new configuration may name others. A watch that cannot be set is one warning,
    and the files are then only looked at every ``look_every_s``.
    """
    known = files()
    warned = False
    while True:
        known = await _look(known, files, changed)
        directories = await asyncio.to_thread(directories_of, files())
        try:
            async with aclosing(_events(directories, look_every_s)) as events:
                async for _ in events:
                    known = await _look(known, files, changed)
                    if await asyncio.to_thread(directories_of, files()) != directories:
                        break
        except (OSError, RuntimeError, ImportError) as error:  # too many watches, a directory that has gone
            if not warned:
                _logger.warning(
                    "cannot watch the configuration's files; they are looked at every %g s: %s", look_every_s, error
                )
            warned = True
            await asyncio.sleep(look_every_s)


async def _look(known: Fingerprint, files: Files, changed: Changed) -> Fingerprint:
    """Compare, and return what is known from now on."""
    read = files()
    now = await asyncio.to_thread(fingerprint, read)
    if any(known.get(file, read[file]) != digest for file, digest in now.items()):
        await changed()
    return now


def directories_of(files: Collection[Path]) -> frozenset[Path]:
    """Return the directories in which a change can give a file other content: its own, and that of each link to it.

    What is a directory itself is among them.
    """
    return frozenset(place for file in files for place in {*_places(file), file.absolute()} if place.is_dir())


def _places(file: Path) -> set[Path]:
    places: set[Path] = set()
    path = file.absolute()
    for _ in range(_MAX_LINKS):
        link = next((part for part in (*reversed(path.parents), path) if part.is_symlink()), None)
        if link is None:
            break
        places.add(link.parent)
        with suppress(OSError):  # gone in between: the next look sees it
            path = Path(os.path.normpath(link.parent / link.readlink() / path.relative_to(link)))
    return places | {path.parent}


async def _events(directories: Collection[Path], look_every_s: float) -> AsyncGenerator[None, None]:
    """Yield after something happened in the directories, and every ``look_every_s``."""
    from watchfiles import awatch

    watched = awatch(
        *directories,
        watch_filter=None,
        debounce=LONGEST_WAIT_MS,
        step=QUIET_MS,
        rust_timeout=int(look_every_s * 1000),
        yield_on_timeout=True,
        recursive=False,
    )
    async with aclosing(watched):
        async for _ in watched:
            yield
