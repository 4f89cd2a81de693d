"""Editors that replace text: replace_match, replace_all_matches, replace_pattern, replace_all_patterns.

What is not text stays as it is. An optional function (``SHA256``) changes each replacement, and a format such as
``"user=%s"`` frames what the function gave.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.declare import map_in
from otel_discord.ottl.functions.glob import glob_to_regex
from otel_discord.ottl.regex import Match, Regex, compile_regex
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Value, type_name

REPLACED_CHARS_MAX: Final = 16 * 2**20
"""A text that replacing makes longer than this is refused."""

_MODES: Final = ("key", "value")
_Change: TypeAlias = Callable[[Any, str], str]


def _framed(arguments: Arguments) -> Callable[[str], str]:
    """What is done to each replacement before it is put in."""
    function, frame = arguments.function("function"), arguments.literal("replacement_format")
    if frame is not None and (frame.count("%") != 1 or "%s" not in frame):
        raise ValueError("the replacement format must have exactly one %s and no other %")
    if function is None:
        return lambda replacement: replacement
    before, _, after = (frame or "%s").partition("%s")

    def apply(replacement: str) -> str:
        changed = function(replacement)
        if not isinstance(changed, str):
            raise OttlError(f"the function must give a string, it gave {type_name(changed)}")
        return before + changed + after

    return apply


def replace_found(regex: Regex, text: str, replacement: Callable[[Match], str]) -> str:
    """Return the text with each match replaced.

    Raises:
        OttlError: it grows beyond 16 Mi characters.
    """
    size = len(text)

    def counted(match: Match) -> str:
        nonlocal size
        new = replacement(match)
        size += len(new)
        if size > REPLACED_CHARS_MAX:
            raise OttlError(f"the replaced text is longer than {REPLACED_CHARS_MAX:,} characters")
        return new

    return regex.replace(text, counted)


def _matches(arguments: Arguments) -> _Change:
    try:
        regex = compile_regex(glob_to_regex(arguments.text("pattern")))
    except OttlError as error:
        raise ValueError(str(error)) from None
    replacement, framed = arguments.getter("replacement"), _framed(arguments)
    return lambda item, text: framed(replacement(item)) if regex.found_in(text) else text


def _patterns(arguments: Arguments) -> _Change:
    regex, replacement, framed = (
        arguments.regex("regex_pattern"),
        arguments.replacement("replacement"),
        _framed(arguments),
    )

    def change(item: Any, text: str) -> str:
        expand = replacement(item)
        return replace_found(regex, text, lambda match: framed(expand(match)))

    return change


def _one(arguments: Arguments, change: _Change) -> Getter:
    target = arguments.target("target")

    def edit(item: Any) -> None:
        before = target.get(item)
        if isinstance(before, str) and (after := change(item, before)) != before:
            target.set(item, after)

    return edit


def _all(arguments: Arguments, change: _Change, *, keys: bool = False) -> Getter:
    target = arguments.target("target")

    def edit(item: Any) -> None:
        before = map_in(target, item)
        after: dict[str, Value] = {}
        for key, value in before.items():
            if keys:
                after[change(item, key)] = value
            else:
                after[key] = change(item, value) if isinstance(value, str) else value
        if after != before:
            target.set(item, after)

    return edit


def _replace_all_patterns(arguments: Arguments) -> Getter:
    mode = arguments.text("mode")
    if mode not in _MODES:
        raise ValueError(f"no such mode: {mode!r}; there are {' and '.join(_MODES)}")
    return _all(arguments, _patterns(arguments), keys=mode == "key")


_TARGET: Final = Parameter("target", Kind.TARGET)
_CHANGES: Final = (
    Parameter("function", Kind.FUNCTION, default=None),
    Parameter("replacement_format", Kind.STRING_LITERAL, default=None),
)
_BY_GLOB: Final = (Parameter("pattern", Kind.STRING_LITERAL), Parameter("replacement", Kind.STRING), *_CHANGES)
_BY_REGEX: Final = (Parameter("regex_pattern", Kind.REGEX), Parameter("replacement", Kind.REPLACEMENT), *_CHANGES)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("replace_all_matches", (_TARGET, *_BY_GLOB), lambda arguments: _all(arguments, _matches(arguments))),
    Function(
        "replace_all_patterns",
        (_TARGET, Parameter("mode", Kind.STRING_LITERAL), *_BY_REGEX),
        _replace_all_patterns,
    ),
    Function("replace_match", (_TARGET, *_BY_GLOB), lambda arguments: _one(arguments, _matches(arguments))),
    Function("replace_pattern", (_TARGET, *_BY_REGEX), lambda arguments: _one(arguments, _patterns(arguments))),
)
