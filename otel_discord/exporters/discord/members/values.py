"""What Discord shows of members' events: how many, the first few by name, and where. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.members.events import GUILD_NAME, MOST_NAMES, MemberEvent, member_name
from otel_discord.exporters.discord.render_folded import count_mark
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.signals import attributes_to_dict
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.output import TemplateOutput
from otel_discord.templating.text import Markdown, escape_markdown
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


def member_values(card: Card, event: MemberEvent, record: LogRecord) -> dict[str, Any]:
    """Return what there is to say of a card, as plain values.

    ``event``, ``emoji``, ``color``, ``count``, ``count_mark`` (``×14 ``, "" for one), ``what`` (``members joined``),
    ``members`` (names, or ids where names are hidden; may be empty), ``more`` (how many of them are not named),
    ``guild``, ``roles_added`` and ``roles_removed`` (of a single change), ``last_seen_ns``.
    """
    emoji, color, one, many = _LOOKS[event]
    facts = attributes_to_dict(record.attributes)
    names = dict.fromkeys(name for name in (member_name(record), *card.samples) if name)
    members = list(names)[: min(MOST_NAMES, card.count)]
    return {
        "event": str(event),
        "emoji": emoji,
        "color": color,
        "count": card.count,
        "count_mark": count_mark(card),
        "what": one if card.count == 1 else many,
        "members": members,
        "more": card.count - len(members) if members else 0,
        "guild": cut_middle(" ".join(str(facts.get(GUILD_NAME) or "").split()), _GUILD_CHARS),
        "roles_added": _roles(facts.get("discord.roles.added")) if card.count == 1 else [],
        "roles_removed": _roles(facts.get("discord.roles.removed")) if card.count == 1 else [],
        "last_seen_ns": card.last_seen_ns,
    }


def member_output(
    card: Card, event: MemberEvent, record: LogRecord, options: RenderOptions, remarks: str = ""
) -> TemplateOutput:
    """Return what a card of members' events says; as text where the preset is ``plain``."""
    values = member_values(card, event, record)
    heading = f"{values['count_mark']}{values['what']}"
    title = Markdown(f"{values['emoji']} {heading}" if options.emoji else heading)
    named = ", ".join(escape_markdown(name) for name in values["members"])
    if named and values["more"]:
        named += f" … and {values['more']:,} more"
    roles = [
        f"{sign} {escape_markdown(cut_middle(', '.join(names), _ROLE_CHARS))}"
        for sign, names in (("got", values["roles_added"]), ("lost", values["roles_removed"]))
        if names
    ]
    seen = timestamp(card.last_seen_ns, "R") if options.timestamps else ""
    where = " · ".join(part for part in (escape_markdown(values["guild"]), seen) if part)
    description = "\n".join(part for part in (named, *roles, where) if part)
    footer = " · ".join(part for part in (remarks, options.footer) if part)
    if options.preset == "plain":
        told = (f"**{title}**", description, escape_markdown(footer))
        return TemplateOutput(content="\n".join(part for part in told if part))
    return TemplateOutput(title=title, description=description, color=values["color"], footer_text=footer)


def _roles(told: object) -> list[str]:
    names = told if isinstance(told, list) else [told] if told else []
    return [" ".join(str(name).split()) for name in names]
