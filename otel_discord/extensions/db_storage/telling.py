"""How a change of a storage's condition is said in the log: once, and by one voice."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from otel_discord.extensions.db_storage.condition import Condition, State

_SAID: Final = {
    State.FULL: "storage is full, new work is refused: %s",
    State.AWAY: "storage fails, nothing can be stored: %s",
    State.LOST: "storage is lost: %s",
    State.ENDED: "storage has ended: %s",
}


def say_change(
    before: Condition, now: Condition, logger: logging.Logger, extra: Mapping[str, Any], *, is_one_of_many: bool
) -> None:
    """Log a change; of many on one server, where another voice says how that fares, only what is about each."""
    if is_one_of_many and now.state in (State.OK, State.FULL, State.AWAY):
        logger.debug("a seat's database is %s", now.state.name, extra=extra)
    elif now.state is State.OK:
        logger.info("storage is well again", extra={**extra, "was": before.why})
    else:
        logger.error(_SAID[now.state], now.why, extra=extra)
