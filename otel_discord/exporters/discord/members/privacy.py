"""What of members' events may be stored and shown: done when they come in, before anything keeps them.

Who asks for less than everything gets a record of known attributes alone: nobody can say which others tell who it is.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from secrets import token_hex
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.config import Secret
from otel_discord.exporters.discord.members.config import Ids, MembersConfig, Names
from otel_discord.exporters.discord.members.events import (
    GUILD_ID,
    GUILD_NAME,
    USER_ID,
    USER_NAME,
    MemberEvent,
    event_named,
    member_event,
)
from otel_discord.exporters.discord.seen import COUNT_ATTRIBUTE, DEDUP_KEYS
from otel_discord.redaction.replacement import pseudonym
from otel_discord.signals import LogsBatch, find_attribute, to_plain

_EVENT_NAME: Final = "event.name"
_ROLES: Final = ("discord.roles.added", "discord.roles.removed")
_KEPT: Final = frozenset((GUILD_ID, GUILD_NAME, "discord.guild.member_count", *_ROLES, _EVENT_NAME, COUNT_ATTRIBUTE))
_SNOWFLAKE: Final = re.compile(r"(?<![0-9])[0-9]{15,20}(?![0-9])")
_WORDS: Final = {
    MemberEvent.JOIN: "a member joined",
    MemberEvent.LEAVE: "a member left",
    MemberEvent.BAN: "a member was banned",
    MemberEvent.UNBAN: "a member is no longer banned",
    MemberEvent.ROLE_UPDATE: "a member's roles changed",
}
_HIDDEN: Final = "(id)"


@cache
def process_key() -> Secret:
    """Return the key of pseudonyms where none is set; pseudonyms of another run are others."""
    return Secret(token_hex(32))


@dataclass(frozen=True, slots=True)
class MemberPrivacy:
    """Of one exporter. ``masks_ids``: what comes after makes pseudonyms of ``user.id``, so that it is left to that."""

    config: MembersConfig
    hash_key: Secret | None = None
    masks_ids: bool = False
    _off: frozenset[MemberEvent] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_off", self.config.switched_off)

    @property
    def _keeps_back(self) -> bool:
        return self.config.ids is not Ids.SHOW or self.config.names is not Names.SHOW

    def admitted(self, batch: LogsBatch) -> LogsBatch:
        """Return what of a batch may be kept: the batch itself where that is all of it."""
        if not self._off and not self._keeps_back:
            return batch
        if not any(self._concerns(record) for _, _, record in batch.records()):
            return batch
        copy = batch.copy()
        for resource_logs in copy.request.resource_logs:
            for scope_logs in resource_logs.scope_logs:
                gone = []
                for place, record in enumerate(scope_logs.log_records):
                    event = _event_of(record)
                    if event in self._off:
                        gone.append(place)
                    elif event is not None and self._keeps_back:
                        self._strip(record, event)
                for place in reversed(gone):
                    del scope_logs.log_records[place]
        return copy

    def _concerns(self, record: LogRecord) -> bool:
        event = _event_of(record)
        return event is not None and (self._keeps_back or event in self._off)

    def _strip(self, record: LogRecord, event: MemberEvent) -> None:
        user_id = find_attribute(record.attributes, USER_ID)
        guild_id = find_attribute(record.attributes, GUILD_ID)
        kept = []
        for pair in record.attributes:
            if pair.key in _KEPT or pair.key in DEDUP_KEYS or (pair.key == USER_NAME and self._shows_names):
                kept.append(pair)
            elif pair.key == USER_ID and self.config.ids is not Ids.HIDE:
                if self.config.ids is Ids.HASH and not self.masks_ids:
                    pair.value.CopyFrom(AnyValue(string_value=self._pseudonym(str(to_plain(pair.value)))))
                kept.append(pair)
        whole = [type(pair).FromString(pair.SerializeToString()) for pair in kept]
        del record.attributes[:]
        record.attributes.extend(whole)
        spared = str(guild_id or "")
        if not self._shows_names or record.body.WhichOneof("value") != "string_value":
            record.body.CopyFrom(AnyValue(string_value=_WORDS[event]))
        else:
            record.body.string_value = self._without_ids(record.body.string_value, str(user_id or ""), spared)
        for pair in record.attributes:
            if pair.key == USER_NAME or pair.key in _ROLES:
                self._without_ids_in(pair.value, str(user_id or ""), spared)

    def _without_ids_in(self, value: AnyValue, user_id: str, spared: str) -> None:
        if value.string_value:
            value.string_value = self._without_ids(value.string_value, user_id, spared)
        for each in value.array_value.values:
            self._without_ids_in(each, user_id, spared)

    def _without_ids(self, text: str, user_id: str, spared: str) -> str:
        """Return a text without ids of users, whether ``user.id`` names them or they only look like one."""
        if self.config.ids is Ids.SHOW:
            return text

        def instead(found: re.Match[str]) -> str:
            return found[0] if found[0] == spared else self._instead_of(found[0])

        if user_id and user_id != spared and not _SNOWFLAKE.fullmatch(user_id):
            text = text.replace(user_id, self._instead_of(user_id))
        return _SNOWFLAKE.sub(instead, text)

    def _instead_of(self, user_id: str) -> str:
        return self._pseudonym(user_id) if self.config.ids is Ids.HASH else _HIDDEN

    def _pseudonym(self, user_id: str) -> str:
        return pseudonym("user", user_id, self.hash_key or process_key())

    @property
    def _shows_names(self) -> bool:
        return self.config.names is Names.SHOW


def _event_of(record: LogRecord) -> MemberEvent | None:
    """Return the event also where only an attribute names it, as older clients do."""
    event = member_event(record)
    if event is None and not record.event_name:
        named = find_attribute(record.attributes, _EVENT_NAME)
        event = event_named(named) if isinstance(named, str) else None
    return event
