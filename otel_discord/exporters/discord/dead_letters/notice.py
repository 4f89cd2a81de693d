"""Telling people in Discord that letters accumulate: when, where, and in which words. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.discord_api.outcome_types import Reason
from otel_discord.templating.text import neutralise

GATHER_S: Final = 5.0
"""The first notice waits so long, so that it tells of more than the first record."""
INTERVAL_S: Final = 3600.0
_SIGN: Final = "📭"
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

    def forget(self, destination: str) -> None:
        """A destination is over: nobody is told of it any more."""
        self._heaps.pop(destination, None)
        self._told_s.pop(destination, None)

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


def notice_values(destination: str, heap: Heap, *, kept: bool) -> dict[str, Any]:
    """Return what the template of the notice sees.

    Nothing of the records is repeated: they were for another channel, or are what Discord would not have. ``kept``:
    whether there are letters to look at; else only the log has the records.
    """
    option = f"--destination {_plain(destination)}"
    reasons = heap.records.most_common()
    return {
        "emoji": _SIGN,
        "color": _AMBER,
        "count": heap.count,
        "destination": _short(destination, _NAME_CHARS),
        "reasons": [
            {"count": count, "words": _in_words(reason), "sentence": _sentence(_in_words(reason))}
            for reason, count in reasons[:_REASONS]
        ],
        "more_reasons": max(0, len(reasons) - _REASONS),
        "said": _short(heap.words),
        "kept": kept,
        "commands": f"otel-discord dead-letters list {option}\notel-discord dead-letters replay {option}",
    }


def _in_words(reason: str) -> str:
    return _IN_WORDS.get(reason, reason.replace("_", " "))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _short(text: str, chars: int = _TEXT_CHARS) -> str:
    words = " ".join(text.split())
    return neutralise(words if len(words) <= chars else f"{words[: chars - 1]}…")


def _plain(name: str) -> str:
    """Return a destination's name for a command line in a code block."""
    shown = "".join(char for char in name if char.isprintable() and char != "`")[:_TEXT_CHARS]
    return shown if shown.replace("-", "").replace("_", "").isalnum() else f"'{shown.replace(chr(39), '')}'"
