"""The templates that are known: which one a masked line belongs to, and when several become one."""

import re
from itertools import combinations
from typing import Final

from otel_discord.exporters.discord.mining.groups import (
    Group,
    Groups,
    Match,
    Wild,
    cut,
    digest,
    shown,
    template_of,
    with_word_variable,
)
from otel_discord.exporters.discord.mining.skeleton import collapsed, key_of, masked_line, ruled
from otel_discord.exporters.discord.mining.variants import Variants, with_wild

_SEEDED_TOGETHER: Final = 4
"""Of a template that generalised, so many variable words (from the left) may differ in pairs as well."""
_UNEVEN: Final = re.compile(r"\s\s|[^\S ]")
_MOST_WILD: Final = 64


class KnownTemplates:
    """At most ``max_groups`` of them. ``changes`` counts how often groups were forgotten or became one."""

    def __init__(self, max_groups: int) -> None:
        self.changes = 0
        self._groups = Groups(max_groups)
        self._variants = Variants()
        self._wild: dict[int, set[tuple[int, ...]]] = {}

    def __len__(self) -> int:
        """Return how many groups are known."""
        return len(self._groups.by_key)

    def group_of(self, line: str, shapes: str, tick: int) -> Group:
        """Return the group of a line whose digits are masked; a new one where none fits.

        ``shapes`` are those of its tokens with single spaces between, and what is quoted in it is masked in them.
        """
        if not line.isascii():
            line, shapes = _encodable(line), _encodable(shapes)
        masked = ruled(shapes)
        key = cut(key_of(masked))
        group = self._groups.by_key.get(key) or self._by_wild_words(key)
        if group is None:
            if _UNEVEN.search(line):
                masked = masked_line(line)
            group = self._add(Group(key, Match(digest(key), template_of(masked, key)), tick))
        return group

    def seed(self, template: str, group_id: str, tick: int) -> None:
        """Remember a template, its variable parts and digits masked, under the id that it had."""
        template = _encodable(template)
        key = cut(key_of(masked_line(template)))
        match = Match(group_id, template_of(template, key))
        group = self._groups.by_key.get(key) or self._add(Group(key, match, tick))
        group.match = match
        if group_id != digest(key):
            words = template.split()
            variable = [at for at, word in enumerate(words) if word == "0"]
            pairs = combinations(variable[:_SEEDED_TOGETHER], 2)
            self._open(group, {(len(words), positions) for positions in [*((at,) for at in variable), *pairs]})

    def _by_wild_words(self, key: str) -> Group | None:
        words = key.split(" ")
        for positions in sorted(self._wild.get(len(words), ())):
            group = self._groups.by_key.get(collapsed(with_wild(words, positions)))
            if group is not None and (len(words), positions) in group.wild:
                return group
        return None

    def _add(self, group: Group) -> Group:
        if self._groups.is_full():
            self._forget_oldest()
        self._groups.by_key[group.key] = group
        full = self._variants.add(group.key)
        while full:
            group, full = self._generalised(group.key.split(" "), full[0])
        return group

    def _generalised(self, words: list[str], at: int) -> tuple[Group, list[int]]:
        """Make one group of those that differ at one word alone: the first of them, with its id.

        Returns the positions as well where the new template is one of too many.
        """
        wild_key = with_wild(words, (at,))
        together = [group for group in self._groups.by_key.values() if _is_wild_at(group.key, at, words, wild_key)]
        wild: set[Wild] = {(len(words), (at,))}
        for group in together:
            del self._groups.by_key[group.key]
            self._variants.remove(group.key)
            wild |= group.wild
            wild |= {(count, tuple(sorted({at, *also}))) for count, also in group.wild if count == len(words)}
        key = collapsed(wild_key)
        full: list[int] = []
        into = self._groups.by_key.get(key)
        if into is None:
            into = together[0]
            template = into.match.template
            if len(template.split()) != len(words):
                template = shown(into.key)
            into.match = Match(into.match.group, with_word_variable(template, at))
            into.key = key
            self._groups.by_key[key] = into
            full = self._variants.add(key)
        self._open(into, wild)
        self.changes += 1
        return into, full

    def _open(self, group: Group, wild: set[Wild]) -> None:
        group.wild = frozenset(sorted(group.wild | wild)[:_MOST_WILD])
        self._look_for(group.wild)

    def _look_for(self, wild: frozenset[Wild]) -> None:
        for count, positions in wild:
            self._wild.setdefault(count, set()).add(positions)

    def _forget_oldest(self) -> None:
        for group in self._groups.forget_oldest():
            self._variants.remove(group.key)
        self._variants.compact()
        self._wild.clear()
        for group in self._groups.by_key.values():
            self._look_for(group.wild)
        self.changes += 1


def _is_wild_at(key: str, at: int, words: list[str], wild_key: str) -> bool:
    """Tell whether a key is these words with another word at one position."""
    if not key.startswith(" ".join(words[:at])):
        return False
    others = key.split(" ")
    return len(others) == len(words) and others[at] != "0" and with_wild(others, (at,)) == wild_key


def _encodable(text: str) -> str:
    """Return the text without lone surrogates: what cannot be encoded can be neither hashed nor stored."""
    return text.encode(errors="replace").decode()
