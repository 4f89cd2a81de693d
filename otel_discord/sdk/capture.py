"""An exception as it is now, kept without the exception: what must be asked for here, words are found later.

``capture`` runs on the application's thread and reads no file; it holds code objects and line numbers, never the
exception, its frames or their locals. ``exception_attributes`` runs on the sender's thread and reads source lines.
"""

import linecache
from collections import deque
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any, Final, TypeAlias

from otel_discord.sdk.freeze import cut_middle, freeze

MOST_FRAMES: Final = 64
"""Of one stack, at each of its two ends."""
MOST_LINKS: Final = 12
"""Exceptions of one chain from the outermost inwards, and 4 more from its root."""
_ROOT_LINKS: Final = 4
_FARTHEST: Final = 1000
MOST_MEMBERS: Final = 15
"""Of one exception group, as Python prints them."""
_MOST_NESTED: Final = 10
MOST_EXCEPTIONS: Final = 64
"""Of all chains and groups together; those after are kept without their frames."""
MOST_MESSAGE_CHARS: Final = 64 * 1024
_MOST_NOTES: Final = 16
_NOTE_CHARS: Final = 8 * 1024
_BASE_BYTES: Final = 300
_FRAME_BYTES: Final = 80
_UNPRINTABLE: Final = "<exception str() failed>"  # Python's own words

Frame: TypeAlias = tuple[CodeType, int, int | None]
"""Code, index of the instruction, line number."""


@dataclass(slots=True, eq=False)
class Captured:
    """An exception with its chain and its members, without the exception itself."""

    module: str
    name: str
    """Qualified within the module."""
    message: str
    notes: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    last_frames: tuple[Frame, ...] = ()
    """The innermost of a stack that was cut; ``frames_left_out`` are missing before them."""
    frames_left_out: int = 0
    syntax: tuple[Any, ...] | None = None
    """Of a SyntaxError: msg, filename, lineno, offset, text, end_lineno, end_offset."""
    earlier: "Captured | None" = None
    """Its cause, or what was being handled when it was raised."""
    earlier_is_cause: bool = False
    earlier_left_out: int = 0
    """How many exceptions of the chain are missing between this one and ``earlier``."""
    members: tuple["Captured", ...] | None = None
    """Of an exception group."""
    members_left_out: int = 0
    size_bytes: int = _BASE_BYTES
    """About what it takes up, with all that belongs to it."""

    @property
    def type(self) -> str:
        """The type's name, with its module unless it is built in."""
        return self.name if self.module in {"", "builtins"} else f"{self.module}.{self.name}"

    @staticmethod
    def own_size_bytes(message: str, notes: tuple[str, ...], frames: int) -> int:
        """Estimate what one exception takes up, without its chain and its members."""
        return _BASE_BYTES + 2 * len(message) + 2 * sum(map(len, notes)) + _FRAME_BYTES * frames


def capture(error: BaseException) -> Captured:
    """Return what is to be told of an exception: types, texts, notes, positions, its chain, a group's members.

    Bounded: see the constants of this module. Never raises an ``Exception``.
    """
    try:
        return _capture_chain(error, set(), [MOST_EXCEPTIONS], 0)
    except Exception:  # noqa: BLE001 -- an exception's class may be of any making
        return _bare(error)


def exception_attributes(captured: Captured) -> dict[str, str]:
    """Return ``exception.type`` (module-qualified), ``exception.message`` and ``exception.stacktrace``.

    The stack trace is as Python prints it, without suggestions ("Did you mean"). Reads source files: not for the
    application's thread. Never raises an ``Exception``.
    """
    from otel_discord.sdk.stack_trace import stack_trace

    return {
        "exception.type": captured.type,
        "exception.message": captured.message,
        "exception.stacktrace": stack_trace(captured),
    }


def _capture_chain(error: BaseException, seen: set[int], left: list[int], depth: int) -> Captured:
    links = _walk_chain(error, seen)
    hidden = max(0, len(links) - MOST_LINKS - _ROOT_LINKS)
    if hidden:
        del links[MOST_LINKS : MOST_LINKS + hidden]
    earlier: Captured | None = None
    for position in range(len(links) - 1, -1, -1):
        link, leads_to_cause = links[position]
        made = _capture_one(link, seen, left, depth)
        if earlier is not None:
            made.earlier = earlier
            made.earlier_is_cause = leads_to_cause
            made.earlier_left_out = hidden if position == MOST_LINKS - 1 else 0
            made.size_bytes += earlier.size_bytes
        earlier = made
    return earlier if earlier is not None else _bare(error)


def _walk_chain(error: BaseException, seen: set[int]) -> list[tuple[BaseException, bool]]:
    """Return the chain from the outermost inwards, each with whether the next one is its cause."""
    links: list[tuple[BaseException, bool]] = []
    link: BaseException | None = error
    while link is not None and len(links) < _FARTHEST:
        seen.add(id(link))
        cause = link.__cause__
        links.append((link, cause is not None))
        following = cause if cause is not None or link.__suppress_context__ else link.__context__
        link = None if following is None or id(following) in seen else following
    return links


def _capture_one(error: BaseException, seen: set[int], left: list[int], depth: int) -> Captured:
    if left[0] <= 0:
        return _bare(error)
    left[0] -= 1
    made = _bare(error)
    notes = getattr(error, "__notes__", None)
    if notes:
        made.notes = _notes(notes)
    made.frames, made.last_frames, made.frames_left_out = _frames(error.__traceback__)
    size = Captured.own_size_bytes(made.message, made.notes, len(made.frames) + len(made.last_frames))
    if isinstance(error, SyntaxError):
        made.syntax = _syntax(error)
        size += 1000
    if isinstance(error, BaseExceptionGroup) and depth < _MOST_NESTED:
        inside = error.exceptions
        made.members = tuple(_capture_chain(member, seen, left, depth + 1) for member in inside[:MOST_MEMBERS])
        made.members_left_out = max(0, len(inside) - MOST_MEMBERS)
        size += sum(member.size_bytes for member in made.members)
    made.size_bytes = size
    return made


def _bare(error: BaseException) -> Captured:
    kind = type(error)
    try:
        message = cut_middle(str.__str__(str(error)), MOST_MESSAGE_CHARS)
    except Exception:  # noqa: BLE001 -- its __str__ is the application's
        message = _UNPRINTABLE
    try:
        module, name = str(kind.__module__), str(kind.__qualname__)
    except Exception:  # noqa: BLE001 -- a metaclass can do anything
        module, name = "", "Exception"
    return Captured(module, name, message, size_bytes=Captured.own_size_bytes(message, (), 0))


def _notes(notes: Any) -> tuple[str, ...]:
    if not isinstance(notes, (list, tuple)):
        notes = [notes]
    return tuple(cut_middle(str(freeze(note, depth=1)), _NOTE_CHARS) for note in notes[:_MOST_NOTES])


def _syntax(error: SyntaxError) -> tuple[Any, ...]:
    asked = (error.filename, error.lineno, error.offset, error.text, error.end_lineno, error.end_offset)
    filename, lineno, offset, text, end_lineno, end_offset = (freeze(value, depth=0) for value in asked)
    numbers = (number if type(number) is int else None for number in (lineno, offset, end_lineno, end_offset))
    lineno, offset, end_lineno, end_offset = numbers
    text = cut_middle(text, _NOTE_CHARS) if type(text) is str else None
    filename = filename if type(filename) is str else None
    return str(freeze(error.msg)), filename, lineno, offset, text, end_lineno, end_offset


def _frames(traceback: TracebackType | None) -> tuple[tuple[Frame, ...], tuple[Frame, ...], int]:
    known = linecache.cache
    first: list[Frame] = []
    while traceback is not None and len(first) < MOST_FRAMES:
        frame = traceback.tb_frame
        code = frame.f_code
        if code.co_filename not in known:
            _remember_loader(code.co_filename, frame.f_globals)
        first.append((code, traceback.tb_lasti, traceback.tb_lineno))
        traceback = traceback.tb_next
    if traceback is None:
        return tuple(first), (), 0
    last: deque[TracebackType] = deque(maxlen=MOST_FRAMES)
    passed = 0
    while traceback is not None:
        last.append(traceback)
        passed += 1
        traceback = traceback.tb_next
    kept = tuple((entry.tb_frame.f_code, entry.tb_lasti, entry.tb_lineno) for entry in last)
    return tuple(first), kept, passed - len(kept)


def _remember_loader(filename: str, module_globals: dict[str, Any]) -> None:
    """Keep the way to a module's source that is not a file of its own (a zip archive); reads nothing."""
    try:
        linecache.lazycache(filename, module_globals)
    except Exception:  # noqa: BLE001 -- a loader of any making; the trace is then without source lines
        return
