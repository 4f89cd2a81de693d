"""Editors of maps: delete_key, delete_matching_keys, flatten, keep_keys, keep_matching_keys, limit, merge_maps,
stringify_all, truncate_all.

Each reads the whole map, and writes it back only when it has changed.
"""

from collections.abc import Callable
from typing import Any, Final

from otel_discord.ottl.functions.declare import map_in
from otel_discord.ottl.functions.flatten import flattened
from otel_discord.ottl.functions.truncate import truncated
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Value, as_text

Map = dict[str, Value]
_STRATEGIES: Final = ("insert", "update", "upsert")


def _editor(arguments: Arguments, change: Callable[[Map, Any], Map]) -> Getter:
    target = arguments.target("target")

    def edit(item: Any) -> None:
        before = map_in(target, item)
        after = change(before, item)
        if after is not before:
            target.set(item, after)

    return edit


def kept(before: Map, keep: Callable[[str], bool]) -> Map:
    """Return the map with only the keys to keep; the same map where that is all of them."""
    after = {key: value for key, value in before.items() if keep(key)}
    return before if len(after) == len(before) else after


def limited(before: Map, limit: int, priority_keys: frozenset[str]) -> Map:
    """Return at most ``limit`` entries: those of the priority keys, then the first of the others."""
    if len(before) <= limit:
        return before
    room = limit - len(priority_keys & before.keys())
    after: Map = {}
    for key, value in before.items():
        if key in priority_keys:
            after[key] = value
        elif room > 0:
            after[key] = value
            room -= 1
    return after


def merged(before: Map, source: Map, strategy: str) -> Map:
    """Return the map with the source's entries: ``insert`` new ones, ``update`` those there, ``upsert`` both."""
    if strategy == "insert":
        return before | {key: value for key, value in source.items() if key not in before}
    if strategy == "update":
        return before | {key: value for key, value in source.items() if key in before}
    return before | source


def _delete_key(arguments: Arguments) -> Getter:
    key = arguments.getter("key")

    def without(before: Map, item: Any) -> Map:
        unwanted = key(item)
        return kept(before, lambda name: name != unwanted)

    return _editor(arguments, without)


def _delete_matching_keys(arguments: Arguments) -> Getter:
    found_in = arguments.regex("pattern").found_in
    return _editor(arguments, lambda before, _item: kept(before, lambda key: not found_in(key)))


def _keep_matching_keys(arguments: Arguments) -> Getter:
    found_in = arguments.regex("pattern").found_in
    return _editor(arguments, lambda before, _item: kept(before, found_in))


def _keep_keys(arguments: Arguments) -> Getter:
    keys = arguments.getter("keys")

    def only(before: Map, item: Any) -> Map:
        wanted = frozenset(keys(item))
        return kept(before, wanted.__contains__)

    return _editor(arguments, only)


def _flatten(arguments: Arguments) -> Getter:
    prefix, depth, resolve = (arguments.literal(name) for name in ("prefix", "depth", "resolve_conflicts"))
    if depth is not None and depth < 0:
        raise ValueError(f"the depth cannot be negative: {depth}")
    return _editor(arguments, lambda before, _item: flattened(before, prefix, depth, resolve))


def _limit(arguments: Arguments) -> Getter:
    limit, priority_keys = arguments.literal("limit"), frozenset(arguments.literal("priority_keys"))
    if limit < 0:
        raise ValueError(f"the limit cannot be negative: {limit}")
    if limit < len(priority_keys):
        raise ValueError(f"the limit {limit} is less than the number of priority keys, {len(priority_keys)}")
    return _editor(arguments, lambda before, _item: limited(before, limit, priority_keys))


def _merge_maps(arguments: Arguments) -> Getter:
    source, strategy = arguments.getter("source"), arguments.text("strategy")
    if strategy not in _STRATEGIES:
        raise ValueError(f"no such strategy: {strategy!r}; there are {', '.join(_STRATEGIES)}")
    return _editor(arguments, lambda before, item: merged(before, source(item), strategy))


def _stringify_all(arguments: Arguments) -> Getter:
    def as_texts(before: Map, _item: Any) -> Map:
        if all(isinstance(value, str) for value in before.values()):
            return before
        return {key: as_text(value) for key, value in before.items()}

    return _editor(arguments, as_texts)


def _truncate_all(arguments: Arguments) -> Getter:
    limit, marker = arguments.literal("limit"), arguments.text("truncation_marker")
    if limit < 0:
        raise ValueError(f"the limit cannot be negative: {limit}")
    if len(marker.encode(errors="replace")) > limit:
        raise ValueError(f"the truncation marker is longer than the limit of {limit} bytes")
    return _editor(arguments, lambda before, _item: truncated(before, limit, marker))


_TARGET: Final = Parameter("target", Kind.TARGET)
_PATTERN: Final = Parameter("pattern", Kind.REGEX)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("delete_key", (_TARGET, Parameter("key", Kind.STRING)), _delete_key),
    Function("delete_matching_keys", (_TARGET, _PATTERN), _delete_matching_keys),
    Function(
        "flatten",
        (
            _TARGET,
            Parameter("prefix", Kind.STRING_LITERAL, default=""),
            Parameter("depth", Kind.INT_LITERAL, default=None),
            Parameter("resolve_conflicts", Kind.BOOL_LITERAL, default=False),
        ),
        _flatten,
    ),
    Function("keep_keys", (_TARGET, Parameter("keys", Kind.STRING_LIST)), _keep_keys),
    Function("keep_matching_keys", (_TARGET, _PATTERN), _keep_matching_keys),
    Function(
        "limit",
        (
            _TARGET,
            Parameter("limit", Kind.INT_LITERAL),
            Parameter("priority_keys", Kind.STRING_LIST_LITERAL, default=()),
        ),
        _limit,
    ),
    Function(
        "merge_maps",
        (_TARGET, Parameter("source", Kind.MAP), Parameter("strategy", Kind.STRING_LITERAL)),
        _merge_maps,
    ),
    Function("stringify_all", (_TARGET,), _stringify_all),
    Function(
        "truncate_all",
        (
            _TARGET,
            Parameter("limit", Kind.INT_LITERAL),
            Parameter("utf8_safe", Kind.BOOL_LITERAL, default=True),
            Parameter("truncation_marker", Kind.STRING_LITERAL, default=""),
        ),
        _truncate_all,
    ),
)
