"""A storm becomes a few living messages: what is shown, when it is edited, and that every record is counted once."""

import asyncio
import random
from itertools import pairwise
from math import inf
from typing import Any

import pytest

from otel_discord.exporters.discord.cards import Card
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.counting import counts, records_shown
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
BEGINNING_S = 1_767_225_600.0
EDIT_GONE = Fault(Answer(404, {"code": 10008}), match=method_is("PATCH"), times=2)
FAILS = Fault(Answer(500), times=2)
BUSY = Fault(Answer(503), times=4)


def wall_clock() -> float:
    return BEGINNING_S + asyncio.get_running_loop().time()


FOLDING: dict[str, Any] = {
    "fold": {"window": "5m", "edit_interval": "10s"},
    "shutdown_timeout": "1h",
    "wall_clock": wall_clock,
}


def edits(fake: FakeDiscord) -> list[float]:
    return [entry.at_s for entry in fake.journal if entry.kind == "edited"]


async def tell(rig: Rig, count: int, body: str = "order {n} failed", **arguments: Any) -> None:
    await rig.exporter.consume(logs_batch(count, body=body, **arguments))


async def test_a_thousand_records_of_one_problem_are_one_card() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        await tell(rig, 1000)
        await asyncio.sleep(1)
        (message,) = fake.messages
        assert counts([message]) == [1000]
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 1000
        assert rig.telemetry.value("otel_discord_folded_records_total") == 999
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0


async def test_repeats_edit_the_message_at_most_once_an_interval() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        for _ in range(600):
            await tell(rig, 5)
            await asyncio.sleep(0.1)
        at_s = edits(fake)
        assert 5 <= len(at_s) <= 6
        assert all(later - before >= 9.99 for before, later in pairwise(at_s))
        await asyncio.sleep(11)
        assert len(fake.messages) == 1
        assert records_shown(fake) == 3000
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 3000


async def test_after_a_quiet_window_it_is_a_new_message() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        await tell(rig, 2)
        await asyncio.sleep(299)
        await tell(rig, 3)
        await asyncio.sleep(299)
        await tell(rig, 1)
        await asyncio.sleep(301)
        await tell(rig, 4)
        await asyncio.sleep(20)
    assert counts(fake.messages) == [6, 4]


async def test_higher_severity_is_a_new_message_since_an_edit_notifies_nobody() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        await tell(rig, 2, severity=13)
        await asyncio.sleep(20)
        await tell(rig, 3, severity=17)
        await asyncio.sleep(20)
        await tell(rig, 4, severity=21)
        await asyncio.sleep(20)
    assert counts(fake.messages) == [2, 3, 4]


async def test_a_message_that_somebody_deleted_goes_on_as_a_new_one_with_what_it_did_not_show() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
        fake.messages[0].deleted = True
        await tell(rig, 7)
        await asyncio.sleep(30)
        assert counts(fake.messages) == [7]
        await tell(rig, 2)
        await asyncio.sleep(30)
    assert counts(fake.messages) == [9]


@pytest.mark.parametrize("answer", [Answer(400, {"code": 30046, "message": "edits"}), Answer(403, {"code": 50005})])
async def test_what_discord_does_not_have_edited_is_a_new_message(answer: Answer) -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(answer, match=method_is("PATCH"), times=1))
    async with running(fake, **FOLDING) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
        await tell(rig, 7)
        await asyncio.sleep(30)
    assert counts(fake.messages) == [10, 7]


async def test_an_edit_that_fails_is_tried_again_and_opens_the_breaker_when_nothing_answers() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(503), match=method_is("PATCH"), times=3))
    async with running(fake, **FOLDING) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
        await tell(rig, 7)
        await asyncio.sleep(60)
    assert counts(fake.messages) == [17]


async def test_after_an_outage_counts_go_on_although_nothing_new_comes() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(503), match=method_is("PATCH"), times=8))
    async with running(fake, **FOLDING) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
        await tell(rig, 7)
        await asyncio.sleep(300)
        assert counts(fake.messages) == [17]
        assert rig.telemetry.value("otel_discord_breaker_state") == 0


async def test_a_run_without_folding_shows_what_the_one_before_had_not() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    fake.faults.add(Fault(Answer(503), match=method_is("PATCH"), times=inf))
    short = FOLDING | {"shutdown_timeout": "1s"}
    async with running(fake, host=host_with(disk), sending_queue=STORED, **short) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
        await tell(rig, 7)
        await asyncio.sleep(1)
    async with running(
        fake, host=host_with(disk), sending_queue=STORED, **FOLDING | {"fold": {"enabled": False}}
    ) as rig:
        await asyncio.sleep(30)
    assert counts(fake.messages) == [10, 7]
    assert await disk.queue.posted("default") == []


async def test_what_a_lost_webhook_has_not_shown_becomes_a_dead_letter() -> None:
    fake, disk = FakeDiscord(), Disk()
    hook = fake.add_webhook()
    async with running(fake, host=host_with(disk), sending_queue=STORED, **FOLDING) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
        fake.delete_webhook(hook)
        await tell(rig, 7)
        await asyncio.sleep(60)
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 7
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 10


async def test_the_end_brings_every_count_to_discord() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
        await tell(rig, 7)
        await asyncio.sleep(0.1)
    assert counts(fake.messages) == [17]


async def test_the_end_without_discord_leaves_dead_letters_of_what_was_not_shown() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING | {"shutdown_timeout": "5s"}) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
        fake.faults.add(Fault(Answer(503), times=inf))
        await tell(rig, 7)
        await asyncio.sleep(0.1)
        telemetry = rig.telemetry
    assert telemetry.value("otelcol_exporter_send_failed_log_records") == 7


async def test_another_run_goes_on_in_the_same_message() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    for run in range(1, 4):
        async with running(fake, host=host_with(disk), sending_queue=STORED, **FOLDING) as rig:
            await tell(rig, 10, first=10 * run)
            await asyncio.sleep(12)
            assert counts(fake.messages) == [10 * run]
    assert len(fake.messages) == 1


async def test_another_run_with_another_webhook_does_not_edit_the_old_ones_messages() -> None:
    fake, disk = FakeDiscord(), Disk()
    first, second = fake.add_webhook(), fake.add_webhook()
    async with running(fake, host=host_with(disk), webhook_url=first.url, sending_queue=STORED, **FOLDING) as rig:
        await tell(rig, 10)
        await asyncio.sleep(1)
    async with running(fake, host=host_with(disk), webhook_url=second.url, sending_queue=STORED, **FOLDING) as rig:
        await tell(rig, 7)
        await asyncio.sleep(30)
    assert counts(fake.messages_of(first)) == [10]
    assert counts(fake.messages_of(second)) == [7]


async def test_a_critical_record_goes_at_once_in_the_middle_of_a_storm() -> None:
    fake = FakeDiscord()
    async with running(fake, **FOLDING) as rig:
        delays = []
        for number in range(40):
            for problem in range(60):
                await tell(rig, 3, body=f"{chr(97 + problem % 26)}{chr(97 + problem // 26)} broke {{n}}")
            await asyncio.sleep(2.9)
            await tell(rig, 1, body=f"fatal{chr(97 + number % 26)}{chr(97 + number // 26)} now", severity=21)
            sent_s = asyncio.get_running_loop().time()
            await asyncio.sleep(1)
            at_s = [entry.at_s for entry in fake.journal if "fatal" in str(entry.json)]
            assert at_s
            delays.append(max(at_s[-1] - sent_s, 0))
    assert max(delays) <= 1
    assert fake.count(429) == 0


async def test_many_different_problems_become_digests_and_all_are_counted() -> None:
    fake = FakeDiscord()
    words = [f"{chr(97 + a)}{chr(97 + b)}{chr(97 + c)}" for a in range(12) for b in range(12) for c in range(12)]
    async with running(fake, **FOLDING) as rig:
        for word in words:
            await tell(rig, 1, body=f"{word} {word[::-1]} broke {{n}} at {word}{word} in {word}x")
            await asyncio.sleep(0.01)
        await asyncio.sleep(120)
        assert records_shown(fake) == len(words)
        assert len(fake.messages) <= 60, "two minutes take no more"
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == len(words)
        await tell(rig, 5, body=f"{words[0]} {words[0][::-1]} broke {{n}} at {words[0] * 2} in {words[0]}x")
        await asyncio.sleep(60)
    assert records_shown(fake) == len(words) + 5
    assert fake.count(429) == 0
    assert not fake.violations


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_goes_wrong_every_record_is_shown_once_or_a_dead_letter(seed: int) -> None:
    """Random storms, faults, deletions and restarts; at the end the books are right to the record."""
    dice = random.Random(seed)
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    told = 0
    shown_then_deleted = 0
    for _ in range(4):
        async with running(
            fake, host=host_with(disk), sending_queue=STORED, **FOLDING | {"shutdown_timeout": "60s"}
        ) as rig:
            for _ in range(60):
                name = dice.choice(["red", "green", "blue", "grey"])
                count = dice.randrange(1, 20)
                await tell(rig, count, body=f"{name} order {{n}} failed", severity=dice.choice([13, 17, 17, 21]))
                told += count
                if dice.random() < 0.1:
                    refusal = (
                        Answer(dice.choice([500, 503, 404]), {"code": 10008}) if dice.random() < 0.5 else Answer(503)
                    )
                    matching = method_is("PATCH") if refusal.status == 404 else (lambda _: True)
                    fake.faults.add(Fault(refusal, match=matching, times=dice.randrange(1, 4)))
                if dice.random() < 0.05 and fake.messages:
                    gone = dice.choice(fake.messages)
                    shown_then_deleted += sum(counts([gone]))
                    gone.deleted = True
                await asyncio.sleep(dice.choice([0.01, 1, 12, 60]))
            fake.faults.clear()
    waiting = sum(Card.from_bytes(card.payload).count for card in await disk.queue.head("default", 10_000))
    unshown = sum(
        Card.from_bytes(card.payload).count - card.shown
        for message in await disk.queue.posted("default")
        for card in message.cards
    )
    letters = await disk.queue.letter_totals() if disk.queue.keeps_letters else None
    assert not letters or letters.count == 0
    assert records_shown(fake) + shown_then_deleted + waiting + unshown == told
