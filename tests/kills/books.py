"""The books of a run: is everything that was accepted there, how often, and in order? Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.kills.ledger import Record
from tests.kills.sightings import Sighting

MESSAGE_RECORDS = 10
"""What one message holds at most."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where records go from a severity on."""

    name: str
    min_severity: int


@dataclass(slots=True)
class Verdict:
    """What the books say; ``wrong`` is empty where every promise held."""

    accepted: int = 0
    """Records answered OK."""
    deliveries: int = 0
    """Records in messages, over all destinations."""
    lost: int = 0
    repeats: int = 0
    """Deliveries beyond what clients may have brought about by sending again."""
    marked_messages: int = 0
    """Messages that say that they may be repeats."""
    wrong: list[str] = field(default_factory=list)

    def find(self, words: str) -> None:
        """Note what is wrong."""
        self.wrong.append(words)


def judge(
    records: Mapping[int, Record],
    seen: Mapping[Destination, Sequence[Sighting]],
    ends_s: Sequence[float],
    *,
    repeats_allowed: bool,
) -> Verdict:
    """Hold the books after everything has come to its end.

    Args:
        records: what clients know.
        seen: what each destination shows, in the order of arrival.
        ends_s: when the service was ended; what was sent between two of them was sent by one process.
        repeats_allowed: by a kill, one message for each destination; by an orderly end none.
    """
    verdict = Verdict(accepted=sum(each.accepted_s is not None for each in records.values()))
    for destination, messages in seen.items():
        _judge_presence(verdict, destination, records, messages)
        _judge_repeats(verdict, destination, records, messages, ends_s, allowed=repeats_allowed)
        _judge_order(verdict, destination, records, messages)
    return verdict


def _judge_presence(
    verdict: Verdict, destination: Destination, records: Mapping[int, Record], messages: Sequence[Sighting]
) -> None:
    shown = {number for message in messages for number in message.ids}
    wanted = {
        each.id
        for each in records.values()
        if each.accepted_s is not None and each.severity >= destination.min_severity
    }
    lost = wanted - shown
    verdict.lost += len(lost)
    if lost:
        verdict.find(f"{destination.name}: {len(lost)} of {len(wanted)} accepted records lost, {_some(lost)}")
    strange = {n for n in shown if n not in records or records[n].severity < destination.min_severity}
    if strange:
        verdict.find(f"{destination.name}: nobody sent these there: {_some(strange)}")


def _judge_repeats(
    verdict: Verdict,
    destination: Destination,
    records: Mapping[int, Record],
    messages: Sequence[Sighting],
    ends_s: Sequence[float],
    *,
    allowed: bool,
) -> None:
    copies = Counter(number for message in messages for number in message.ids)
    verdict.deliveries += copies.total()
    plain = Counter(number for message in messages for number in message.ids if number not in message.marked)
    tries = {number: records[number].tries for number in copies if number in records}
    repeats = sum(max(0, copies[number] - times) for number, times in tries.items())
    verdict.repeats += repeats
    unmarked = {number for number, times in tries.items() if plain[number] > times}
    if unmarked:
        verdict.find(f"{destination.name}: {len(unmarked)} records repeated without a word, {_some(unmarked)}")
    most = MESSAGE_RECORDS * len(ends_s) if allowed else 0
    if repeats > most:
        verdict.find(f"{destination.name}: {repeats} records repeated, at most {most} may be")
    lives = Counter(bisect_left(ends_s, message.at_s) for message in messages if message.marked)
    verdict.marked_messages += lives.total()
    for life, count in lives.items():
        if count > (1 if allowed and life else 0):
            verdict.find(f"{destination.name}: {count} messages marked as repeats after end {life}")


def _judge_order(
    verdict: Verdict, destination: Destination, records: Mapping[int, Record], messages: Sequence[Sighting]
) -> None:
    """What was accepted before another record was sent for the first time comes before that one, where both have the
    same priority. That is the order of each client, and more."""
    for critical in (False, True):
        latest_sent_s = float("-inf")
        wrong = []
        for number in dict.fromkeys(number for message in messages for number in message.ids):
            record = records.get(number)
            if record is None or record.is_critical is not critical or (record.is_mixed and not critical):
                continue
            if record.accepted_s is not None and record.accepted_s < latest_sent_s:
                wrong.append(number)
            latest_sent_s = max(latest_sent_s, record.first_sent_s)
        if wrong:
            kind = "critical" if critical else "other"
            verdict.find(f"{destination.name}: {len(wrong)} {kind} records after later ones, {_some(set(wrong))}")


def _some(ids: set[int]) -> str:
    return "such as " + ", ".join(map(str, sorted(ids)[:5]))
