"""Holders that die with a question in their hand, answers that are lost, replicas of another version."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from otel_discord.component import LetterFilter, PermanentError, RetryableError
from otel_discord.component.dead_letters import DeadLetters, Letter, ReplayRequest, ReplayState
from otel_discord.component.fleet import Fleet, Replica
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.exporters.discord.fleet import answers_replay
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.answers import Answers, Engine
from otel_discord.exporters.discord.fleet.answers_replay import GONE, AnsweredReplays
from otel_discord.exporters.discord.fleet.asked_fleet_all_letters import MergedLetters
from otel_discord.exporters.discord.fleet.asked_fleet_inquiry import Inquiry, Places
from otel_discord.exporters.discord.fleet.asked_fleet_letters import AskedLetters, sum_of
from otel_discord.exporters.discord.fleet.asked_fleet_mutes import FleetMutes
from otel_discord.exporters.discord.fleet.asked_fleet_mutes_as_one import one_window
from otel_discord.exporters.discord.fleet.asked_fleet_owed import Owed
from otel_discord.testing.telemetry import settings

pytestmark = pytest.mark.looptime
LOGGER = settings("discord").logger
Ask = Callable[[bytes, float], Awaitable[bytes]]


@dataclass
class ScriptedFleet:
    """A fleet of which a test says how each shard answers."""

    by_shard: list[Ask]
    asked: list[tuple[int, str]] = field(default_factory=list)
    is_away: bool = False

    @property
    def shards(self) -> int:
        return len(self.by_shard)

    async def ask(self, shard: int, body: bytes, timeout_s: float) -> bytes:
        self.asked.append((shard, json.loads(body)["do"]))
        return await self.by_shard[shard](body, timeout_s)

    def away(self) -> str:
        return "the storage is away: nobody is there" if self.is_away else ""

    def replicas(self) -> Sequence[Replica]:
        return [Replica("me", "", is_self=True)]

    def seats(self) -> Mapping[int, str]:
        return {}


@dataclass
class Book:
    """An engine's silences and windows, without an engine."""

    kept: dict[str, Silence] = field(default_factory=dict)
    windows: dict[str, MaintenanceWindow] = field(default_factory=dict)
    refuses: str = ""

    async def add_silence(self, request: SilenceRequest) -> Silence:
        if self.refuses:
            raise PermanentError(self.refuses)
        if request.id in self.kept:
            raise PermanentError(f"there is a silence {request.id!r} already")
        added = Silence(id=request.id, active=True, matchers=request.matchers, starts_ns=1, ends_ns=request.ends_ns)
        self.kept[request.id] = added
        return added

    async def expire_silence(self, silence_id: str) -> Silence:
        if silence_id not in self.kept:
            raise PermanentError(f"there is no silence {silence_id!r}")
        return self.kept.pop(silence_id)

    async def silences(self) -> Sequence[Silence]:
        return list(self.kept.values())

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        self.windows[request.name] = MaintenanceWindow(
            name=request.name, active=True, action="hold", records="all", until_ns=int(request.for_s)
        )
        return self.windows[request.name]


def answering(book: Book, shard: int = 0) -> Ask:
    answers = Answers(cast("Engine", book), shard, cast("AnsweredReplays", None), LOGGER)

    async def ask(body: bytes, timeout_s: float) -> bytes:
        return await answers.answer(body)

    return ask


async def silent(body: bytes, timeout_s: float) -> bytes:
    await asyncio.sleep(timeout_s)
    raise RetryableError("nobody has answered")


@asynccontextmanager
async def mutes(*by_shard: Ask) -> AsyncIterator[FleetMutes]:
    names = [f"d{shard}" for shard in range(len(by_shard))]
    places = Places(configured=names, shard_of=lambda name: int(name[1:]) if name in names else None)
    inquiry = Inquiry(cast("Fleet", ScriptedFleet(list(by_shard))), places)
    async with asyncio.TaskGroup() as tasks:
        found = FleetMutes(inquiry, Owed(inquiry, tasks))
        yield found
        found.owed.let_be()


REQUEST = SilenceRequest(id="s1", matchers=("a=b",), ends_ns=5)


async def test_a_holder_that_dies_after_it_has_acted_has_added_the_silence_once() -> None:
    book, deaths = Book(), 1
    inner = answering(book)

    async def dies(body: bytes, timeout_s: float) -> bytes:
        nonlocal deaths
        answer = await inner(body, timeout_s)
        if deaths:
            deaths -= 1
            await silent(body, timeout_s)
        return answer

    async with mutes(dies, answering(Book())) as asked:
        added = await asked.add_silence(REQUEST)
        assert (added.id, added.remark, list(book.kept)) == ("s1", "", ["s1"])


async def test_two_replicas_that_ask_at_once_both_get_their_silences() -> None:
    books = [Book(), Book(), Book()]
    shards = [answering(book) for book in books]
    async with mutes(*shards) as one, mutes(*shards) as other:
        await asyncio.gather(one.add_silence(REQUEST), other.add_silence(replace(REQUEST, id="s2")))
        assert all(sorted(book.kept) == ["s1", "s2"] for book in books)
        both = await asyncio.gather(one.expire_silence("s1"), other.expire_silence("s1"), return_exceptions=True)
        assert any(isinstance(each, Silence) for each in both)
        assert all(sorted(book.kept) == ["s2"] for book in books)


async def test_what_one_shard_refuses_holds_nowhere() -> None:
    books = [Book(), Book(refuses="too many"), Book()]
    async with mutes(*(answering(book) for book in books)) as asked:
        with pytest.raises(PermanentError, match="too many"):
            await asked.add_silence(REQUEST)
    assert not any(book.kept for book in books)


async def test_where_nobody_answers_at_all_that_is_said() -> None:
    async with mutes(silent, silent) as asked:
        with pytest.raises(
            RetryableError, match=r"no replica that has d0 answers \(nobody has answered\); no replica that has d1"
        ):
            await asked.silences()
        with pytest.raises(RetryableError, match="nobody has answered"):
            await asked.add_silence(REQUEST)


async def test_a_shard_that_comes_back_gets_what_it_is_owed_and_maintenance_ends_with_the_others() -> None:
    late, awake = Book(), asyncio.Event()
    inner = answering(late)

    async def sleeps(body: bytes, timeout_s: float) -> bytes:
        return await (inner if awake.is_set() else silent)(body, timeout_s)

    async with mutes(answering(Book()), sleeps) as asked:
        added = await asked.add_silence(REQUEST)
        assert added.remark == (
            "It does not hold yet for d1: no replica that has them answers; they are asked on for 10 min."
        )
        await asked.start_maintenance(MaintenanceRequest(name="m", for_s=600))
        await asyncio.sleep(100)
        awake.set()
        await asyncio.sleep(30)
        assert list(late.kept) == ["s1"]
        assert 460 <= late.windows["m"].until_ns <= 500, "what began later ends with the rest"


async def test_maintenance_that_is_over_is_owed_to_nobody() -> None:
    late, awake = Book(), asyncio.Event()
    inner = answering(late)

    async def sleeps(body: bytes, timeout_s: float) -> bytes:
        return await (inner if awake.is_set() else silent)(body, timeout_s)

    async with mutes(answering(Book()), sleeps) as asked:
        await asked.start_maintenance(MaintenanceRequest(name="m", for_s=60))
        await asyncio.sleep(100)
        awake.set()
        await asyncio.sleep(100)
        assert not late.windows


async def test_a_replica_of_an_earlier_version_says_so_and_is_not_asked_again() -> None:
    async def older(body: bytes, timeout_s: float) -> bytes:
        return q.error_answer(q.no_such_method(json.loads(body)["do"]))

    async with mutes(older, older) as asked:
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(RetryableError, match=r"does not know 'silence/add': it speaks version 1"):
            await asked.add_silence(REQUEST)
        assert asyncio.get_running_loop().time() == began_s
        fleet = cast("ScriptedFleet", asked.inquiry.fleet)
        assert fleet.asked == [(0, "silence/add"), (1, "silence/add")]


async def test_what_fails_while_it_is_answered_is_answered_without_details(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Book):
        async def silences(self) -> Sequence[Silence]:
            raise KeyError("secret detail")

    async with mutes(answering(Broken())) as asked:
        with pytest.raises(RetryableError) as failed:
            await asked.silences()
    assert "secret" not in str(failed.value)
    assert "secret detail" in caplog.text


def test_windows_of_several_shards_are_one() -> None:
    started = MaintenanceWindow(name="m", active=True, action="drop", records="x", destinations=("b",), until_ns=9)
    configured = MaintenanceWindow(name="m", active=False, action="hold", records="all", configured=True, next_ns=7)
    one = one_window(
        [configured, replace(started, dropped_records=2), replace(started, destinations=("a",), until_ns=8)]
    )
    assert (one.action, one.active, one.configured, one.dropped_records) == ("drop", True, False, 2)
    assert (one.until_ns, one.next_ns, one.destinations) == (9, 7, ())
    assert one_window([started, replace(started, destinations=("a",))]).destinations == ("a", "b")


# ---------------------------------------------------------------------------------------------------------- letters


@dataclass
class Desk:
    """Letters of one shard."""

    ids: Sequence[int] = ()
    states: Sequence[ReplayState] = ()
    error: Exception | None = None
    stopped: bool = False
    slow_s: float = 0.0

    async def letters(self, chosen: LetterFilter, *, limit: int, newest: bool) -> AsyncIterator[Letter]:
        await asyncio.sleep(self.slow_s)
        if self.error is not None:
            raise self.error
        for number in self.ids[-limit:] if limit and newest else self.ids:
            yield Letter(id=number, time_ns=0, destination="", reason="")

    async def replay(self, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        try:
            for state in self.states:
                yield state
                await asyncio.sleep(0.5)
            if self.error is not None:
                raise self.error
        finally:
            self.stopped = True


def merged(*desks: Desk) -> MergedLetters:
    return MergedLetters(cast("Mapping[int, DeadLetters]", dict(enumerate(desks))), ["a"])


def state_of(revived: int, *, done: bool = False, remarks: Collection[str] = ()) -> ReplayState:
    return ReplayState(
        chosen=revived,
        revived=revived,
        delivered=revived,
        by_destination={"a": revived},
        done=done,
        remarks=(*remarks,),
    )


async def test_letters_are_merged_by_id_each_once() -> None:
    letters = merged(Desk((1, 4, 9)), Desk(), Desk((2, 4, 5, 12)))
    assert [each.id async for each in letters.letters()] == [1, 2, 4, 5, 9, 12]
    assert [each.id async for each in letters.letters(limit=2)] == [9, 12]
    assert [each.id async for each in letters.letters(limit=2, newest=False)] == [1, 2]


async def test_where_one_shard_fails_while_others_are_still_asked_that_error_is_what_is_heard() -> None:
    letters = merged(Desk((1,), slow_s=2), Desk(error=RetryableError("the storage is away"), slow_s=1), Desk((3,)))
    with pytest.raises(RetryableError, match="the storage is away"):
        [each async for each in letters.letters()]


async def test_who_stops_listening_while_shards_are_asked_leaves_nothing_running() -> None:
    letters = merged(Desk((1,), slow_s=2), Desk((3,), slow_s=3))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            [each async for each in letters.letters()]


async def test_a_replay_is_the_sum_and_who_fails_is_a_remark() -> None:
    fine = Desk(states=[state_of(1), state_of(3), state_of(4, done=True)])
    failing = Desk(states=[state_of(2)], error=RetryableError("nobody has it"))
    states = [each async for each in merged(fine, failing).replay(ReplayRequest())]
    last = states[-1]
    assert [each.done for each in states].count(True) == 1
    assert (last.done, last.revived, last.by_destination, last.remarks) == (True, 6, {"a": 6}, ("nobody has it",))
    with pytest.raises(RetryableError, match="nobody has it"):
        [each async for each in merged(Desk(error=RetryableError("nobody has it"))).replay(ReplayRequest())]


async def test_who_stops_listening_stops_the_replay_everywhere() -> None:
    desks = [Desk(states=[state_of(n) for n in range(9)]) for _ in range(3)]
    states = cast("Any", merged(*desks).replay(ReplayRequest()))
    await anext(states)
    await states.aclose()
    assert all(desk.stopped for desk in desks)


@dataclass
class Sending:
    """As much of a desk as a replay that was asked for needs."""

    begun: int = 0
    ended: int = 0
    box: Any = None

    async def replay_from(self, box: Any, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        self.begun += 1
        try:
            for number in range(4):
                await asyncio.sleep(1)
                yield state_of(number)
            yield state_of(4, done=True)
        finally:
            self.ended += 1


async def test_a_replay_that_nobody_looks_at_is_stopped_and_one_asked_for_twice_begins_once() -> None:
    sending = Sending()

    class Slow(Sending):
        async def replay_from(self, box: Any, request: ReplayRequest) -> AsyncIterator[ReplayState]:
            self.begun += 1
            try:
                yield state_of(1)
                await asyncio.sleep(10_000)
            finally:
                self.ended += 1

    async with AnsweredReplays.running(0, cast("Any", None)) as replays:
        start = q.ReplayStart(id="r", request=ReplayRequest(), source=0)
        for _ in range(2):
            replays.start(start, cast("Any", sending))
        seen = [await replays.look(q.ReplayLook(id="r", wait_s=2)) for _ in range(5)]
        assert (sending.begun, sending.ended, seen[-1].done, seen[-1].revived) == (1, 1, True, 4)
        slow = Slow()
        replays.start(replace(start, id="s"), cast("Any", slow))
        await replays.look(q.ReplayLook(id="s", wait_s=1))
        await asyncio.sleep(3 * answers_replay.LOOKED_AT_EVERY_S)
        assert (slow.begun, slow.ended) == (1, 1)
        with pytest.raises(RetryableError) as gone:
            await replays.look(q.ReplayLook(id="s", wait_s=1))
        assert gone.value.reason == GONE


async def test_a_replay_goes_on_at_the_replica_that_takes_the_shard() -> None:
    first, second = Sending(), Sending()
    async with (
        AnsweredReplays.running(0, cast("Any", None)) as before,
        AnsweredReplays.running(0, cast("Any", None)) as after,
    ):
        holders = [(before, first), (after, second)]

        async def shard(body: bytes, timeout_s: float) -> bytes:
            replays, desk = holders[0]
            engine = cast("Engine", type("E", (), {"dead_letters": lambda _: desk})())
            return await Answers(engine, 0, replays, LOGGER).answer(body)

        places = Places(configured=["a"], shard_of=lambda _: 0)
        inquiry = Inquiry(cast("Fleet", ScriptedFleet([shard])), places)
        states: list[ReplayState] = []
        async for state in AskedLetters(inquiry, 0).replay(ReplayRequest()):
            states.append(state)
            if state.revived == 2 and len(holders) == 2:
                del holders[0]
        assert states[-1].done
        assert states[-1].revived == 2 + 4
        assert any("another replica" in remark for remark in states[-1].remarks)
        assert sum(each.done for each in states) == 1
        assert sum_of([]).chosen == 0
