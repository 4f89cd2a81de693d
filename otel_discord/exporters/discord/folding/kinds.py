"""What a card shows, which decides what it shares a message with. Pure."""

from enum import Enum

from google.protobuf.message import DecodeError

from otel_discord._proto import queue_pb2
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.statuses.finding import holds_status


class Kind(Enum):
    """``ALERT`` and ``STATUS`` live on in their messages, whether or not records are folded."""

    RECORD = "record"
    ALERT = "alert"
    REPLY = "reply"
    """Tells the end of an alert once more."""
    STATUS = "status"

    @property
    def lives_on(self) -> bool:
        """Whether its message changes as long as what it shows does."""
        return self in (Kind.ALERT, Kind.STATUS)


def kind_of(payload: bytes) -> Kind:
    """Return what a stored card shows; what cannot be read is an ordinary card, and its turn will tell."""
    try:
        card = queue_pb2.Card.FromString(payload)
    except DecodeError:
        return Kind.RECORD
    if not card.alert_group:
        return Kind.STATUS if holds_status(card.record) else Kind.RECORD
    if AlertGroup.from_bytes(card.alert_group) is not None:
        return Kind.ALERT
    return Kind.RECORD if card.fingerprint else Kind.REPLY
