"""Verbs on dead letters: JSON in, JSON out, whatever exporter keeps them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from otel_discord.component import LetterFilter, RetryableError
from otel_discord.component.dead_letters import DeadLetters, Letter, ReplayRequest, ReplayState
from otel_discord.service.control.command import RefusedError
from otel_discord.service.control.dead_letters import dead_letter_commands
from otel_discord.service.letter_verbs import VERBS, letter_keepers, open_desks


@dataclass
class Desk:
    """Implements ``DeadLetters`` over a list."""

    kept: list[Letter]
    orphans: Sequence[str] = ()
    requests: list[Any] = field(default_factory=list)
    closed: int = 0

    async def letters(self, chosen: LetterFilter, *, limit: int = 0, newest: bool = True) -> AsyncIterator[Letter]:
        self.requests.append((chosen, limit, newest))
        try:
            for letter in self.kept:
                yield letter
        finally:
            self.closed += 1

    async def letter(self, letter_id: int) -> Mapping[str, Any] | None:
        return next((letter.to_json() for letter in self.kept if letter.id == letter_id), None)

    async def replay(self, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        self.requests.append(request)
        yield ReplayState(chosen=2, revived=2, delivered=1, by_destination={"ops": 2})
        yield ReplayState(chosen=2, revived=2, delivered=2, by_destination={"ops": 2}, done=True)

    async def purge(self, chosen: LetterFilter) -> int:
        self.requests.append(chosen)
        return len(self.kept)

    async def bury_lane(self, destination: str) -> int:
        return 3 if destination in self.orphans else 0

    async def orphaned_lanes(self) -> Sequence[str]:
        return self.orphans


@dataclass
class Keeper:
    """An exporter with dead letters; None while it is closed."""

    desk: DeadLetters | None

    def dead_letters(self) -> DeadLetters:
        if self.desk is None:
            raise RetryableError("not running")
        return self.desk

    def dead_letters_at_rest(self, host: object) -> Any:
        raise NotImplementedError


def letter(letter_id: int) -> Letter:
    return Letter(id=letter_id, time_ns=0, destination="errors", reason="timeout", text=f"letter {letter_id}")


async def lines(verb: str, desks: Mapping[str, Desk], **arguments: Any) -> list[dict[str, Any]]:
    return [dict(line) async for line in VERBS[verb](desks, arguments)]


async def test_list() -> None:
    desks = {"discord": Desk([letter(1), letter(2)]), "discord/ops": Desk([letter(1)])}
    assert [(line["exporter"], line["id"]) for line in await lines("list", desks)] == [
        ("discord", 1),
        ("discord", 2),
        ("discord/ops", 1),
    ]
    arguments = {"since_ns": 5, "until_ns": 9, "destinations": ["a"], "reasons": ["b"], "ids": [3], "limit": 7}
    assert len(await lines("list", desks, exporter="discord/ops", newest=False, **arguments)) == 1
    chosen = LetterFilter(5, 9, frozenset({"a"}), frozenset({"b"}), frozenset({3}))
    assert desks["discord/ops"].requests[-1] == (chosen, 7, False)


async def test_who_goes_away_closes_the_letters() -> None:
    desk = Desk([letter(1), letter(2)])
    answers = VERBS["list"]({"discord": desk}, {})
    await anext(answers)
    await answers.aclose()  # type: ignore[attr-defined]
    assert desk.closed == 1


async def test_show() -> None:
    desks = {"discord": Desk([letter(1), letter(2)]), "discord/ops": Desk([letter(1)])}
    assert (await lines("show", desks, id=2))[0]["text"] == "letter 2"
    assert (await lines("show", desks, id=1, exporter="discord/ops"))[0]["exporter"] == "discord/ops"
    with pytest.raises(RefusedError, match="say which with --exporter"):
        await lines("show", desks, id=1)
    with pytest.raises(RefusedError, match="there is no dead letter 9"):
        await lines("show", desks, id=9)


async def test_replay() -> None:
    desk = Desk([])
    told = await lines("replay", {"discord": desk}, to="ops", dry_run=True, wait_s=5)
    assert [(line["delivered"], line["waiting"], line["done"]) for line in told] == [(1, 1, False), (2, 0, True)]
    assert desk.requests == [ReplayRequest(chosen=LetterFilter(), to="ops", dry_run=True, wait_s=5.0)]


async def test_purge_and_bury() -> None:
    desks = {"discord": Desk([letter(1)], orphans=["old"]), "discord/ops": Desk([])}
    assert await lines("purge", desks, dry_run=True) == [
        {"exporter": "discord", "chosen": 1},
        {"exporter": "discord/ops", "chosen": 0},
    ]
    assert [line["purged"] for line in await lines("purge", desks)] == [1, 0]
    assert await lines("bury", desks, destination="old") == [{"exporter": "discord", "buried": 3, "orphaned": ["old"]}]
    alone = {"discord": desks["discord"]}
    assert await lines("bury", alone, destination="x") == [{"exporter": "discord", "buried": 0, "orphaned": ["old"]}]


@pytest.mark.parametrize(
    ("verb", "arguments", "words"),
    [
        ("list", {"exporter": "discord/x"}, 'no exporter "discord/x" keeps dead letters here'),
        ("list", {"since_ns": "yesterday"}, "since_ns is not a whole number"),
        ("list", {"limit": 2**70}, "limit is not a whole number"),
        ("list", {"ids": ["1"]}, "ids is not a list of int"),
        ("list", {"destinations": "errors"}, "destinations is not a list of str"),
        ("replay", {"wait_s": -1}, "wait_s is not a number of seconds"),
        ("replay", {"wait_s": float("nan")}, "wait_s is not a number of seconds"),
        ("replay", {"ids": [1]}, "ids are those of one exporter"),
        ("purge", {"ids": [1]}, "ids are those of one exporter"),
    ],
)
async def test_what_is_refused(verb: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        await lines(verb, {"discord": Desk([]), "discord/ops": Desk([])}, **arguments)


async def test_commands_ask_the_exporters_that_are_open_at_that_time() -> None:
    components: dict[str, Any] = {
        "exporter:discord": Keeper(Desk([letter(1)])),
        "exporter:discord/closing": Keeper(None),
        "exporter:debug": object(),
        "receiver:discord": Keeper(Desk([])),
    }
    assert list(letter_keepers(components)) == ["discord", "discord/closing"]
    assert list(open_desks(components)) == ["discord"]
    commands = {command.name: command for command in dead_letter_commands(lambda: components)}
    assert set(commands) == {f"dead-letters/{verb}" for verb in ("list", "show", "replay", "purge", "bury")}
    assert [line["id"] async for line in commands["dead-letters/list"].run({})] == [1]
    components["exporter:discord"] = Keeper(Desk([letter(8)]))
    assert [line["id"] async for line in commands["dead-letters/list"].run({})] == [8]
