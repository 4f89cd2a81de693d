"""The audit log: a line for each request that changed something or was refused: who, what, which run, with what end.

Never in it: tokens, addresses of webhooks, what a body says beyond ids.
"""

import logging
from dataclasses import dataclass
from typing import Final

from otel_discord.extensions.run_channels.asked import Asked, CreateRun, FinalizeRun, GetRun, ListRuns, Result
from otel_discord.extensions.run_channels.own_numbers import OwnNumbers, not_shown
from otel_discord.extensions.run_channels.runs import Created, Finalized

MOST_CHARS: Final = 128


@dataclass(slots=True)
class Visit:
    """One request, as it becomes known: it is written down at its end."""

    transport: str
    """``http`` or ``grpc``."""
    peer: str
    """The address that it came from."""
    request_id: str
    action: str
    """``create``, ``finalize``, ``get`` or ``list``."""
    caller: str = ""
    """Name of the token; "" while nobody has shown one."""
    is_quiet: bool = False
    """One of many that are refused for the same reason; the first was written down."""


class AuditLog:
    """Writes the lines to a component's logger, and counts."""

    __slots__ = ("_logger", "_numbers")

    def __init__(self, logger: logging.Logger, numbers: OwnNumbers | None = None) -> None:
        self._logger = logger
        self._numbers = numbers or not_shown()

    def done(self, visit: Visit, asked: Asked, result: Result) -> None:
        """Write down a change; who only reads leaves no line."""
        self._numbers.request(visit.action, _counted_as(result))
        if isinstance(result, Created | Finalized):
            self._logger.info("audit: %s", visit.action, extra=_line(visit, asked, _outcome(result), result))

    def refused(self, visit: Visit, asked: Asked | None, code: str) -> None:
        """Write down a refusal; of many in a row by the same caller, or stranger, the first."""
        self._numbers.request(visit.action, code)
        if not visit.is_quiet:
            line = _line(visit, asked, code, None)
            self._logger.warning("audit: %s refused", visit.action, extra=line)


def clean(text: str) -> str:
    """Return a text on one line, without control characters, 128 characters at most."""
    return "".join(each if each.isprintable() else " " for each in text[:MOST_CHARS])


def _line(visit: Visit, asked: Asked | None, outcome: str, result: Created | Finalized | None) -> dict[str, str]:
    line = {
        "action": visit.action,
        "outcome": outcome,
        "caller": visit.caller,
        **_ids(asked),
        "request_id": visit.request_id,
        "peer": visit.peer,
        "transport": visit.transport,
    }
    if result is not None:
        run = result.run
        line |= {"run_id": run.run_id, "channel_id": run.channel_id or line.get("channel_id", "")}
        line |= {"guild_id": run.key.guild_id}
    return {name: clean(text) for name, text in line.items() if text}


def _outcome(result: Created | Finalized) -> str:
    if isinstance(result, Created):
        return "created" if result.is_new else "was there already"
    return "cleaned" if result.is_cleaned else "finalized"


def _counted_as(result: Result) -> str:
    match result:
        case Created(is_new=is_new):
            return "created" if is_new else "existing"
        case Finalized(is_cleaned=is_cleaned):
            return "cleaned" if is_cleaned else "finalized"
        case _:
            return "ok"


def _ids(asked: Asked | None) -> dict[str, str]:
    match asked:
        case CreateRun(new=new):
            key = new.key
            return {
                "guild_id": key.guild_id,
                "task_id": key.task_id,
                "attempt": str(key.attempt),
                "short_id": key.short_id,
            }
        case FinalizeRun(channel_id=channel_id) | GetRun(channel_id=channel_id):
            return {"channel_id": channel_id}
        case ListRuns(guild_id=guild_id):
            return {"guild_id": guild_id}
        case None:
            return {}
