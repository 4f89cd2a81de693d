"""YAML of template files with the line of every value, so that an error can point at it.

Only what a template needs: maps, lists and scalars. Anchors, tags, duplicate keys and large files are refused.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import yaml

from otel_discord.templating.errors import TemplateError

MAX_FILE_CHARS: Final = 262_144
_MAX_NODES: Final = 5_000
_MAX_DEPTH: Final = 16
_STR_TAG: Final = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, boolean or null; ``line`` is where the text begins, from 1."""

    value: str | int | float | bool | None
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A map with text keys."""

    entries: dict[str, "Node"]
    line: int


Node: TypeAlias = Scalar | Sequence | Mapping


def parse_yaml(text: str, source: str) -> Mapping:
    """Return the one document of the file, which must be a map.

    Raises:
        TemplateError: it is no YAML, or more than a template needs.
    """
    if len(text) > MAX_FILE_CHARS:
        raise TemplateError(source, 0, f"a template file is limited to {MAX_FILE_CHARS:,} characters")
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise TemplateError(source, event.start_mark.line + 1, "anchors (& and *) are not available in templates")
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise TemplateError(source, mark.line + 1 if mark else 0, f"not YAML: {reason}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise TemplateError(source, 0, f"not YAML: {error}") from error
    if root is None:
        return Mapping({}, 1)
    node = _Reader(source).read(root, 0)
    if not isinstance(node, Mapping):
        raise TemplateError(source, node.line, "a template file is a map of keys such as title and description")
    return node


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._nodes_left = _MAX_NODES
        self._constructor = yaml.constructor.SafeConstructor()

    def read(self, node: yaml.Node, depth: int) -> Node:
        line = node.start_mark.line + 1
        self._nodes_left -= 1
        if depth > _MAX_DEPTH or self._nodes_left < 0:
            raise TemplateError(self._source, line, "the file has too many values or levels for a template")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line)
        if isinstance(node, yaml.SequenceNode):
            return Sequence(tuple(self.read(item, depth + 1) for item in node.value), line)
        if not isinstance(node, yaml.MappingNode):
            raise TemplateError(self._source, line, f"{node.tag} is not available in templates")
        entries: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or not isinstance(key.value, str):
                raise TemplateError(self._source, key.start_mark.line + 1, "keys are plain words")
            if key.value in entries:
                raise TemplateError(self._source, key.start_mark.line + 1, f"the key '{key.value}' is there twice")
            entries[key.value] = self.read(value, depth + 1)
        return Mapping(entries, line)

    def _scalar(self, node: yaml.ScalarNode, line: int) -> Scalar:
        if node.style in ("|", ">"):
            return Scalar(node.value, line + 1)
        if node.tag == _STR_TAG:
            return Scalar(node.value, line)
        try:
            value = self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise TemplateError(self._source, line, f"{node.value!r} is not a value for a template") from error
        return Scalar(value if isinstance(value, (bool, int, float)) or value is None else node.value, line)
