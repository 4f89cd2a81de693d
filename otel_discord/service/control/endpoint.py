"""Where the control socket of a configuration is: as ``service::control::endpoint`` says, or beside the storage."""

from pathlib import Path
from typing import Final

from otel_discord.component import KeepsState, Kind
from otel_discord.service.config_file import Configuration

SOCKET_NAME: Final = "control.sock"
_SCHEME: Final = "unix://"


def socket_path(endpoint: Path | str) -> Path:
    """Return the path that ``unix:///path`` or a path means."""
    return Path(str(endpoint).removeprefix(_SCHEME))


def control_endpoint(configuration: Configuration) -> Path | None:
    """Return the socket's path; None where nothing says it: no endpoint, and no extension in use that keeps state."""
    if configuration.service.control.endpoint:
        return socket_path(configuration.service.control.endpoint)
    for component_id in configuration.extensions:
        config = configuration.components[Kind.EXTENSION][component_id].config
        if isinstance(config, KeepsState):
            return config.state_directory / SOCKET_NAME
    return None
