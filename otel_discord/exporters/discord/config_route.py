"""What a user writes about one route: a condition, and where the records that meet it go."""

from typing import ClassVar

from pydantic import Field, field_validator

from otel_discord.config import StrictModel
from otel_discord.exporters.discord.config_destination import MentionConfig
from otel_discord.exporters.discord.foreign_keys import ROUTE_KEYS
from otel_discord.exporters.discord.route_marks import route_mark
from otel_discord.ottl import ContextKind, parse_condition


class RouteConfig(StrictModel):
    """One routing rule: the first whose condition is met decides."""

    foreign_keys: ClassVar = ROUTE_KEYS

    condition: str
    """In OTTL, as in `severity_number >= SEVERITY_NUMBER_ERROR`."""
    destinations: tuple[str, ...] = Field(min_length=1)
    """Names of the destinations that a matching record goes to, where it reaches their `min_severity`."""
    continue_: bool = Field(default=False, alias="continue")
    """true: the rules after it are looked at as well."""
    mention: MentionConfig | None = None
    """Who is pinged for its records in its destinations, in place of whom the destination names."""

    @field_validator("condition")
    @classmethod
    def _is_a_condition(cls, text: str) -> str:
        parse_condition(text, ContextKind.LOG)
        return text

    @property
    def mark(self) -> str:
        """The route's name on cards; "" where it does not say who is pinged."""
        return route_mark(self.condition, self.destinations) if self.mention is not None else ""
