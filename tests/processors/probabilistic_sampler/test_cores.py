"""Thresholds, randomness, tracestate and decisions, against figures of the specification and of contrib."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from otel_discord.processors.probabilistic_sampler import randomness as rnd
from otel_discord.processors.probabilistic_sampler.config import Mode, ProbabilisticSamplerConfig
from otel_discord.processors.probabilistic_sampler.decision import Arrived, Sampler
from otel_discord.processors.probabilistic_sampler.threshold import (
    ALWAYS,
    NEVER,
    parse_randomness,
    parse_threshold,
    probability_of,
    randomness_text,
    threshold_of,
    threshold_text,
)
from otel_discord.processors.probabilistic_sampler.trace_state import TraceState, parse_trace_state


@pytest.mark.parametrize(
    ("probability", "precision", "text"),
    [(1, 4, "0"), (0.5, 4, "8"), (0.25, 4, "c"), (1 / 3, 1, "b"), (1 / 3, 4, "aaab"), (0.01, 4, "fd71"),
     (0.999, 3, "00419"), (1 / 3, 14, "aaaaaaaaaaaaac")],
)  # fmt: skip
def test_thresholds(probability: float, precision: int, text: str) -> None:
    assert threshold_text(threshold_of(probability, precision)) == text


@pytest.mark.parametrize("text", ["", "g", "1" * 15, "0x1", "-1", "٣"])
def test_what_is_no_threshold(text: str) -> None:
    with pytest.raises(ValueError, match="threshold"):
        parse_threshold(text)


def test_what_is_no_randomness() -> None:
    for text in ("", "9b8233f7e3a15", "9b8233f7e3a15g"):
        with pytest.raises(ValueError, match="randomness"):
            parse_randomness(text)
    assert parse_randomness("9b8233f7e3a151") == 0x9B8233F7E3A151


@given(st.floats(min_value=0, max_value=2), st.integers(1, 14))
def test_a_threshold_is_near_its_probability_and_survives_as_text(probability: float, precision: int) -> None:
    threshold = threshold_of(probability, precision)
    assert ALWAYS <= threshold <= NEVER
    if threshold < NEVER:
        assert parse_threshold(threshold_text(threshold)) == threshold
        rejected = max(1 - probability, 0.0)
        assert abs(1 - probability_of(threshold) - rejected) <= max(rejected, 2**-52) * 16.0 ** (1 - precision)


@given(st.integers(0, NEVER - 1))
def test_randomness_survives_as_text(randomness: int) -> None:
    assert parse_randomness(randomness_text(randomness)) == randomness


def test_the_hash_is_fnv_1a_over_the_seed_and_the_bytes() -> None:
    table = {b"": 0x811C9DC5, b"a": 0xE40C292C, b"foobar": 0xBF9CF968}
    assert {data: rnd._fnv1a(data, 0x811C9DC5) for data in table} == table
    assert rnd.seed_state(0x04030201) == rnd._fnv1a(b"\x01\x02\x03\x04", 0x811C9DC5)


@given(st.binary(max_size=16), st.integers(0, 2**32 - 1), st.integers(0, 100))
def test_the_hash_decides_as_fourteen_bits_do(data: bytes, seed: int, percentage: int) -> None:
    """Contrib's first rule: kept where the hash's last 14 bits are below the share of 16384."""
    sampler = Sampler(ProbabilisticSamplerConfig(sampling_percentage=percentage, hash_seed=seed))
    hashed = rnd._fnv1a(struct.pack("<I", seed) + data, 0x811C9DC5) & 0x3FFF
    decision = sampler.decide(rnd.hash_randomness(data, rnd.seed_state(seed)), Arrived(), is_hashed=True)
    assert decision.is_kept == (hashed < int(percentage * 163.84))


def test_randomness_of_a_trace_id_is_its_last_seven_bytes() -> None:
    assert rnd.trace_id_randomness(bytes.fromhex("ffffffffffffffffff" + "01020304050607")) == 0x01020304050607


# ------------------------------------------------------------------------------------------------------- tracestate
@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", TraceState()),
        ("ot=th:8;rv:9b8233f7e3a151", TraceState("8", "9b8233f7e3a151")),
        ("a=1, ot=x:y;th:c ,b=2", TraceState("c", "", ("x:y",), ("a=1", "b=2"))),
        ("rojo=00f067aa0ba902b7", TraceState(vendors=("rojo=00f067aa0ba902b7",))),
    ],
)
def test_tracestate(text: str, state: TraceState) -> None:
    assert parse_trace_state(text) == state
    assert parse_trace_state(str(state)) == state


@pytest.mark.parametrize("text", ["ot=th", "ot=th:8;", "ot=TH:8", "ot=th:8 ;rv:1", "ot=x:" + "y" * 300])
def test_what_is_no_tracestate(text: str) -> None:
    with pytest.raises(ValueError, match="tracestate"):
        parse_trace_state(text)


# --------------------------------------------------------------------------------------------------------- decisions
MODES = st.sampled_from([Mode.PROPORTIONAL, Mode.EQUALIZING, Mode.HASH_SEED])
RANDOMNESS = st.integers(0, NEVER - 1)


@given(MODES, RANDOMNESS, st.floats(0, 100), st.floats(0, 100))
def test_who_keeps_more_keeps_at_least_the_same(mode: Mode, randomness: int, one: float, other: float) -> None:
    less, more = sorted((one, other))
    kept = []
    for percentage in (less, more):
        if 0 < percentage < 1e-12:
            return
        sampler = Sampler(ProbabilisticSamplerConfig(sampling_percentage=percentage, mode=mode))
        kept.append(sampler.decide(randomness, Arrived(), is_hashed=False).is_kept)
    assert kept[1] >= kept[0]


@given(MODES, RANDOMNESS)
def test_all_and_nothing(mode: Mode, randomness: int) -> None:
    for percentage, kept in ((100, True), (250, True), (0, False)):
        sampler = Sampler(ProbabilisticSamplerConfig(sampling_percentage=percentage, mode=mode))
        assert sampler.decide(randomness, Arrived(), is_hashed=False).is_kept is kept


def decide(keys: dict[str, Any], randomness: int | None, arrived: Arrived = Arrived(), **more: Any) -> Any:  # noqa: B008
    config = ProbabilisticSamplerConfig.model_validate({"sampling_percentage": 50, **keys})
    return Sampler(config).decide(randomness, arrived, is_hashed=False, **more)


HIGH, LOW = 0xE0 << 48, 0x10 << 48
QUARTER = 0xC0 << 48


def test_proportional_multiplies_and_equalizing_does_not() -> None:
    arrived = Arrived(threshold=QUARTER)
    proportional = decide({"mode": "proportional"}, HIGH, arrived)
    assert (proportional.is_kept, proportional.threshold) == (True, 0xE0 << 48)
    assert not decide({"mode": "proportional"}, 0xD0 << 48, arrived).is_kept
    equalizing = decide({"mode": "equalizing"}, HIGH, arrived)
    assert (equalizing.is_kept, equalizing.threshold) == (True, None)
    assert decide({"mode": "equalizing"}, HIGH, Arrived(threshold=0x40 << 48)).threshold == 0x80 << 48


@pytest.mark.parametrize(
    ("keys", "randomness", "arrived", "words"),
    [
        ({}, None, Arrived(), "no randomness"),
        ({}, HIGH, Arrived(threshold=LOW), "use another mode"),
        ({}, HIGH, Arrived(randomness=LOW), "use another mode"),
        ({"mode": "equalizing"}, LOW, Arrived(threshold=HIGH), "should not have been kept"),
        ({"mode": "proportional"}, HIGH, Arrived(problem="unreadable"), "unreadable"),
    ],
)
def test_problems_close_or_open_the_door(
    keys: dict[str, Any], randomness: int | None, arrived: Arrived, words: str
) -> None:
    closed = decide(keys, randomness, arrived)
    opened = decide({**keys, "fail_closed": False, "sampling_percentage": 0}, randomness, arrived)
    assert (closed.is_kept, opened.is_kept) == (False, True)
    assert words in closed.problem
    assert words in opened.problem
    assert opened.threshold is None
    assert decide(keys, randomness, arrived, percentage=100).is_kept


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"sampling_percentage": -1},
        {"sampling_percentage": "nan"},
        {"sampling_percentage": float("inf")},
        {"sampling_percentage": 1e-20},
        {"sampling_percentage": 1, "mode": "random"},
        {"sampling_percentage": 1, "hash_seed": 2**32},
        {"sampling_percentage": 1, "sampling_precision": 0},
        {"sampling_percentage": 1, "sampling_precision": 15},
        {"sampling_percentage": 1, "attribute_source": "trace"},
    ],
)
def test_wrong_ones_are_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProbabilisticSamplerConfig.model_validate(keys)
