"""Who draws in tests: small files that say what they were drawn of, at once and without a thread."""

import asyncio
from dataclasses import replace

from otel_discord.exporters.discord.charts import ChartPlan
from otel_discord.signals.alert_event import AlertEvent
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.answers import message_json
from otel_discord.testing.fake_discord.state import FakeMessage
from tests.exporters.discord.alerting import at


class Sketches:
    """Draws ``PNG <number> <open or over> <description>``, within ``delay_s``; nothing where it ``fails``."""

    def __init__(self, *, delay_s: float = 0.0) -> None:
        self.plans: list[ChartPlan] = []
        self.delay_s = delay_s
        self.fails = False
        self.warmed = 0

    async def draw(self, plan: ChartPlan) -> bytes | None:
        self.plans.append(plan)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        end = "over" if plan.is_over else "open"
        return None if self.fails else f"\x89PNG {len(self.plans)} {end} {plan.description}".encode("latin-1")

    def warm_up(self) -> None:
        self.warmed += 1


def series(
    until_s: float, *, base: float = 100.0, worst: float = 1410.0, step_s: int = 5, count: int = 120
) -> list[tuple[int, float]]:
    """Return points up to a second: low, then high for the last half."""
    return [
        (at(int(until_s) - (count - 1 - number) * step_s), base if number < count // 2 else worst)
        for number in range(count)
    ]


def with_series(event: AlertEvent, **shape: float) -> AlertEvent:
    until_s = (event.at_ns - at(0)) / 1e9
    return replace(event, series=series(until_s, **shape))  # type: ignore[arg-type]


def pictures(message: FakeMessage) -> list[str]:
    """Return what the pictures of a message's embeds say, "" for embeds without one."""
    files = {file.filename: file.data.decode("latin-1") for file in message.files}
    urls = [embed.get("image", {}).get("url", "") for embed in message.embeds]
    return [files[url.removeprefix("attachment://")] if url else "" for url in urls]


def beside(message: FakeMessage) -> list[str]:
    """Return the files that Discord shows above the embeds."""
    return [file["filename"] for file in message_json(message)["attachments"]]


def uploads(fake: FakeDiscord) -> list[tuple[str, list[str]]]:
    """Return each request that brought files: what it was, and their names."""
    return [(entry.kind, [file.filename for file in entry.files]) for entry in fake.journal if entry.files]
