"""What can be done with dead letters, as commands of JSON in and JSON out: for the socket, and without a service.

Each verb takes the dead letters of the exporters by their ids, and arguments; an answer is a line for each thing said.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from otel_discord.component import Component, Kind, LetterFilter, RetryableError
from otel_discord.component.dead_letters import DeadLetters, KeepsDeadLetters, ReplayRequest
from otel_discord.service.control.command import RefusedError

Desks: TypeAlias = Mapping[str, DeadLetters]
Line: TypeAlias = Mapping[str, Any]
Verb: TypeAlias = Callable[[Desks, Mapping[str, Any]], AsyncIterator[Line]]

LONGEST_WAIT_S: Final = 24 * 3600.0


def letter_keepers(components: Mapping[str, Component]) -> dict[str, KeepsDeadLetters]:
    """Return the exporters that keep dead letters, by their ids; ``components`` are by name."""
    prefix = f"{Kind.EXPORTER}:"
    return {
        name.removeprefix(prefix): component
        for name, component in components.items()
        if name.startswith(prefix) and isinstance(component, KeepsDeadLetters)
    }


def open_desks(components: Mapping[str, Component]) -> Desks:
    """Return the dead letters of those exporters that are open."""
    desks: dict[str, DeadLetters] = {}
    for name, keeper in letter_keepers(components).items():
        try:
            desks[name] = keeper.dead_letters()
        except RetryableError:
            continue  # it is being opened or closed
    return desks


# -------------------------------------------------------------------------------------------------------- the verbs


async def list_letters(desks: Desks, arguments: Mapping[str, Any]) -> AsyncIterator[Line]:
    """Yield a line a letter; ``limit`` (0: all) and ``newest`` hold for each exporter."""
    chosen, limit, newest = letter_filter(arguments), _number(arguments, "limit"), bool(arguments.get("newest", True))
    for name, desk in _wanted(desks, arguments).items():
        async with aclosing(_generator(desk.letters(chosen, limit=limit, newest=newest))) as letters:
            async for letter in letters:
                yield {"exporter": name, **letter.to_json()}


async def show_letter(desks: Desks, arguments: Mapping[str, Any]) -> AsyncIterator[Line]:
    """Yield everything readable of the letter ``id``."""
    letter_id = _number(arguments, "id")
    found = [
        {"exporter": name, **letter}
        for name, desk in _wanted(desks, arguments).items()
        if (letter := await desk.letter(letter_id)) is not None
    ]
    if not found:
        raise RefusedError(f"there is no dead letter {letter_id}")
    if len(found) > 1:
        raise RefusedError(f"several exporters have a dead letter {letter_id}: say which with --exporter")
    yield found[0]


async def replay_letters(desks: Desks, arguments: Mapping[str, Any]) -> AsyncIterator[Line]:
    """Yield how far the replay of each exporter has come; its last line has ``done``."""
    request = ReplayRequest(
        chosen=letter_filter(arguments),
        to=str(arguments.get("to") or ""),
        dry_run=bool(arguments.get("dry_run")),
        wait_s=_seconds(arguments, "wait_s"),
    )
    for name, desk in _one_if_by_id(_wanted(desks, arguments), request.chosen).items():
        async with aclosing(_generator(desk.replay(request))) as states:
            async for state in states:
                yield {"exporter": name, **asdict(state), "waiting": state.waiting}


async def purge_letters(desks: Desks, arguments: Mapping[str, Any]) -> AsyncIterator[Line]:
    """Yield how many letters each exporter has removed, or would with ``dry_run``."""
    chosen = letter_filter(arguments)
    for name, desk in _one_if_by_id(_wanted(desks, arguments), chosen).items():
        if arguments.get("dry_run"):
            async with aclosing(_generator(desk.letters(chosen))) as letters:
                yield {"exporter": name, "chosen": len([None async for _ in letters])}
        else:
            yield {"exporter": name, "purged": await desk.purge(chosen)}


async def bury_lane(desks: Desks, arguments: Mapping[str, Any]) -> AsyncIterator[Line]:
    """Yield how many records of a destination that is configured no more became dead letters."""
    destination = str(arguments.get("destination") or "")
    for name, desk in _wanted(desks, arguments).items():
        orphaned = list(await desk.orphaned_lanes())
        if destination in orphaned or len(desks) == 1:
            yield {"exporter": name, "buried": await desk.bury_lane(destination), "orphaned": orphaned}


VERBS: Final[Mapping[str, Verb]] = MappingProxyType(
    {
        "list": list_letters,
        "show": show_letter,
        "replay": replay_letters,
        "purge": purge_letters,
        "bury": bury_lane,
    }
)


# -------------------------------------------------------------------------------------------------------- arguments


def letter_filter(arguments: Mapping[str, Any]) -> LetterFilter:
    """Return the filter that arguments say.

    Raises:
        RefusedError: an argument is of the wrong type.
    """
    return LetterFilter(
        since_ns=_number(arguments, "since_ns") if arguments.get("since_ns") is not None else None,
        until_ns=_number(arguments, "until_ns") if arguments.get("until_ns") is not None else None,
        destinations=frozenset(_list(arguments, "destinations", str)),
        reasons=frozenset(_list(arguments, "reasons", str)),
        ids=frozenset(_list(arguments, "ids", int)),
    )


def _number(arguments: Mapping[str, Any], name: str) -> int:
    value = arguments.get(name, 0)
    if not isinstance(value, int) or abs(value) >= 2**63:
        raise RefusedError(f"{name} is not a whole number")
    return value


def _seconds(arguments: Mapping[str, Any], name: str) -> float:
    value = arguments.get(name, 60.0)
    if not isinstance(value, (int, float)) or not 0 <= value <= LONGEST_WAIT_S:
        raise RefusedError(f"{name} is not a number of seconds up to a day")
    return float(value)


def _list(arguments: Mapping[str, Any], name: str, kind: type[Any]) -> list[Any]:
    values = arguments.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
        raise RefusedError(f"{name} is not a list of {kind.__name__}")
    return values


def _wanted(desks: Desks, arguments: Mapping[str, Any]) -> Desks:
    exporter = arguments.get("exporter") or ""
    if not exporter:
        return desks
    if exporter not in desks:
        raise RefusedError(
            f'no exporter "{exporter}" keeps dead letters here (there are: {", ".join(desks) or "none"})'
        )
    return {exporter: desks[exporter]}


def _one_if_by_id(desks: Desks, chosen: LetterFilter) -> Desks:
    if chosen.ids and len(desks) > 1:
        raise RefusedError("ids are those of one exporter: say which with --exporter")
    return desks


def _generator(iterator: AsyncIterator[Any]) -> Any:
    """Return it as what can be closed: every implementation is an asynchronous generator, closed with its listener."""
    return iterator
