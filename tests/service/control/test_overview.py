"""What ``overview`` answers."""

import asyncio
import dataclasses
import json
import math
from typing import Any

import orjson
import pytest

from otel_discord.component import ComponentStatus, Status
from otel_discord.component.service_view import Reading, ServiceView
from otel_discord.component.watched_exporter import Watched
from otel_discord.component.watched_runs import ShownRun
from otel_discord.service.control.overview import ANSWER_TIMEOUT_S, ask_exporters, overview
from otel_discord.service.control.overview_document import MAX_ALERTS, MAX_TEXT_CHARS, Asked, overview_document
from otel_discord.service.control.overview_numbers import quantile
from tests.service.control.fake_view import NOW_S, TOKEN, FakeExporter, FakeView, Unwatched, alert, ops


async def document(view: FakeView, phase: str = "ready") -> dict[str, Any]:
    command = overview(view, lambda: phase, lambda: NOW_S)
    (line,) = [line async for line in command.run({})]
    found: dict[str, Any] = json.loads(orjson.dumps(line))
    return found


async def test_the_fakes_are_what_they_say() -> None:
    assert isinstance(FakeView(), ServiceView)
    assert isinstance(FakeExporter(), Watched)
    assert overview(FakeView(), str, float).at_any_time


async def test_the_service() -> None:
    found = await document(FakeView())
    assert found["service"] == {
        "version": "1.2.3",
        "pid": found["service"]["pid"],
        "phase": "ready",
        "health": "degraded",
        "started_at": "2023-11-14T21:11:15.000000Z",
        "uptime_s": 3725.0,
        "measured": True,
        "memory_rss_bytes": 88_000_000,
        "cpu_s": 12.5,
    }
    assert found["at"] == "2023-11-14T22:13:20.000000Z"
    assert found["pipelines"]["logs"][1] == "processor:filter@logs"
    assert found["wires"][0]["target"] == "processor:filter@logs"
    assert found["reloads"] == [
        {"at": "2023-11-14T22:12:50.000000Z", "ok": False, "remarks": [
            "reload failed: https://discord.com/api/webhooks/123456789012345678/[REDACTED]"
        ]}
    ]  # fmt: skip


async def test_components_with_their_numbers() -> None:
    components = (await document(FakeView()))["components"]
    assert components["receiver:otlp"]["counters"] == {
        "logs": {"accepted": 5_070, "refused": 3},
        "traces": {"accepted": 11},
    }
    assert components["processor:filter@logs"]["counters"] == {"logs": {"filtered": 100}}
    assert components["exporter:discord"]["counters"] == {"logs": {"sent": 650, "failed": 9, "refused": 1}}
    assert components["exporter:discord"]["status"] == "StatusRecoverableError"
    assert "counters" not in components["exporter:discord/old"]


async def test_queues_and_dead_letters() -> None:
    found = await document(FakeView())
    assert found["queues"] == [
        {
            "exporter": "discord", "signal": "logs", "size": 820, "capacity": 1_024, "in_flight": 3,
            "oldest_waiting_s": 3_700.0,
        },
        {"exporter": "discord/old", "signal": "logs", "size": 0, "capacity": 16},
    ]  # fmt: skip
    assert found["dead_letters"] == {"discord": 17}


async def test_destinations_of_an_exporter_that_can_be_asked() -> None:
    first, second, _ = (await document(FakeView()))["destinations"]
    assert (first["exporter"], first["name"], first["health"], first["watched"]) == ("discord", "ops", "waiting", True)
    assert (first["waiting_records"], first["oldest_waiting_ago_s"], first["budget_left"]) == (4_312, 74.0, 3.0)
    assert (first["next_in_s"], first["last_429_ago_s"], first["recent_success"]) == (1.5, 130.0, 0.98)
    assert (second["health"], second["breaker"], second["fallback"]) == ("gone", "open", "ops")
    assert second["last_error"].startswith("10015: Unknown Webhook")
    assert not {"budget_left", "last_429_at", "response_p50_s", "next_at"} & set(second)


async def test_destinations_of_one_that_cannot() -> None:
    third = (await document(FakeView()))["destinations"][2]
    assert third == {
        "exporter": "discord/old",
        "name": "errors",
        "watched": False,
        "health": "unreachable",
        "breaker": "open",
        "delivered": 30,
        "failed": 10,
        "recent_success": 0.75,
        "response_p50_s": 0.1,
        "response_p99_s": 0.85,
        "last_429_at": "2023-11-14T22:13:10.000000Z",
        "last_429_ago_s": 10.0,
    }


@pytest.mark.parametrize(
    ("up", "breaker", "delivered", "status", "health"),
    [
        (None, None, 0, Status.OK, "unknown"),
        (None, None, 5, Status.OK, "ok"),
        (1, 0, 0, Status.OK, "ok"),
        (0, 0, 5, Status.OK, "gone"),
        (1, 1, 5, Status.OK, "unreachable"),
        (1, 0, 5, Status.RECOVERABLE, "unknown"),
        (0, 0, 5, Status.RECOVERABLE, "gone"),
    ],
)
async def test_health_as_metrics_tell_it(
    up: int | None, breaker: int | None, delivered: int, status: Status, health: str
) -> None:
    labels = {"exporter": "x", "destination": "d"}
    values = {"webhook_up": up, "breaker_state": breaker, "messages_sent_total": delivered}
    view = FakeView(
        numbers=[Reading(f"otel_discord_{name}", labels, each) for name, each in values.items() if each is not None],
        components={"exporter:x": Unwatched()},
        statuses={"exporter:x": ComponentStatus(status, "", 0)},
    )
    assert [each["health"] for each in (await document(view))["destinations"]] == [health]


async def test_exporters_that_a_reload_has_removed_are_not_there() -> None:
    found = await document(FakeView(components={"exporter:discord": FakeExporter(states=[])}))
    assert found["destinations"] == []  # one is not running, and of the other only sums are left


async def test_alerts_the_gravest_first_and_bounded() -> None:
    many = [(alert(name=f"a{number}", severity="warning"), ["ops"]) for number in range(MAX_ALERTS)]
    view = FakeView(components={"exporter:discord": FakeExporter(alerts=[*many, (alert(), ["ops", "pager"])])})
    found = await document(view)
    assert found["alerts_firing"] == MAX_ALERTS + 1
    assert len(found["alerts"]) == MAX_ALERTS
    first = found["alerts"][0]
    assert (first["name"], first["firing_for_s"], first["destinations"]) == ("QueueDepth", 300.0, ["ops", "pager"])
    assert (first["value"], first["threshold"], first["labels"]["service.name"]) == (1250.0, "> 1000", "shop")


async def test_what_is_muted_now() -> None:
    found = await document(FakeView())
    assert [(each["exporter"], each["id"]) for each in found["silences"]] == [("discord", "ab12cd34")]
    assert [(each["exporter"], each["name"], each["held_records"]) for each in found["maintenance"]] == [
        ("discord", "db", 40)
    ]
    resting = await document(FakeView(components={"exporter:discord": FakeExporter(is_running=False)}))
    assert (resting["silences"], resting["maintenance"]) == ([], [])


async def test_no_secret_is_in_it() -> None:
    labels = {TOKEN: "a label's name", "long": "x" * (MAX_TEXT_CHARS - 10) + TOKEN}
    view = FakeView(components={"exporter:discord": FakeExporter(alerts=[(alert(labels=labels), [])])})
    text = json.dumps(await document(view))
    assert TOKEN[:20] not in text
    assert text.count("[REDACTED]") >= 5


async def test_what_json_cannot_say() -> None:
    state = dataclasses.replace(ops(), budget_left=math.inf, last_error="half \ud83d", recent_success=math.nan)
    odd = alert(value=math.inf, labels={"half \udc00": "\ud83d"})
    found = await document(FakeView(components={"exporter:discord": FakeExporter(states=[state], alerts=[(odd, [])])}))
    assert found["destinations"][0]["last_error"] == "half ?"
    assert not {"budget_left", "recent_success"} & set(found["destinations"][0])
    assert "value" not in found["alerts"][0]
    assert found["alerts"][0]["labels"] == {"half ?": "?"}


async def test_one_that_measures_nothing() -> None:
    found = await document(FakeView(numbers=[]))
    assert not found["service"]["measured"]
    assert (found["queues"], found["dead_letters"]) == ([], {})
    assert [each["name"] for each in found["destinations"]] == ["ops", "pager"]


@pytest.mark.parametrize(
    ("status", "ready", "health"),
    [
        (Status.OK, True, "ok"),
        (Status.OK, False, "not ready"),
        (Status.RECOVERABLE, True, "degraded"),
        (Status.PERMANENT, True, "failing"),
        (Status.FATAL, False, "failing"),
    ],
)
def test_health(status: Status, ready: bool, health: str) -> None:
    view = FakeView(ready=ready, statuses={"exporter:x": ComponentStatus(status, "", 0)}, numbers=[], components={})
    assert overview_document(view, Asked(), phase="ready", pid=1, now_unix_s=NOW_S)["service"]["health"] == health


async def test_one_that_fails_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeExporter):
        def firing_alerts(self) -> Any:
            raise KeyError("a fault of its own")

        async def maintenance_windows(self) -> Any:
            raise KeyError("another")

    view = FakeView(components={"exporter:discord/old": Broken(), "exporter:discord": FakeExporter()})
    found = await document(view)
    assert [each["name"] for each in found["destinations"]] == ["ops", "pager", "errors"]
    assert not found["destinations"][2]["watched"]  # what metrics say is still there
    assert len(found["alerts"]) == 1
    assert [each["exporter"] for each in found["silences"]] == ["discord/old", "discord"]
    assert [each["exporter"] for each in found["maintenance"]] == ["discord"]
    assert caplog.text.count("exporter discord/old cannot say") == 2


@pytest.mark.looptime
async def test_one_that_does_not_answer_is_left_out() -> None:
    class Slow(FakeExporter):
        async def silences(self) -> Any:
            await asyncio.sleep(3600)

    begun_s = asyncio.get_running_loop().time()
    asked = await ask_exporters(FakeView(components={"exporter:a": FakeExporter(), "exporter:b": Slow()}))
    assert asyncio.get_running_loop().time() - begun_s == ANSWER_TIMEOUT_S
    assert list(asked.silences) == ["a"]
    assert list(asked.windows) == ["a", "b"]


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [
        ((0, 0, 0), 0.5, None),
        ((10, 0, 0), 0.5, 0.5),
        ((10, 10, 0), 0.75, 1.5),
        ((0, 0, 10), 0.5, 2.0),
        ((1, 0, 1), 0.99, 2.0),
    ],
)
def test_quantiles(counts: tuple[int, ...], share: float, expected: float | None) -> None:
    assert quantile(Reading("x", {}, sum(counts), 0.0, (1.0, 2.0), counts), share) == expected


class _Maker:
    def shown_runs(self, limit: int = 50) -> list[ShownRun]:
        now_ns = int(NOW_S * 1e9)
        started_ns, expires_ns = now_ns - 90 * 10**9, now_ns + 3600 * 10**9
        return [
            ShownRun(name="nightly", state="running", steps=4, errors=1, last_step="tests", started_ns=started_ns,
                     expires_ns=expires_ns)
        ][:limit]  # fmt: skip


async def test_runs_where_somebody_makes_channels_for_them() -> None:
    view = FakeView()
    assert "runs" not in await document(view)
    view.open_components = lambda: {"extension:run_channels": _Maker()}  # type: ignore[method-assign]
    (run,) = (await document(view))["runs"]
    assert run == {
        "name": "nightly", "state": "running", "steps": 4, "errors": 1, "last_step": "tests", "age_s": 90.0,
        "started_at": "2023-11-14T22:11:50.000000Z", "expires_at": "2023-11-14T23:13:20.000000Z",
        "expires_in_s": 3600.0,
    }  # fmt: skip
