"""What a silence has kept back so far, and what is said of it at its end. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.discord_api.models import Embed, Message
from otel_discord.exporters.discord.mutes.mute import Mute
from otel_discord.templating.text import escape_markdown

_GREY: Final = 0x95A5A6
_MAX_WHICH_CHARS: Final = 300


@dataclass(slots=True)
class Silenced:
    """Of one silence. A record for two destinations is one record, and one at each of them."""

    records: int = 0
    by_destination: dict[str, int] = field(default_factory=dict)

    def count(self, destination: str, records: int) -> None:
        """Count records at a destination; without one, the records as such."""
        if destination:
            self.by_destination[destination] = self.by_destination.get(destination, 0) + records
        else:
            self.records += records

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return {"records": self.records, "by_destination": self.by_destination}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Silenced":
        """Return what was stored.

        Raises:
            ValueError: it cannot be read. Also KeyError, TypeError and AttributeError.
        """
        counts = {str(name): int(count) for name, count in stored["by_destination"].items()}
        return cls(records=int(stored["records"]), by_destination=counts)


def end(silence: Mute, records: int, why: str = "") -> Message:
    """Return the words for the end of a silence at a destination that it has kept records from."""
    which = str(silence.which)
    if len(which) > _MAX_WHICH_CHARS:
        which = f"{which[:_MAX_WHICH_CHARS]}…"
    lines = [f"{escape_markdown(which)}: {records:,} {'event was' if records == 1 else 'events were'} not shown."]
    if silence.comment:
        lines.append(escape_markdown(silence.comment))
    if silence.author:
        lines.append(f"Silenced by {escape_markdown(silence.author)}.")
    if why:
        lines.append(why)
    return Message(embeds=(Embed(title="🔕 A silence is over", description="\n".join(lines), color=_GREY),))
