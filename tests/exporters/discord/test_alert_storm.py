"""Hundreds of alerts at once, of many services and names: all are told, in order of Discord's limits, without a 429."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from otel_discord.testing.fake_discord import FakeDiscord
from tests.exporters.discord.alerting import AMBER, GREEN, RED, colors, firing, resolved, titles, words
from tests.exporters.discord.rig import running
from tests.exporters.discord.test_alert_life import ALERTS, tell

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)
SERVICES, NAMES = 25, 20


def storm() -> list[dict[str, Any]]:
    return [
        {
            "name": f"Alert{name}",
            "labels": {"service.name": f"service-{service}"},
            "summary": f"Alert{name} at service-{service}",
            "severity": "critical" if (name, service) == (3, 7) else "warning",
        }
        for service in range(SERVICES)
        for name in range(NAMES)
    ]


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [(["alert.name"], NAMES), (["service.name"], SERVICES), ([], 2), (["alert.name", "service.name"], 500)],
)
@pytest.mark.parametrize("fold", [True, False])
async def test_all_are_told_and_all_turn_green(group_by: list[str], groups: int, fold: bool) -> None:
    fake = FakeDiscord()
    alerts = {"group_by": group_by, "group_wait": "5s", "group_interval": "1m", "reply_on_resolve": True}
    config = ALERTS | {"alerts": alerts, "fold": {"enabled": fold, "edit_interval": "10s"}}
    async with running(fake, **config) as rig:
        await tell(rig, *(firing(0, **alert) for alert in storm()))
        await asyncio.sleep(300)
        assert len(titles(fake)) == groups
        assert colors(fake).count(AMBER) == groups - 1
        if groups == 500:
            assert set(titles(fake)) >= {f"🟠 Alert{name} at service-{name}" for name in range(NAMES)}
        else:
            counts = sum(int(title.split(": ")[1].split()[0]) for title in titles(fake))
            assert counts == 500
            assert "Alert3 at service-7" in "\n".join(map(words, fake.messages))
        before = len(fake.messages)
        await tell(rig, *(resolved(0, 300, **alert) for alert in storm()))
        await asyncio.sleep(600)
        assert set(colors(fake)) == {GREEN}
        told = [embed for message in fake.messages for embed in message.embeds if not embed.get("title")]
        assert len(told) == groups
        assert len(fake.messages) <= 2 * before + 1
        assert Counter(each.status for each in fake.exchanges)[429] == 0
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 1000
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0
        assert RED not in colors(fake)
