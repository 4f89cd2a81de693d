"""How many records a channel shows."""

from collections.abc import Iterable

from otel_discord.testing.fake_discord import FakeDiscord, oracles
from otel_discord.testing.fake_discord.oracles import records_in
from otel_discord.testing.fake_discord.state import FakeMessage


def counts(messages: Iterable[FakeMessage]) -> list[int]:
    """Return how many records each embed stands for."""
    return [records_in(embed) for message in messages for embed in message.embeds]


def records_shown(fake: FakeDiscord) -> int:
    """Return how many records all embeds stand for."""
    return oracles.records_shown(fake.messages)
