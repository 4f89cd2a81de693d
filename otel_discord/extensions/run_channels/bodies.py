"""Bodies of requests: strict JSON, so that nothing is taken for something else. Pure."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from otel_discord.extensions.run_channels.problems import Code, RunProblem

MOST_BODY_BYTES: Final = 64 * 1024
MOST_DEPTH: Final = 20
_OPENING: Final = frozenset(b"[{")
_STRUCTURE: Final = re.compile(rb'[\[\]{}"\\]')


def read_json(body: bytes) -> object:
    """Return what a body says; one that is empty, or blank, is ``{}``.

    Raises:
        RunProblem: INVALID: it is not JSON (RFC 8259) in UTF-8, names a key twice, is nested more than 20 deep, or
            holds a number or a text that is none (NaN, Infinity, half of a surrogate pair).
    """
    if not body.strip(b" \t\r\n"):
        return {}
    if _depth(body) > MOST_DEPTH:
        raise _invalid(f"the body is nested more than {MOST_DEPTH} deep")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float
        )
    except UnicodeDecodeError as error:
        raise _invalid(f"the body is not UTF-8: see byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise _invalid(f"the body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):  # an integer of thousands of digits
        raise _invalid("the body holds a number that is too long") from None
    if b"\\u" in body and not _is_text(value):
        raise _invalid("the body holds half of a surrogate pair")
    if value is None:
        raise _invalid("the body must be a JSON object")
    return value


def _depth(body: bytes) -> int:
    """Return how deep brackets are nested, quotes considered; of what is not JSON, some number."""
    deepest = depth = 0
    in_text = False
    escaped_at = -1
    for match in _STRUCTURE.finditer(body):
        at = match.start()
        byte = body[at]
        if in_text:
            if at == escaped_at:
                continue
            if byte == 0x5C:
                escaped_at = at + 1
            elif byte == 0x22:
                in_text = False
        elif byte == 0x22:
            in_text = True
        elif byte in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif byte != 0x5C:
            depth -= 1
    return deepest


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _invalid(f"the body names {twice[:64]!a} twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise _invalid(f"the body holds {text}, which is no JSON")


def _float(text: str) -> float:
    """Return a number; ``1.0`` is the integer 1, as in JSON Schema."""
    number = float(text)
    if not math.isfinite(number):
        raise _invalid("the body holds a number that is too large")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _is_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _invalid(message: str) -> RunProblem:
    return RunProblem(Code.INVALID, message)
