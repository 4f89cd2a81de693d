"""Rooms whose names are imported when they are first asked for: all are there, none too early."""

import importlib
import subprocess
import sys

import pytest

ROOMS = {
    "otel_discord.config": {"pydantic", "yaml"},
    "otel_discord.signals": {"google", "opentelemetry"},
    "otel_discord.component": {"pydantic", "google", "opentelemetry"},
    "otel_discord.exporterhelper": {"google", "opentelemetry"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_each_public_name_is_there(room: str) -> None:
    module = importlib.import_module(room)
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = module.nonsense


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("from otel_discord.config import Secret, parse_duration; Secret('x').hint(); parse_duration('1s')", "config"),
        ("from otel_discord.signals import parse_min_severity; parse_min_severity('WARN')", "signals"),
        ("from otel_discord.discord_api.webhook_url import parse_webhook_url", "config"),
        ("from otel_discord.config.nearest import nearest", "config"),
        ("import otel_discord.cli.commands", "component"),
    ],
)
def test_light_names_bring_nothing_heavy(code: str, heavy: str) -> None:
    show = "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code + show], capture_output=True, text=True, timeout=30, check=True)
    assert not ROOMS[f"otel_discord.{heavy}"] & set(done.stdout.split())
