"""Counts of runs, added up and as JSON. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from otel_discord.component.destination_source import Tally


def added(known: Tally, more: Tally) -> Tally:
    """Return both together; of the texts the later ones hold."""
    return Tally(
        records=known.records + more.records,
        warnings=known.warnings + more.warnings,
        errors=known.errors + more.errors,
        steps=known.steps + more.steps,
        last_step=more.last_step or known.last_step,
        last_error=more.last_error or known.last_error,
    )


def plain_tally(tally: Tally) -> dict[str, Any]:
    """Return counts as JSON has them."""
    return asdict(tally)


def tally_of(plain: Mapping[str, Any]) -> Tally:
    """Return the counts of :func:`plain_tally`.

    Raises:
        ValueError: they are none.
    """
    try:
        numbers = {name: int(plain[name]) for name in ("records", "warnings", "errors", "steps")}
        texts = {name: str(plain[name]) for name in ("last_step", "last_error")}
    except (KeyError, TypeError, ValueError):
        raise ValueError("these are no counts") from None
    return Tally(**numbers, **texts)  # type: ignore[arg-type]
