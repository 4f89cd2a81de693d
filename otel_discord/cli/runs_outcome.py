"""How a run ended, in words and in exit codes. Pure."""

from typing import Final

_FAILED: Final = frozenset(
    {"failure", "failed", "fail", "error", "errored", "crashed", "timeout", "timed_out", "expired"}
)
_CANCELLED: Final = frozenset({"cancelled", "canceled", "aborted", "interrupted"})
_SIGNALS_OF_PEOPLE: Final = frozenset({130, 143})
"""128 + SIGINT, 128 + SIGTERM: what a shell says of a program that somebody stopped."""


def outcome_of(exit_code: int) -> str:
    """Return the outcome of a program that ended with this code."""
    if exit_code == 0:
        return "success"
    return "cancelled" if exit_code in _SIGNALS_OF_PEOPLE else "failure"


def is_bad(outcome: str) -> bool:
    """Return whether an outcome says that the run did not do what it was for.

    Words of one's own (``3 of 4 passed``) and none at all are not bad.
    """
    word = outcome.strip().lower()
    return word in _FAILED or word in _CANCELLED
