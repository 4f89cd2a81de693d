"""A record that stands for many: which attributes say so, what they mean, and that no count is lost on the way."""

import asyncio
import random
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.seen import MAX_COUNT, Seen, seen_in
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault
from otel_discord.testing.otlp import key_values, logs_batch
from tests.exporters.discord.counting import counts, records_shown
from tests.exporters.discord.rig import running
from tests.exporters.discord.test_folding import FOLDING

S = 10**9
DEDUP = {
    "log_count": 7,
    "first_observed_timestamp": "2026-01-01T00:00:10Z",
    "last_observed_timestamp": "2026-01-01T01:00:20+01:00",
}
T0 = 1_767_225_600 * S


def record(attributes: dict[str, Any], time_ns: int = 5, observed_ns: int = 0) -> LogRecord:
    return LogRecord(time_unix_nano=time_ns, observed_time_unix_nano=observed_ns, attributes=key_values(attributes))


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (record({}), (1, 5, 5)),
        (record({}, 5, 9), (1, 5, 5)),
        (record({}, 0, 9), (1, 9, 9)),
        (record({}, 0, 0), (1, 99, 99)),
        (record({"discord.count": 12}, 5, 9), (12, 5, 9)),
        (record({"discord.count": 12}, 5, 3), (12, 5, 5)),
        (record({"discord.count": MAX_COUNT}), (MAX_COUNT, 5, 5)),
        (record({"discord.count": MAX_COUNT + 1}), (1, 5, 5)),
        (record({"discord.count": 0}), (1, 5, 5)),
        (record({"discord.count": -4}), (1, 5, 5)),
        (record({"discord.count": "12"}), (1, 5, 5)),
        (record({"discord.count": 12.0}), (1, 5, 5)),
        (record({"discord.count": True}), (1, 5, 5)),
        (record({"discord.count": [12]}), (1, 5, 5)),
        (record({"log_count": 7}), (1, 5, 5)),
        (record(DEDUP, T0 + 30 * S, T0 + 10 * S), (7, T0 + 10 * S, T0 + 20 * S)),
        (record(DEDUP, T0 + 8 * S, T0 + 10 * S), (7, T0 + 8 * S, T0 + 20 * S)),
        (record({**DEDUP, "last_observed_timestamp": "soon"}, T0, T0 + S), (7, T0, T0 + S)),
        (record({**DEDUP, "discord.count": 3}, T0 + 30 * S, T0 + 10 * S), (21, T0 + 10 * S, T0 + 20 * S)),
        (record({**DEDUP, "discord.count": MAX_COUNT}, T0, T0), (MAX_COUNT, T0, T0 + 20 * S)),
    ],
)
def test_what_a_record_stands_for(given: LogRecord, seen: tuple[int, int, int]) -> None:
    assert seen_in(given, 99) == Seen(*seen)


@pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
@pytest.mark.parametrize("folds", [True, False])
async def test_the_counts_shown_are_the_counts_sent(folds: bool) -> None:
    fake, dice = FakeDiscord(channel_limit=None), random.Random(7)
    config = {**FOLDING, "rate_limit": {"channel_messages_per_minute": 0}}
    if not folds:
        config["fold"] = {"enabled": False}
    sent = 0
    async with running(fake, **config) as rig:
        for number in range(60):
            count = dice.choice([1, 1, 2, 40, 5_000])
            sent += max(1, count)
            stated = {"discord.count": count} if count > 1 or number % 3 else {"discord.count": "nonsense"}
            kind = dice.choice(["disk full", "no route to host"])
            await rig.exporter.consume(logs_batch(1, first=number, body=kind, attributes={**stated, "order": "a"}))
            await asyncio.sleep(dice.choice([0, 0.3, 20]))
    assert records_shown(fake) == sent
    assert rig.telemetry.value("otelcol_exporter_sent_log_records") == sent
    assert "discord.count" not in repr(fake.messages)


@pytest.mark.looptime(idle_timeout=600)
async def test_one_that_comes_alone_says_how_many_it_stands_for() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        await rig.exporter.consume(logs_batch(1, body="disk full", attributes={"discord.count": 412}))
        await rig.exporter.consume(logs_batch(1, body="no route", attributes=DEDUP))
    assert counts(fake.messages) == [412, 7]
    assert "observed" not in repr(fake.messages)


@pytest.mark.looptime(idle_timeout=600)
async def test_dead_letters_count_them_too() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        fake.faults.add(Fault(Answer(404, {"code": 10015}), times=9))
        await rig.exporter.consume(logs_batch(1, attributes={"discord.count": 412}))
        await rig.exporter.consume(logs_batch(1, first=1))
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 413
