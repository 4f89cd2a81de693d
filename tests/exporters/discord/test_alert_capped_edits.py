"""Discord takes no edit of a message that is older than an hour: what is told anew, what waits, over restarts too."""

import asyncio

import pytest

from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from tests.exporters.discord.alerting import AMBER, GREEN, GREY, RED, colors, edits, firing, resolved, titles, updated
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import running
from tests.exporters.discord.test_alert_life import ALERTS, tell

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)
CAPPED = Answer(400, {"code": 30046, "message": "Maximum number of edits to messages older than 1 hour reached"})
SHORT = ALERTS | {"shutdown_timeout": "0s"}


def capped(fake: FakeDiscord, times: float = 1_000) -> None:
    fake.faults.add(Fault(CAPPED, match=method_is("PATCH"), times=times))


@pytest.mark.parametrize("restarts", [0, 1, 3])
async def test_the_old_message_turns_green_later_also_after_restarts(restarts: int) -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    capped(fake)
    async with running(fake, host=host_with(disk), sending_queue=STORED, **SHORT) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(7200)
        await tell(rig, resolved(0, 7200))
        await asyncio.sleep(30)
        assert colors(fake) == [AMBER, GREEN]
        await tell(rig, resolved(0, 7200))
        await asyncio.sleep(60)
        if not restarts:
            fake.faults.clear()
            await asyncio.sleep(900)
    for run in range(restarts):
        if run == restarts - 1:
            fake.faults.clear()
        async with running(fake, host=host_with(disk), sending_queue=STORED, **SHORT):
            await asyncio.sleep(20)
    assert colors(fake) == [GREEN, GREEN]
    assert titles(fake) == ["🟢 QueueTooDeep: resolved after 2 hours"] * 2
    assert len(edits(fake)) == 1
    async with running(fake, host=host_with(disk), sending_queue=STORED, **SHORT) as rig:
        await tell(rig, resolved(0, 7200))
        await asyncio.sleep(60)
        await tell(rig, firing(8000))
        await asyncio.sleep(60)
        assert colors(fake) == [GREEN, GREEN, AMBER]
        assert len(edits(fake)) == 1


async def test_worse_before_a_restart_goes_on_in_the_new_message_only() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    capped(fake)
    async with running(fake, host=host_with(disk), sending_queue=STORED, **SHORT) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(7200)
        await tell(rig, updated(0, 7200, severity="critical", value=9000.0))
        await asyncio.sleep(30)
        assert colors(fake) == [AMBER, RED]
    fake.faults.clear()
    async with running(fake, host=host_with(disk), sending_queue=STORED, **SHORT) as rig:
        await tell(rig, updated(0, 7300, severity="critical", value=9100.0))
        await asyncio.sleep(60)
        assert colors(fake) == [GREY, RED]
        await tell(rig, resolved(0, 7400, severity="critical"))
        await asyncio.sleep(60)
        assert colors(fake) == [GREY, GREEN]


async def test_a_value_waits_and_is_shown_when_edits_are_taken_again() -> None:
    fake = FakeDiscord()
    capped(fake, times=3)
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        for minute in range(0, 360, 5):
            await tell(rig, updated(0, 60 * minute, value=2000.0 + minute, peak=2000.0 + minute))
            await asyncio.sleep(300)
        assert colors(fake) == [AMBER]
        assert "peak 2,345" in str(fake.messages[0].embeds)
        await tell(rig, resolved(0, 21_600))
        await asyncio.sleep(10)
        assert colors(fake) == [GREEN]


async def test_of_alerts_that_share_a_message_only_the_one_that_is_over_is_told_anew() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS | {"alerts": ALERTS["alerts"] | {"group_wait": "0s"}}) as rig:
        await tell(rig, *(firing(0, name=f"Rule{number}") for number in range(8)))
        await asyncio.sleep(5)
        assert len(fake.messages) == 1
        await asyncio.sleep(7200)
        capped(fake)
        await tell(rig, resolved(0, 7200, name="Rule3"))
        await asyncio.sleep(10)
        assert colors(fake) == [AMBER] * 8 + [GREEN]
        await tell(rig, *(updated(0, 7300, name=f"Rule{number}", value=1.5, peak=9999.0) for number in (1, 2)))
        await asyncio.sleep(10)
        assert len(fake.messages) == 2
        fake.faults.clear()
        await asyncio.sleep(900)
        assert sorted(colors(fake)) == sorted([AMBER] * 7 + [GREEN] * 2)
        assert str(fake.messages[0].embeds).count("9,999") == 2
        await tell(rig, *(resolved(0, 9000, name=f"Rule{number}") for number in range(8)))
        await asyncio.sleep(30)
        assert set(colors(fake)) == {GREEN}
        assert len(fake.messages) == 2


async def test_no_word_follows_an_end_that_was_a_new_message() -> None:
    fake = FakeDiscord()
    capped(fake)
    async with running(fake, **ALERTS | {"alerts": ALERTS["alerts"] | {"reply_on_resolve": True}}) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(7200)
        await tell(rig, resolved(0, 7200))
        await asyncio.sleep(30)
        fake.faults.clear()
        await asyncio.sleep(3600)
        assert colors(fake) == [GREEN, GREEN]


async def test_deleted_while_it_waits_to_be_turned() -> None:
    fake = FakeDiscord()
    capped(fake)
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(7200)
        await tell(rig, resolved(0, 7200))
        await asyncio.sleep(30)
        fake.faults.clear()
        fake.messages[0].deleted = True
        await asyncio.sleep(3600)
        assert colors(fake) == [GREEN]
        assert edits(fake) == []
