"""Members' events are one card for a kind and a guild, with exact counts; who is hidden is nowhere."""

import asyncio
from typing import Any

import pytest

from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, posts
from tests.exporters.discord.alerting import titles, words
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.members.guild import batch, event, user_id
from tests.exporters.discord.rig import running
from tests.exporters.discord.test_alert_life import now_s, wall_clock

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)
RUNS: dict[str, Any] = {
    "shutdown_timeout": "1h",
    "wall_clock": wall_clock,
    "min_severity": "INFO",
    "fold": {"window": "5m", "edit_interval": "10s"},
}


def at_ns() -> int:
    return int(wall_clock() * 1e9)


@pytest.mark.parametrize("privacy", [{}, {"ids": "hash", "names": "hide"}, {"ids": "hide", "names": "hide"}])
async def test_a_raid_is_a_handful_of_messages(
    privacy: dict[str, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, disk = FakeDiscord("default"), Disk()
    async with running(fake, host=host_with(disk), members=privacy, sending_queue=STORED, **RUNS) as rig:
        put = disk.queue.put
        stored: list[bytes] = []

        async def noted_put(accepted: Any, **more: int) -> int:
            stored.append(accepted.request.SerializeToString())
            return await put(accepted, **more)

        monkeypatch.setattr(disk.queue, "put", noted_put)
        for second in range(60):
            numbers = range(second * 5_000 // 60, (second + 1) * 5_000 // 60)
            await rig.exporter.consume(
                batch(*(event(number, at_ns(), **{"user.avatar": "a1b2"}) for number in numbers))
            )
            await asyncio.sleep(1)
        await asyncio.sleep(60)
        assert len(fake.messages) <= 6
        assert sum(1 for each in fake.messages for embed in each.embeds) == 1
        assert titles(fake) == ["👋 ×5,000 members joined"]
        shown = words(fake.messages[0])
        if not privacy:
            assert "raider_0, raider_1, raider_2, raider_3, raider_4 … and 4,995 more" in shown
        assert "Tea House" in shown
        assert fake.count(429) == 0
        fake.assert_clean()
        kept = b"".join(
            [card.payload for each in [await disk.queue.head("default", 99)] for card in each]
            + [card.payload for each in await disk.queue.posted("default") for card in each.cards]
        )
        assert stored
        everything = kept + b"".join(stored) + repr(fake.messages).encode() + caplog.text.encode()
        everything += repr(rig.exporter.recent_messages()).encode()
        assert (b"raider_" in everything) is (not privacy)
        assert (user_id(0).encode() in everything) is (not privacy)
        assert b"a1b2" not in kept
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 5_000
        if privacy.get("ids") == "hash":
            assert b"user-" in kept
    assert len(fake.messages) == 1


async def test_a_new_message_when_the_window_has_passed_and_for_another_guild_and_kind() -> None:
    fake = FakeDiscord()
    async with running(fake, **RUNS) as rig:
        await rig.exporter.consume(batch(event(1, at_ns()), event(2, at_ns())))
        await asyncio.sleep(30)
        await rig.exporter.consume(batch(event(3, at_ns(), guild="9"), event(4, at_ns(), kind="leave")))
        await asyncio.sleep(30)
        assert sorted(titles(fake)) == ["👋 raider_3 joined", "👋 ×2 members joined", "🚪 raider_4 left"]
        await asyncio.sleep(400)
        await rig.exporter.consume(batch(event(5, at_ns())))
        await asyncio.sleep(30)
        assert sorted(titles(fake)) == [
            "👋 raider_3 joined",
            "👋 raider_5 joined",
            "👋 ×2 members joined",
            "🚪 raider_4 left",
        ]


async def test_the_count_goes_on_after_a_restart() -> None:
    fake, disk = FakeDiscord(), Disk()
    for run in range(2):
        async with running(fake, host=host_with(disk), sending_queue=STORED, **RUNS) as rig:
            await rig.exporter.consume(batch(*(event(run * 10 + number, at_ns()) for number in range(3))))
            await asyncio.sleep(30)
    assert titles(fake) == ["👋 ×6 members joined"]
    assert "raider_0, raider_1, raider_2, raider_10, raider_11 … and 1 more" in words(fake.messages[0])


async def test_below_the_severity_only_a_route_takes_them() -> None:
    fake = FakeDiscord()
    ops, members = fake.add_webhook(), fake.add_webhook()
    two: dict[str, Any] = {"ops": {"webhook_url": ops.url}, "members": {"webhook_url": members.url}}
    route = {"condition": 'IsMatch(log.event_name, "^discord.member")', "destinations": ["members"]}
    runs = {**RUNS, "min_severity": "WARN"}
    async with running(fake, destinations=two, **runs) as rig:
        await rig.exporter.consume(batch(event(1, at_ns())))
        await asyncio.sleep(30)
        assert fake.messages == []
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0
    async with running(fake, destinations=two, routes=[route], **runs) as rig:
        await rig.exporter.consume(batch(event(1, at_ns())))
        await asyncio.sleep(30)
    assert [len(fake.messages_of(each)) for each in (ops, members)] == [0, 1]


async def test_each_kind_can_be_switched_off() -> None:
    kinds = ["join", "leave", "ban", "unban", "role_update"]
    for off in kinds:
        fake = FakeDiscord()
        async with running(fake, members={off: False}, **RUNS) as rig:
            await rig.exporter.consume(batch(*(event(number, at_ns(), kind=kind) for number, kind in enumerate(kinds))))
            await asyncio.sleep(30)
        assert len(titles(fake)) == 4
        assert now_s() >= 0


async def test_who_is_hidden_is_in_no_dead_letter_either(caplog: pytest.LogCaptureFixture) -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.faults.add(Fault(Answer(400, {"message": "no", "code": 50035, "errors": {}}), match=posts, times=99))
    privacy = {"ids": "hide", "names": "hide"}
    async with running(fake, host=host_with(disk), members=privacy, sending_queue=STORED, **RUNS) as rig:
        await rig.exporter.consume(batch(event(7, at_ns()), event(8, at_ns())))
        await asyncio.sleep(60)
        (told, *_) = rig.exporter.recent_messages()
        assert not told.is_delivered
        assert told.journey[-1].what == "dead letter"
        assert told.records == 2
        assert "×2 members joined" in str(told.message)
        letters = repr([vars(each) for each in caplog.records])  # without a directory the log has what was not sent
        assert "a member joined" in letters
        assert "raider" not in letters.lower()
        assert user_id(7) not in letters
