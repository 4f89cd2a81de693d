"""A limit of open files that is too low is said at the start, not found out at night."""

import logging
import resource
from typing import Final

ENOUGH: Final = 256
"""The service itself needs about 40, and a client one a connection; receivers leave half of the limit to the rest."""

_logger = logging.getLogger("otel_discord.service")


def warn_of_few_files() -> None:
    """Log a warning where the process may open fewer files than ENOUGH."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= limit < ENOUGH:  # RLIM_INFINITY is negative on some systems
        _logger.warning(
            "only %d files may be open at once, so few clients can be connected: "
            "raise the limit (ulimit -n, LimitNOFILE=) to %d or more",
            limit,
            ENOUGH,
        )
