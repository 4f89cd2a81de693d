"""No reading of the answers is ever too hopeful, and each shape is recognised by a burst."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server_models import MODELS

from otel_discord.discord_api.ratelimit import Shape
from otel_discord.discord_api.ratelimit.observation import Observation
from otel_discord.discord_api.ratelimit.window_shape import WindowShape

LIMITS = [(5, 2.0), (2, 1.0), (1, 1.0), (10, 10.0), (3, 30.0), (50, 1.0)]


def observed(answered_at: float, reset_after_s: float, limit: int, remaining: int) -> Observation:
    """As the headers give it: in whole milliseconds."""
    reset_at = round(answered_at + reset_after_s, 3)
    return Observation(reset_at - round(reset_after_s, 3), reset_at, limit, remaining)


@settings(max_examples=400, deadline=None)
@given(
    shape=st.sampled_from(sorted(MODELS)),
    limit=st.sampled_from(LIMITS),
    paces=st.lists(
        st.tuples(
            st.one_of(st.sampled_from([0.0, 0.001, 0.1, 0.5, 1.0, 2.0]), st.floats(0, 2)),  # gap in intervals
            st.integers(1, 12),  # so often
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_a_slot_is_never_computed_early(shape: str, limit: tuple[int, float], paces: list[tuple[float, int]]) -> None:
    model, found, now = MODELS[shape](*limit), WindowShape(), 1000.0
    for gap, count in paces:
        for _ in range(count):
            now = max(now, model.slot_at(now)) + 1e-6
            verdict = model.arrive(now)
            assert verdict.accepted
            answer = observed(now, verdict.reset_after_s, model.limit, verdict.remaining)
            found.observe(answer)
            if verdict.remaining == 0:
                slot_at = found.next_slot_at()
                assert slot_at <= answer.reset_at
                assert slot_at >= min(model.slot_at(now), answer.reset_at) - 0.002
            now += gap * limit[1] / limit[0]


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ("fixed", Shape.UNPROVEN),
        ("grid", Shape.UNPROVEN),
        ("gcra", Shape.LEAKY),
        ("log", Shape.LOG),
        ("log_next", Shape.UNPROVEN),
    ],
)
@pytest.mark.parametrize("gap_s", [0.02, 0.1, 0.15])
def test_a_burst_tells_the_shape(shape: str, found: Shape, gap_s: float) -> None:
    model, evidence = MODELS[shape](5, 2.0), WindowShape()
    for index in range(5):
        now = 1000.0 + index * gap_s
        verdict = model.arrive(now)
        evidence.observe(observed(now, verdict.reset_after_s, 5, verdict.remaining))
    assert evidence.shape is found
    if found is not Shape.UNPROVEN:
        assert evidence.next_slot_at() == pytest.approx(model.slot_at(1000.0), abs=0.005)


def test_nothing_is_said_before_the_first_answer() -> None:
    with pytest.raises(RuntimeError):
        WindowShape().next_slot_at()
    assert WindowShape().window_s == 0.0
