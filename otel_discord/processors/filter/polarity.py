"""Configurations that look as if they were meant the other way round, in plain words. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from otel_discord.ottl import ContextKind
from otel_discord.ottl.enums import ENUMS
from otel_discord.ottl.parser import parse
from otel_discord.ottl.syntax import Call, Combined, Comparison, Literal, Name, Path
from otel_discord.processors.filter.conditions import Rule
from otel_discord.processors.filter.config import FLAT, SECTIONS, FilterConfig
from otel_discord.signals import Signal

_UP: Final = frozenset({">", ">="})
_DOWN: Final = frozenset({"<", "<="})
_PREFIX: Final = "SEVERITY_NUMBER_"
_SEVERE: Final = ENUMS["SEVERITY_NUMBER_ERROR"]
_SEVERE_WORDS: Final = ("error", "fatal", "critical", "panic")
_OLDER_FORMS: Final = {Signal.LOGS: "logs", Signal.METRICS: "metrics", Signal.TRACES: "spans"}


def doubts(config: FilterConfig, signal: Signal) -> Iterator[str]:
    """Yield what to say at the start about a filter in a pipeline of this signal; nothing of it is refused."""
    dropping = [rule for rule in config.dropping(signal) if isinstance(rule, Rule)]
    keeping = [rule for rule in config.keeping() if isinstance(rule, Rule)]
    for rule in dropping:
        if (what := _severe(rule.text)) is not None:
            yield (
                f"{rule.path}: `{rule.text}` drops {what} and lets the rest through, since conditions here drop what"
                " matches; if these are what should be kept, write the condition under `keep`"
            )
    for rule in keeping:
        if (what := _mild(rule.text)) is not None:
            yield (
                f"{rule.path}: `{rule.text}` keeps {what} and drops what is more severe; if these are what should go,"
                " write the condition under `drop`"
            )
    yield from _always_true(dropping)
    yield from _mixed(config, signal)
    if keeping and not any(_is_of(rule, signal) for rule in keeping):
        yield f"keep: has no condition for {signal}, so in pipelines of {signal} it keeps everything"


def _is_of(rule: Rule, signal: Signal) -> bool:
    return rule.context in {ContextKind.RESOURCE, ContextKind.SCOPE, *SECTIONS[signal][1].values()}


def _severe(text: str) -> str | None:
    """Return what of the severe a condition is all about; None where it is about anything else."""
    found = [_severe_part(node) for node in _alternatives(text)]
    return None if not found or None in found else found[0]


def _severe_part(node: Any) -> str | None:
    match node:
        case Comparison(sign, Path() as path, right):
            field, value = _field(path), _value(right)
            if field == "severity_number" and isinstance(value, int) and value > 0:
                if sign in _UP:
                    return f"severity {_severity(value)} and above"
                if sign == "==" and value >= _SEVERE:
                    return f"severity {_severity(value)}"
            if field == "severity_text" and sign == "==" and _names_trouble(value):
                return f"severity {value}"
            if field == "status.code" and sign == "==" and value == ENUMS["STATUS_CODE_ERROR"]:
                return "spans that failed"
        case Call("IsMatch", (first, second, *_)) if isinstance(first.value, Path):
            if _field(first.value) == "severity_text" and _names_trouble(_value(second.value)):
                return f"severity {_value(second.value)}"
    return None


def _mild(text: str) -> str | None:
    for node in _alternatives(text):
        match node:
            case Comparison(sign, Path() as path, right):
                value = _value(right)
                if _field(path) == "severity_number" and sign in _DOWN and isinstance(value, int) and value > 0:
                    return f"severity {'up to' if sign == '<=' else 'below'} {_severity(value)}"
    return None


def _always_true(rules: Iterable[Rule]) -> Iterator[str]:
    """Find ``x != a`` beside ``x != b``: one of them holds for everything."""
    seen: dict[tuple[str, str, ContextKind], Any] = {}
    for rule in rules:
        for node in _alternatives(rule.text):
            if isinstance(node, Comparison) and node.operator == "!=" and isinstance(node.left, Path):
                what = (rule.path.rpartition("::")[0], _written(node.left), rule.context)
                value = _value(node.right)
                if value is None:
                    continue
                if what in seen and seen[what] != value:
                    yield (
                        f"{rule.path}: {what[1]} differs from {seen[what]!r} or from {value!r} in everything, and"
                        " conditions are joined by or, so this drops everything; join them by `and`, or write both with"
                        " == under `keep`"
                    )
                seen.setdefault(what, value)


def _mixed(config: FilterConfig, signal: Signal) -> Iterator[str]:
    section = SECTIONS[signal][0]
    conditions = [rule.path for rule in config.sectioned(signal) if isinstance(rule, Rule)]
    older = getattr(config, _OLDER_FORMS[signal])
    include_exclude = [f"{_OLDER_FORMS[signal]}::{key}" for key in ("include", "exclude") if getattr(older, key)]
    ways: Sequence[tuple[str, bool]] = (
        (FLAT[signal], bool(getattr(config, FLAT[signal]))),
        (f"the conditions under {section}", bool(conditions)),
        (" and ".join(include_exclude), bool(include_exclude)),
    )
    used = [name for name, is_used in ways if is_used]
    if len(used) > 1:
        yield (
            f"{signal} are filtered in {len(used)} forms at once ({'; '.join(used)}); the Collector refuses that, here"
            " each of them drops what it says"
        )


def _alternatives(text: str) -> Iterator[Any]:
    waiting = [parse(text).head]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, Combined) and node.operator == "or":
            waiting = [*node.members, *waiting]
        else:
            yield node


def _field(path: Path) -> str:
    names = [segment.name for segment in path.segments]
    return ".".join(names[1:] if names[0] in {"log", "span"} else names)


def _written(path: Path) -> str:
    last = path.segments[-1]
    keys = "".join(f"[{_value(key)!r}]" for key in last.keys)
    return ".".join(segment.name for segment in path.segments) + keys


def _value(node: Any) -> Any:
    match node:
        case Literal(value):
            return value
        case Name(name):
            return ENUMS.get(name)
    return None


def _names_trouble(value: Any) -> bool:
    return isinstance(value, str) and any(word in value.lower() for word in _SEVERE_WORDS)


def _severity(number: int) -> str:
    named = {value: name.removeprefix(_PREFIX) for name, value in ENUMS.items() if name.startswith(_PREFIX)}
    return named.get(number, str(number))
