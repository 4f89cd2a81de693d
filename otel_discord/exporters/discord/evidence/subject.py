"""Whose lines are evidence of an alert: those of the service that it is about, or of the place that it names. Pure.

Rather none than a stranger's: what an alert says and an origin says otherwise keeps them apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.evidence.origin import SERVICE, Origin, names_in

_PLACES: Final = ("host.name", "host.id", "k8s.pod.name", "k8s.node.name", "k8s.deployment.name", "container.id")
"""Each of them alone says enough where no service is named."""
_MOST_SUBJECTS: Final = 10


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an alert is about: names and values, sorted."""

    names: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, labels: Mapping[str, object], resource: Mapping[str, object]) -> "Subject | None":
        """Return whom labels are about, or where they do not say, a resource; None where neither does."""
        said = names_in(labels)
        if SERVICE not in said:
            said = {**names_in(resource), **said}
        if SERVICE not in said and not any(place in said for place in _PLACES):
            return None
        return cls(tuple(sorted(said.items())))

    def is_meant(self, origin: Origin) -> bool:
        """Return whether an origin is what this is about, or a part of it."""
        names = origin.names
        shared = [name for name, _ in self.names if name in names]
        if any(names[name] != value for name, value in self.names if name in names):
            return False
        if any(name == SERVICE for name, _ in self.names):
            return SERVICE in shared
        return any(place in shared for place in _PLACES)


def subjects(group: AlertGroup, resource: Mapping[str, object]) -> Sequence[Subject]:
    """Return whom the alerts of a group are about, those that lead it first; ``resource`` is that of its first one."""
    events = [*group.firing, *group.resolved]
    found = [Subject.of(event.labels, resource if len(events) == 1 else {}) for event in events]
    if not any(found) and resource:
        found = [Subject.of({}, resource)]
    return list(dict.fromkeys(each for each in found if each is not None))[:_MOST_SUBJECTS]
