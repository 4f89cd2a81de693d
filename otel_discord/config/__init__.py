"""Handles: secret, duration, strict base model, and the one door of YAML.

Names are imported when they are first asked for: what needs a :class:`Secret` does not pay for pydantic.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_discord.config.duration import format_duration, parse_duration
    from otel_discord.config.duration_field import Duration
    from otel_discord.config.model import StrictModel
    from otel_discord.config.secret import REDACTED, Secret
else:
    from importlib import import_module

    _HOMES = {
        "REDACTED": "secret",
        "Duration": "duration_field",
        "Secret": "secret",
        "StrictModel": "model",
        "format_duration": "duration",
        "parse_duration": "duration",
    }

    def __getattr__(name):
        """Import a public name (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


__all__ = ["REDACTED", "Duration", "Secret", "StrictModel", "format_duration", "parse_duration"]
