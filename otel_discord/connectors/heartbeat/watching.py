"""The watches of a connector: what a batch says goes to each, and what each has to tell comes out. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from opentelemetry.proto.metrics.v1.metrics_pb2 import ResourceMetrics

from otel_discord.connectors.heartbeat.config import HeartbeatConfig, WatchConfig
from otel_discord.connectors.heartbeat.groups import Group, Groups, Labels, Limits, Now
from otel_discord.connectors.heartbeat.signs import labels_of, signs
from otel_discord.connectors.heartbeat.status import NO_NAME, SilentGroup, Tally
from otel_discord.connectors.heartbeat.stored import StoredWatch
from otel_discord.connectors.heartbeat.telling import Outgoing, outgoing, outgoing_of_nobody
from otel_discord.connectors.heartbeat.wording import group_name
from otel_discord.ottl import Condition, ContextKind, OnError, OttlError, ResourceItem, parse_condition
from otel_discord.signals import Batch, Plain, attributes_to_dict

_SERVICE: Final = "service.name"
Silences: TypeAlias = dict[tuple[str, Labels], float]
"""How long each group of each watch has been silent, in seconds."""


@dataclass(slots=True)
class Watch:
    """One of them."""

    config: WatchConfig
    groups: Groups
    where: Condition | None

    def holds(self, item: ResourceItem, on_error: OnError) -> bool:
        """Return whether a resource counts; one that cannot be judged does not."""
        if self.where is None:
            return True
        try:
            return bool(self.where.holds(item))
        except OttlError as error:
            on_error(self.config.where, error)
            return False


@dataclass(slots=True)
class Watching:
    """All of them."""

    watches: Sequence[Watch]
    tally: Tally | None
    on_error: OnError
    _of_removed: list[tuple[str, StoredWatch]] = field(default_factory=list)

    @property
    def by_name(self) -> Mapping[str, Groups]:
        """The groups of each watch."""
        return {watch.config.name: watch.groups for watch in self.watches}

    def take(self, batch: Batch, now: Now) -> Iterator[None]:
        """Take a batch in; pauses now and then, so that somebody else can have a turn."""
        watches = [watch for watch in self.watches if batch.signal in watch.config.signals]
        for sign in signs(batch, counting=self.tally is not None):
            if sign is None:
                yield
                continue
            attributes: dict[str, Plain] = attributes_to_dict(sign.item.resource.attributes)
            if self.tally is not None:
                for event in sign.alerts:
                    self.tally.note(event)
                if isinstance(sign.item.resource_group, ResourceMetrics):
                    self.tally.machines.note(attributes, sign.item.resource_group)
                if sign.count:
                    self.tally.count(str(attributes.get(_SERVICE) or NO_NAME), batch.signal, sign.count)
            if not sign.count:
                continue
            for watch in watches:
                labels = labels_of(attributes, watch.config.group_by)
                if labels is not None and watch.holds(sign.item, self.on_error):
                    watch.groups.see(labels, now)

    def tellings(self, now: Now) -> list[Outgoing]:
        """Bring all groups to the present; return what is to be told."""
        told = [
            outgoing_of_nobody(name, stored.severity, turn, now.wall_ns)
            for name, stored in self._of_removed
            for turn in _groups_of(stored).end_all(now.wall_ns)
        ]
        self._of_removed = []
        for watch in self.watches:
            told += [outgoing(watch.config, turn, now.wall_ns) for turn in watch.groups.turns(now)]
        return told

    def adopt(self, stored: Mapping[str, StoredWatch]) -> None:
        """Go on with what an earlier run knew; alerts of watches and groups that are gone end."""
        watches = {watch.config.name: watch for watch in self.watches}
        for name, each in stored.items():
            watch = watches.get(name)
            keys = None if watch is None else [*watch.config.group_by]
            fitting: dict[Labels, Group] = {}
            others: dict[Labels, Group] = {}
            for labels, group in each.groups.items():
                (fitting if [key for key, _ in labels] == keys else others)[labels] = group
            if watch is not None:
                watch.groups.adopt(fitting)
            self._of_removed.append((name, StoredWatch(each.severity, others)))

    def silences(self, now: Now) -> Silences:
        """Return how long each group has been silent, for a successor that takes over at once."""
        return {
            (watch.config.name, labels): now.listening_s - group.seen_s
            for watch in self.watches
            for labels, group in watch.groups.all()
        }

    def go_on_waiting(self, silences: Silences) -> None:
        """Take over from a predecessor: its waiting counts."""
        for watch in self.watches:
            for labels, group in watch.groups.all():
                silence_s = silences.get((watch.config.name, labels), 0.0)
                group.seen_s, group.unheard_s = group.seen_s - silence_s, max(0.0, group.unheard_s - silence_s)

    def silent(self, now: Now) -> list[SilentGroup]:
        """Return every group whose alert fires, each once."""
        found: dict[str, SilentGroup] = {}
        for watch in self.watches:
            for labels, group in watch.groups.silent():
                told = SilentGroup(group_name(labels), group.silence_s(now), watch.config.severity)
                known = found.get(told.name, told)
                found[told.name] = max(known, told, key=lambda each: each.silence_s)
        return list(found.values())


def make_watching(config: HeartbeatConfig, on_error: OnError, now: Now) -> Watching:
    """Return what a configuration asks for, at the start."""
    watches = []
    for each in config.watch:
        limits = Limits(
            after_s=each.after,
            resolve_after_s=each.resolve_after,
            repeat_s=each.repeat_interval,
            forget_s=each.forget_after,
            max_groups=config.max_groups,
        )
        groups = Groups(limits, tuple(sorted(each.labels.items())))
        for expected in each.expect:
            groups.expect(tuple((key, expected[key]) for key in each.group_by), now)
        watches.append(Watch(each, groups, parse_condition(each.where, ContextKind.RESOURCE) if each.where else None))
    return Watching(watches, Tally(config.max_groups) if config.status else None, on_error)


def _groups_of(stored: StoredWatch) -> Groups:
    return Groups(Limits(after_s=0, resolve_after_s=0, repeat_s=0, forget_s=0, max_groups=1), expected=stored.groups)
