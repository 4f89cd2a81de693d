"""Passes on what is kept of a batch, in a batch of its own."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from otel_discord.component import ACCEPTED, Consumer, Host, Receipt, Settings
from otel_discord.processors.probabilistic_sampler.config import ProbabilisticSamplerConfig
from otel_discord.processors.probabilistic_sampler.decision import Decision, Sampler
from otel_discord.processors.probabilistic_sampler.log_records import log_record_decider, write_on_log_record
from otel_discord.processors.probabilistic_sampler.spans import span_decider, write_on_span
from otel_discord.signals import OTLP_SERVICES, Batch, Signal


class ProbabilisticSampler:
    """Keeps a share of log records or spans."""

    def __init__(
        self, settings: Settings, config: ProbabilisticSamplerConfig, signal: Signal, next_consumer: Consumer
    ) -> None:
        self._logger = settings.logger
        self._next = next_consumer
        self._config = config
        self._decide: Callable[[Any], Decision]
        self._write: Callable[[Any, Decision], None]
        if signal is Signal.LOGS:
            self._decide, self._write = log_record_decider(config), write_on_log_record
        else:
            self._decide, self._write = span_decider(config), write_on_span

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Warn of a percentage that keeps nothing; nothing is held open."""
        if self._config.sampling_percentage and Sampler(self._config).keeps_none:
            self._logger.warning("sampling_percentage is so small that it keeps nothing in this mode")
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass on what is kept; where nothing is, nothing."""
        kept = self.sample(batch)
        return ACCEPTED if kept is None else await self._next.consume(kept)

    def sample(self, batch: Batch) -> Batch | None:
        """Return what is kept: the same batch where nothing is left out nor written, else a new one, or None."""
        decisions = [self._decide(item) for item in _items(batch)]
        self._tell_problems(decisions)
        if not any(decision.is_kept for decision in decisions):
            return None
        if all(each.is_kept and each.threshold is None and each.randomness is None for each in decisions):
            return batch
        return self._kept(batch, iter(decisions))

    def _kept(self, batch: Batch, decisions: Iterator[Decision]) -> Batch:
        service = OTLP_SERVICES[batch.signal]
        kept = service.request()
        for old_resource in _groups(batch.request):
            new_resource = None
            for old_scope in _groups(old_resource):
                new_scope = None
                for item in _groups(old_scope):
                    decision = next(decisions)
                    if not decision.is_kept:
                        continue
                    if new_resource is None:
                        new_resource = _groups(kept).add()
                        new_resource.resource.CopyFrom(old_resource.resource)
                        new_resource.schema_url = old_resource.schema_url
                    if new_scope is None:
                        new_scope = _groups(new_resource).add()
                        new_scope.scope.CopyFrom(old_scope.scope)
                        new_scope.schema_url = old_scope.schema_url
                    new_item = _groups(new_scope).add()
                    new_item.CopyFrom(item)
                    self._write(new_item, decision)
        return service.batch(kept)

    def _tell_problems(self, decisions: list[Decision]) -> None:
        problems = Counter((each.problem, each.is_kept) for each in decisions if each.problem)
        for (problem, is_kept), items in problems.items():
            self._logger.warning("%d items %s: %s", items, "kept" if is_kept else "left out", problem)


_FIELDS = ("resource_logs", "resource_spans", "scope_logs", "scope_spans", "log_records", "spans")


def _groups(message: Any) -> Any:
    """Return what a request, a resource's or a scope's group holds."""
    names = message.DESCRIPTOR.fields_by_name
    return getattr(message, next(name for name in _FIELDS if name in names))


def _items(batch: Batch) -> Iterator[Any]:
    for resource in _groups(batch.request):
        for scope in _groups(resource):
            yield from _groups(scope)
