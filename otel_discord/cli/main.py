"""The door: checks that the packages of the service are there, then hands over to the commands.

Imports nothing heavy, so that a missing extra is one clear sentence and not a traceback.
"""

import sys
from importlib.util import find_spec
from typing import NoReturn

_NEEDED = ("click", "grpc")


def main() -> NoReturn:
    """Run the command line and exit: 0 good, 1 runtime failure, 2 usage, 78 bad configuration."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"otel-discord: the service needs packages that are not installed ({', '.join(missing)}): "
            "pip install 'otel-discord[service]'\n"
        )
        sys.exit(1)
    from otel_discord.cli.commands import run_command_line

    sys.exit(run_command_line(sys.argv[1:]))
