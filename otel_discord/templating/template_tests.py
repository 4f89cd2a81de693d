"""The key `tests` of a template file: kept as it is written for the reader that runs them, its shape checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.templating.place import Place, Problems, required

_KEYS: Final = frozenset(("name", "record", "input", "expect"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTest:
    """One test beside a template: what goes in, what is expected."""

    name: str
    record: Mapping[str, Any] | None = None
    """One record, or with ``input`` a map of OTLP JSON or the name of a file with it; exactly one of the two."""
    input: Mapping[str, Any] | str | None = None
    expect: Mapping[str, Any]
    source: str = ""
    line: int = 0


def read_tests(place: Place, problems: Problems) -> tuple[TemplateTest, ...]:
    """Return the tests; one of the wrong shape is noted and left out.

    Raises:
        TemplateError: it is no list, or has more than 64 entries.
    """
    tests = [problems.attempt(None, _test, item, index, problems) for index, item in enumerate(place.items(), 1)]
    return tuple(test for test in tests if test is not None)


def _test(place: Place, index: int, problems: Problems) -> TemplateTest:
    keys = place.keys(_KEYS, problems)
    if ("record" in keys) == ("input" in keys):
        raise place.error("a test has either the key 'record' or the key 'input'")
    if "record" in keys and not isinstance(keys["record"].value, dict):
        raise keys["record"].error("expected a map: the record")
    if "input" in keys and not isinstance(keys["input"].value, (dict, str)):
        raise keys["input"].error("expected OTLP JSON as a map, or the name of a file with it")
    expect = required(place, keys, "expect")
    if not isinstance(expect.value, dict) or not expect.value:
        raise expect.error("expected a map: what the message has to show")
    return TemplateTest(
        name=keys["name"].text() if "name" in keys else f"test {index}",
        record=keys["record"].value if "record" in keys else None,
        input=keys["input"].value if "input" in keys else None,
        expect=expect.value,
        source=place.source,
        line=place.key_line,
    )
