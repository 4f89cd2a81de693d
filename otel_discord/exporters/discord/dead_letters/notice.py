"""Telling people in Discord that letters accumulate: when, where, and in which words. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from otel_discord.discord_api.models import Embed, EmbedFooter, Message
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.templating.text import escape_markdown, neutralise

GATHER_S: Final = 5.0
"""The first notice waits so long, so that it tells of more than the first record."""
INTERVAL_S: Final = 3600.0
_AMBER: Final = 0xF39C12
_TEXT_CHARS: Final = 160
_NAME_CHARS: Final = 80
_REASONS: Final = 4

OF_THE_RECORD: Final = frozenset(
    {Reason.INVALID_FORM, Reason.EMPTY_MESSAGE, Reason.CONTENT_BLOCKED, Reason.BAD_REQUEST, Reason.TOO_LARGE}
)
"""Reasons that lie in the record: the webhook itself works."""
_IN_WORDS: Final[Mapping[str, str]] = {
    Reason.INVALID_FORM: "Discord refused the form",
    Reason.EMPTY_MESSAGE: "Discord found it empty",
    Reason.CONTENT_BLOCKED: "AutoMod or a filter blocked it",
    Reason.BAD_REQUEST: "Discord refused it",
    Reason.TOO_LARGE: "too large for Discord",
    Reason.UNAUTHORIZED: "the webhook's token is not valid any more",
    Reason.FORBIDDEN: "Discord forbids it there",
    Reason.NOT_FOUND: "the webhook is gone",
    Reason.MISCONFIGURED: "the channel wants other settings",
    Reason.SERVER_ERROR: "Discord had errors",
    Reason.TIMEOUT: "Discord did not answer in time",
    Reason.CONNECTION: "no connection to Discord",
    Reason.BAD_ANSWER: "something else than Discord answered",
}


@dataclass(slots=True)
class Heap:
    """What has been buried for one destination since the last notice. ``since_s`` is monotonic."""

    since_s: float
    records: Counter[str] = field(default_factory=Counter)
    """By reason."""
    words: str = ""
    """Discord's own, of the last one that had any."""

    @property
    def count(self) -> int:
        """How many records."""
        return self.records.total()


@dataclass(slots=True)
class NoticeBook:
    """Who is to be told what: at most once in INTERVAL_S for each destination."""

    _heaps: dict[str, Heap] = field(default_factory=dict)
    _told_s: dict[str, float] = field(default_factory=dict)

    def note(self, destination: str, reason: str, records: int, *, words: str, now_s: float) -> None:
        """Count records that were buried."""
        if reason == Reason.SHUTDOWN:
            return  # told by the log; nothing is wrong with the destination
        heap = self._heaps.setdefault(destination, Heap(now_s))
        heap.records[reason] += records
        heap.words = words or heap.words

    def next_s(self) -> float | None:
        """Return when the next notice is due; None where nothing is to be told."""
        return min((self._due_s(name, heap) for name, heap in self._heaps.items()), default=None)

    def due(self, now_s: float) -> Mapping[str, Heap]:
        """Return what is to be told now, by destination, and begin anew."""
        ready = {name: heap for name, heap in self._heaps.items() if self._due_s(name, heap) <= now_s}
        for name in ready:
            del self._heaps[name]
            self._told_s[name] = now_s
        return ready

    def _due_s(self, name: str, heap: Heap) -> float:
        told_s = self._told_s.get(name)
        gathered_s = heap.since_s + GATHER_S
        return gathered_s if told_s is None else max(gathered_s, told_s + INTERVAL_S)


def tell_where(destination: str, fallback: str, reasons: Mapping[str, int]) -> str | None:
    """Return the destination to tell: the fallback, else the same one if it works; None where there is nobody."""
    if fallback:
        return fallback
    return destination if reasons and all(reason in OF_THE_RECORD for reason in reasons) else None


def notice(destination: str, heap: Heap, *, kept: bool) -> Message:
    """Return the message. Discord's words in it are escaped, and nobody is pinged.

    Nothing of the records is repeated: they were for another channel, or are what Discord would not have. ``kept``:
    whether there are letters to look at; else only the log has the records.
    """
    records = "1 record" if heap.count == 1 else f"{heap.count:,} records"
    reasons = heap.records.most_common()
    lines = [
        _sentence(_in_words(reason)) if len(reasons) == 1 else f"- {count:,}: {_in_words(reason)}"
        for reason, count in reasons[:_REASONS]
    ]
    if len(reasons) > _REASONS:
        lines.append(f"- and {len(reasons) - _REASONS} more reasons")
    if heap.words:
        lines.append(f"Discord said: {_safe(heap.words)}")
    if kept:
        option = f"--destination {_plain(destination)}"
        commands = f"otel-discord dead-letters list {option}\notel-discord dead-letters replay {option}"
        lines.append(f"Nothing is lost. Look, mend the cause, send again:\n```\n{commands}\n```")
    else:
        lines.append("Nothing keeps them: the service's log has their first words.")
    return Message(
        embeds=(
            Embed(
                title=f"📭 {records} for “{_safe(destination, _NAME_CHARS)}” could not be delivered",
                description="\n".join(lines),
                color=_AMBER,
                footer=EmbedFooter("otel-discord · at most one such notice an hour"),
            ),
        )
    )


def _in_words(reason: str) -> str:
    return _IN_WORDS.get(reason, reason.replace("_", " "))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _safe(text: str, chars: int = _TEXT_CHARS) -> str:
    words = " ".join(text.split())
    cut = words if len(words) <= chars else f"{words[: chars - 1]}…"
    return escape_markdown(neutralise(cut))


def _plain(name: str) -> str:
    """Return a destination's name for a command line in a code block."""
    shown = "".join(char for char in name if char.isprintable() and char != "`")[:_TEXT_CHARS]
    return shown if shown.replace("-", "").replace("_", "").isalnum() else f"'{shown.replace(chr(39), '')}'"
