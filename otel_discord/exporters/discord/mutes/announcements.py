"""What is said in a channel when a mute begins and ends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.component.counted import counted
from otel_discord.discord_api.models import Embed, Message
from otel_discord.exporters.discord.mutes.mute import Action, Mute
from otel_discord.templating.text import escape_markdown
from otel_discord.templating.wording import timestamp

_BLUE: Final = 0x3498DB
_MAX_WHICH_CHARS: Final = 300
_BECOMES: Final[Mapping[Action, str]] = {
    Action.HOLD: "is held until then and comes afterwards",
    Action.DROP: "is not shown, only counted",
    Action.NO_PING: "comes without a ping",
}


@dataclass(slots=True)
class Announced:
    """A mute whose begin was announced, and what it has done since, by destination."""

    mute_id: str
    name: str
    destinations: tuple[str, ...]
    start_ns: int
    end_ns: int
    dropped: dict[str, int] = field(default_factory=dict)
    """Records."""
    unpinged: dict[str, int] = field(default_factory=dict)
    relieved: bool = False
    """There was no room to hold anything any longer."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return {
            "mute_id": self.mute_id,
            "name": self.name,
            "destinations": list(self.destinations),
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "dropped": self.dropped,
            "unpinged": self.unpinged,
            "relieved": self.relieved,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Announced":
        """Return what was stored.

        Raises:
            ValueError: it cannot be read. Also KeyError, TypeError and AttributeError.
        """
        return cls(
            mute_id=str(stored["mute_id"]),
            name=str(stored["name"]),
            destinations=tuple(map(str, stored["destinations"])),
            start_ns=int(stored["start_ns"]),
            end_ns=int(stored["end_ns"]),
            dropped={str(name): int(count) for name, count in stored["dropped"].items()},
            unpinged={str(name): int(count) for name, count in stored["unpinged"].items()},
            relieved=bool(stored["relieved"]),
        )


def begin(mute: Mute, end_ns: int) -> Message:
    """Return the words for its begin."""
    which = str(mute.which)
    if len(which) > _MAX_WHICH_CHARS:
        which = f"{which[:_MAX_WHICH_CHARS]}…"
    what = f"What matches {escape_markdown(which)}" if which else "Every message"
    lines = [f"Until {timestamp(end_ns, 'f')} ({timestamp(end_ns)}). {what} {_BECOMES[mute.action]}."]
    if mute.action is not Action.NO_PING and not mute.critical:
        lines.append("Critical messages come, without a ping, unless it is made for them.")
    if mute.comment:
        lines.append(escape_markdown(mute.comment))
    if mute.author:
        lines.append(f"Started by {escape_markdown(mute.author)}.")
    return _message(f"🔧 Maintenance: {escape_markdown(mute.name)}", "\n".join(lines))


def end(announced: Announced, destination: str, problems: int, events: int) -> Message:
    """Return the words for its end, with how much was held for a destination and comes now."""
    lines = []
    if problems:
        lines.append(f"Held meanwhile, and shown now: {counted(problems, 'problem')}, {counted(events, 'event')}.")
    if announced.relieved:
        lines.append("What was held at first was shown early: the queue had no room for it.")
    dropped, unpinged = announced.dropped.get(destination, 0), announced.unpinged.get(destination, 0)
    if dropped:
        lines.append(f"Dropped: {counted(dropped, 'event')}.")
    if unpinged:
        lines.append(f"Came without a ping: {counted(unpinged, 'event')}.")
    title = f"🔧 Maintenance is over: {escape_markdown(announced.name)}"
    return _message(title, "\n".join(lines or ["Nothing was held back."]))


def relief(announced: Announced, problems: int, events: int) -> Message:
    """Return the words for what is shown early, since there is no room to hold it."""
    return _message(
        f"🔧 Maintenance: {escape_markdown(announced.name)}",
        f"The queue has no room to hold more: {counted(problems, 'problem')}, {counted(events, 'event')} come now, and"
        " what follows comes without a ping.",
    )


def held_note(name: str) -> str:
    """Return the remark on a card that comes late."""
    return f"held during maintenance {name}"


def _message(title: str, description: str) -> Message:
    return Message(embeds=(Embed(title=title, description=description, color=_BLUE),))
