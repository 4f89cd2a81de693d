"""Which of our own messages have reached their age. Pure; times are nanoseconds of the wall clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

MAX_MESSAGES: Final = 100_000
"""Of one lane. Where there are more, the oldest are forgotten, and stay in Discord."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of ours that Discord has. ``thread_id`` is that of the thread it is in, where its note names one."""

    message_id: str
    posted_ns: int
    webhook_id: str = ""
    thread_id: str = ""


@dataclass(slots=True)
class RetentionBook:
    """The messages of one lane, oldest first."""

    age_ns: int
    most: int = MAX_MESSAGES
    _sent: dict[str, Sent] = field(default_factory=dict)

    def restore(self, sent: Iterable[Sent]) -> None:
        """Know the messages of an earlier run as well; what is known already stays as it is."""
        known = {each.message_id: each for each in sent} | self._sent
        self._sent = {each.message_id: each for each in sorted(known.values(), key=lambda each: each.posted_ns)}

    def keep(self, sent: Sent) -> None:
        """Know a message that has just been sent."""
        self._sent.setdefault(sent.message_id, sent)

    def oldest(self) -> Sent | None:
        """Return the message that is deleted next."""
        return next(iter(self._sent.values()), None)

    def due_ns(self, sent: Sent) -> int:
        """Return when a message has reached its age."""
        return sent.posted_ns + self.age_ns

    def forget(self, message_ids: Iterable[str]) -> None:
        """Know messages no longer."""
        for message_id in message_ids:
            self._sent.pop(message_id, None)

    def excess(self) -> list[str]:
        """Return the oldest messages, as many as there are too many; a hundredth more, so that it is not each time."""
        over = len(self._sent) - self.most
        return list(islice(self._sent, over + self.most // 100)) if over > 0 else []

    def knows(self, message_id: str) -> bool:
        """Return whether a message is to be deleted one day."""
        return message_id in self._sent

    def all_ids(self) -> list[str]:
        """Return every message."""
        return list(self._sent)
