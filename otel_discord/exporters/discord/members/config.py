"""What a user writes about events of members of a Discord guild."""

from enum import StrEnum

from otel_discord.config import StrictModel
from otel_discord.exporters.discord.members.events import MemberEvent


class Ids(StrEnum):
    """What becomes of the ids of users."""

    SHOW = "show"
    HASH = "hash"
    HIDE = "hide"


class Names(StrEnum):
    """What becomes of the names of users."""

    SHOW = "show"
    HIDE = "hide"


class MembersConfig(StrictModel):
    """Events of members of a Discord guild (`discord.member.join` and the like): which are taken, and who is named."""

    ids: Ids = Ids.SHOW
    """hash: pseudonyms, made with `redaction::hash_key`, or with a key of this process alone where none is set; hide:
    left out. Before anything is stored."""
    names: Names = Names.SHOW
    """hide: left out, in the text too. Before anything is stored."""
    join: bool = True
    """false: joins go nowhere."""
    leave: bool = True
    """false: leaves go nowhere."""
    ban: bool = True
    """false: bans go nowhere."""
    unban: bool = True
    """false: lifted bans go nowhere."""
    role_update: bool = True
    """false: changes of roles go nowhere."""

    @property
    def switched_off(self) -> frozenset[MemberEvent]:
        """The events that go nowhere."""
        switches = {
            MemberEvent.JOIN: self.join,
            MemberEvent.LEAVE: self.leave,
            MemberEvent.BAN: self.ban,
            MemberEvent.UNBAN: self.unban,
            MemberEvent.ROLE_UPDATE: self.role_update,
        }
        return frozenset(event for event, is_on in switches.items() if not is_on)
