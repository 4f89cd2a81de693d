"""Spans for the sampler: what is random in them, what they bring along, what is written on them."""

from collections.abc import Callable
from typing import Final

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.processors.probabilistic_sampler.config import Mode, ProbabilisticSamplerConfig
from otel_discord.processors.probabilistic_sampler.decision import Arrived, Decision, Sampler
from otel_discord.processors.probabilistic_sampler.randomness import hash_randomness, seed_state, trace_id_randomness
from otel_discord.processors.probabilistic_sampler.threshold import (
    parse_randomness,
    parse_threshold,
    randomness_text,
    threshold_text,
)
from otel_discord.processors.probabilistic_sampler.trace_state import parse_trace_state
from otel_discord.signals import find_attribute

_PRIORITY: Final = "sampling.priority"


def span_decider(config: ProbabilisticSamplerConfig) -> Callable[[Span], Decision]:
    """Return what decides about a span."""
    sampler, state = Sampler(config), seed_state(config.hash_seed)

    def decide(span: Span) -> Decision:
        arrived = _arrived(span)
        percentage = _priority(span)
        if sampler.mode is Mode.HASH_SEED:
            randomness = hash_randomness(span.trace_id, state) if any(span.trace_id) else None
            return sampler.decide(randomness, arrived, is_hashed=True, percentage=percentage)
        randomness = arrived.randomness
        if randomness is None and any(span.trace_id):
            randomness = trace_id_randomness(span.trace_id)
        return sampler.decide(randomness, arrived, is_hashed=False, percentage=percentage)

    return decide


def write_on_span(span: Span, decision: Decision) -> None:
    """Write threshold and randomness on a span, in its tracestate."""
    if decision.threshold is None and decision.randomness is None:
        return
    before = parse_trace_state(span.trace_state)
    threshold = before.threshold if decision.threshold is None else threshold_text(decision.threshold)
    randomness = before.randomness if decision.randomness is None else randomness_text(decision.randomness)
    span.trace_state = str(before.with_sampling(threshold, randomness))


def _arrived(span: Span) -> Arrived:
    if not span.trace_state:
        return Arrived()
    try:
        state = parse_trace_state(span.trace_state)
        return Arrived(
            parse_threshold(state.threshold) if state.threshold else None,
            parse_randomness(state.randomness) if state.randomness else None,
        )
    except ValueError as error:
        return Arrived(problem=str(error))


def _priority(span: Span) -> float | None:
    """Return 0 or 100 where ``sampling.priority`` says so; a number, or text with one."""
    value = find_attribute(span.attributes, _PRIORITY)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        return None
    return 100.0 if value else 0.0
