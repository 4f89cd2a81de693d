"""Other ways from Python to Discord, from the package index, each in a virtual environment of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).parents[1] / "peers.txt"
DIRECTORY: Final = Path(__file__).parents[2] / ".venv-peers"

_INSTALL_TIMEOUT_S: Final = 90.0
_INSTALLED: Final = "installed.txt"
"""Inside an environment: the requirement that it was made from."""


class PeersMissingError(Exception):
    """A peer cannot be had here; the message says why."""


def requirement(package: str) -> str:
    """Return the pinned line of a package, such as ``apprise==2.2.0``.

    Raises:
        PeersMissingError: no such package is pinned.
    """
    for line in REQUIREMENTS.read_text().splitlines():
        if line.partition("==")[0] == package:
            return line
    raise PeersMissingError(f"{REQUIREMENTS.name} names no {package}")


def is_installed(package: str, directory: Path = DIRECTORY) -> bool:
    """Return whether a peer's environment is there as it should be."""
    place = directory / package
    stamp = place / _INSTALLED
    return stamp.exists() and stamp.read_text() == requirement(package) and (place / "bin" / "python").exists()


def peer_python(package: str, directory: Path = DIRECTORY) -> str:
    """Return the interpreter of a peer's environment, which is made when it is not there as it should be.

    Raises:
        PeersMissingError: the package index cannot be reached, or gives no such package.
    """
    place = directory / package
    python = place / "bin" / "python"
    if is_installed(package, directory):
        return str(python)
    wanted = requirement(package)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install += ["--timeout", "10", "--retries", "1", wanted]
    for command in ([sys.executable, "-m", "venv", str(place)], install):
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                timeout=_INSTALL_TIMEOUT_S,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise PeersMissingError(f"no answer from the package index in {_INSTALL_TIMEOUT_S:g} s") from None
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
            raise PeersMissingError(f"not installed: {last[:160]}")
    (place / _INSTALLED).write_text(wanted)
    return str(python)
