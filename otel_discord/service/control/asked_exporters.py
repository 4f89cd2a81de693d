"""Asking each exporter of a running service that can do something, or the one that is named."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from otel_discord.component import Component, Kind, PermanentError, RetryableError
from otel_discord.service.control.command import RefusedError

MAX_TEXTS: Final = 20
P = TypeVar("P")
T = TypeVar("T")


async def of_each(
    components: Mapping[str, Component],
    arguments: Mapping[str, Any],
    protocol: type[P],
    what: str,
    do: Callable[[P], Awaitable[T]],
) -> list[tuple[str, T]]:
    """Return what the exporters answered; those that refuse are left out unless all do.

    Args:
        components: by their names.
        arguments: of the command; ``exporter`` is an id, or empty for all.
        protocol: what an exporter has to offer.
        what: what that is to a person: ``maintenance``.
        do: asks one.

    Raises:
        RefusedError: there is no such exporter, or each has refused.
    """
    refusals: dict[str, list[str]] = {}
    answers: list[tuple[str, T]] = []
    for name, exporter in _who(components, text(arguments, "exporter"), protocol, what).items():
        try:
            answers.append((name, await do(exporter)))
        except (PermanentError, RetryableError) as error:
            refusals.setdefault(str(error), []).append(name)
    if not answers and refusals:
        raise RefusedError("; ".join(f"{', '.join(names)}: {words}" for words, names in refusals.items()))
    return answers


def _who(components: Mapping[str, Component], wanted: str, protocol: type[P], what: str) -> dict[str, P]:
    prefix = f"{Kind.EXPORTER}:"
    found: dict[str, P] = {
        name.removeprefix(prefix): component
        for name, component in components.items()
        if name.startswith(prefix) and isinstance(component, protocol)
    }
    if not found:
        raise RefusedError(f"no exporter of this service knows {what}")
    if wanted and wanted not in found:
        raise RefusedError(f'no exporter "{wanted}" knows {what} here (there are: {", ".join(found)})')
    return {wanted: found[wanted]} if wanted else found


def text(arguments: Mapping[str, Any], name: str) -> str:
    """Return an argument that is text; "" where it is missing.

    Raises:
        RefusedError: it is none.
    """
    value = arguments.get(name) or ""
    if not isinstance(value, str):
        raise RefusedError(f"{name} is not text")
    return value


def texts(arguments: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return an argument that is a list of texts; empty where it is missing.

    Raises:
        RefusedError: it is none, or has more than 20.
    """
    values = arguments.get(name) or []
    if not isinstance(values, list) or len(values) > MAX_TEXTS or not all(isinstance(each, str) for each in values):
        raise RefusedError(f"{name} is not a list of at most {MAX_TEXTS} texts")
    return tuple(values)
