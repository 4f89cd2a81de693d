"""Discord's tree of form errors, and the bodies of its refusals.

Shape since v8: keys and indices nest down to ``{"_errors": [{"code": …, "message": …}]}``.
https://docs.discord.com/developers/reference#error-messages
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One error at one place."""

    path: Path
    code: str
    message: str


class FormErrors:
    """Collects every error of one form, in the order found."""

    def __init__(self) -> None:
        self._leaves: list[Leaf] = []

    def add(self, path: Path, code: str, message: str) -> None:
        """Note one error."""
        self._leaves.append(Leaf(path, code, message))

    def __bool__(self) -> bool:
        return bool(self._leaves)

    def __iter__(self) -> Iterator[Leaf]:
        return iter(self._leaves)

    def tree(self) -> dict[str, Any]:
        """Return the nested form of v8 and later."""
        root: dict[str, Any] = {}
        for leaf in self._leaves:
            node = root
            for key in leaf.path:
                node = node.setdefault(str(key), {})
            node.setdefault("_errors", []).append({"code": leaf.code, "message": leaf.message})
        return root

    def legacy(self) -> dict[str, list[str]]:
        """Return what v6 tells: the first key, and the index or the words: ``{"embeds": ["0"]}``."""
        told: dict[str, list[str]] = {}
        for leaf in self._leaves:
            key = str(leaf.path[0]) if leaf.path else "_misc"
            rest = str(leaf.path[1]) if len(leaf.path) > 1 else leaf.message
            told.setdefault(key, [])
            if rest not in told[key]:
                told[key].append(rest)
        return told


class RefusedError(Exception):
    """An answer other than 2xx, raised by the operation that refuses and answered by ``handle``."""

    def __init__(self, status: int, code: int, message: str, errors: FormErrors | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self, *, legacy: bool = False) -> bytes:
        """Return the JSON body, in the style of v6 when asked."""
        if legacy and self.errors:
            return json.dumps(self.errors.legacy()).encode()
        answer: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            answer["errors"] = self.errors.tree()
        return json.dumps(answer).encode()


def invalid_form(errors: FormErrors) -> RefusedError:
    """Return the 400 with every error of the form."""
    return RefusedError(400, 50035, "Invalid Form Body", errors)


def refusal(status: int, code: int) -> RefusedError:
    """Return a refusal with Discord's words for a code."""
    return RefusedError(status, code, MESSAGES[code])


MESSAGES = {
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10013: "Unknown User",
    10015: "Unknown Webhook",
    30007: "Maximum number of webhooks reached (15)",
    30013: "Maximum number of guild channels reached (500)",
    30015: "Maximum number of attachments in a message reached (10)",
    30046: "Maximum number of edits to messages older than 1 hour reached. Try again later",
    30058: "Maximum number of webhooks in a guild reached (1000)",
    40005: "Request entity too large",
    40067: "A tag is required to create a forum post in this channel",
    40333: "internal network error",
    50001: "Missing Access",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50008: "Cannot send messages in a non-text channel",
    50013: "Missing Permissions",
    50024: "Cannot execute action on this channel type",
    50027: "Invalid Webhook Token",
    50041: "Invalid API version provided",
    50083: "Thread is archived",
    50109: "The request body contains invalid JSON.",
    160004: "A thread has already been created for this message",
    160005: "This thread is locked",
    160006: "Maximum number of active threads reached",
    220001: "Webhooks posted to forum channels must have a thread_name or thread_id",
    220002: "Webhooks posted to forum channels cannot have both a thread_name and thread_id",
    220003: "Webhooks can only create threads in forum channels",
}
"""https://docs.discord.com/developers/topics/opcodes-and-status-codes#json"""
