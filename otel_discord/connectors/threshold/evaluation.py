"""All rules, asked at one moment: alerts are brought to the present, then what is to be told comes out. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.connectors.threshold.book import Book, Entry, Key, Labels
from otel_discord.connectors.threshold.levels import Standing
from otel_discord.connectors.threshold.mutes import Inhibition
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.sources import Sample
from otel_discord.connectors.threshold.state import RULE_REMOVED, Finding, Policy, advance, announce, fit, new_alert
from otel_discord.connectors.threshold.telling import Outgoing, Tell, outgoing, outgoing_of_nobody
from otel_discord.connectors.threshold.warm_up import while_warming

_NOBODYS: Final = Policy(severities=())


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """The rules with their alerts. ``changed`` are the alerts whose life took a turn since somebody asked for them."""

    rules: Sequence[Rule]
    book: Book
    tell: Tell
    warm_until_ns: Mapping[str, int] = field(default_factory=dict)
    """For each rule, until when its windows are not yet full after a start."""
    changed: set[Key] = field(default_factory=set)
    _inhibition: Inhibition = field(init=False)
    _lively: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._inhibition = Inhibition(
            {rule.name: rule.config.inhibited_by for rule in self.rules},
            {rule.name: rule.group_by for rule in self.rules},
        )

    def adopt(self, now_ns: int) -> None:
        """Let alerts of an earlier run go on; silence counts from now, since nobody was listening."""
        for rule in self.rules:
            for entry in self.book.of_rule(rule.name).values():
                fit(entry.alert, rule.policy)
                entry.alert.seen_ns = max(entry.alert.seen_ns, now_ns)
        for rule in self.rules:  # a group_by that has changed makes other groups: those of before have ended
            wrong = [
                labels for labels in self.book.of_rule(rule.name) if [key for key, _ in labels] != [*rule.group_by]
            ]
            for labels in wrong:
                entry = self.book.of_rule(rule.name).pop(labels)
                entry.part = -1
                self.book.of_rule(f"{rule.name}{_OUTLIVED}")[labels] = entry
                self.changed |= {Key(rule.name, labels), Key(f"{rule.name}{_OUTLIVED}", labels)}

    def moment(self, now_ns: int) -> Iterator[None]:
        """Bring every rule's alerts to the present; pauses now and then, so that somebody else can have a turn."""
        self._lively = sum(1 for entry in self.book.restless() if not entry.alert.is_idle)
        for rule in self.rules:
            yield from self._advance(rule, now_ns)
            yield

    def tellings(self, now_ns: int) -> list[Outgoing]:
        """Return what is to be told now, and forget alerts of which there is nothing to know any more."""
        told = list(self._of_removed_rules(now_ns))
        for rule in self.rules:
            entries = self.book.of_rule(rule.name)
            if not entries:
                continue
            mute = self._inhibition.of_rule(rule.name, self.book)
            for labels, entry in [pair for pair in entries.items() if pair[1].rests_until_ns <= now_ns]:
                told += self._announce(rule, labels, entry, now_ns, mute.covers if mute else None)
        return told

    def _advance(self, rule: Rule, now_ns: int) -> Iterator[None]:
        entries = self.book.of_rule(rule.name)
        found: set[Labels] = set()
        samples = self._together(rule) if rule.config.all_of else rule.source.samples(now_ns)
        for count, sample in enumerate(samples, 1):
            if not count % _STRIDE:
                yield
            if self._take_in(rule, entries, sample, now_ns):
                found.add(sample.labels)
        for count, (labels, entry) in enumerate(entries.items(), 1):
            if not count % _STRIDE_AT_REST:
                yield
            if entry.rests_until_ns <= now_ns and labels not in found:
                self._stay(rule, labels, entry, now_ns)
        if rule.watches_silence and not rule.group_by and not entries:
            self._begin(rule, (), now_ns)  # what has never been heard of is silent, too

    def _take_in(self, rule: Rule, entries: Mapping[Labels, Entry], sample: Sample, now_ns: int) -> bool:
        """Return whether the group's alert has been brought to the present."""
        entry = entries.get(sample.labels)
        if sample.value is None:
            if entry is not None:
                _let_go(entry, now_ns)
            return False
        standings = rule.judge.standings(sample)
        is_met = Standing.MET in standings
        if entry is None:
            entry = self._begin(rule, sample.labels, now_ns) if is_met or rule.watches_silence else None
            if entry is None:
                return False
        if entry.rests_until_ns and not is_met and sample.until_ns > now_ns:
            entry.alert.seen_ns = now_ns
            _rest(entry, sample)
            return True
        entry.sample, entry.rests_until_ns, entry.holds = sample, 0, False
        self._move(rule, entry, sample, standings, now_ns)
        if rule.watches_silence and sample.until_ns > now_ns and entry.alert.is_idle:
            _rest(entry, sample)
        return True

    def _begin(self, rule: Rule, labels: Labels, now_ns: int) -> Entry | None:
        is_full = len(self.book.of_rule(rule.name)) >= rule.max_series
        if is_full or (self._lively >= self.book.max_alerts and not rule.watches_silence):
            self.book.refused += 1
            return None
        keys = dict.fromkeys(key for feed in rule.feeds for key in feed.resource_keys)
        if rule.config.all_of:
            keys = dict.fromkeys(key for key in self._keys_of_parts(rule) if key in rule.group_by)
        entry = Entry(new_alert(rule.policy, now_ns), tuple(keys))
        self.book.add(Key(rule.name, labels), entry)
        self._lively += 1
        return entry

    def _stay(self, rule: Rule, labels: Labels, entry: Entry, now_ns: int) -> None:
        """Go on with a group of which nothing new has been told."""
        sample: Sample | None = entry.sample
        if rule.config.all_of:
            cleared = Finding([Standing.CLEAR] * len(rule.policy.severities), None)
            self._take_turn(rule, labels, entry, cleared, now_ns)
        elif sample is not None and now_ns <= sample.until_ns:
            self._move(rule, entry, sample, rule.judge.standings(sample), now_ns)
        else:
            _let_go(entry, now_ns)
            self._take_turn(rule, labels, entry, None, now_ns)
            if rule.watches_silence and entry.alert.is_idle:
                entry.rests_until_ns = entry.alert.seen_ns + rule.policy.silent_after_ns

    def _move(self, rule: Rule, entry: Entry, sample: Sample, standings: Sequence[Standing], now_ns: int) -> None:
        if now_ns < self.warm_until_ns.get(rule.name, 0):
            standings = while_warming(rule, entry.alert, standings)
        value = None if rule.config.all_of else sample.value
        self._take_turn(rule, sample.labels, entry, Finding(standings, value, sample.points), now_ns)

    def _take_turn(self, rule: Rule, labels: Labels, entry: Entry, finding: Finding | None, now_ns: int) -> None:
        alert = entry.alert
        before, peak = alert.stage(), alert.peak
        advance(alert, finding, now_ns, rule.policy)
        if alert.stage() != before:
            self.changed.add(Key(rule.name, labels))
        elif alert.peak != peak:
            self.book.touch(Key(rule.name, labels))

    def _announce(
        self, rule: Rule, labels: Labels, entry: Entry, now_ns: int, covers: Callable[[Labels], bool] | None
    ) -> Iterable[Outgoing]:
        alert = entry.alert
        is_muted = not rule.config.notify or (covers is not None and covers(labels))
        before = alert.stage()
        telling = announce(alert, now_ns, rule.policy, is_muted=is_muted)
        if alert.stage() != before:
            self.changed.add(Key(rule.name, labels))
        if alert.is_idle and not rule.watches_silence:
            self.changed.add(Key(rule.name, labels))
            self.book.remove(Key(rule.name, labels))
        if telling is not None:
            yield outgoing(rule, labels, entry, telling, now_ns, self.tell)

    def _of_removed_rules(self, now_ns: int) -> Iterator[Outgoing]:
        names = {rule.name for rule in self.rules}
        for rule_name in [name for name in self.book.by_rule if name not in names]:
            for labels, entry in list(self.book.of_rule(rule_name).items()):
                alert = entry.alert
                for level in alert.levels:
                    level.reset()
                alert.is_silent, alert.ending = False, RULE_REMOVED
                key = Key(rule_name, labels)
                telling = announce(alert, now_ns, _NOBODYS)
                self.changed.add(key)
                self.book.remove(key)
                if telling is not None:
                    name = rule_name.removesuffix(_OUTLIVED)
                    yield outgoing_of_nobody(name, labels, entry, telling, now_ns)
            self.book.by_rule.pop(rule_name, None)

    def _together(self, rule: Rule) -> Iterator[Sample]:
        keys = tuple(rule.group_by)
        groups: set[Labels] | None = None
        for name in rule.config.all_of:
            active = {
                _projected(labels, keys) for labels, entry in self.book.of_rule(name).items() if entry.alert.is_active
            }
            groups = active if groups is None else groups & active
        for labels in sorted(groups or (), key=repr):
            yield Sample(labels, 1.0)

    def _keys_of_parts(self, rule: Rule) -> Iterator[str]:
        for name in rule.config.all_of:
            for entry in self.book.of_rule(name).values():
                yield from entry.resource_keys


_OUTLIVED: Final = "\x00outlived"
"""Ends the name under which alerts of groups are kept that a rule does not make any more, until their end is told."""
_STRIDE: Final = 512
_STRIDE_AT_REST: Final = 8192


def _rest(entry: Entry, sample: Sample) -> None:
    """Let an idle alert be as long as its value holds; nothing of the sample is kept, since most groups are idle."""
    entry.alert.value, entry.alert.points = sample.value, ()
    entry.sample, entry.rests_until_ns, entry.holds = None, sample.until_ns, True


def _let_go(entry: Entry, now_ns: int) -> None:
    """Know nothing of a group any more; while it rested, nobody noted that its value still held."""
    if entry.holds:
        entry.alert.seen_ns = max(entry.alert.seen_ns, min(now_ns, entry.rests_until_ns))
    entry.sample, entry.rests_until_ns, entry.holds = None, 0, False


def _projected(labels: Labels, keys: Sequence[str]) -> Labels:
    found = dict(labels)
    return tuple((key, found.get(key)) for key in keys)
