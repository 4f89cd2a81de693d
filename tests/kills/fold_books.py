"""The books of a run with folding: what each channel shows is what was accepted, to the record. Pure.

A message that a kill caught between Discord's answer and our disk is an *orphan*: nobody counts on it any more, and
what it shows is shown once more, in a message that says so. There is one for each kill and destination at most.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.testing.fake_discord.oracles import records_in
from tests.kills.books import Destination
from tests.kills.problems import Problem, problem_in

_MARK = RenderOptions().repeated_mark


@dataclass(frozen=True, slots=True)
class Shown:
    """An embed."""

    problem: Problem
    count: int
    marked: bool = False
    """It says that it may be a repeat."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it is at the end."""

    message_id: str
    posted_s: float
    embeds: tuple[Shown, ...]

    @property
    def is_marked(self) -> bool:
        """Whether it says that it may be a repeat."""
        return any(each.marked for each in self.embeds)


@dataclass(slots=True)
class FoldVerdict:
    """What the books say; ``wrong`` is empty where every promise held."""

    accepted: int = 0
    """Records, each once for each destination where it belongs."""
    shown: int = 0
    repeated: int = 0
    """Records shown once more, in messages that say so."""
    messages: int = 0
    marked_messages: int = 0
    problems: int = 0
    wrong: list[str] = field(default_factory=list)

    def need(self, condition: bool, words: str) -> None:
        """Note what is wrong where a condition does not hold."""
        if not condition and len(self.wrong) < 50:
            self.wrong.append(words)


def seen_in(messages: Iterable[Mapping[str, Any]], webhook_id: str) -> list[Seen]:
    """Return the messages of one webhook in the order in which they came; those of our own hold no problems."""
    found = [
        Seen(each["id"], each["arrived_at_s"], tuple(_shown(each["embeds"])))
        for each in messages
        if each["webhook_id"] == webhook_id
    ]
    return [each for each in found if each.embeds]


def _shown(embeds: Iterable[Mapping[str, Any]]) -> Iterable[Shown]:
    for embed in embeds:
        problem = problem_in(f"{embed.get('title', '')}\n{embed.get('description', '')}")
        if problem is not None:
            yield Shown(problem, records_in(embed), _MARK in embed.get("footer", {}).get("text", ""))


def judge_folded(
    accepted: Mapping[Problem, int],
    seen: Mapping[Destination, Sequence[Seen]],
    known_ids: frozenset[str],
    ends_s: Sequence[float],
    *,
    repeats_allowed: bool,
) -> FoldVerdict:
    """Hold the books after everything has come to its end.

    Args:
        accepted: how many records of each problem.
        seen: what each destination shows.
        known_ids: of messages that the storage knows; the others are orphans.
        ends_s: when the service was ended.
        repeats_allowed: by a kill, one message for each destination; by an orderly end none.
    """
    verdict = FoldVerdict(problems=len(accepted))
    for destination, messages in seen.items():
        wanted = Counter({each: n for each, n in accepted.items() if each.severity >= destination.min_severity})
        _judge_counts(verdict, destination.name, wanted, messages, known_ids)
        _judge_repeats(verdict, destination.name, messages, known_ids, ends_s, allowed=repeats_allowed)
    return verdict


def _judge_counts(
    verdict: FoldVerdict, name: str, wanted: Counter[Problem], messages: Sequence[Seen], known_ids: frozenset[str]
) -> None:
    shown: Counter[Problem] = Counter()
    orphaned: Counter[Problem] = Counter()
    cards: Counter[Problem] = Counter()
    for message in messages:
        for embed in message.embeds:
            shown[embed.problem] += embed.count
            if message.message_id in known_ids:
                cards[embed.problem] += 1
            else:
                orphaned[embed.problem] += embed.count
    for problem in {*wanted, *shown}:
        there = shown[problem] - orphaned[problem]
        verdict.need(
            there == wanted[problem],
            f"{name}: {problem.word} shows {shown[problem]}, {orphaned[problem]} of them twice; {wanted[problem]} sent",
        )
        verdict.need(cards[problem] <= 1, f"{name}: {problem.word} is counted on {cards[problem]} cards")
    verdict.accepted += wanted.total()
    verdict.shown += shown.total()
    verdict.repeated += orphaned.total()
    verdict.messages += len(messages)


def _judge_repeats(
    verdict: FoldVerdict,
    name: str,
    messages: Sequence[Seen],
    known_ids: frozenset[str],
    ends_s: Sequence[float],
    *,
    allowed: bool,
) -> None:
    """Every repeat says so, and there are no more of them than there were kills."""
    for place, message in enumerate(messages):
        if message.message_id in known_ids:
            continue
        for embed in message.embeds:
            again = [each for later in messages[place + 1 :] for each in later.embeds if each.problem == embed.problem]
            verdict.need(
                any(each.marked and each.count >= embed.count for each in again),
                f"{name}: {embed.problem.word} ×{embed.count} in an orphan, afterwards {again}",
            )
            verdict.need(all(each.marked for each in again), f"{name}: repeated without a word: {again}")
    for what, chosen in (
        ("orphans", [each for each in messages if each.message_id not in known_ids]),
        ("messages marked as repeats", [each for each in messages if each.is_marked]),
    ):
        lives = Counter(bisect_left(ends_s, each.posted_s) for each in chosen)
        for life, count in lives.items():
            verdict.need(count <= (1 if allowed else 0), f"{name}: {count} {what} in life {life}")
    verdict.marked_messages += sum(each.is_marked for each in messages)
