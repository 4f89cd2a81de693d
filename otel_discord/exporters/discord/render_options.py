"""How cards of a destination look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Preset: TypeAlias = Literal["compact", "standard", "full", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """What a renderer shows; fixed for its lifetime."""

    preset: Preset = "compact"
    timestamps: bool = True
    resource: bool = True
    """Where a record comes from: service, environment, host."""
    stack_traces: bool = True
    max_message_length: int = 0
    """Bound of a card's description or content in code points; 0 leaves it to the preset and to Discord."""
    trace_link: str = ""
    """Address with {trace_id}, {span_id}, {service}; shown as [trace]."""
    logs_link: str = ""
    runbook_link: str = ""
    """As the others; a record's own attribute goes before it, and `attribute` means that alone."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Further links: name → address template."""
    emoji: bool = True
    footer: str = ""
    """Stands in the footer instead of the record's origin."""
    repeated_mark: str = "sent again: the first try may have arrived"
