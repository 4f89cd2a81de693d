"""Pages of a list of runs, newest first. Pure functions.

The token of a page says after which run it begins, so runs that come or go meanwhile neither repeat nor hide others.
"""

import base64
import binascii
import heapq
import re
from collections.abc import Iterable
from typing import Final

from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Page, Run, State

MAX_PAGE_SIZE: Final = 500
DEFAULT_PAGE_SIZE: Final = 50

_STATES: Final = tuple(state.value for state in State)
_POSITION: Final = re.compile(r"([0-9]{1,18})/([a-z0-9]{1,32})")


def page_of(runs: Iterable[Run], *, guild_id: str, state: str, size: int, token: str) -> Page:
    """Return up to ``size`` runs of a guild and in a state ("" for any), after the page that gave the token.

    A size below 1 is the default, one above 500 is 500.

    Raises:
        RunProblem: INVALID: ``state`` or ``pageToken``.
    """
    if state and state not in _STATES:
        raise _invalid("state", f"must be one of {', '.join(_STATES)}")
    size = min(size, MAX_PAGE_SIZE) if size >= 1 else DEFAULT_PAGE_SIZE
    after = _parse(token) if token else None
    candidates = (
        run
        for run in runs
        if (not guild_id or run.key.guild_id == guild_id)
        and (not state or run.state.value == state)
        and (after is None or _position(run) < after)
    )
    found = heapq.nlargest(size + 1, candidates, key=_position)
    return Page(runs=tuple(found[:size]), next_token=_token(found[size - 1]) if len(found) > size else "")


def _position(run: Run) -> tuple[int, str]:
    return run.created_ms, run.run_id


def _token(run: Run) -> str:
    return base64.urlsafe_b64encode(f"{run.created_ms}/{run.run_id}".encode()).decode().rstrip("=")


def _parse(token: str) -> tuple[int, str]:
    try:
        text = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    match = _POSITION.fullmatch(text) if len(token) <= 100 else None
    if match is None:
        raise _invalid("pageToken", "is not one that an earlier page gave")
    return int(match[1]), match[2]


def _invalid(name: str, problem: str) -> RunProblem:
    return RunProblem(Code.INVALID, f"{name} {problem}", fields={name: problem})
