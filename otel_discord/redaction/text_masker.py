"""Masks one text. Most hold nothing, and one sweep says so; only patterns whose triggers are there are looked for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.redaction.disguise import CONTROL, CONTROLS, MAY_BE_DISGUISED, unveiled
from otel_discord.redaction.engine import Sweep
from otel_discord.redaction.plan import Action, MaskingPlan
from otel_discord.redaction.replacement import NOT_EXAMINED, marker, pseudonym

MAX_TEXT_CHARS: Final = 16 * 1024 * 1024
"""A longer text is not examined, and so not sent."""
_REMEMBERED_TEXTS: Final = 4_096
_REMEMBERED_CHARS: Final = 100
MAX_FINDINGS: Final = 20_000
"""A text with more is replaced as a whole: it would keep the service from its work."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A text as it may be sent, and whether a pattern of it asks for the attribute's removal."""

    text: str
    drop: bool = False


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    rank: int
    kind: str


class TextMasker:
    """A plan, compiled. Pure, and safe to use from several threads."""

    def __init__(self, plan: MaskingPlan) -> None:
        self._plan = plan
        self._actions = [plan.action_of(pattern) for pattern in plan.patterns]
        triggers: dict[str, list[int]] = defaultdict(list)
        for rank, pattern in enumerate(plan.patterns):
            for trigger in pattern.triggers:
                triggers[trigger].append(rank)
        self._ranks = list(triggers.values())
        self._always = [rank for rank, pattern in enumerate(plan.patterns) if not pattern.triggers]
        self._disguised, self._control = len(triggers), len(triggers) + 1
        self._hits = Sweep([*triggers, MAY_BE_DISGUISED, CONTROL]).hits
        self._clean: set[str] = set()
        self.can_sweep = not self._always
        """Whether a sweep alone can say that there is nothing."""

    def is_clean(self, data: bytes) -> bool:
        """Return whether nothing is to be found in any text that is a part of these bytes."""
        if not self.can_sweep or self._hits(data) not in (None, [], [self._control]):
            return False
        return not self._hits(data.translate(None, CONTROLS))

    def mask(self, text: str) -> str:
        """Return the text as it may be sent, the same object where there is nothing to mask."""
        try:
            hits = self._hits(text)
        except UnicodeError:
            return NOT_EXAMINED
        if hits is None and not self._always:
            return text
        return self._examined(text, hits or ()).text

    def masked_again(self, text: str) -> Masked:
        """As :meth:`masked`, for texts that repeat (keys, names, values of attributes): clean ones are remembered."""
        if text in self._clean:
            return Masked(text)
        masked = self.masked(text)
        if masked.text is text and not masked.drop and len(text) <= _REMEMBERED_CHARS:
            if len(self._clean) >= _REMEMBERED_TEXTS:
                self._clean.clear()
            self._clean.add(text)
        return masked

    def masked(self, text: str) -> Masked:
        """Return the text as it may be sent, and whether its attribute is to go."""
        try:
            hits = self._hits(text)
        except UnicodeError:
            return Masked(NOT_EXAMINED)
        if hits is None and not self._always:
            return Masked(text)
        return self._examined(text, hits or ())

    def _examined(self, text: str, hits: Sequence[int]) -> Masked:
        if len(text) > MAX_TEXT_CHARS:
            return Masked(NOT_EXAMINED)
        try:
            found = self._found(text, hits)
            if self._disguised in hits or self._control in hits:
                found += self._found_by_readers(text)
        except Exception:  # noqa: BLE001 - whatever it is: what was not examined is not sent
            return Masked(NOT_EXAMINED)
        if not found:
            return Masked(text)
        if len(found) > MAX_FINDINGS:
            return Masked(NOT_EXAMINED)
        return self._replaced(text, _merged(found))

    def _found(self, text: str, hits: Sequence[int]) -> list[_Hit]:
        ranks = sorted({rank for hit in hits if hit < self._disguised for rank in self._ranks[hit]}.union(self._always))
        found: list[_Hit] = []
        for rank in ranks:
            for start, end, kind in self._plan.patterns[rank].find(text):
                found.append(_Hit(start, end, rank, kind))
                if len(found) > MAX_FINDINGS:
                    return found
        return found

    def _found_by_readers(self, text: str) -> list[_Hit]:
        """Return what is there for those who do not see what is invisible, in places of the text as it was sent."""
        seen = unveiled(text)
        hits = self._hits(seen.text) or ()
        return [
            _Hit(seen.places[hit.start], seen.places[hit.end - 1] + 1, hit.rank, hit.kind)
            for hit in self._found(seen.text, hits)
        ]

    def _replaced(self, text: str, found: list[_Hit]) -> Masked:
        pieces, at, drop = [], 0, False
        for hit in found:
            value, replace = text[hit.start : hit.end], self._plan.patterns[hit.rank].replace
            shown = replace(value) if replace else self.replacement(hit.kind, value, self._actions[hit.rank])
            pieces += [text[at : hit.start], shown]
            drop = drop or (replace is None and self._actions[hit.rank] is Action.DROP)
            at = hit.end
        pieces.append(text[at:])
        result = "".join(pieces)
        return Masked(text if result == text else result, drop)

    def replacement(self, kind: str, value: str, action: Action) -> str:
        """Return what stands in place of a finding."""
        if action is Action.DROP:
            return ""
        if action is Action.HASH and self._plan.hash_key is not None:
            return pseudonym(kind, value, self._plan.hash_key)
        return marker(kind)


def _merged(found: list[_Hit]) -> list[_Hit]:
    """Return findings that do not overlap and cover what all of them cover; the pattern of the first rank names it."""
    found.sort(key=lambda hit: (hit.start, hit.end))
    merged: list[_Hit] = []
    for hit in found:
        if merged and hit.start < merged[-1].end:
            last = merged[-1]
            namer = min(last, hit, key=lambda each: each.rank)
            merged[-1] = _Hit(last.start, max(last.end, hit.end), namer.rank, namer.kind)
        else:
            merged.append(hit)
    return merged
