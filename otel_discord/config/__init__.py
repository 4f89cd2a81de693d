"""Handles: secret, duration, strict base model, and the one door of YAML."""

from otel_discord.config.duration import Duration, format_duration, parse_duration
from otel_discord.config.model import StrictModel
from otel_discord.config.secret import REDACTED, Secret

__all__ = ["REDACTED", "Duration", "Secret", "StrictModel", "format_duration", "parse_duration"]
