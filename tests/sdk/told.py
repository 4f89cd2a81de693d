"""Settings as the tests tell them, and what is said of wrong ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from otel_discord.sdk.settings import SettingsError, read_settings

TOKEN = "T0k3n-of_a_webhook" + "x" * 50
URL = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}"
OTHER = f"https://discord.com/api/webhooks/223456789012345678/{'b' * 68}"
PREFIX = "OTEL_EXPORTER_DISCORD_"


def variables(**values: str) -> dict[str, str]:
    return {PREFIX + name: value for name, value in values.items()}


def problems(arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(arguments, environ or {})
    text = str(caught.value)
    assert TOKEN not in text
    assert URL not in text
    assert "\n" not in text
    return text


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)
