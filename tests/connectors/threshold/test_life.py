"""The life of alerts through the whole connector, moment by moment."""

import pytest

from otel_discord.component import PermanentError, RetryableError
from otel_discord.connectors.threshold.factory import FACTORY
from otel_discord.signals import LogsBatch, attributes_to_dict
from otel_discord.testing.sinks import Sink
from tests.connectors.threshold.world import BEGIN_NS, FakeStorage, S, counter, rule, world


async def test_the_example_of_the_documentation() -> None:
    text = "{{ attr('service.name') }} has {{ value }} jobs waiting"
    async with world(rule(**{"for": "1m", "resolve": "< 80", "annotations": {"summary": text}})) as w:
        await w.at(0, 1240)
        await w.at(30, 1410)
        assert w.events == []
        await w.at(60, 1240)
        await w.at(90, 90)
        await w.at(120, 85)
        await w.at(150, 79)
        firing, better, resolved = w.events
    assert (str(firing.state), firing.severity) == ("firing", "critical")
    assert firing.summary == "worker has 1,240 jobs waiting"
    assert (firing.threshold, firing.metric, firing.unit) == ("> 1000", "queue.depth", "{job}")
    assert (firing.started_ns, firing.at_ns) == (BEGIN_NS, BEGIN_NS + 60 * S)
    assert (firing.value, firing.peak) == (1240, 1410)
    assert firing.labels == {"service.name": "worker"}
    assert len(firing.series) >= 1
    assert (str(better.state), better.severity, better.threshold) == ("updated", "warning", "> 100")
    assert (str(resolved.state), resolved.severity, resolved.resolution) == ("resolved", "warning", "recovered")
    assert (resolved.started_ns, resolved.ended_ns, resolved.peak) == (BEGIN_NS, BEGIN_NS + 150 * S, 1410)
    assert {event.fingerprint for event in (firing, better, resolved)} == {firing.fingerprint}


async def test_records_are_under_the_resource_of_the_group() -> None:
    both = rule(group_by=["service.name", "queue"])
    async with world(both) as w:
        await w.at(0, 500, queue="mail", **{"service.name": "a"})
        batch = w.sink.batches[0]
        assert isinstance(batch, LogsBatch)
        ((resource, scope, record),) = batch.records()
    assert attributes_to_dict(resource.attributes) == {"service.name": "a"}
    assert scope.name == "otel_discord.connectors.threshold"
    assert attributes_to_dict(record.attributes)["queue"] == "mail"


async def test_without_a_template_it_says_what_it_knows() -> None:
    async with world(rule()) as w:
        await w.at(0, 1240)
        await w.at(840, 5)
        assert [event.summary for event in w.events] == [
            "QueueTooDeep: queue.depth is 1,240 (> 1000), worker",
            "QueueTooDeep: over after 14 m, queue.depth is 5, worker",
        ]


async def test_groups_come_from_points_then_from_resources_and_may_be_missing() -> None:
    async with world(rule(group_by=["service.name", "host.name"])) as w:
        await w.at(0, 500, **{"service.name": "a"})
        assert w.events[0].labels == {"service.name": "a"}


async def test_metrics_by_regular_expression_and_where() -> None:
    keys = rule(metric="/queue[.].*/", where='attributes["kind"] == "mail"', group_by=["kind"])
    async with world(keys) as w:
        await w.put(500, name="my.queue.x", kind="mail")
        await w.put(500, name="queue.x", kind="push")
        await w.at(0)
        assert w.events == []
        await w.at(1, 500, name="queue.x", kind="mail")
        assert [event.labels for event in w.events] == [{"kind": "mail"}]


async def test_flapping_shorter_than_for_makes_nothing() -> None:
    async with world(rule(**{"for": "1m"})) as w:
        for second in range(0, 7200, 10):
            await w.at(second, 500 if second % 60 < 50 else 5)
        assert w.events == []


async def test_worse_comes_as_an_update_and_better_too() -> None:
    async with world(rule()) as w:
        for second, value in enumerate([500, 500, 2000, 2000, 500, 5, 5, 500]):
            await w.at(second * 40, value)
        assert w.states == [
            "firing warning",
            "updated critical",
            "updated warning",
            "resolved warning",
            "firing warning",
        ]


async def test_it_keeps_firing_for_a_while() -> None:
    async with world(rule(keep_firing_for="1m")) as w:
        for second, value in [(0, 500), (30, 5), (60, 500), (90, 5), (120, 5), (149, 5)]:
            await w.at(second, value)
        assert w.states == ["firing warning"]
        await w.at(150, 5)
        assert w.states[-1] == "resolved warning"


async def test_it_says_now_and_then_how_it_stands() -> None:
    async with world(rule(repeat_interval="5m", resolve="< 80")) as w:
        for second in range(0, 3600, 30):
            await w.at(second, 980 + second / 60)
        assert w.states == ["firing warning", *["updated warning"] * 4, *["updated critical"] * 8]
        assert len({event.started_ns for event in w.events}) == 1


class TestNoData:
    async def test_it_ends_after_a_while(self) -> None:
        async with world(rule(no_data={"after": "2m"})) as w:
            await w.at(0, 500)
            await w.at(60)
            await w.at(119)
            assert w.states == ["firing warning"]
            await w.at(160)
            assert w.states == ["firing warning", "resolved warning"]
            assert w.events[-1].resolution == "no data"

    async def test_it_stays(self) -> None:
        async with world(rule(no_data={"after": "2m", "then": "keep"})) as w:
            await w.at(0, 500)
            await w.at(3600)
            assert w.states == ["firing warning"]

    async def test_it_is_an_alert(self) -> None:
        async with world(rule(no_data={"after": "2m", "then": "alert", "severity": "critical"})) as w:
            await w.at(0, 5)
            await w.at(30)
            await w.at(200)
            await w.at(260, 5)
            assert w.states == ["firing critical", "resolved critical"]
            assert w.events[0].threshold == "no data for 2m"
            assert w.events[0].value is None
            assert w.events[1].resolution == "data is back"

    async def test_what_never_spoke_is_silent(self) -> None:
        dead_man = rule(name="Dead", group_by=[], conditions={}, no_data={"after": "2m", "then": "alert"})
        async with world(dead_man) as w:
            await w.at(0)
            await w.at(121)
            assert w.states == ["firing warning"]
            assert w.events[0].summary == "Dead: no data for 2m"

    async def test_a_gap_neither_fires_nor_resolves(self) -> None:
        async with world(rule(**{"for": "2m"}, window="10s")) as w:
            await w.at(0, 500)
            await w.at(130)
            assert w.events == []
            await w.at(140, 500)
            assert w.states == ["firing warning"]
            await w.at(300)
            assert w.states == ["firing warning"]


class TestInhibition:
    RULES = (
        rule(name="Down", metric="up", conditions={"critical": "== 0"}, window="1h"),
        rule(inhibited_by=["Down"], window="1h"),
    )

    async def test_a_muted_alert_is_told_when_the_mute_ends(self) -> None:
        async with world(*self.RULES) as w:
            await w.put(0, name="up")
            await w.at(0, 500)
            assert [e.name for e in w.events] == ["Down"]
            w.go(30)
            await w.put(1, name="up")
            await w.at(30, 500)
            assert [(e.name, str(e.state)) for e in w.events[1:]] == [("Down", "resolved"), ("QueueTooDeep", "firing")]
            assert w.events[-1].started_ns == BEGIN_NS

    async def test_only_with_the_same_labels(self) -> None:
        async with world(*self.RULES) as w:
            await w.put(0, name="up", **{"service.name": "other"})
            await w.at(0, 500)
            assert sorted(e.name for e in w.events) == ["Down", "QueueTooDeep"]

    async def test_an_end_is_never_held_back(self) -> None:
        async with world(*self.RULES) as w:
            await w.at(0, 500)
            w.go(30)
            await w.put(0, name="up")
            await w.at(30, 500)
            await w.at(60, 5)
            assert [(e.name, str(e.state)) for e in w.events] == [
                ("QueueTooDeep", "firing"), ("Down", "firing"), ("QueueTooDeep", "resolved"),
            ]  # fmt: skip


async def test_rules_together() -> None:
    parts = [
        rule(name="Deep", conditions={"warning": "> 100"}, notify=False),
        rule(name="Slow", metric="latency", group_by=["service.name", "route"], conditions={"warning": "> 1s"}),
        {"name": "Both", "all_of": ["Deep", "Slow"], "severity": "critical", "group_by": ["service.name"]},
    ]
    async with world(*parts) as w:
        await w.at(0, 500)
        assert w.events == []
        await w.put(2000, name="latency", unit="ms", route="/")
        await w.at(1, 500)
        assert [(e.name, e.severity) for e in w.events] == [("Slow", "warning"), ("Both", "critical")]
        assert w.events[1].labels == {"service.name": "worker"}
        await w.at(2, 5)
        assert (w.events[-1].name, str(w.events[-1].state)) == ("Both", "resolved")


async def test_a_ratio_of_errors() -> None:
    ratio = {
        "of": {"metric": "requests", "where": 'attributes["status"] >= 500'},
        "to": "requests",
    }
    keys = rule(name="Errors", ratio=ratio, window="5m", conditions={"critical": "> 5 %"})
    del keys["metric"]
    async with world(keys) as w:
        for second in range(0, 300, 10):
            w.now_ns = BEGIN_NS + second * S
            for status, factor in ((200, 9), (500, 1 if second > 100 else 0)):
                await w.connector.consume(
                    counter("requests", second * factor, w.now_ns, BEGIN_NS - S, {"status": status})
                )
            await w.connector.evaluate()
        (firing,) = w.events
        assert firing.value is not None
        assert 0.05 < firing.value < 0.11
        assert "%" in firing.summary


async def test_a_ratio_of_rates_is_that_of_what_came() -> None:
    """Requests are counted since long ago, errors since just now: no side is divided by less time than the other."""
    keys = rule(name="Errors", ratio={"of": "errors", "to": "requests"}, aggregation="rate", window="1m")
    keys |= {"conditions": {"critical": "> 5 %"}}
    del keys["metric"]
    async with world(keys) as w:
        for second, requests in ((0, 1_000), (10, 1_100)):
            w.go(second)
            await w.connector.consume(counter("requests", requests, w.now_ns, BEGIN_NS - 900 * S))
        await w.connector.consume(counter("errors", 4, w.now_ns, w.now_ns - 300_000))
        await w.connector.evaluate()
        assert not w.events
        w.go(20)
        await w.connector.consume(counter("errors", 10, w.now_ns, BEGIN_NS + 10 * S - 300_000))
        await w.connector.evaluate()
        assert [event.value for event in w.events] == [0.1]


async def test_a_first_request_is_no_flood() -> None:
    """JavaScript SDKs let each set of attributes begin when it is first used, which can be just before an export."""
    keys = rule(metric="requests", aggregation="rate", window="1m", conditions={"critical": "> 10"})
    async with world(keys) as w:
        for second in range(10, 121, 10):
            w.go(second)
            user = {"user": second}
            await w.connector.consume(counter("requests", 1, w.now_ns, w.now_ns - 300_000, user))
            await w.connector.evaluate()
        assert not w.events


async def test_a_burning_budget() -> None:
    slo = {"objective": "99 %", "windows": [{"long": "1h", "short": "5m", "factor": 14.4, "severity": "critical"}]}
    keys = {
        "name": "Budget", "slo": slo, "repeat_interval": "0s",
        "ratio": {"of": {"metric": "requests", "where": 'attributes["status"] == 500'}, "to": "requests"},
    }  # fmt: skip
    async with world(keys) as w:
        bad = good = 0.0
        for second in range(0, 9000, 30):
            w.now_ns = BEGIN_NS + second * S
            is_bad = 3600 <= second < 5400
            bad, good = bad + 30 * is_bad, good + 30 * (not is_bad)
            for status, total in ((200, good), (500, bad)):
                await w.connector.consume(counter("requests", total, w.now_ns, BEGIN_NS - S, {"status": status}))
            await w.connector.evaluate()
        firing, resolved = w.events
    fired_after_s = (firing.at_ns - BEGIN_NS) / S - 3600
    assert 450 < fired_after_s < 650  # 14.4 % of an hour of only bad ones
    assert 0 < (resolved.at_ns - BEGIN_NS) / S - 5400 < 300
    assert firing.threshold == "budget burns > 14.4× over 1h and 5m"


class TestDownstream:
    async def test_a_busy_exporter_gets_it_later(self) -> None:
        sink = Sink()
        sink.answer_next(RetryableError("busy"), RetryableError("busy"))
        async with world(rule(), sink=sink) as w:
            await w.at(0, 500)
            await w.at(1, 500)
            assert w.events == []
            await w.at(2, 500)
            await w.at(3, 500)
            assert w.states == ["firing warning"]

    async def test_what_is_refused_for_good_is_not_sent_again(self) -> None:
        sink = Sink()
        sink.answer_next(PermanentError("no"))
        async with world(rule(), sink=sink) as w:
            await w.at(0, 500)
            await w.at(1, 500)
            assert sink.offered == 1
            await w.at(2, 5)
            assert w.states == ["resolved warning"]

    async def test_a_storage_that_fails_does_not_silence_alerts(self) -> None:
        storage = FakeStorage()
        storage.failure = RetryableError("disk full")
        async with world(rule(), storage=storage) as w:
            await w.at(0, 500)
            assert w.states == ["firing warning"]
            storage.failure = None
            await w.at(1, 5)
        assert storage.values


async def test_there_are_bounds() -> None:
    async with world(rule(), max_alerts=3) as w:
        for number in range(5):
            await w.put(500, **{"service.name": f"s{number}"})
        await w.at(0)
        assert len(w.events) == 3
        w.connector._numbers.evaluated(0.0)
        assert w.telemetry.value("otel_discord_threshold_alerts_refused_total") == 2
        assert w.telemetry.value("otel_discord_threshold_alerts", state="firing") == 3


@pytest.mark.parametrize("severities", [("warning", "critical"), ("info", "error")])
async def test_severities_are_in_order_however_they_are_written(severities: tuple[str, str]) -> None:
    low, high = severities
    async with world(rule(conditions={high: "> 1000", low: "> 100"})) as w:
        await w.at(0, 500)
        await w.at(40, 5000)
        assert w.states == [f"firing {low}", f"updated {high}"]


def test_the_door() -> None:
    assert FACTORY.type_name == "threshold"
