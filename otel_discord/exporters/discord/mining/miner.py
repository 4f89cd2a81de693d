"""The streaming miner of templates: a message in, its group out, at once and for good.

Three steps, each taken only where the one before knows nothing: the line with its digits masked, the shapes of its
tokens, and the rules that need the whole line.
"""

from collections.abc import Callable
from typing import Final

from otel_discord.exporters.discord.mining.groups import Group, Match
from otel_discord.exporters.discord.mining.known import KnownTemplates
from otel_discord.exporters.discord.mining.lines import problem_text
from otel_discord.exporters.discord.mining.skeleton import has_quotation, unquoted
from otel_discord.exporters.discord.mining.tokens import MARK, closed_shape, digits_masked, shape

MOST_CHARS: Final = 2_000
"""So much is read of a message; what comes later does not count for grouping."""
MOST_TOKENS: Final = 100
_MOST_SEEN: Final = 2_048
_LONGEST_SEEN_CHARS: Final = 300
_MOST_SHAPES: Final = 4_096
_LONGEST_TOKEN_CHARS: Final = 80


class _Shapes(dict[str, str]):
    """The shape of each token that was seen lately."""

    def __missing__(self, token: str) -> str:
        found = shape(token)
        if len(token) <= _LONGEST_TOKEN_CHARS:
            if len(self) >= _MOST_SHAPES:
                self.clear()
            self[token] = found
        return found


class _Seen(dict[str, Group]):
    """Which group a text was found to belong to lately."""

    def keep(self, text: str, group: Group) -> None:
        if len(text) <= _LONGEST_SEEN_CHARS:
            if len(self) >= _MOST_SEEN:
                self.clear()
            self[text] = group


class Miner:
    """Groups messages that differ only in their variable parts. Pure and synchronous; not for several threads at once.

    ``max_groups`` bounds the memory: up to 1,500 bytes a group for messages of ten words, and about 1 MB for what was
    seen lately. The groups that were not matched for longest are forgotten, a tenth at a time. Equal calls in equal
    order give equal answers.
    """

    def __init__(self, max_groups: int = 5_000) -> None:
        if max_groups < 1:
            raise ValueError("max_groups must be at least 1")
        self._known = KnownTemplates(max_groups)
        self._tick = 0
        self._shape_of: Callable[[str], str] = _Shapes().__getitem__
        self._by_line = _Seen()
        self._by_shapes = _Seen()

    def __len__(self) -> int:
        """Return how many groups are remembered."""
        return len(self._known)

    def match(self, text: str) -> Match:
        """Return the group of a message, a new one where none fits. Of several lines `problem_text` counts."""
        if "\n" in text:
            text = problem_text(text)
        if len(text) > MOST_CHARS:
            text = text[:MOST_CHARS].rpartition(" ")[0] or text[:MOST_CHARS]
        line = digits_masked(text)
        group = self._by_line.get(line)
        if group is None:
            group = self._group_of(line)
            self._by_line.keep(line, group)
        self._tick = group.used = self._tick + 1
        return group.match

    def seed(self, template: str, group: str) -> None:
        """Remember a group of an earlier process under its id; its template may have generalised since it was made."""
        self._tick += 1
        self._known.seed(digits_masked(template.replace(MARK, "0")), group, self._tick)
        self._forget_seen()

    def _group_of(self, line: str) -> Group:
        tokens = line.split(None, MOST_TOKENS)
        if len(tokens) > MOST_TOKENS:
            line = line[: -len(tokens.pop())]
        shapes = " ".join(map(self._shape_of, tokens))
        group = self._by_shapes.get(shapes)
        if group is None:
            group = self._group_of_quoting(line) if has_quotation(line) else self._group_of_shapes(line, shapes)
            self._by_shapes.keep(shapes, group)
        return group

    def _group_of_quoting(self, line: str) -> Group:
        tokens = unquoted(line).split()
        shapes = " ".join([closed_shape(token) if has_quotation(token) else self._shape_of(token) for token in tokens])
        group = self._by_shapes.get(shapes)
        if group is None:
            group = self._group_of_shapes(line, shapes)
            self._by_shapes.keep(shapes, group)
        return group

    def _group_of_shapes(self, line: str, shapes: str) -> Group:
        changes = self._known.changes
        group = self._known.group_of(line, shapes, self._tick)
        if self._known.changes != changes:
            self._forget_seen()
        return group

    def _forget_seen(self) -> None:
        self._by_line.clear()
        self._by_shapes.clear()
