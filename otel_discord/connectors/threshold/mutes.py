"""Which alerts are muted by others: those of rules named in ``inhibited_by`` that fire for the same labels. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from otel_discord.connectors.threshold.book import Book, Labels
from otel_discord.signals import Plain


class Inhibition:
    """Who mutes whom; asked anew at each evaluation, after all rules have been advanced."""

    def __init__(self, inhibited_by: Mapping[str, Sequence[str]], group_by: Mapping[str, Sequence[str]]) -> None:
        """``inhibited_by`` names the rules that mute a rule, ``group_by`` the labels of each rule's alerts."""
        self._sources = {
            rule: [(name, tuple(key for key in group_by[rule] if key in group_by[name])) for name in names]
            for rule, names in inhibited_by.items()
            if names
        }

    def of_rule(self, rule: str, book: Book) -> "Mute | None":
        """Return what mutes alerts of a rule at present, None where nothing does."""
        active = []
        for name, shared in self._sources.get(rule, ()):
            firing = [labels for labels, entry in book.of_rule(name).items() if entry.alert.is_active]
            if firing:
                active.append((shared, {_values(labels, shared) for labels in firing}))
        return Mute(active) if active else None


class Mute:
    """What is muted of one rule, at one moment."""

    def __init__(self, active: Iterable[tuple[Sequence[str], set[tuple[Plain, ...]]]]) -> None:
        self._active = list(active)

    def covers(self, labels: Labels) -> bool:
        """Return whether an alert of these labels is muted; a rule without shared labels mutes all."""
        return any(_values(labels, shared) in firing for shared, firing in self._active)


def _values(labels: Labels, keys: Sequence[str]) -> tuple[Plain, ...]:
    found = dict(labels)
    return tuple(found.get(key) for key in keys)
