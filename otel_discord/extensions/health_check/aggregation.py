"""One status of many, and what it means for health. Pure: ``now_s`` is Unix time.

Rules of the Collector's health_check v2: a life's stages (starting, stopping) come before errors, a fatal error before
everything.
"""

from collections.abc import Iterable
from http import HTTPStatus

from otel_discord.component import ComponentStatus, Status
from otel_discord.extensions.health_check.config import ComponentHealthConfig

_STAGES = (Status.STARTING, Status.STOPPING, Status.STOPPED)


def aggregate(statuses: Iterable[ComponentStatus], config: ComponentHealthConfig) -> ComponentStatus | None:
    """Return the status that stands for all of them, with its error and time; None when there are none."""
    first_of: dict[Status, ComponentStatus] = {}
    for status in statuses:
        known = first_of.get(status.status)
        # The oldest of errors counts for the recovery time; of the rest the latest says since when all is so.
        older_counts = status.status in {Status.RECOVERABLE, Status.PERMANENT, Status.FATAL}
        if known is None or (status.since_unix_s < known.since_unix_s) == older_counts:
            first_of[status.status] = status
    return next((first_of[status] for status in _order(config) if status in first_of), None)


def _order(config: ComponentHealthConfig) -> tuple[Status, ...]:
    errors = (Status.PERMANENT, Status.RECOVERABLE)
    if config.include_recoverable_errors and not config.include_permanent_errors:
        errors = (Status.RECOVERABLE, Status.PERMANENT)
    return (Status.FATAL, *_STAGES, *errors, Status.OK)


def http_status(status: ComponentStatus, config: ComponentHealthConfig, now_s: float) -> HTTPStatus:
    """Return 200 for well, 503 for not yet or no more, 500 for unwell."""
    if status.status in _STAGES:
        return HTTPStatus.SERVICE_UNAVAILABLE
    lasted_s = now_s - status.since_unix_s
    unwell = (
        status.status is Status.FATAL
        or (status.status is Status.PERMANENT and config.include_permanent_errors)
        or (
            status.status is Status.RECOVERABLE
            and config.include_recoverable_errors
            and lasted_s >= config.recovery_duration
        )
    )
    return HTTPStatus.INTERNAL_SERVER_ERROR if unwell else HTTPStatus.OK
