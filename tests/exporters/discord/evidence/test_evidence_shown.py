"""What an alert's message tells of the minutes before: through the exporter, on a virtual clock."""

import asyncio
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component import QueueFullError
from otel_discord.signals import LogsBatch
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import any_value, key_values
from tests.exporters.discord.alerting import BEGINNING_S, SECOND, batch, firing, resolved, updated, words
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)

DEBUG, INFO, WARN, ERROR = 5, 9, 13, 17
SECRET = "password=hunter-22-swordfish"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def wall_clock() -> float:
    return BEGINNING_S + asyncio.get_running_loop().time()


CONFIG: dict[str, Any] = {
    "fold": {"window": "5m", "edit_interval": "10s"},
    "alerts": {"group_wait": "5s", "group_interval": "1m"},
    "min_severity": "ERROR",
    "critical": {"min_severity": "FATAL"},
    "shutdown_timeout": "1h",
    "wall_clock": wall_clock,
}
ALARM: dict[str, Any] = {"severity": "error"}
"""Reaches the destination, which takes ERROR and above; the lines do not."""


def lines(
    *bodies: str, severity: int = WARN, service: str = "worker", trace_id: str = "", **resource: Any
) -> LogsBatch:
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    names = {"service.name": service, **{key.replace("__", "."): value for key, value in resource.items()}}
    of_resource.resource.attributes.extend(key_values({key: value for key, value in names.items() if value}))
    records = of_resource.scope_logs.add().log_records
    for body in bodies:
        record = records.add(severity_number=severity, time_unix_nano=int(wall_clock() * SECOND))
        record.body.string_value = body
        record.trace_id = bytes.fromhex(trace_id)
    return LogsBatch(request)


def now_s() -> float:
    return asyncio.get_running_loop().time()


def fire(**changes: Any) -> LogsBatch:
    return batch(firing(now_s(), **ALARM | changes))


def file_of(message: Any) -> str:
    (file,) = message.files
    assert file.filename == "evidence.txt"
    return str(file.data.decode())


async def test_a_line_of_evidence_and_a_file_that_stay_until_the_end() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await rig.exporter.consume(lines("up", service__version="1.8.1"))
        await asyncio.sleep(400)
        await rig.exporter.consume(lines("starting", severity=DEBUG, service__version="1.8.2"))
        deployed_s = int(wall_clock())
        for number in range(38):
            await rig.exporter.consume(lines(f"redis timeout after {number} ms", service__version="1.8.2"))
            await asyncio.sleep(1)
        await rig.exporter.consume(lines("strangers fail", service="checkout"))
        started_s = now_s()
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        (message,) = fake.messages
        told = f'before it began: deploy worker 1.8.2 (<t:{deployed_s}:t>) · 38 × "redis timeout after'
        assert told in words(message)
        assert "📎 evidence.txt" in words(message)
        text = file_of(message)
        assert text.count("redis timeout after") == 38
        assert "DEBUG worker  starting" in text
        assert "strangers" not in text + words(message)
        assert [line[:24] for line in text.splitlines()] == sorted(line[:24] for line in text.splitlines())
        await rig.exporter.consume(batch(resolved(started_s, started_s + 60, **ALARM)))
        await asyncio.sleep(10)
        assert "resolved after" in words(message)
        assert told in words(message)
        assert "📎 evidence.txt" in words(message)
        assert len(message.files) == 1


async def test_what_comes_right_with_the_alert_is_evidence_and_later_lines_are_not() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await rig.exporter.consume(lines("long ago"))
        await asyncio.sleep(700)
        await rig.exporter.consume(fire())
        await rig.exporter.consume(lines("queue is stuck"))
        await asyncio.sleep(10)
        await rig.exporter.consume(lines("much too late"))
        await rig.exporter.consume(batch(updated(700, 711, value=5000.0, **ALARM)))
        await asyncio.sleep(30)
        (message,) = fake.messages
        assert '1 × "queue is stuck"' in words(message)
        assert message.files == []
        assert "long ago" not in words(message)
        assert "too late" not in words(message)


async def test_nothing_where_nothing_is_known() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await rig.exporter.consume(lines("of another", service="checkout"))
        await rig.exporter.consume(fire())
        await rig.exporter.consume(fire(name="Nobody", labels={"queue": "mail"}))
        await asyncio.sleep(10)
        assert len(fake.messages) == 2
        for message in fake.messages:
            assert "before it began" not in words(message)
            assert message.files == []


@pytest.mark.parametrize("keys", [{"window": "0s"}, {"max_mib": 0}])
async def test_it_can_be_switched_off(keys: dict[str, Any]) -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG, evidence=keys) as rig:
        await rig.exporter.consume(lines("redis timeout", "redis timeout"))
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert "redis" not in words(message)
        assert message.files == []


@pytest.mark.parametrize("preset", ["compact", "plain"])
async def test_text_is_data(preset: str) -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG, render={"preset": preset}) as rig:
        await rig.exporter.consume(lines("@everyone **[click](https://evil.example)** <@1> ```", "```", "x" * 9_000))
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        (message,) = fake.messages
        shown = message.content + words(message)
        assert "before it began" in shown
        assert "@everyone" not in shown
        assert "<@1>" not in shown
        assert "](https://evil" not in shown
        assert "```" not in shown
        assert "📎 evidence.txt" in shown
        assert file_of(message)


async def test_traces_of_the_metric_first_and_only_where_there_is_an_address() -> None:
    for link in ("https://traces.example/{trace_id}", ""):
        fake = FakeDiscord()
        async with running(fake, **CONFIG, render={"trace_link": link} if link else {}) as rig:
            await rig.exporter.consume(lines("it failed", trace_id="ab" * 16))
            await rig.exporter.consume(fire(exemplars=(TRACE,)))
            await asyncio.sleep(10)
            (message,) = fake.messages
            first, second = (f"[{each[:8]}](https://traces.example/{each})" for each in (TRACE, "ab" * 16))
            told = f"traces: {first} · {second}"
            assert (told in words(message)) is bool(link)
            assert ("traces:" in words(message)) is bool(link)


async def test_several_services_are_named() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await rig.exporter.consume(lines(*["redis timeout"] * 3, service="cart"))
        await rig.exporter.consume(lines(*["disk is full"] * 2, service="mail"))
        await rig.exporter.consume(lines("no part of it", service="other"))
        for service in ("cart", "mail"):
            await rig.exporter.consume(fire(labels={"service.name": service}))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert '3 × "cart: redis timeout" · 2 × "mail: disk is full"' in words(message)
        assert "no part" not in words(message) + file_of(message)


async def test_no_secret_leaves() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    async with running(fake, host=host_with(disk), sending_queue=STORED, **CONFIG) as rig:
        await rig.exporter.consume(lines("up", service__version="1"))
        await rig.exporter.consume(
            lines(SECRET, f"login {SECRET} refused", severity=DEBUG, service__version=f"2 {SECRET}")
        )
        await rig.exporter.consume(lines("x " * 3_000 + SECRET, severity=DEBUG))
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert "[password]" in words(message) + file_of(message)
        stored = b"".join(card.payload for kept in await disk.queue.posted("default") for card in kept.cards)
        assert b"before" not in stored
        assert b"deploy" not in stored
        assert b"login" in stored
        everything = repr(fake.exchanges) + repr(fake.messages) + file_of(message) + repr(stored)
        assert "hunter-22" not in everything


async def test_another_run_shows_the_same() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    async with running(fake, host=host_with(disk), sending_queue=STORED, **CONFIG) as rig:
        await rig.exporter.consume(lines(*["redis timeout"] * 3))
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
    async with running(fake, host=host_with(disk), sending_queue=STORED, **CONFIG) as rig:
        await rig.exporter.consume(lines(*["of the new run"] * 3))
        await rig.exporter.consume(batch(updated(0, 20, value=5000.0, **ALARM)))
        await asyncio.sleep(30)
        (message,) = fake.messages
        assert "now 5,000" in words(message)
        assert '3 × "redis timeout" · 📎 evidence.txt' in words(message)
        assert "of the new run" not in words(message)
        assert len(message.files) == 1


async def test_an_outage_costs_no_evidence_also_over_a_restart() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    fake.faults.add(Fault(Answer(500), match=method_is("POST"), times=1_000))
    short = CONFIG | {"shutdown_timeout": "0s"}
    async with running(fake, host=host_with(disk), sending_queue=STORED, **short) as rig:
        await asyncio.sleep(1)
        await rig.exporter.consume(lines(*["redis timeout"] * 3))
        await rig.exporter.consume(fire())
        await asyncio.sleep(1_200)
        await rig.exporter.consume(lines("much later"))
        assert fake.messages == []
    fake.faults.clear()
    async with running(fake, host=host_with(disk), sending_queue=STORED, **CONFIG):
        await asyncio.sleep(120)
        (message,) = [each for each in fake.messages if "QueueTooDeep" in words(each)]
        assert '3 × "redis timeout"' in words(message)
        assert "much later" not in words(message)
        assert file_of(message).count("redis timeout") == 3


async def test_what_got_worse_keeps_its_evidence_and_its_first_message_the_file() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await rig.exporter.consume(lines(*["redis timeout"] * 3))
        await rig.exporter.consume(fire())
        await asyncio.sleep(60)
        await rig.exporter.consume(lines(*["something else"] * 3))
        await rig.exporter.consume(batch(updated(0, 60, severity="critical", value=5000.0)))
        await asyncio.sleep(30)
        first, second = fake.messages
        assert '3 × "redis timeout" · 📎 evidence.txt' in words(first)
        assert '3 × "redis timeout"' in words(second)
        assert "📎" not in words(second)
        assert (len(first.files), len(second.files)) == (1, 0)


async def test_deleted_by_hand_it_comes_again_with_its_evidence() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await rig.exporter.consume(lines(*["redis timeout"] * 3))
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        fake.messages[0].deleted = True
        await rig.exporter.consume(batch(updated(0, 60, value=1300.0, **ALARM)))
        await asyncio.sleep(60)
        (message,) = fake.messages
        assert '3 × "redis timeout"' in words(message)


async def test_a_reload_keeps_the_lines() -> None:
    fake = FakeDiscord()
    host = NopHost()
    host.hands_over = True
    async with running(fake, host=host, **CONFIG) as rig:
        await rig.exporter.consume(lines("redis timeout"))
    host.hands_over = False
    async with running(fake, host=host, **CONFIG) as rig:
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        assert '1 × "redis timeout"' in words(fake.messages[0])


async def test_a_batch_that_was_refused_and_comes_again_counts_once() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(500), match=method_is("POST"), times=3))
    async with running(fake, **CONFIG, sending_queue={"queue_size": 1}) as rig:
        errors = lines("it broke", severity=ERROR)
        refused = 0
        await rig.exporter.consume(lines("other", severity=ERROR, service="other"))
        for _ in range(200):
            try:
                await rig.exporter.consume(errors)
                break
            except QueueFullError:
                refused += 1
                await asyncio.sleep(1)
        assert refused
        await asyncio.sleep(60)
        await rig.exporter.consume(batch(firing(now_s(), **ALARM)))
        await asyncio.sleep(60)
        assert '1 × "it broke"' in words(fake.messages[-1])


async def test_a_storm_is_told_as_quickly_as_without() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await rig.exporter.consume(lines(*[f"redis timeout {number}" for number in range(2_000)]))
        alerts = [firing(0, name=f"Alert{number}", **ALARM) for number in range(100)]
        await rig.exporter.consume(batch(*alerts))
        await asyncio.sleep(300)
        told = [embed for message in fake.messages for embed in message.embeds]
        assert len(told) == 100
        assert all("2,000 × " in embed["description"] for embed in told)
        names = {file.filename for message in fake.messages for file in message.files}
        assert "evidence-2.txt" in names


async def test_of_an_alert_that_began_long_ago_nothing_is_known() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await asyncio.sleep(10_000)
        await rig.exporter.consume(lines(*["of today"] * 3))
        await rig.exporter.consume(batch(firing(0, **ALARM)))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert "of today" not in words(message)
        assert message.files == []


async def test_a_secret_that_an_attribute_names_is_none_of_a_line() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        given = lines("", severity=INFO)
        record = given.request.resource_logs[0].scope_logs[0].log_records[0]
        record.body.CopyFrom(any_value({"message": "login refused", "password": "hunter-22"}))
        record.attributes.extend(
            key_values({"exception.type": "E", "exception.message": "api_key=hunter-22-swordfish"})
        )
        await rig.exporter.consume(given)
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert "login refused · E: api_key=" in words(message).replace("\\", "")
        assert "hunter-22" not in repr(fake.exchanges)


async def test_traces_of_an_alert_that_is_nobodys() -> None:
    fake = FakeDiscord()
    async with running(fake, **CONFIG, render={"trace_link": "https://traces.example/{trace_id}"}) as rig:
        await rig.exporter.consume(fire(labels={"queue": "mail"}, exemplars=(TRACE,)))
        await asyncio.sleep(10)
        assert f"traces: [{TRACE[:8]}](https://traces.example/{TRACE})" in words(fake.messages[0])


async def test_a_list_of_alerts_keeps_its_room() -> None:
    fake = FakeDiscord()
    async with running(
        fake, **CONFIG, render={"trace_link": "https://traces.example/" + "x" * 200 + "{trace_id}"}
    ) as rig:
        for number in range(10):
            labels = {"service.name": "worker", "queue": f"queue-{number}"}
            summary = f"queue-{number} {'is much too long ' * 5}"
            await rig.exporter.consume(
                lines(*[f"{number * 'b'}adly {'w' * 70} ***", "*" * 90], trace_id=f"{number + 1:032x}")
            )
            await rig.exporter.consume(fire(labels=labels, summary=summary, exemplars=(TRACE,)))
        await asyncio.sleep(10)
        (message,) = fake.messages
        shown = words(message)
        assert all(f"queue-{number} " in shown for number in range(10))
        assert "before it began: " in shown
        assert f"[{TRACE[:8]}](" in shown


async def test_evidence_that_cannot_be_found_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("swordfish")

    monkeypatch.setattr("otel_discord.exporters.discord.evidence.desk.evidence_of", broken)
    fake = FakeDiscord()
    async with running(fake, **CONFIG) as rig:
        await rig.exporter.consume(lines("redis timeout"))
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        assert len(fake.messages) == 1
        assert "redis" not in words(fake.messages[0])
    assert "RuntimeError" in caplog.text
    assert "swordfish" not in caplog.text


async def test_each_destination_has_it() -> None:
    fake = FakeDiscord()
    there = {f"d{number}": {"webhook_url": fake.add_webhook().url} for number in range(2)}
    async with running(fake, **CONFIG, destinations=there) as rig:
        await rig.exporter.consume(lines(*["redis timeout"] * 2))
        await rig.exporter.consume(fire())
        await asyncio.sleep(10)
        assert len(fake.messages) == 2
        assert all('2 × "redis timeout"' in words(message) and message.files for message in fake.messages)
