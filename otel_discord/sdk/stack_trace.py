"""A captured exception in words, as Python prints it.

Python's own printer does it, so that carets, chains and groups look as they do in the version that runs: it is given
stand-ins for the exceptions and, through the documented attributes of ``TracebackException``, their stacks.
Reads source files: runs on the sender's thread only.
"""

import linecache
import traceback
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from otel_discord.sdk.capture import MOST_MEMBERS, Captured, Frame

_MOST_REMEMBERED: Final = 128

_Key = tuple[tuple[int, int, int | None], ...]
_remembered: dict[_Key, tuple[tuple[Frame, ...], list[str]]] = {}


class _Stack(list[str]):
    """Lines that are ready, where Python's printer looks for a stack."""

    def format(self, **_how: Any) -> list[str]:
        return list(self)


def stack_trace(captured: Captured) -> str:
    """Return the lines that Python would print, ending in a newline. Never raises an ``Exception``."""
    try:
        return "".join(_printer(captured).format())
    except Exception:  # noqa: BLE001 -- source files and their loaders can be anything; the error itself is still told
        return f"{captured.type}: {captured.message}\n"


def _printer(captured: Captured) -> traceback.TracebackException:
    stand_in = _stand_in(captured)
    printer = traceback.TracebackException(type(stand_in), stand_in, None)
    lines = _stack_lines(captured)
    if lines:
        printer.stack = _Stack(lines)  # type: ignore[assignment]
    if captured.members is not None:
        members: list[Any] = [_printer(member) for member in captured.members]
        printer.exceptions = members + [None] * captured.members_left_out if len(members) == MOST_MEMBERS else members
    if captured.earlier is not None:
        earlier = _printer(captured.earlier)
        printer.__cause__ = earlier if captured.earlier_is_cause else None
        printer.__context__ = None if captured.earlier_is_cause else earlier
        printer.__suppress_context__ = captured.earlier_is_cause
    return printer


def _stand_in(captured: Captured) -> Exception:
    kind = _stand_in_type(captured.module, captured.name, captured.syntax is not None)
    if captured.syntax is not None:
        message, *place = captured.syntax
        error = kind(message)
        for name, value in zip(
            ("filename", "lineno", "offset", "text", "end_lineno", "end_offset"), place, strict=True
        ):
            setattr(error, name, value)
    else:
        error = kind(captured.message)
    notes = list(captured.notes)
    if captured.earlier_left_out:
        notes.append(f"[{captured.earlier_left_out:,} exceptions before this one are left out]")
    for note in notes:
        error.add_note(note)
    return error


@lru_cache(maxsize=256)
def _stand_in_type(module: str, name: str, is_syntax_error: bool) -> type[Exception]:
    base = SyntaxError if is_syntax_error else _Named
    return type(name.rpartition(".")[2] or "Exception", (base,), {"__module__": module, "__qualname__": name})


class _Named(Exception):  # noqa: N818 -- stands in for any exception
    def __str__(self) -> str:
        return str(self.args[0])


def _stack_lines(captured: Captured) -> list[str]:
    lines = _frame_lines(captured.frames) if captured.frames else []
    if captured.frames_left_out:
        lines = [*lines, f"  [{captured.frames_left_out:,} more frames]\n"]
    return lines + _frame_lines(captured.last_frames) if captured.last_frames else lines


def _frame_lines(frames: tuple[Frame, ...]) -> list[str]:
    """Return the lines of a stack; remembered, since a burst of errors is mostly one error."""
    key = tuple((id(code), instruction, line) for code, instruction, line in frames)
    known = _remembered.get(key)
    if known is not None:
        return known[1]
    for filename in {code.co_filename for code, _, _ in frames}:
        linecache.checkcache(filename)
    lines = traceback.StackSummary.from_list(list(_summaries(frames))).format()
    while len(_remembered) >= _MOST_REMEMBERED:
        _remembered.pop(next(iter(_remembered)), None)
    _remembered[key] = (frames, lines)  # the frames keep the code objects alive, so that an id means one of them
    return lines


def _summaries(frames: tuple[Frame, ...]) -> Iterable[traceback.FrameSummary]:
    for code, instruction, line in frames:
        at: tuple[int | None, ...] = (None, None, None, None)
        if instruction >= 0:
            at = next(islice(code.co_positions(), instruction // 2, None), at)
        start, end, column, end_column = at
        yield traceback.FrameSummary(
            code.co_filename,
            start if start is not None else line,
            code.co_name,
            lookup_line=False,
            end_lineno=end,
            colno=column,
            end_colno=end_column,
        )
