"""Which records tell of members of a guild, of whom, and which are one card: those of a kind and a guild. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.attachments import ATTRIBUTE
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.folding.problem import Problem
from otel_discord.signals import find_attribute

USER_ID: Final = "user.id"
USER_NAME: Final = "user.name"
GUILD_ID: Final = "discord.guild.id"
GUILD_NAME: Final = "discord.guild.name"
MOST_NAMES: Final = 5
"""So many are named on one card."""
_PREFIX: Final = "discord.member."
_IN_BYTES: Final = _PREFIX.encode()
_FINGERPRINT_BYTES: Final = 16
_NAME_CHARS: Final = 40
_SEPARATOR: Final = "\x1f"


class MemberEvent(StrEnum):
    """The names of the events."""

    JOIN = "discord.member.join"
    LEAVE = "discord.member.leave"
    BAN = "discord.member.ban"
    UNBAN = "discord.member.unban"
    ROLE_UPDATE = "discord.member.role_update"


_EVENTS: Final[Mapping[str, MemberEvent]] = {str(event): event for event in MemberEvent}


def member_event(record: LogRecord) -> MemberEvent | None:
    """Return which event of a member a record tells of; next to nothing for those that tell of none."""
    name = record.event_name
    return _EVENTS.get(name) if name else None


def event_named(name: str) -> MemberEvent | None:
    """Return the event of that name."""
    return _EVENTS.get(name)


def held_member_event(record: bytes) -> tuple[MemberEvent, LogRecord] | None:
    """Return what a serialised record tells of a member, and the record; None for others."""
    if _IN_BYTES not in record:
        return None
    try:
        read = LogRecord.FromString(record)
    except DecodeError:
        return None
    event = member_event(read)
    return (event, read) if event is not None else None


def member_name(record: LogRecord) -> str:
    """Return what a member is called here: by name, else by id, else not at all; one short line."""
    for key in (USER_NAME, USER_ID):
        told = find_attribute(record.attributes, key)
        words = short_text(str(told), _NAME_CHARS) if told is not None else ""
        if words:
            return words
    return ""


def member_problem(who: str, event: MemberEvent, record: LogRecord, severity: int, *, is_critical: bool) -> Problem:
    """Return the record as what is folded; ``who`` has sent it."""
    guild = find_attribute(record.attributes, GUILD_ID) or find_attribute(record.attributes, GUILD_NAME)
    rank = (severity - 1) // 4 * 2 + is_critical
    told = _SEPARATOR.join(("member", who, event, str(guild or ""), str(rank)))
    fingerprint = blake2b(told.encode("utf-8", "surrogatepass"), digest_size=_FINGERPRINT_BYTES).digest()
    return Problem(fingerprint, event, member_name(record), most_samples=MOST_NAMES - 1, is_remembered=False)


def without_pictures(record: LogRecord) -> LogRecord:
    """Return the record of a member's event as it may go on a card: without avatars, and without files."""
    gone = [pair for pair in record.attributes if pair.key == ATTRIBUTE or "avatar" in pair.key.lower()]
    if not gone:
        return record
    bare = LogRecord()
    bare.CopyFrom(record)
    kept = [pair for pair in record.attributes if pair not in gone]
    del bare.attributes[:]
    bare.attributes.extend(kept)
    return bare
