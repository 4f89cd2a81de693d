"""What the user writes under ``processors::attributes``: contrib's keys."""

from typing import Annotated

from pydantic import Field

from otel_discord.config import StrictModel
from otel_discord.processors.attributes.action_config import ActionConfig
from otel_discord.processors.attributes.match_config import MatchConfig


class AttributesConfig(StrictModel):
    """Actions on the attributes of log records, data points and spans."""

    actions: Annotated[tuple[ActionConfig, ...], Field(min_length=1)]
    """What is done, in this order."""
    include: MatchConfig | None = None
    """Only items that match."""
    exclude: MatchConfig | None = None
    """No items that match; asked after `include`."""
