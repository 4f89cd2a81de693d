"""The examples as the processes that they are, with a stand-in for Discord."""

import sys
from pathlib import Path
from typing import Any

from tests.end_to_end.processes import StandIn, started

EXAMPLES = Path(__file__).parents[2] / "examples"
DEADLINE_S = 60.0


def environment(fake: StandIn, **more: str) -> dict[str, str]:
    """Return variables with which an example posts to ``fake``."""
    return {
        "OTEL_EXPORTER_DISCORD_WEBHOOK_URL": fake.urls[0],
        "OTEL_EXPORTER_DISCORD_ENDPOINT": f"{fake.base_url}/api/v10",
        "OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT": "true",
        "OTEL_SERVICE_NAME": "checkout",
        **more,
    }


def run(program: str, fake: StandIn, *before: str, **more: str) -> list[str]:
    """Run an example to its end, which must be a good one; return what it said."""
    return run_file(EXAMPLES / program, fake, *before, **more)


def run_file(program: Path, fake: StandIn, *before: str, **more: str) -> list[str]:
    """Run a program to its end, at which nothing of ours may go wrong; return what it said.

    OpenTelemetry's own handler cannot be flushed at the end of Python 3.12.
    """
    with started([*before, sys.executable, str(program)], **environment(fake, **more)) as running:
        assert running.wait(DEADLINE_S) == 0, "".join(running.said)
        _, _, ignored = "".join(running.said).partition("Exception ignored")
        assert "otel_discord" not in ignored, ignored
        return running.said


def embeds(fake: StandIn, webhook: int = 0) -> list[dict[str, Any]]:
    """Return the embeds that stand in the channel of a webhook."""
    number = fake.urls[webhook].split("/webhooks/")[1].split("/")[0]
    return [embed for message in fake.ask("messages") if message["webhook_id"] == number for embed in message["embeds"]]


def whole_text(embed: dict[str, Any]) -> str:
    """Return everything that an embed says."""
    fields = [part for field in embed.get("fields", ()) for part in (field["name"], field["value"])]
    return "\n".join([embed.get("title", ""), embed.get("description", ""), *fields])


def no_refusals(fake: StandIn) -> None:
    """Fail if a limit or a rule was broken."""
    assert fake.ask("violations") == []
