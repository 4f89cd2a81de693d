"""All rules, asked at one moment: alerts are brought to the present, then what is to be told comes out. Pure."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.connectors.threshold.book import OUTLIVED, Book, Entry, Key, Labels
from otel_discord.connectors.threshold.levels import Standing
from otel_discord.connectors.threshold.mutes import Inhibition
from otel_discord.connectors.threshold.pace import Pace
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.sources import Sample
from otel_discord.connectors.threshold.state import (
    RULE_REMOVED,
    Finding,
    Policy,
    Telling,
    advance,
    announce,
    fit,
    new_alert,
)
from otel_discord.connectors.threshold.state import is_due as is_update_due
from otel_discord.connectors.threshold.telling import Measured, Outgoing, Tell, outgoing, outgoing_of_nobody
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
    pace: Pace = field(default_factory=Pace)
    """Of alerts that go on and say how they stand."""
    _inhibition: Inhibition = field(init=False)
    _by_name: Mapping[str, Rule] = field(init=False)
    _lively: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._by_name = {rule.name: rule for rule in self.rules}
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
                self.book.of_rule(f"{rule.name}{OUTLIVED}")[labels] = entry
                self.changed |= {Key(rule.name, labels), Key(f"{rule.name}{OUTLIVED}", labels)}

    def moment(self, now_ns: int) -> Iterator[None]:
        """Bring every rule's alerts to the present; pauses now and then, so that somebody else can have a turn."""
        self._lively = 0
        for count, entry in enumerate(list(self.book.restless()), 1):
            self._lively += not entry.alert.is_idle
            if not count % _STRIDE_AT_REST:
                yield
        for rule in self.rules:
            yield from self._advance(rule, now_ns)
            yield

    def tellings(self, now_ns: int) -> Iterator[Outgoing | None]:
        """Yield what is to be told now, and forget alerts of which there is nothing to know any more.

        First turns of lives, then how alerts stand that go on, those first of which it was said longest ago, and no
        more of them than :attr:`pace` allows. None is a pause. Whoever stops early finds the rest another time.
        """
        for count, told in enumerate(self._of_removed_rules(now_ns), 1):
            yield told
            if not count % _STRIDE:
                yield None
        due: list[tuple[int, int, Rule, Labels, Entry]] = []
        for rule in self.rules:
            entries = self.book.of_rule(rule.name)
            if not entries:
                continue
            mute = self._inhibition.of_rule(rule.name, self.book)
            covers = mute.covers if mute else None
            for count, (labels, entry) in enumerate(list(entries.items()), 1):
                if not count % _STRIDE:
                    yield None
                if entry.rests_until_ns > now_ns:
                    continue
                is_muted = not rule.config.notify or (covers is not None and covers(labels))
                told_now = self._announce(rule, labels, entry, now_ns, is_muted=is_muted)
                if told_now is not None:
                    yield told_now
                elif not is_muted and is_update_due(entry.alert, now_ns, rule.policy):
                    due.append((entry.alert.told_ns, len(due), rule, labels, entry))
        yield from self._how_they_stand(due, now_ns)

    def _how_they_stand(
        self, due: Sequence[tuple[int, int, Rule, Labels, Entry]], now_ns: int
    ) -> Iterator[Outgoing | None]:
        for _, _, rule, labels, entry in heapq.nsmallest(self.pace.allowed(now_ns), due):
            telling = announce(entry.alert, now_ns, rule.policy)
            if telling is not None:
                self.pace.use()
                yield self._outgoing(rule, labels, entry, telling, now_ns)

    def _advance(self, rule: Rule, now_ns: int) -> Iterator[None]:
        entries = self.book.of_rule(rule.name)
        found: set[Labels] = set()
        stayed = 0
        samples = self._together(rule) if rule.config.all_of else rule.source.samples(now_ns)
        for count, sample in enumerate(samples, 1):
            if sample is None or not count % _STRIDE:
                yield
            if sample is not None and self._take_in(rule, entries, sample, now_ns):
                found.add(sample.labels)
        for count, (labels, entry) in enumerate(entries.items(), 1):
            if not count % _STRIDE_AT_REST:
                yield
            if entry.rests_until_ns <= now_ns and labels not in found:
                self._stay(rule, labels, entry, now_ns)
                stayed += 1
                if not stayed % _STRIDE:
                    yield
        if rule.watches_silence and not rule.group_by and not entries:
            self._begin(rule, (), now_ns)  # what has never been heard of is silent, too

    def _take_in(self, rule: Rule, entries: Mapping[Labels, Entry], sample: Sample, now_ns: int) -> bool:
        """Return whether the group's alert has been brought to the present."""
        entry = entries.get(sample.labels)
        if sample.value is None:
            if entry is not None:
                let_go(entry, now_ns)
                entry.alert.points = sample.points or entry.alert.points  # what was before the silence
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
            cleared = Finding([Standing.CLEAR] * len(rule.policy.severities), None, entry.alert.points)
            self._take_turn(rule, labels, entry, cleared, now_ns)
        elif sample is not None and now_ns <= sample.until_ns:
            self._move(rule, entry, sample, rule.judge.standings(sample), now_ns)
        else:
            let_go(entry, now_ns)
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

    def _announce(self, rule: Rule, labels: Labels, entry: Entry, now_ns: int, *, is_muted: bool) -> Outgoing | None:
        alert = entry.alert
        telling = announce(alert, now_ns, rule.policy, is_muted=is_muted, also_how_it_stands=False)
        if alert.is_idle and not rule.watches_silence:
            self.changed.add(Key(rule.name, labels))
            self.book.remove(Key(rule.name, labels))
        return None if telling is None else self._outgoing(rule, labels, entry, telling, now_ns)

    def _outgoing(self, rule: Rule, labels: Labels, entry: Entry, telling: Telling, now_ns: int) -> Outgoing:
        self.changed.add(Key(rule.name, labels))
        part: tuple[str, Labels] | None = entry.sample.part if entry.sample is not None else None
        measured = Measured(self._by_name[part[0]], part[1]) if part else Measured(rule, labels)
        return outgoing(rule, labels, entry, telling, now_ns, measured=measured, tell=self.tell)

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
                    name = rule_name.removesuffix(OUTLIVED)
                    yield outgoing_of_nobody(key, name, entry, telling, now_ns)
            self.book.by_rule.pop(rule_name, None)

    def _together(self, rule: Rule) -> Iterator[Sample]:
        """Yield the groups for which all parts fire, with the points of the first part that has some."""
        keys = tuple(rule.group_by)
        groups: set[Labels] | None = None
        shown: dict[Labels, tuple[tuple[str, Labels], Sequence[tuple[int, float]]]] = {}
        for name in rule.config.all_of:
            active = set()
            for labels, entry in self.book.of_rule(name).items():
                if entry.alert.is_active:
                    group = _projected(labels, keys)
                    active.add(group)
                    if group not in shown and len(entry.alert.points):
                        of_part = entry.sample.part if entry.sample is not None else None
                        shown[group] = (of_part or (name, labels), entry.alert.points)
            groups = active if groups is None else groups & active
        for labels in sorted(groups or (), key=repr):
            part, points = shown.get(labels, (None, ()))
            yield Sample(labels, 1.0, points=points, part=part)

    def _keys_of_parts(self, rule: Rule) -> Iterator[str]:
        for name in rule.config.all_of:
            for entry in self.book.of_rule(name).values():
                yield from entry.resource_keys


_STRIDE: Final = 512
_STRIDE_AT_REST: Final = 8192


def _rest(entry: Entry, sample: Sample) -> None:
    """Let an idle alert be as long as its value holds; the sample is not kept, since most groups are idle.

    The points are the measure's own: to know where they are costs nothing.
    """
    entry.alert.value, entry.alert.points = sample.value, sample.points
    entry.sample, entry.rests_until_ns, entry.holds = None, sample.until_ns, True


def let_go(entry: Entry, now_ns: int) -> None:
    """Know nothing of a group any more; while it rested, nobody noted that its value still held."""
    if entry.holds:
        entry.alert.seen_ns = max(entry.alert.seen_ns, min(now_ns, entry.rests_until_ns))
    entry.sample, entry.rests_until_ns, entry.holds = None, 0, False


def _projected(labels: Labels, keys: Sequence[str]) -> Labels:
    found = dict(labels)
    return tuple((key, found.get(key)) for key in keys)
