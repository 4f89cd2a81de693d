"""What is asked of Discord, in the words by which Discord counts it.

A bucket is counted per method, path template and top-level resource; a message id is no part of that. Discord's own
bucket hash is not either: one hash covers operations that are counted apart (discord/discord-api-docs#1442), and every
webhook shows the same one (#6753).
"""

from dataclasses import dataclass
from enum import StrEnum


class Operation(StrEnum):
    """The webhook operations that need no bot token; the value is method and path template."""

    EXECUTE = "POST /webhooks/{id}/{token}"
    EDIT = "PATCH /webhooks/{id}/{token}/messages/{message_id}"
    DELETE_MESSAGE = "DELETE /webhooks/{id}/{token}/messages/{message_id}"
    GET_MESSAGE = "GET /webhooks/{id}/{token}/messages/{message_id}"
    GET_WEBHOOK = "GET /webhooks/{id}/{token}"

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.value.split(" ", 1)[0]

    @property
    def writes(self) -> bool:
        """Whether it changes what a channel shows, so that a limit of the channel concerns it."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Route:
    """One bucket: an operation on one webhook. It holds no token, so it can be logged."""

    operation: Operation
    webhook_id: str
