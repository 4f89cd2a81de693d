"""Alerts at random, with failing requests, deleted messages and restarts: Discord shows what is; counts are right."""

import asyncio
import random
from typing import Any

import pytest

from otel_discord.exporters.discord.cards import Card
from otel_discord.signals.alert_event import AlertEvent
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from tests.exporters.discord.alerting import GREEN, GREY, batch, colors, firing, resolved, updated, words
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.test_alert_life import ALERTS, now_s

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)
NAMES = [f"Alert{letter}" for letter in "ABCD"]
FAULTS = (Answer(500), Answer(503), Answer(429, {"retry_after": 2.0, "global": False}))


class Sender:
    """Makes events as a rule would, and repeats some of them."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.began: dict[str, float] = {}
        self.severity: dict[str, str] = {}
        self.told: list[AlertEvent] = []

    def next(self) -> AlertEvent:
        dice = self.dice
        if self.told and dice.random() < 0.25:
            return dice.choice(self.told)
        name, now = dice.choice(NAMES), round(now_s() + len(self.told) / 1e4, 4)  # no two lives begin at once
        keys: dict[str, Any] = {"name": name, "labels": {"service.name": name.lower()}, "summary": f"{name} is bad"}
        if name not in self.began:
            self.began[name] = now
            keys["severity"] = self.severity[name] = dice.choice(("warning", "critical"))
            made = firing(now, now, **keys)
        elif dice.random() < 0.4:
            made = resolved(self.began.pop(name), now, severity=self.severity[name], **keys)
        else:
            if dice.random() < 0.3:
                self.severity[name] = "critical"
            made = updated(self.began[name], now, severity=self.severity[name], value=dice.random() * 1000, **keys)
        self.told.append(made)
        return made

    def last(self) -> list[AlertEvent]:
        ends = []
        for name in list(self.began):
            keys: dict[str, Any] = {"name": name, "labels": {"service.name": name.lower()}}
            ends.append(resolved(self.began.pop(name), round(now_s(), 3), severity="info", **keys))
        return ends


def open_messages(fake: FakeDiscord, name: str) -> int:
    return sum(
        name in embed["title"] and embed["color"] not in (GREEN, GREY)
        for message in fake.messages
        for embed in message.embeds
    )


def repeated(fake: FakeDiscord, name: str = "") -> int:
    """Return how many messages were sent again since the end of the run had cut their way: the first may stay."""
    embeds = [embed for message in fake.messages for embed in message.embeds if name in embed["title"]]
    return sum("sent again" in embed.get("footer", {}).get("text", "") for embed in embeds)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("group_by", [["alert.name"], []], ids=["alone", "together"])
async def test_discord_shows_what_is(seed: int, group_by: list[str]) -> None:
    dice = random.Random(seed)
    fake, disk, sender, accepted, sent = FakeDiscord(), Disk(), Sender(dice), 0, 0.0
    fake.add_webhook()
    config = ALERTS | {"alerts": {"group_by": group_by, "group_wait": "5s", "group_interval": "30s"}}

    deleted = 0

    async def run(rig: Rig, steps: int) -> None:
        nonlocal accepted, deleted
        for _ in range(steps):
            chance = dice.random()
            if chance < 0.1:
                match = method_is(dice.choice(("PATCH", "POST")))
                fake.faults.add(Fault(dice.choice(FAULTS), match=match, times=dice.randrange(1, 3)))
            elif chance < 0.14 and fake.messages:
                dice.choice(fake.messages).deleted = True
                deleted += 1
            events = [sender.next() for _ in range(dice.randrange(1, 4))]
            accepted += len(events)
            await rig.exporter.consume(batch(*events))
            await asyncio.sleep(dice.choice((0, 0.05, 1, 7, 40)))

    unknown = 0.0
    for length in (20, 15, 15):
        short = config | {"shutdown_timeout": dice.choice(("0s", "1m"))}
        async with running(fake, host=host_with(disk), sending_queue=STORED, **short) as rig:
            await run(rig, length)
        sent += rig.telemetry.value("otelcol_exporter_sent_log_records") or 0
        unknown += rig.telemetry.value("otel_discord_unknown_alert_ends_total") or 0
    async with running(fake, host=host_with(disk), sending_queue=STORED, **config) as rig:
        await asyncio.sleep(200)
        firing_now = set(sender.began)
        for name in NAMES if group_by else ():
            shown = open_messages(fake, name)
            assert shown <= (name in firing_now) + repeated(fake, name), name
            assert shown or name not in firing_now or deleted, name
        ends = sender.last()
        accepted += len(ends)
        await rig.exporter.consume(batch(*ends))
        await asyncio.sleep(400)
        for name in NAMES if group_by else ():
            assert open_messages(fake, name) <= repeated(fake, name), name
        if not repeated(fake):
            assert set(colors(fake)) <= {GREEN, GREY}, [words(message) for message in fake.messages]
        assert all("×" not in words(message) for message in fake.messages)
        posted = await disk.queue.posted("default")
        assert all(card.shown == Card.from_bytes(card.payload).count for message in posted for card in message.cards)
    sent += rig.telemetry.value("otelcol_exporter_sent_log_records") or 0
    unknown += rig.telemetry.value("otel_discord_unknown_alert_ends_total") or 0
    assert sent + unknown == accepted
