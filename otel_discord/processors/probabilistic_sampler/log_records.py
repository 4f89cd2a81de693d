"""Log records for the sampler: what is random in them, what they bring along, what is written on them."""

import math
from collections.abc import Callable

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.ottl.values import as_text
from otel_discord.processors.probabilistic_sampler.config import AttributeSource, Mode, ProbabilisticSamplerConfig
from otel_discord.processors.probabilistic_sampler.decision import Arrived, Decision, Sampler
from otel_discord.processors.probabilistic_sampler.randomness import hash_randomness, seed_state, trace_id_randomness
from otel_discord.processors.probabilistic_sampler.threshold import (
    parse_randomness,
    parse_threshold,
    randomness_text,
    threshold_text,
)
from otel_discord.signals import Plain, find_attribute

THRESHOLD_KEY = "sampling.threshold"
RANDOMNESS_KEY = "sampling.randomness"


def log_record_decider(config: ProbabilisticSamplerConfig) -> Callable[[LogRecord], Decision]:
    """Return what decides about a record."""
    sampler, state = Sampler(config), seed_state(config.hash_seed)
    by_trace_id = config.attribute_source is AttributeSource.TRACE_ID

    def randomness_of(record: LogRecord, arrived: Arrived) -> tuple[int | None, bool]:
        if sampler.mode is not Mode.HASH_SEED and arrived.randomness is not None:
            return arrived.randomness, False
        if by_trace_id and any(record.trace_id):
            if sampler.mode is Mode.HASH_SEED:
                return hash_randomness(record.trace_id, state), True
            return trace_id_randomness(record.trace_id), False
        if config.from_attribute and (data := _data(find_attribute(record.attributes, config.from_attribute))):
            return hash_randomness(data, state), True
        return None, False

    def decide(record: LogRecord) -> Decision:
        arrived = _arrived(record)
        randomness, is_hashed = randomness_of(record, arrived)
        percentage = _priority(record, config.sampling_priority) if config.sampling_priority else None
        return sampler.decide(randomness, arrived, is_hashed=is_hashed, percentage=percentage)

    return decide


def write_on_log_record(record: LogRecord, decision: Decision) -> None:
    """Write threshold and randomness on a record, as contrib does."""
    if decision.threshold is not None:
        _put(record, THRESHOLD_KEY, threshold_text(decision.threshold))
    if decision.randomness is not None:
        _put(record, RANDOMNESS_KEY, randomness_text(decision.randomness))


def _arrived(record: LogRecord) -> Arrived:
    threshold = find_attribute(record.attributes, THRESHOLD_KEY)
    randomness = find_attribute(record.attributes, RANDOMNESS_KEY)
    try:
        return Arrived(
            parse_threshold(threshold) if threshold and isinstance(threshold, str) else None,
            parse_randomness(randomness) if randomness and isinstance(randomness, str) else None,
        )
    except ValueError as error:
        return Arrived(problem=str(error))


def _priority(record: LogRecord, key: str) -> float | None:
    value = find_attribute(record.attributes, key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        return None
    return float(value)


def _data(value: Plain) -> bytes:
    return value if isinstance(value, bytes) else as_text(value).encode()  # type: ignore[arg-type]  # plain is a Value


def _put(record: LogRecord, key: str, text: str) -> None:
    for pair in record.attributes:
        if pair.key == key:
            pair.value.CopyFrom(AnyValue(string_value=text))
            return
    record.attributes.append(KeyValue(key=key, value=AnyValue(string_value=text)))
