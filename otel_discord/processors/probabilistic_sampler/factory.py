"""The door of the probabilistic sampler."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.probabilistic_sampler.config import ProbabilisticSamplerConfig
from otel_discord.processors.probabilistic_sampler.processor import ProbabilisticSampler
from otel_discord.signals import Signal


def _create(
    settings: Settings, config: ProbabilisticSamplerConfig, signal: Signal, next_consumer: Consumer
) -> ProbabilisticSampler:
    return ProbabilisticSampler(settings, config, signal, next_consumer)


FACTORY = ProcessorFactory(
    type_name="probabilistic_sampler",
    config=ProbabilisticSamplerConfig,
    signals={Signal.TRACES: Stability.BETA, Signal.LOGS: Stability.ALPHA},
    create=_create,
)
