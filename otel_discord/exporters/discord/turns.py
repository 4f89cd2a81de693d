"""The ways that one record takes in a routing step: what mutes leave, alerts that are told where they are shown, and
detours around destinations that take nothing. Pure but for the draft of the step."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from otel_discord.exporters.discord.alerts.grouping import is_end
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.detours import Detour
from otel_discord.exporters.discord.folding.draft import Draft
from otel_discord.exporters.discord.folding.problem import Problem, without_ping
from otel_discord.exporters.discord.mutes.gate import Gate, Passage
from otel_discord.exporters.discord.mutes.held_lanes import destination_of
from otel_discord.exporters.discord.routing import NORMAL_PRIORITY
from otel_discord.exporters.discord.seen import Seen
from otel_discord.exporters.discord.sourced.names import is_sourced
from otel_discord.ottl import LogItem

Turn: TypeAlias = tuple[Passage, Detour | None]
"""The way to one destination, and the detour that it takes."""


def where_not_told(
    draft: Draft,
    problem: Problem,
    seen: Seen,
    passages: Sequence[Passage],
    kept_back: Collection[str],
    run: str,
    *,
    to_all: bool = False,
    counts: bool = True,
) -> Sequence[Passage]:
    """Bring an alert's event to the cards that show it, wherever they are; return the ways to where there is none.

    The end of an alert that is shown nowhere is dropped: nobody was told that it began. What a mute keeps back from a
    destination (``kept_back``) is not told there either. An alert of a ``run`` is another than one of the same name in
    another run or in none; where what is critical goes ``to_all`` it may be shown beside the run's channel.
    ``counts``: an end that nobody waits for is counted here.
    """
    goes_to = {destination_of(each.lane) for each in passages}
    lanes = [
        lane
        for lane in draft.books
        if (name := destination_of(lane)) not in kept_back
        and (name in goes_to or name == run if run else not is_sourced(lane))
    ]
    told = {destination_of(lane) for lane in lanes if draft.told(lane, problem, seen)}
    if run and to_all:
        beside = [lane for lane in draft.books if lane not in lanes and not is_sourced(lane)]
        its_own = (problem.fingerprint, without_ping(problem.fingerprint))
        told |= {
            name
            for lane in beside
            if (name := destination_of(lane)) not in kept_back and draft.told(lane, problem, seen, among=its_own)
        }
    if counts and not told and problem.alert is not None and is_end(problem.alert.event):
        draft.unknown_ends += 1
    return [each for each in passages if destination_of(each.lane) not in told]


def admitted(
    gate: Gate, item: LogItem, severity: int, passages: Sequence[Passage], draft: Draft, records: int
) -> Sequence[Passage]:
    """Return the ways that mutes leave to a record; what they did is noted in the draft."""
    left, muted = gate.passages(item, draft.now_ns, severity, [each.lane for each in passages])
    for each in muted:
        draft.muted[each] += records
    return left


def open_cards(
    draft: Draft,
    batch_id: int,
    ways: Iterable[Turn],
    problem: Problem,
    card: Card,
    priority: int,
    service: str,
) -> None:
    """Open a card for each way of the first record of a problem."""
    for passage, detour in ways:
        counted = counted_as(problem, passage)
        told = replace(card, no_ping=True, fingerprint=counted.fingerprint) if passage.no_ping else card
        told = detour.redirected(told) if detour is not None else told
        draft.open(batch_id, passage.lane, counted, told, priority, service)


def around(
    opened: Iterable[Turn],
    detours: Mapping[str, Detour],
    lanes: Sequence[Destination],
    priority: int,
    problem: Problem,
    seen: Seen,
    draft: Draft,
) -> list[Turn]:
    """Return the ways with detours taken, none to where the record goes anyway; what is counted there is left out."""
    reached = {lane.name for lane in lanes}
    left: list[Turn] = []
    for passage, _ in opened:
        detour = detours.get(passage.lane)
        if detour is None or (detour.critical_only and (detour.lane in reached or priority <= NORMAL_PRIORITY)):
            left.append((passage, None))
        elif detour.lane not in reached:
            reached.add(detour.lane)
            instead = passage._replace(lane=detour.lane)
            if not draft.fold(instead.lane, counted_as(problem, instead), seen):
                left.append((instead, detour))
    return left


def counted_as(problem: Problem, passage: Passage) -> Problem:
    """Return the problem as which a record is counted: who may ping never joins those who may not."""
    apart = passage.no_ping and not problem.status
    return problem if not apart else problem._replace(fingerprint=without_ping(problem.fingerprint))
