"""What took part, in words that name no machine: versions, a date, a class of machine."""

import os
import platform
import re
import shutil
import subprocess
from datetime import date
from importlib.metadata import version
from typing import Final

from benchmarks.peers.installed import PeersMissingError, is_installed, requirement
from benchmarks.peers.places import ALERTMANAGER
from benchmarks.peers.ways import Way

_TIMEOUT_S: Final = 10.0


def provenance(today: date, ways: tuple[Way, ...]) -> str:
    """Return a sentence: when, on what, which versions."""
    packages = dict.fromkeys(way.package for way in ways if way.package)
    versions = [f"otel-discord {version('otel-discord')}", _alertmanager(), *map(_package, packages)]
    cores = len(os.sched_getaffinity(0))
    return (
        f"Measured on {today.isoformat()}; {cores} shared core{'s' * (cores != 1)} ({platform.machine()}),"
        f" Python {platform.python_version()}; {', '.join(versions)}."
    )


def program_version(program: str) -> str:
    """Return the first version that a program tells of itself, or ``of unknown version``."""
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "of unknown version"
    found = re.search(r"\d+\.\d+\.\d+", told.stdout + told.stderr)
    return found[0] if found else "of unknown version"


def _alertmanager() -> str:
    program = shutil.which(ALERTMANAGER)
    return f"Alertmanager {program_version(program)} (Debian's)" if program else "Alertmanager not installed"


def _package(package: str) -> str:
    try:
        name, _, pinned = requirement(package).partition("==")
        return f"{name} {pinned}" if is_installed(package) else f"{name} not installed"
    except PeersMissingError:
        return f"{package} not installed"
