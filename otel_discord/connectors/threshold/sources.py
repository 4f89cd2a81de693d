"""Where a rule's values come from: one aggregate, a ratio of two, or ratios over several windows. Pure."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from otel_discord.connectors.threshold.book import Labels
from otel_discord.connectors.threshold.histories import Histories
from otel_discord.connectors.threshold.measures import Measure, Reading

_STRIDE: Final = 512
_STRIDE_KNOWN: Final = 8192


@dataclass(frozen=True, slots=True)
class Sample:
    """What a group's value is now; None where it has no data."""

    labels: Labels
    value: float | None
    burns: Mapping[int, float] = field(default_factory=dict)
    """How fast the budget burns, by window in nanoseconds."""
    points: Sequence[tuple[int, float]] = ()
    """Its history, as in :attr:`Reading.points`."""
    part: tuple[str, Labels] | None = None
    """Of a rule about other rules: the rule and the group that the points are of."""
    until_ns: int = 0
    """Where only changes are told: until when this holds if nothing newer comes."""


class Source(Protocol):
    """The values of one rule. Its measures are fed elsewhere."""

    def samples(self, now_ns: int) -> Iterator[Sample | None]:
        """Yield a sample for each group that is known, or has changed since the last call (:attr:`Sample.until_ns`).

        None is a pause: somebody else may have a turn, and measures may take points in.
        """
        ...


@dataclass(frozen=True, slots=True)
class AggregateSource:
    """One metric. So that many groups cost nothing while they are quiet, only changes are told."""

    measure: Measure
    window_ns: int

    def samples(self, now_ns: int) -> Iterator[Sample]:
        """Yield each reading that has changed."""
        for reading in self.measure.changed(now_ns):
            until_ns = max(now_ns, reading.last_ns) + self.window_ns
            yield Sample(reading.labels, reading.value, points=reading.points, until_ns=until_ns)


@dataclass(frozen=True, slots=True)
class RatioSource:
    """``of`` divided by ``to``."""

    of: Measure
    to: Measure
    histories: Histories

    def samples(self, now_ns: int) -> Iterator[Sample | None]:
        """Yield the ratio of each group of which ``to`` is known."""
        found = yield from ratios(self.of, self.to, now_ns)
        for labels, value in found.items():
            yield Sample(labels, value, points=self.histories.add(labels, now_ns, value))
        self.histories.keep_only(found)


@dataclass(frozen=True, slots=True)
class BurnSource:
    """How fast an error budget burns: the ratio of each window, in units of the budget."""

    budget: float
    """The share that may be bad."""
    by_window: Mapping[int, tuple[Measure, Measure]]
    """``of`` and ``to``, by window in nanoseconds."""
    histories: Histories

    def samples(self, now_ns: int) -> Iterator[Sample | None]:
        """Yield each group's burn over each window; its value is that of the shortest, and silence burns nothing."""
        groups: dict[Labels, dict[int, float]] = {}
        for window, (of, to) in sorted(self.by_window.items()):
            found = yield from ratios(of, to, now_ns)
            for labels, share in found.items():
                burns = groups.setdefault(labels, {})
                if share is not None:
                    burns[window] = share / self.budget
        for labels, burns in groups.items():
            value = burns.get(min(self.by_window), 0.0) if burns else None
            yield Sample(labels, value, burns, self.histories.add(labels, now_ns, value))
        self.histories.keep_only(groups)


@dataclass(frozen=True, slots=True)
class NoSource:
    """A rule about other rules."""

    def samples(self, now_ns: int) -> Iterator[Sample]:  # noqa: ARG002 - the protocol's name
        """Yield nothing."""
        return iter(())


def ratios(of: Measure, to: Measure, now_ns: int) -> Generator[None, None, dict[Labels, float | None]]:
    """Return the ratio of each group of ``to``, None where that has no data or is 0; pauses now and then."""
    for measure in (of, to):
        for count, _ in enumerate(measure.changed(now_ns), 1):
            if not count % _STRIDE:
                yield
    parts: dict[Labels, Reading] = {}
    for count, reading in enumerate(of.known(), 1):
        parts[reading.labels] = reading
        if not count % _STRIDE_KNOWN:
            yield
    found: dict[Labels, float | None] = {}
    for count, reading in enumerate(to.known(), 1):
        found[reading.labels] = _share(parts.get(reading.labels), reading)
        if not count % _STRIDE_KNOWN:
            yield
    return found


def _share(part: Reading | None, whole: Reading) -> float | None:
    if not whole.value:
        return None
    return (part.value or 0.0) / whole.value if part is not None else 0.0
