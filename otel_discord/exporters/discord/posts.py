"""The forum posts that our messages have opened, by their titles, so that later messages go into them. Pure."""

import json
from dataclasses import dataclass, field
from typing import Final

from otel_discord.discord_api.webhook_url import is_snowflake

MAX_POSTS: Final = 200
"""Of one destination; the one used longest ago is forgotten first, and its title gets another post."""


@dataclass(slots=True)
class Posts:
    """Of one destination. Posts belong to a webhook: another one posts to another forum."""

    webhook_id: str = ""
    _thread_ids: dict[str, str] = field(default_factory=dict)

    def of(self, webhook_id: str) -> "Posts":
        """Return what is known for this webhook: all of it, or nothing."""
        return self if self.webhook_id == webhook_id else Posts(webhook_id)

    def find(self, title: str) -> str:
        """Return the id of the thread with this title, "" where none is known."""
        thread_id = self._thread_ids.pop(title, "")
        if thread_id:
            self._thread_ids[title] = thread_id
        return thread_id

    def opened(self, title: str, thread_id: str) -> None:
        """A message has opened a post."""
        self._thread_ids.pop(title, None)
        self._thread_ids[title] = thread_id
        while len(self._thread_ids) > MAX_POSTS:
            del self._thread_ids[next(iter(self._thread_ids))]

    def gone(self, thread_id: str) -> None:
        """A thread takes no messages any more."""
        self._thread_ids = {title: each for title, each in self._thread_ids.items() if each != thread_id}

    def to_bytes(self) -> bytes:
        """Return them as they are stored."""
        return json.dumps({"webhook_id": self.webhook_id, "posts": list(self._thread_ids.items())}).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Posts":
        """Return what was stored; nothing where that cannot be read."""
        try:
            read = json.loads(stored)
            pairs = [(str(title), str(thread_id)) for title, thread_id in read["posts"]]
            posts = cls(str(read["webhook_id"]))
        except (ValueError, KeyError, TypeError):
            return cls()
        for title, thread_id in pairs:
            if is_snowflake(thread_id):
                posts.opened(title, thread_id)
        return posts
