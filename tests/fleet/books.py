"""The books of a run: is everything that was accepted there, how often, in order, and which messages repeat? Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.testing.fake_discord import FakeMessage
from tests.fleet.ledger import Record
from tests.sending.markers import markers_in

_MARK = RenderOptions().repeated_mark


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message; ``marked`` are those of its records whose embed says that it may be a repeat."""

    at_s: float
    ids: tuple[int, ...]
    marked: frozenset[int] = frozenset()


@dataclass(slots=True)
class Verdict:
    """What the books say; ``wrong`` is empty where every promise held."""

    accepted: int = 0
    """Records answered OK, each once for each of its destinations."""
    shown: int = 0
    lost: int = 0
    doubled: int = 0
    """Deliveries beyond what senders may have brought about by sending again."""
    repeating_messages: int = 0
    """Messages that hold a record which had been delivered as often as it was sent."""
    most_repeats: int = 0
    """Of one destination."""
    marked_messages: int = 0
    """Messages that say that they may be repeats."""
    disordered: int = 0
    wrong: list[str] = field(default_factory=list)


def sightings(messages: Iterable[FakeMessage]) -> list[Sighting]:
    """Return what messages show, in the order in which they came; those of our own hold no records."""
    found = [_sighting(each) for each in messages]
    return [each for each in found if each.ids]


def _sighting(message: FakeMessage) -> Sighting:
    ids: list[int] = []
    marked: set[int] = set()
    for embed in message.embeds:
        found = markers_in(f"{embed.get('title', '')}\n{embed.get('description', '')}")
        ids += found
        if _MARK in embed.get("footer", {}).get("text", ""):
            marked |= set(found)
    return Sighting(message.arrived_at_s, tuple(dict.fromkeys(ids)), frozenset(marked))


def judge(records: Mapping[int, Record], seen: Mapping[str, Sequence[Sighting]], *, events: int) -> Verdict:
    """Hold the books after everything has come to its end.

    Args:
        records: what senders know.
        seen: what each destination shows, in the order of arrival.
        events: how often something happened that may repeat one message for each destination.
    """
    verdict = Verdict()
    for name, messages in seen.items():
        _judge_presence(verdict, name, records, messages)
        _judge_repeats(verdict, name, records, messages, events)
        _judge_order(verdict, name, records, messages)
    return verdict


def _judge_presence(verdict: Verdict, name: str, records: Mapping[int, Record], messages: Sequence[Sighting]) -> None:
    shown = {number for message in messages for number in message.ids}
    wanted = {each.id for each in records.values() if each.accepted_s is not None and name in each.destinations}
    lost = wanted - shown
    verdict.accepted += len(wanted)
    verdict.lost += len(lost)
    if lost:
        verdict.wrong.append(f"{name}: {len(lost)} of {len(wanted)} accepted records lost, {_some(lost)}")
    strange = {number for number in shown if number not in records or name not in records[number].destinations}
    if strange:
        verdict.wrong.append(f"{name}: nobody sent these there: {_some(strange)}")


def _judge_repeats(
    verdict: Verdict, name: str, records: Mapping[int, Record], messages: Sequence[Sighting], events: int
) -> None:
    copies: Counter[int] = Counter()
    plain: Counter[int] = Counter()
    repeating = marked = 0
    for message in messages:
        copies.update(message.ids)
        plain.update(set(message.ids) - message.marked)
        again = [number for number in message.ids if number in records and copies[number] > records[number].tries]
        verdict.doubled += len(again)
        repeating += bool(again)
        marked += bool(message.marked)
    verdict.shown += copies.total()
    verdict.repeating_messages += repeating
    verdict.marked_messages += marked
    verdict.most_repeats = max(verdict.most_repeats, repeating)
    if repeating > events:
        verdict.wrong.append(f"{name}: {repeating} messages repeated, at most {events} may be")
    silent = {number for number in plain if number in records and plain[number] > records[number].tries}
    if silent:
        verdict.wrong.append(f"{name}: {len(silent)} records repeated without a word, {_some(silent)}")


def _judge_order(verdict: Verdict, name: str, records: Mapping[int, Record], messages: Sequence[Sighting]) -> None:
    """What was accepted before another record was sent for the first time comes before that one: the order of each
    sender, whichever replicas it meets, and more."""
    latest_sent_s = float("-inf")
    wrong = set()
    for number in dict.fromkeys(number for message in messages for number in message.ids):
        record = records.get(number)
        if record is None:
            continue
        if record.accepted_s is not None and record.accepted_s < latest_sent_s:
            wrong.add(number)
        latest_sent_s = max(latest_sent_s, record.first_sent_s)
    verdict.disordered += len(wrong)
    if wrong:
        verdict.wrong.append(f"{name}: {len(wrong)} records after later ones, {_some(wrong)}")


def _some(ids: set[int]) -> str:
    return "such as " + ", ".join(map(str, sorted(ids)[:5]))
