"""What the user writes under ``processors::resource``: contrib's keys."""

from typing import Annotated

from pydantic import Field

from otel_discord.config import StrictModel
from otel_discord.processors.attributes.action_config import ActionConfig


class ResourceConfig(StrictModel):
    """Actions on the attributes of resources."""

    attributes: Annotated[tuple[ActionConfig, ...], Field(min_length=1)]
    """What is done, in this order."""
