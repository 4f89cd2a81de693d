"""Logs of programs that no rule was made for: one group for each event, and none for two."""

import pytest

from otel_discord.exporters.discord.mining import Miner
from tests.exporters.discord.mining.families import FAMILIES, Event


@pytest.mark.parametrize("events", FAMILIES.values(), ids=FAMILIES.keys())
@pytest.mark.parametrize("backwards", [False, True], ids=["as written", "backwards"])
def test_one_group_for_each_event(events: list[Event], backwards: bool) -> None:
    miner = Miner()
    lines = [(line, number) for number, event in enumerate(events) for line in event]
    groups: dict[int, set[str]] = {}
    for line, number in reversed(lines) if backwards else lines:
        groups.setdefault(number, set()).add(miner.match(line).group)
    split = {events[number][0]: found for number, found in groups.items() if len(found) > 1}
    assert split == {}
    assert len(set().union(*groups.values())) == len(events)


def test_lines_of_one_family_are_not_taken_for_another() -> None:
    miner = Miner()
    owners: dict[str, str] = {}
    for name, events in FAMILIES.items():
        for event in events:
            group = miner.match(event[0]).group
            assert owners.setdefault(group, event[0]) == event[0], name


@pytest.mark.parametrize("events", FAMILIES.values(), ids=FAMILIES.keys())
def test_another_process_that_knows_the_templates_finds_the_same_groups(events: list[Event]) -> None:
    first, second = Miner(), Miner()
    before = {line: first.match(line) for event in events for line in event}
    for match in dict.fromkeys(before.values()):
        second.seed(match.template, match.group)
    for line in reversed(before):
        assert second.match(line) == before[line]
    assert len(second) == len(events)
