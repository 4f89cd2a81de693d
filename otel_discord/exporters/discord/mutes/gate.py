"""Where each record goes when mutes hold: into its lane, into one where it is held, or nowhere. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from otel_discord.exporters.discord.mutes.book import MuteBook, strongest
from otel_discord.exporters.discord.mutes.held_lanes import held_lane
from otel_discord.exporters.discord.mutes.mute import Action, Mute
from otel_discord.exporters.discord.mutes.silence import outlasts_silences, silence_book
from otel_discord.ottl import LogItem


class Muted(NamedTuple):
    """By which mute, where, and how."""

    mute_id: str
    destination: str
    action: Action
    by_silence: bool = False
    """Counted once for each destination, and once for the record as such, with the destination ""."""


class Passage(NamedTuple):
    """One way of a record."""

    lane: str
    no_ping: bool = False


@dataclass(slots=True)
class Gate:
    """Of one exporter."""

    book: MuteBook
    silences: MuteBook = field(default_factory=silence_book)
    is_open: bool = False
    """Nothing is held any more: it is time to end, and what would be held now would be lost. Silences stay."""
    relieved: set[str] = field(default_factory=set)
    """Mutes that hold nothing any more, for want of room; what they mean comes without a ping."""

    def is_idle(self, now_ns: int) -> bool:
        """Return whether no record is looked at now."""
        return not self.silences.active(now_ns) and (self.is_open or not self.book.active(now_ns))

    def passages(
        self, item: LogItem, now_ns: int, severity: int, destinations: Iterable[str]
    ) -> tuple[list[Passage], list[Muted]]:
        """Return where a record goes, of the destinations that routing has given it, and what mutes did to it."""
        silence = self._silence(item, now_ns, severity)
        if silence is not None:
            return [], [Muted(silence.id, each, Action.DROP, by_silence=True) for each in ("", *destinations)]
        matching = [] if self.is_open else self.book.matching(item, now_ns, severity)
        passages: list[Passage] = []
        muted: list[Muted] = []
        for destination in destinations:
            action, mute = strongest(matching, severity, destination, self.book.critical_from)
            if action is None or mute is None:
                passages.append(Passage(destination))
                continue
            if action is Action.HOLD and mute.id in self.relieved:
                action = Action.NO_PING
            muted.append(Muted(mute.id, destination, action))
            if action is Action.NO_PING:
                passages.append(Passage(destination, no_ping=True))
            elif action is Action.HOLD:
                passages.append(Passage(held_lane(destination, mute.id)))
        return passages, muted

    def _silence(self, item: LogItem, now_ns: int, severity: int) -> Mute | None:
        """Return the silence that keeps a record back; of several the one that was added first."""
        silences = self.silences.active(now_ns)
        if not silences or outlasts_silences(item.record):
            return None
        return next((each for each in silences if each.which.holds(item, severity)), None)
