"""What an import brings: nothing that costs, until the first record is sent."""

import subprocess
import sys

import pytest

HEAVY = (
    "aiohttp", "asyncio", "google.protobuf", "google.re2", "grpc", "jinja2", "lark", "opentelemetry.proto", "orjson",
    "otel_discord.connectors", "otel_discord.exporters", "otel_discord.ottl", "pydantic", "re2", "yaml",
)  # fmt: skip


def brought_by(code: str, *, beyond: str = "") -> set[str]:
    """Return the modules that the second program has loaded and the first has not."""
    found = []
    for program in (beyond, f"{beyond}\n{code}"):
        listing = f"{program}\nimport sys\nprint(*sorted(sys.modules))"
        done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, timeout=60, check=True)
        found.append(set(done.stdout.split()))
    return found[1] - found[0]


@pytest.mark.parametrize(
    ("code", "beyond"),
    [
        ("import otel_discord.sdk", ""),
        ("from otel_discord.sdk import DiscordHandler", ""),
        ("from otel_discord.sdk import events", ""),
        ("from otel_discord.sdk import DiscordLogExporter", "import opentelemetry.sdk._logs.export"),
        (
            (
                "from otel_discord.sdk import DiscordHandler\n"
                "DiscordHandler('https://discord.com/api/webhooks/1234567890/abcdefghijklmnop')"
            ),
            "",
        ),
        ("from otel_discord.sdk import DiscordMetricExporter", "import opentelemetry.sdk.metrics.export"),
        ("from otel_discord.sdk import DiscordSpanExporter", "import opentelemetry.sdk.trace.export"),
        (
            (
                "from otel_discord.sdk import DiscordSpanExporter\n"
                "DiscordSpanExporter('https://discord.com/api/webhooks/1234567890/abcdefghijklmnop')"
            ),
            "import opentelemetry.sdk.trace.export",
        ),
        (
            (
                "from otel_discord.sdk import DiscordLogExporter\n"
                "DiscordLogExporter('https://discord.com/api/webhooks/1234567890/abcdefghijklmnop')"
            ),
            "import opentelemetry.sdk._logs.export",
        ),
    ],
)
def test_nothing_heavy(code: str, beyond: str) -> None:
    brought = brought_by(code, beyond=beyond)
    assert [name for name in sorted(brought) if name.startswith(HEAVY)] == []


def test_the_handler_needs_no_opentelemetry() -> None:
    brought = brought_by("from otel_discord.sdk import DiscordHandler, events\nDiscordHandler()")
    assert [name for name in sorted(brought) if name.startswith("opentelemetry")] == []
