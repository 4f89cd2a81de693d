"""Our own messages are deleted at their age: through the limiter, when nothing else waits, after a restart too."""

import asyncio
from typing import Any

import pytest

from otel_discord.exporters.discord.retention_book import RetentionBook, Sent
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=200_000, idle_step=5)
BEGINNING_S = 1_767_225_600.0
HOUR_S = 3_600.0


def keeping(fake: FakeDiscord, retention: str, start_s: float = 0.0, **more: Any) -> dict[str, Any]:
    hook = fake.webhooks[0] if fake.webhooks else fake.add_webhook()
    return {
        "destinations": {"only": {"webhook_url": hook.url, "retention": retention}},
        "wall_clock": lambda: BEGINNING_S + start_s + asyncio.get_running_loop().time(),
        "shutdown_timeout": "10s",
        **more,
    }


async def tell(rig: Rig, count: int = 1, body: str = "record {n}") -> None:
    await rig.exporter.consume(logs_batch(count, body=body))
    await asyncio.sleep(2)


@pytest.mark.parametrize("fold", [True, False])
async def test_a_message_is_deleted_at_its_age_and_no_earlier(fold: bool) -> None:
    fake, disk = FakeDiscord(), Disk()
    config = keeping(fake, "5h", fold={"enabled": fold}, sending_queue=STORED)
    async with running(fake, host=host_with(disk), **config) as rig:
        await tell(rig)
        await asyncio.sleep(4.9 * HOUR_S)
        assert len(fake.messages) == 1
        assert len(await disk.queue.posted("only")) == 1
        await asyncio.sleep(0.2 * HOUR_S)
        assert not fake.messages
        assert not await disk.queue.posted("only")
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") in {None, 0}


@pytest.mark.parametrize("fold", [True, False])
async def test_a_restart_between_changes_nothing(fold: bool) -> None:
    fake, disk = FakeDiscord(), Disk()
    config = keeping(fake, "5h", fold={"enabled": fold}, sending_queue=STORED)
    async with running(fake, host=host_with(disk), **config) as rig:
        await tell(rig)
    config = keeping(fake, "5h", 5 * HOUR_S + 10, fold={"enabled": fold}, sending_queue=STORED)
    async with running(fake, host=host_with(disk), **config):
        await asyncio.sleep(30)
        assert not fake.messages


async def test_without_retention_nothing_is_deleted_and_nothing_is_remembered() -> None:
    fake, disk = FakeDiscord(), Disk()
    async with running(fake, host=host_with(disk), **keeping(fake, "5h", sending_queue=STORED)) as rig:
        await tell(rig)
    config = keeping(fake, "0s", 6 * HOUR_S, fold={"enabled": True}, sending_queue=STORED)
    async with running(fake, host=host_with(disk), **config):
        await asyncio.sleep(60)
        assert len(fake.messages) == 1
        assert not await disk.queue.posted("only")


async def test_what_is_still_counted_in_is_not_deleted_and_no_record_is_lost() -> None:
    fake = FakeDiscord()
    config = keeping(fake, "2m", fold={"enabled": True, "edit_interval": "10s"})
    async with running(fake, **config) as rig:
        for _ in range(30):
            await tell(rig, 10)
            await asyncio.sleep(8)
        await asyncio.sleep(5)
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 300
        assert len(fake.messages) <= 2
        await asyncio.sleep(200)
        assert not fake.messages


async def test_one_that_a_person_has_deleted_counts_as_deleted() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.faults.add(Fault(Answer(404, {"code": 10008}), match=method_is("DELETE"), times=1))
    async with running(fake, host=host_with(disk), **keeping(fake, "1h", sending_queue=STORED)) as rig:
        await tell(rig)
        await asyncio.sleep(1.1 * HOUR_S)
        assert not await disk.queue.posted("only")
        await tell(rig)
        assert len(fake.messages) == 2  # the destination is well


async def test_a_failure_is_tried_again_later() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(503), match=method_is("DELETE"), times=2))
    async with running(fake, **keeping(fake, "1h")) as rig:
        await tell(rig)
        await asyncio.sleep(1.1 * HOUR_S)
        assert not fake.messages


async def test_many_go_without_a_429_and_new_messages_do_not_wait() -> None:
    fake = FakeDiscord()
    async with running(fake, **keeping(fake, "1h")) as rig:
        for _ in range(60):
            await tell(rig)
        await asyncio.sleep(HOUR_S)
        await tell(rig)
        await asyncio.sleep(300)
        assert len(fake.messages) == 1
        assert not rig.telemetry.value("otel_discord_rate_limited_total")


async def test_a_webhook_that_is_gone_ends_it() -> None:
    fake, disk = FakeDiscord(), Disk()
    async with running(fake, host=host_with(disk), **keeping(fake, "1h", sending_queue=STORED)) as rig:
        await tell(rig)
        fake.faults.add(Fault(Answer(404, {"code": 10015}), times=100))
        await asyncio.sleep(2 * HOUR_S)
        assert not await disk.queue.posted("only")
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 1


def test_the_book_forgets_the_oldest_first_and_keeps_the_order() -> None:
    book = RetentionBook(age_ns=10, most=100)
    book.restore([Sent("b", 2), Sent("a", 1)])
    for number in range(3, 102):
        book.keep(Sent(str(number), number))
    assert book.excess() == ["a", "b"]  # one too many, and one more
    book.forget(book.excess())
    assert book.oldest() == Sent("3", 3)
    assert book.due_ns(Sent("3", 3)) == 13
    assert not book.excess()
