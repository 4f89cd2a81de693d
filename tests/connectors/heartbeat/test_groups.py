"""Whatever comes and whenever: alerts begin and end in turns, and nothing grows without bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.connectors.heartbeat.groups import Group, Groups, Labels, Limits, Now
from otel_discord.connectors.heartbeat.listening import Listening
from otel_discord.connectors.heartbeat.stored import from_bytes, to_bytes
from otel_discord.signals.alert_event import AlertState

S = 1_000_000_000
names = st.sampled_from("abcdef")
steps = st.lists(st.tuples(st.floats(0.1, 40), st.one_of(st.none(), names)), max_size=60)


def group(name: str) -> Labels:
    return (("service.name", name),)


def limits(*, resolve_after_s: float = 0, forget_s: float = 0, max_groups: int = 100) -> Limits:
    return Limits(after_s=30, resolve_after_s=resolve_after_s, repeat_s=45, forget_s=forget_s, max_groups=max_groups)


@given(steps, st.sampled_from([0.0, 10.0]), st.sampled_from([0.0, 100.0]), st.integers(1, 6))
def test_alerts_take_turns(script: list[tuple[float, str | None]], back_s: float, forget_s: float, most: int) -> None:
    groups = Groups(limits(resolve_after_s=back_s, forget_s=forget_s, max_groups=most))
    groups.expect(group("a"), Now(0, S))
    firing: set[Labels] = set()
    seen_s: dict[Labels, float] = {group("a"): 0}
    now_s = 0.0
    for step_s, name in script:
        now_s += step_s
        now = Now(now_s, round((now_s + 1) * S))
        if name:
            groups.see(group(name), now)
            seen_s[group(name)] = now_s
        for turn in groups.turns(now):
            match turn.state:
                case AlertState.FIRING:
                    assert turn.labels not in firing
                    assert now_s - seen_s[turn.labels] >= 30
                    firing.add(turn.labels)
                case AlertState.UPDATED:
                    assert turn.labels in firing
                case AlertState.RESOLVED:
                    assert turn.ended_ns >= turn.started_ns > 0
                    firing.remove(turn.labels)
        assert firing == {labels for labels, _ in groups.silent()}
        assert len(groups.others) <= most
        if not back_s:
            silent = {labels for labels, each in groups.all() if now_s - each.seen_s >= 30}
            assert firing == silent
        assert group("a") in groups.expected


@given(steps)
def test_what_is_stored_comes_back(script: list[tuple[float, str | None]]) -> None:
    groups = Groups(limits(), extra=(("team", "core"),))
    groups.expect(group("a"), Now(0, S))
    now_s = 0.0
    for step_s, name in script:
        now_s += step_s
        now = Now(now_s, round((now_s + 1) * S))
        if name:
            groups.see(group(name), now)
        groups.turns(now)
    stored = from_bytes(to_bytes(7, b"\n\x00batch\n", {"w": ("critical", groups.all())}), 5.0, round((now_s + 9) * S))
    assert (stored.number, stored.batch) == (7, b"\n\x00batch\n")
    assert stored.watches["w"].severity == "critical"
    again = Groups(limits())
    again.expect(group("a"), Now(5, S))
    again.adopt(stored.watches["w"].groups)
    assert dict(again.all()).keys() == dict(groups.all()).keys()
    for labels, each in groups.all():
        found: Group = dict(again.all())[labels]
        assert (found.is_silent, found.is_known, found.since_ns) == (each.is_silent, each.is_known, each.since_ns)
        assert found.extra == (each.extra if each.is_silent else ())


@given(st.lists(st.floats(0, 100), max_size=30))
def test_the_clock_never_goes_back_and_never_leaps(steps_s: list[float]) -> None:
    clock, loop_s, before_s = Listening(2.0, 0.0), 0.0, 0.0
    for step_s in steps_s:
        loop_s += step_s
        assert clock.at(loop_s) == pytest.approx(before_s + min(step_s, 2.0))
        after_s = clock.tick(loop_s)
        assert before_s <= after_s
        assert clock.at(loop_s) == after_s
        before_s = after_s
