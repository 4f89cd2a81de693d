"""The groups that are remembered, and how their templates are shown."""

from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate, islice
from typing import Final, NamedTuple

from otel_discord.exporters.discord.mining.tokens import MARK

LONGEST_TEMPLATE_CHARS: Final = 300
_HEAD_CHARS: Final = 200
_BETWEEN: Final = " … "


Wild = tuple[int, tuple[int, ...]]
"""Where any word is accepted: the number of words of a key, and positions among them."""


class Match(NamedTuple):
    """Which problem a message is about.

    ``group`` is 16 hexadecimal characters, the same in another process whose first template of this group is the same.
    ``template`` is the message with `<*>` for its variable parts, at most 300 characters.
    """

    group: str
    template: str


@dataclass(slots=True, eq=False)
class Group:
    """One problem. ``key`` is its masked text with single spaces; ``used`` counts matches of the miner, not time."""

    key: str
    match: Match
    used: int = 0
    wild: frozenset[Wild] = frozenset()


@dataclass(slots=True)
class Groups:
    """At most ``most`` groups; the longest unused are forgotten when there is no room."""

    most: int
    by_key: dict[str, Group] = field(default_factory=dict)

    def is_full(self) -> bool:
        """Tell whether the next one finds no room."""
        return len(self.by_key) >= self.most

    def forget_oldest(self) -> list[Group]:
        """Forget a tenth of the groups, at least one; return them."""
        oldest_first = sorted(self.by_key.values(), key=lambda group: group.used)
        gone = list(islice(oldest_first, max(1, self.most // 10)))
        for group in gone:
            del self.by_key[group.key]
        return gone


def digest(key: str) -> str:
    """Return the id of a group that is first made with this key."""
    return blake2b(key.encode(), digest_size=8).hexdigest()


def shown(masked: str) -> str:
    """Return masked text as users see it."""
    return masked.replace("0", MARK)


def template_of(masked: str, key: str) -> str:
    """Return a template with the message's white space, or with single spaces where that would be too long."""
    template = shown(masked.strip())
    return template if len(template) <= LONGEST_TEMPLATE_CHARS else shown(key)


def with_word_variable(template: str, at: int) -> str:
    """Return the template with one of its words replaced by `<*>`, its white space kept."""
    words = template.split()
    start = 0
    for word in words[:at]:
        start = template.index(word, start) + len(word)
    start = template.index(words[at], start)
    return template[:start] + MARK + template[start + len(words[at]) :]


def cut(key: str) -> str:
    """Return a key whose template is at most 300 characters: of a longer one its beginning and its end.

    The end counts because the cause often stands there. Words are not cut, unless the first alone is too long.
    """
    if shown_chars(key) <= LONGEST_TEMPLATE_CHARS:
        return key
    words = key.split(" ")
    first = _how_many_fit(words, _HEAD_CHARS)
    if not first:
        return key[: LONGEST_TEMPLATE_CHARS // len(MARK)].rstrip()
    head = " ".join(words[:first])
    rest = words[first:]
    last = _how_many_fit(rest[::-1], LONGEST_TEMPLATE_CHARS - shown_chars(head) - len(_BETWEEN))
    return (head + _BETWEEN + " ".join(rest[len(rest) - last :])).rstrip()


def shown_chars(masked: str) -> int:
    """Return how long masked text is when it is shown."""
    return len(masked) + masked.count("0") * (len(MARK) - 1)


def _how_many_fit(words: list[str], chars: int) -> int:
    ends = accumulate(shown_chars(word) + 1 for word in words)
    return sum(end - 1 <= chars for end in ends)
