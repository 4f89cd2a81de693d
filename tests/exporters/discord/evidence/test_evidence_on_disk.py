"""Evidence on a real disk: a power cut after the message changes nothing of it, and no secret is in any file."""

import shutil
import time
from pathlib import Path
from typing import Any

from otel_discord.testing.fake_discord import FakeDiscord
from tests.exporters.discord.alerting import BEGINNING_S, GREEN, batch, colors, firing, resolved, updated, words
from tests.exporters.discord.log_lines import log_lines
from tests.exporters.discord.test_alert_crash import a_little_later, quiet, stored_run

SECRET = "hunter-22-swordfish"
ALARM: dict[str, Any] = {"severity": "error"}


async def test_after_a_power_cut_it_is_the_same(tmp_path: Path) -> None:
    fake = FakeDiscord()
    fake.add_webhook()
    now_s = time.time() - BEGINNING_S
    async with stored_run(fake, tmp_path / "first", min_severity="ERROR") as rig:
        await rig.exporter.consume(log_lines(*[f"login with password={SECRET} refused"] * 3, severity=5))
        await rig.exporter.consume(batch(firing(now_s, **ALARM)))
        await quiet(fake)
        (message,) = fake.messages
        told = words(message).split("before it began: ")[1].split("\n")[0]
        assert told.startswith('3 × "login with password=')
        (file,) = message.files
        assert file.data.count(b"refused") == 3
        shutil.copytree(tmp_path / "first", tmp_path / "second")  # what a power cut would leave
    async with stored_run(fake, tmp_path / "second", min_severity="ERROR", wall_clock=a_little_later) as rig:
        await rig.exporter.consume(log_lines("of the new run", severity=5))
        await rig.exporter.consume(batch(updated(now_s, now_s + 10, value=7777.0, **ALARM)))
        await quiet(fake)
        assert "7,777" in words(message)
        await rig.exporter.consume(batch(resolved(now_s, now_s + 60, **ALARM)))
        await quiet(fake)
        assert colors(fake) == [GREEN]
        assert f"before it began: {told}" in words(message)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert SECRET not in repr(fake.exchanges)
