"""The one door of YAML: text in, plain maps, lists and scalars out, with the place of every key.

Safe against hostile input: no tags that make objects, a cap on bytes, on depth and on values (an alias costs what it
stands for, so a few lines cannot become a billion values), and duplicate keys are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from otel_discord.config.problem import ConfigurationError, KeyPath, Position, Problem, join_path
from otel_discord.config.raw_text import RawText
from otel_discord.config.yaml_scalar import resolve_plain

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_VALUES: Final = 200_000
MAX_DEPTH: Final = 100

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG_PREFIX: Final = "tag:yaml.org,2002:"
_SCALAR_TAGS: Final = frozenset({"str", "int", "float", "bool", "null"})


@dataclass(frozen=True, slots=True)
class Document:
    """One source, or several merged: the data and where each path of it is written."""

    data: Any
    positions: dict[KeyPath, Position] = field(default_factory=dict)

    def locate(self, path: KeyPath) -> Position:
        """Return the place of a path, or of the nearest one above it."""
        for length in range(len(path), -1, -1):
            if found := self.positions.get(path[:length]):
                return found
        return Position("")

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """Return a problem at a path, with its place."""
        place = self.locate(path)
        return Problem(message, join_path(path), place.file, place.line, hint)


def parse_yaml(text: str, name: str) -> Document:
    """Read one YAML document; ``name`` is its file for messages. An empty one has ``data`` None.

    Raises:
        ConfigurationError: a syntax error, a duplicate key, a tag, or more than the caps allow.
    """
    if len(text) > MAX_BYTES:
        raise ConfigurationError([Problem(f"is larger than {MAX_BYTES // 1024 // 1024} MiB", file=name)])
    builder = _Builder(name)
    try:
        data = builder.build(yaml.parse(text, Loader=_Loader))
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError) as error:
        raise ConfigurationError([_syntax_problem(error, text, name)]) from None
    if builder.problems:
        raise ConfigurationError(builder.problems)
    return Document(data, builder.positions)


def _syntax_problem(error: yaml.MarkedYAMLError | yaml.reader.ReaderError, text: str, name: str) -> Problem:
    """Describe a syntax error without quoting the file: the line may hold a secret."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Problem("invalid YAML: a character that is not allowed", file=name, line=line)
    mark = error.problem_mark or error.context_mark
    number = mark.line + 1 if mark else 0
    lines = text.splitlines()
    written = lines[number - 1] if 0 < number <= len(lines) else ""
    message = f"invalid YAML: {error.problem or error.context}"
    if "found character" in message:
        message = "invalid YAML: found a character that cannot start a value"
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return Problem(message, file=name, line=number, hint="indent with spaces, not with tabs")
    if "${" in written and ("{" in written.replace("${", "") or "[" in written):
        return Problem(message, file=name, line=number, hint='inside {…} and […] write "${…}" in quotes')
    return Problem(message, file=name, line=number)


@dataclass(slots=True)
class _Anchor:
    value: Any
    cost: int
    depth: int


class _Stop(yaml.YAMLError):
    """Ends the reading; the problem is already noted."""


class _Builder:
    """Makes values from the parser's events and notes positions, duplicates and costs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._anchors: dict[str, _Anchor] = {}
        self._values = 0
        self._deepest = 0
        self.positions: dict[KeyPath, Position] = {}
        self.problems: list[Problem] = []

    def build(self, events: Iterator[yaml.Event]) -> Any:
        """Return the only document's value."""
        data: Any = None
        documents = 0
        try:
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._stop(event, (), "holds more than one YAML document", "remove the line `---`")
                elif isinstance(event, yaml.NodeEvent):
                    self.positions[()] = Position(self._name, 1, 1)
                    data = self._value(event, events, ())
        except _Stop:
            return None
        return data

    def _place(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        return Position(self._name, mark.line + 1, mark.column + 1) if mark else Position(self._name)

    def _note(self, event: yaml.Event, path: KeyPath, message: str, hint: str = "") -> None:
        self.problems.append(Problem(message, join_path(path), self._name, self._place(event).line, hint))

    def _stop(self, event: yaml.Event, path: KeyPath, message: str, hint: str = "") -> None:
        self._note(event, path, message, hint)
        raise _Stop

    def _spend(self, event: yaml.Event, path: KeyPath, cost: int) -> None:
        self._values += cost
        if self._values > MAX_VALUES:
            self._stop(event, path, f"holds more than {MAX_VALUES:,} values, aliases counted as what they stand for")

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath) -> Any:
        if isinstance(event, yaml.AliasEvent):
            anchor = self._anchors.get(event.anchor or "")
            if anchor is None:
                self._note(event, path, f'alias "*{event.anchor}" has no anchor before it')
                return None
            self._spend(event, path, anchor.cost)
            self._descend(event, path, len(path) + anchor.depth)
            return anchor.value
        values_before, deepest_before, self._deepest = self._values, self._deepest, 0
        self._spend(event, path, 1)
        self._descend(event, path, len(path))
        value = self._plain(event, events, path)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self._anchors[event.anchor] = _Anchor(value, self._values - values_before, self._deepest - len(path))
        self._deepest = max(self._deepest, deepest_before)
        return value

    def _descend(self, event: yaml.Event, path: KeyPath, depth: int) -> None:
        self._deepest = max(self._deepest, depth)
        if depth >= MAX_DEPTH:
            self._stop(event, path[:5], f"is nested deeper than {MAX_DEPTH} levels")

    def _plain(self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, path, frozenset({"seq"}))
            return self._sequence(events, path)
        self._check_tag(event, path, frozenset({"map"}))
        return self._mapping(events, path)

    def _check_tag(self, event: Any, path: KeyPath, allowed: frozenset[str]) -> str:
        tag = event.tag or ""
        short = tag.removeprefix(_TAG_PREFIX)
        if tag in {"", "!"} or (tag != short and short in allowed):
            return short
        self._note(event, path, f"tag {tag.replace(_TAG_PREFIX, '!!')} is not allowed", "remove it")
        return ""

    def _scalar(self, event: yaml.ScalarEvent, path: KeyPath) -> Any:
        text: str = event.value
        tag = self._check_tag(event, path, _SCALAR_TAGS)
        if tag == "str" or tag == "!" or (not tag and event.style):
            return text
        return resolve_plain(text)

    def _sequence(self, events: Iterator[yaml.Event], path: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            inner = (*path, len(items))
            self.positions[inner] = self._place(event)
            items.append(self._value(event, events, inner))
        return items

    def _mapping(self, events: Iterator[yaml.Event], path: KeyPath) -> dict[str, Any]:
        made: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style:
                self._merge_key(event, self._value(next(events), events, (*path, "<<")), merged, path)
                continue
            key = self._key(event, events, path)
            inner = (*path, key)
            if key in made:
                first = self.positions[inner].line
                line = self._place(event).line
                self._note(event, inner, f"is written twice, in lines {first} and {line}", "keep one of them")
            self.positions[inner] = self._place(event)
            made[key] = self._value(next(events), events, inner)
        return {**merged, **made} if merged else made

    def _key(self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath) -> str:
        if isinstance(event, yaml.ScalarEvent):
            self._spend(event, path, 1)
            if event.value or event.style:
                return event.value
            self._note(event, path, "has an empty key")
            return ""
        if not isinstance(event, yaml.AliasEvent):
            self._value(event, events, (*path, "?"))
        self._note(event, path, "has a key that is not a word", "a key is plain text before a colon")
        return "?"

    def _merge_key(self, event: yaml.Event, value: Any, merged: dict[str, Any], path: KeyPath) -> None:
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                self._note(event, path, "`<<` takes a map or a list of maps")
                return
            self._spend(event, path, len(part))
            for key, item in part.items():
                merged.setdefault(key, item)


def parse_value(text: str) -> Any:
    """Return what YAML makes of a value from outside a file (an environment variable, ``--set``).

    Text that is not YAML, or is a YAML string, is returned as it is: a password may hold any character.
    """
    try:
        data = parse_yaml(text, "").data
    except ConfigurationError:
        return text
    if isinstance(data, RawText):
        return data.typed
    return text if isinstance(data, str) else data


class _Dumper(yaml.SafeDumper):
    """Quotes text that this module would read as something else."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = resolve_plain(text)
    style = None if isinstance(plain, str) and not isinstance(plain, RawText) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def dump_yaml(data: Any) -> str:
    """Return plain data as YAML that :func:`parse_yaml` reads back as the same, keys in their order."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
