"""Whether an item is kept. Pure, and the same for the same item, whatever came before it."""

from dataclasses import dataclass

from otel_discord.processors.probabilistic_sampler.config import Mode, ProbabilisticSamplerConfig
from otel_discord.processors.probabilistic_sampler.randomness import BUCKETS, BUCKETS_BITS
from otel_discord.processors.probabilistic_sampler.threshold import (
    ALWAYS,
    NEVER,
    probability_of,
    single_precision,
    threshold_of,
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What an item brings along. ``problem`` is why that could not be read."""

    threshold: int | None = None
    randomness: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """``threshold`` and ``randomness`` are to be written on what is kept; None: leave what is there."""

    is_kept: bool
    threshold: int | None = None
    randomness: int | None = None
    problem: str = ""


class Sampler:
    """Decides for one configuration."""

    def __init__(self, config: ProbabilisticSamplerConfig) -> None:
        self.mode = config.mode
        percentage = single_precision(min(config.sampling_percentage, 100.0))
        self._ratio = percentage / 100
        self._precision = config.sampling_precision
        self._on_problem = NEVER if config.fail_closed else ALWAYS
        self._own = self._own_threshold(percentage)

    def _own_threshold(self, percentage: float) -> int:
        if self.mode is not Mode.HASH_SEED:
            return threshold_of(self._ratio, self._precision) if percentage else NEVER
        accepted = int(single_precision(percentage * single_precision(BUCKETS / 100)))
        return (BUCKETS - accepted) << (56 - BUCKETS_BITS)

    @property
    def keeps_none(self) -> bool:
        """Whether the percentage keeps nothing (but what has a priority)."""
        return self._own >= NEVER

    def decide(
        self, randomness: int | None, arrived: Arrived, *, is_hashed: bool, percentage: float | None = None
    ) -> Decision:
        """Return what becomes of an item.

        ``randomness`` is the item's, ``is_hashed`` whether it is a hash (then it is written on the item, since nobody
        could find it out), ``percentage`` the item's own in place of the configured one.
        """
        problem = self._problem(randomness, arrived)
        threshold = self._on_problem if problem else self._threshold(arrived)
        if percentage is not None:
            threshold = threshold_of(percentage / 100, self._precision)
        passed = threshold < NEVER if randomness is None else randomness >= threshold
        if not passed or problem:
            return Decision(passed, problem=problem)
        is_new = arrived.threshold is None or threshold > arrived.threshold
        return Decision(passed, threshold if is_new else None, randomness if is_hashed else None)

    def _threshold(self, arrived: Arrived) -> int:
        if self.mode is Mode.PROPORTIONAL and arrived.threshold is not None and not self.keeps_none:
            return threshold_of(probability_of(arrived.threshold) * self._ratio, self._precision)
        return self._own

    def _problem(self, randomness: int | None, arrived: Arrived) -> str:
        if arrived.problem:
            return arrived.problem
        if self.mode is Mode.HASH_SEED and (arrived.randomness is not None or arrived.threshold is not None):
            return "sampled before by consistent sampling, which mode hash_seed does not go with: use another mode"
        if randomness is None:
            return "no randomness: no trace id, nor an attribute for it"
        if arrived.threshold is not None and randomness < arrived.threshold:
            return "a threshold by which it should not have been kept before"
        return ""
