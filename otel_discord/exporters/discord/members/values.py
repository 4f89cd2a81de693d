"""What templates of members' events see: how many, the first few by name, and where. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.members.events import GUILD_NAME, MOST_NAMES, MemberEvent, member_name
from otel_discord.exporters.discord.render_folded import count_mark
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.signals import attributes_to_dict
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import Markdown
from otel_discord.templating.wording import timestamp

CARD_CHARS: Final = 1_500
_GUILD_CHARS: Final = 100
_ROLE_CHARS: Final = 300
_LOOKS: Final[Mapping[MemberEvent, tuple[str, int, str, str]]] = {
    MemberEvent.JOIN: ("👋", 0x2ECC71, "A member joined", "members joined"),
    MemberEvent.LEAVE: ("🚪", 0x95A5A6, "A member left", "members left"),
    MemberEvent.BAN: ("🔨", 0xE74C3C, "A member was banned", "members were banned"),
    MemberEvent.UNBAN: ("🕊️", 0x3498DB, "A ban was lifted", "bans were lifted"),
    MemberEvent.ROLE_UPDATE: ("🏷️", 0x9B59B6, "A member's roles changed", "members' roles changed"),
}


def member_values(
    card: Card, event: MemberEvent, record: LogRecord, options: RenderOptions, remarks: str = ""
) -> dict[str, Any]:
    """Return the values of a card of members' events.

    ``members`` are names, or ids where names are hidden, and may be empty; ``more`` is how many of them are not named;
    ``roles_added`` and ``roles_removed`` are those of a single change.
    """
    emoji, color, one, many = _LOOKS[event]
    facts = attributes_to_dict(record.attributes)
    names = dict.fromkeys(name for name in (member_name(record), *card.samples) if name)
    members = list(names)[: min(MOST_NAMES, card.count)]
    return {
        "event_name": str(event),
        "severity_number": card.severity,
        "emoji": emoji if options.emoji else "",
        "color": color,
        "count": card.count,
        "count_mark": count_mark(card),
        "what": one if card.count == 1 else many,
        "members": members,
        "more": card.count - len(members) if members else 0,
        "guild": cut_middle(" ".join(str(facts.get(GUILD_NAME) or "").split()), _GUILD_CHARS),
        "roles_added": _roles(facts.get("discord.roles.added")) if card.count == 1 else "",
        "roles_removed": _roles(facts.get("discord.roles.removed")) if card.count == 1 else "",
        "seen": Markdown(timestamp(card.last_seen_ns, "R") if options.timestamps else ""),
        "remarks": [remarks] if remarks else [],
        "footer": options.footer,
    }


def _roles(told: object) -> str:
    names = told if isinstance(told, list) else [told] if told else []
    return cut_middle(", ".join(" ".join(str(name).split()) for name in names), _ROLE_CHARS)
