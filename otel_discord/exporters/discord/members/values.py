"""What templates of members' events see: how many, the first few by name, and where. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.members.events import GUILD_NAME, MOST_NAMES, MemberEvent, member_name
from otel_discord.exporters.discord.render_folded import count_mark
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.signals import attributes_to_dict
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import Markdown
from otel_discord.templating.wording import timestamp

CARD_CHARS: Final = 1_500
_GUILD_CHARS: Final = 100
_ROLE_CHARS: Final = 80
_ROLES: Final = ("added", "removed")
_LOOKS: Final[Mapping[MemberEvent, tuple[str, int, str, str, str]]] = {
    MemberEvent.JOIN: ("👋", 0x2ECC71, "joined", "A member joined", "members joined"),
    MemberEvent.LEAVE: ("🚪", 0x95A5A6, "left", "A member left", "members left"),
    MemberEvent.BAN: ("🔨", 0xE74C3C, "was banned", "A member was banned", "members were banned"),
    MemberEvent.UNBAN: ("🕊️", 0x3498DB, "is no longer banned", "A ban was lifted", "bans were lifted"),
    MemberEvent.ROLE_UPDATE: ("🏷️", 0x9B59B6, "", "A member's roles changed", "members' roles changed"),
}
"""Sign, colour, what one of them did, and in words without a name: one, many."""


def member_values(
    card: Card, event: MemberEvent, record: LogRecord, options: RenderOptions, remarks: str = ""
) -> dict[str, Any]:
    """Return the values of a card of members' events.

    ``members`` are names, or ids where names are hidden, and may be empty; ``more`` is how many of them are not named;
    ``did`` goes after the name of a single one; ``roles_added`` and ``roles_removed`` are those of a single change.
    """
    emoji, color, did, one, many = _LOOKS[event]
    facts = attributes_to_dict(record.attributes)
    names = dict.fromkeys(name for name in (member_name(record), *card.samples) if name)
    members = list(names)[: min(MOST_NAMES, card.count)]
    added, removed = (_roles(facts.get(f"discord.roles.{what}")) if card.count == 1 else "" for what in _ROLES)
    changes = (f"{verb} {roles}" for verb, roles in (("got", added), ("lost", removed)) if roles)
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
        "guild": short_text(str(facts.get(GUILD_NAME) or ""), _GUILD_CHARS),
        "did": did or " and ".join(changes) or "has other roles",
        "roles_added": added,
        "roles_removed": removed,
        "seen": Markdown(timestamp(card.last_seen_ns, "R") if options.timestamps else ""),
        "remarks": [remarks] if remarks else [],
        "footer": options.footer,
    }


def _roles(told: object) -> str:
    names = told if isinstance(told, list) else [told] if told else []
    return cut_middle(", ".join(short_text(str(name), _ROLE_CHARS) for name in names), _ROLE_CHARS)
