"""Cases of converters: a name, the arguments, and what is given or raised. Expected values: contrib's documentation, or
worked out by hand."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.values import Duration, Timestamp

T = Timestamp(1_700_000_000_123_456_789)  # 2023-11-14T22:13:20.123456789Z, a Tuesday
HOUR = Duration(3_600_000_000_000)
ERROR = OttlError

Case: TypeAlias = tuple[str, tuple[Any, ...], Any]


def named(cases: list[Case]) -> list[Any]:
    """Return the cases as parameters that are called by function and arguments."""
    return [pytest.param(*case, id=f"{case[0]}{str(case[1])[:50]}") for case in cases]


def check(call: Callable[..., Any], name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    """Check that a converter gives what is expected, of the same type, or raises it; NaN is like NaN."""
    if isinstance(expected, type) and issubclass(expected, Exception):
        with pytest.raises(expected):
            call(name, *arguments)
    else:
        found = call(name, *arguments)
        assert type(found) is type(expected)
        assert found == expected or found != found
