"""What messages have in common: which of them are one problem, and its template. Pure; no clock, no dice."""

from otel_discord.exporters.discord.mining.groups import Match
from otel_discord.exporters.discord.mining.lines import problem_text
from otel_discord.exporters.discord.mining.miner import Miner

__all__ = ["Match", "Miner", "problem_text"]
