"""Every alert has a curve: what its rule measured before it fired, while it does, and up to its end."""

from typing import Any

from tests.connectors.threshold.world import BEGIN_NS, S, counter, rule, world

RATIO = {
    "name": "Errors",
    "ratio": {"of": "errors", "to": "requests"},
    "window": "1m",
    "conditions": {"warning": "> 5 %"},
    "repeat_interval": "0s",
}
SLO: dict[str, Any] = {
    "name": "Budget",
    "ratio": {"of": "errors", "to": "requests"},
    "repeat_interval": "0s",
    "slo": {"objective": "99 %", "windows": [{"long": "5m", "short": "1m", "factor": 5, "severity": "critical"}]},
}


async def test_a_plain_rule_has_points_of_before_the_breach_and_of_its_end() -> None:
    async with world(rule(repeat_interval="1m", resolve="< 80")) as w:
        for second in range(0, 300, 5):
            await w.at(second, 500 if 100 <= second < 250 else 50)
        firing, *_, resolved = w.events
        assert {event.state for event in w.events} == {"firing", "updated", "resolved"}
        assert all(event.series for event in w.events)
        assert [value for _, value in firing.series[:3]] == [50, 50, 50]
        assert firing.series[-1] == (BEGIN_NS + 100 * S, 500)
        assert resolved.series[-1] == (resolved.ended_ns, 50)


async def test_a_long_alert_has_its_last_points() -> None:
    async with world(rule(repeat_interval="10m")) as w:
        for second in range(0, 3600, 5):
            await w.at(second, 500)
        assert len(w.events[-1].series) == 120
        assert w.events[-1].series[-1][0] == w.events[-1].at_ns


async def errors_and_requests(w: Any, seconds: range, bad_from: int, bad_to: int) -> None:
    errors = requests = 0
    for second in seconds:
        requests += 100
        errors += 50 if bad_from <= second < bad_to else 0
        await w.at(second)
        await w.connector.consume(counter("requests", requests, w.now_ns, BEGIN_NS - S))
        await w.connector.consume(counter("errors", errors, w.now_ns, BEGIN_NS - S))


async def test_a_ratio_has_a_curve() -> None:
    async with world(RATIO) as w:
        await errors_and_requests(w, range(0, 600, 10), 200, 300)
        firing, resolved = w.events
        before = [value for at_ns, value in firing.series if at_ns < firing.started_ns]
        assert len(before) > 15
        assert set(before) == {0.0}
        assert firing.series[-1][1] == firing.value
        assert max(value for _, value in resolved.series) == resolved.peak
        assert resolved.series[-1][1] == 0


async def test_a_burn_has_a_curve() -> None:
    async with world(SLO) as w:
        await errors_and_requests(w, range(0, 1200, 10), 400, 500)
        firing, resolved = w.events
        assert firing.series[-1][1] == firing.value
        assert {value for at_ns, value in firing.series if at_ns < BEGIN_NS + 390 * S} == {0.0}
        assert len(resolved.series) > len(firing.series)


async def test_curves_of_ratios_are_bounded_and_gone_with_their_groups() -> None:
    grouped = RATIO | {"group_by": ["shard"]}
    async with world(grouped, max_series=4) as w:
        (made,) = w.connector._evaluation.rules
        for second in range(100):
            w.go(second)
            for name in ("requests", "errors"):
                await w.connector.consume(counter(name, 10, w.now_ns, BEGIN_NS - S, {"shard": f"s{second}"}))
            await w.connector.evaluate()
        assert len(made.source.histories._by_group) <= 2 * 4  # type: ignore[attr-defined]


class TestTogether:
    parts = (
        rule(name="Deep", notify=False),
        rule(name="Old", metric="age", notify=False, conditions={"warning": "> 60"}, unit="s"),
    )

    async def test_it_shows_the_first_part_that_it_names(self) -> None:
        async with world(*self.parts, {"name": "Both", "all_of": ["Old", "Deep"], "repeat_interval": "0s"}) as w:
            for second in range(0, 200, 5):
                await w.put(90 if second < 150 else 10, name="age")
                await w.at(second, 500 if second >= 50 else 5)
            firing, resolved = w.events
            assert (firing.metric, firing.unit, firing.value) == ("age", "s", None)
            assert {value for _, value in firing.series} == {90}
            assert len(firing.series) > 5
            assert resolved.series[-1][1] == 10

    async def test_one_of_rules_together_shows_what_those_show(self) -> None:
        both = {"name": "Both", "all_of": ["Old", "Deep"], "notify": False}
        async with world(*self.parts, both, {"name": "All", "all_of": ["Both", "Deep"], "repeat_interval": "0s"}) as w:
            await w.put(90, name="age")
            await w.at(0, 500)
            assert [(event.name, event.metric) for event in w.events] == [("All", "age")]
            assert w.events[0].series


async def test_silence_shows_what_was_before_it() -> None:
    async with world(rule(no_data={"after": "2m", "then": "alert"})) as w:
        for second in range(0, 100, 5):
            await w.at(second, 50 + second / 2)
        for second in range(100, 400, 5):
            await w.at(second)
        (firing,) = w.events
        assert firing.value is None
        assert [value for _, value in firing.series][-1] == 97.5
        assert firing.series[-1][0] < firing.at_ns - 100 * S


class TestHowItStands:
    """While an alert goes on it says how it stands: now and then, and sooner where its value has moved."""

    async def test_a_value_that_moved_is_told_at_a_tenth_of_the_interval(self) -> None:
        async with world(rule(repeat_interval="5m")) as w:
            for second in range(0, 100, 5):
                await w.at(second, 200 if second < 20 else 400)
            assert [(e.state, e.value, (e.at_ns - BEGIN_NS) // S) for e in w.events] == [
                ("firing", 200, 0),
                ("updated", 400, 30),
            ]

    async def test_a_peak_that_is_over_is_told_as_well(self) -> None:
        async with world(rule(repeat_interval="5m")) as w:
            for second in range(0, 100, 5):
                await w.at(second, 900 if second == 10 else 200)
            assert [(e.state, e.value, e.peak) for e in w.events] == [("firing", 200, 200), ("updated", 200, 900)]

    async def test_a_value_that_wavers_a_little_is_not_told(self) -> None:
        async with world(rule(repeat_interval="5m")) as w:
            for second in range(0, 290, 5):
                await w.at(second, 200 + second % 40)
            assert w.states == ["firing warning"]

    async def test_never_means_never(self) -> None:
        async with world(rule(repeat_interval="0s")) as w:
            for second in range(0, 1000, 5):
                await w.at(second, 200 + second % 500)
            assert w.states == ["firing warning"]

    async def test_all_together_are_told_at_a_bounded_rate_and_each_in_its_turn(self) -> None:
        async with world(rule(repeat_interval="1m")) as w:
            for number in range(900):
                await w.put(500, **{"service.name": f"worker {number}"})
            await w.at(0)
            told_at: dict[str, list[int]] = {}
            for second in range(10, 120, 10):
                for number in range(900):
                    await w.put(500, **{"service.name": f"worker {number}"})
                before = len(w.events)
                await w.at(second)
                news = w.events[before:]
                assert len(news) <= 1_000 if second == 60 else 500
                for event in news:
                    assert event.state == "updated"
                    told_at.setdefault(event.fingerprint, []).append(second)
            assert len(told_at) == 900
            assert all(len(seconds) == 1 for seconds in told_at.values())
