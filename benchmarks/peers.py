"""Other ways from Python to Discord, from the package index, in a virtual environment of their own."""

import subprocess
import sys
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).parent / "peers.txt"
DIRECTORY: Final = Path(__file__).parents[1] / ".venv-peers"

_INSTALL_TIMEOUT_S: Final = 90.0
_INSTALLED: Final = "installed.txt"
"""Inside the environment: the requirements that it was made from."""


class PeersMissingError(Exception):
    """They cannot be had here; the message says why."""


def peers_python(directory: Path = DIRECTORY) -> str:
    """Return the interpreter of the peers' environment, which is made when it is not there as it should be.

    Raises:
        PeersMissingError: the package index cannot be reached, or gives no such packages.
    """
    python = directory / "bin" / "python"
    stamp = directory / _INSTALLED
    wanted = REQUIREMENTS.read_text()
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return str(python)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install += ["--timeout", "10", "--retries", "1", "--requirement", str(REQUIREMENTS)]
    for command in ([sys.executable, "-m", "venv", str(directory)], install):
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
    stamp.write_text(wanted)
    return str(python)
