"""How many records a channel shows: each embed says ``×N`` before any other ×, or stands for one."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeMessage

_COUNT = re.compile(r"×([\d,]+)")


def count_of(embed: Mapping[str, Any]) -> int:
    parts = [embed.get("title", ""), embed.get("description", "")]
    found = _COUNT.search("\n".join(parts))
    return int(found[1].replace(",", "")) if found else 1


def counts(messages: Iterable[FakeMessage]) -> list[int]:
    return [count_of(embed) for message in messages for embed in message.embeds]


def records_shown(fake: FakeDiscord) -> int:
    return sum(counts(fake.messages))
