"""Row 70: whatever goes wrong while problems are folded, the counts are right to the record."""

import asyncio
import signal
import time
from collections import Counter
from contextlib import suppress
from functools import partial

from otel_discord.service.control.client import call
from otel_discord.testing.fake_discord import RATE_LIMITED, SERVER_ERRORS, Fault, method_is, posts
from otel_discord.testing.fake_discord.oracles import records_in
from tests.faults.clients import Client
from tests.faults.row import Theme, row
from tests.faults.stage import Stage
from tests.kills.problems import IN_AN_ERA, Problem, problem_in, request_about

_PROBLEMS = [Problem(0, number) for number in range(IN_AN_ERA)]
_FOLD = {"enabled": True, "window": "1h", "edit_interval": "300ms"}


@row(
    70,
    Theme.DISCORD,
    "a storm of 20 problems during 429, 503, webhooks deleted in the middle and a restart, with folding",
    injected="FakeDiscord's answers to posts and edits; two of four webhooks are deleted, one has a `fallback`; "
    "SIGTERM and a new start",
    expected="at every destination the counts on the cards, with those at the fallback and of the dead letters, are "
    "what was accepted, to the record; a problem that is well is one card, before and after the restart",
    codes="NL D0 LIVE",
    destinations=4,
)
async def folded_storm(stage: Stage) -> None:
    destinations = stage.exporter()["destinations"]
    destinations["d1"]["fallback"] = "d3"
    destinations["d3"]["min_severity"] = "FATAL4"  # nothing is for it alone
    exporter = stage.exporter(destinations=destinations, fold=_FOLD, shutdown_timeout="20s")
    await stage.start(stage.configuration(exporter=exporter))
    told: Counter[Problem] = Counter()
    storm = partial(_storm, stage, stage.client(), told, lasts_s=stage.of(0.8, 8))
    await storm()
    _trouble(stage)
    await storm()
    stage.fake.delete_webhook(stage.webhooks["d1"])
    stage.fake.delete_webhook(stage.webhooks["d2"])
    await storm()
    _trouble(stage)
    await storm()
    await stage.restart(signal.SIGTERM)
    _trouble(stage)
    await storm()
    stage.fake.faults.clear()
    await _hold(stage, told)
    await stage.client().send(1)
    await stage.close_books(
        gone=["d2"], moved={"d1": "d3"}, live=False, tolerated=["retry_after_ignored", "tombstoned"]
    )
    stage.note(f"{told.total()} records of {len(told)} problems")
    stage.note(f"{_edits(stage)} edits of {len(stage.fake.messages)} messages")


async def _storm(stage: Stage, client: Client, told: Counter[Problem], lasts_s: float) -> None:
    ends_at = time.monotonic() + lasts_s
    while time.monotonic() < ends_at:
        problems = stage.dice.choices(_PROBLEMS, k=stage.dice.randint(1, 40))
        accepted = await client.offer((), request_about(problems, stage.dice))
        assert accepted, "a request was not accepted"
        told.update(problems)
        await asyncio.sleep(stage.dice.uniform(0, 0.1))


def _trouble(stage: Stage) -> None:
    """Let the next answers be "wait" and "not now", to posts as well as to edits."""
    for answer in (RATE_LIMITED["user"], SERVER_ERRORS["503_json"], RATE_LIMITED["shared"]):
        for matching in (posts, method_is("PATCH")):
            stage.fake.faults.add(Fault(answer, match=matching, times=stage.dice.randint(1, 3)))


async def _hold(stage: Stage, told: Counter[Problem]) -> None:
    """See every count where it belongs, and no other."""

    def shown(name: str) -> Counter[Problem]:
        found: Counter[Problem] = Counter()
        for message in stage.fake.messages_of(stage.webhooks[name]):
            for embed in message.embeds:
                problem = problem_in(f"{embed.get('title', '')}\n{embed.get('description', '')}")
                if problem is not None:
                    found[problem] += records_in(embed)
        return found

    everything = told.total()
    with suppress(AssertionError):  # what follows says it more clearly
        await stage.until(
            lambda: shown("d0").total() >= everything and (shown("d1") + shown("d3")).total() >= everything,
            "every record is shown",
        )
    await asyncio.sleep(1)
    moved = shown("d1") + shown("d3")
    assert shown("d0") == told, f"d0 shows {shown('d0') - told} too much, {told - shown('d0')} too little"
    assert moved == told, f"d1 and d3 show {moved - told} too much, {told - moved} too little"
    cards = Counter(problem for problem in _cards(stage, "d0"))
    assert max(cards.values()) == 1, f"of one problem there are several cards: {cards}"
    dead = await _dead(stage, "d2")
    assert shown("d2") + dead == told, f"d2 shows {shown('d2')}, dead are {dead}, told was {told}"
    assert shown("d1").total() < everything
    assert dead
    stage.note(f"{dead.total()} of them dead letters at one of 4 destinations")


def _cards(stage: Stage, name: str) -> list[Problem]:
    texts = [
        f"{embed.get('title', '')}\n{embed.get('description', '')}"
        for message in stage.fake.messages_of(stage.webhooks[name])
        for embed in message.embeds
    ]
    return [problem for problem in map(problem_in, texts) if problem is not None]


async def _dead(stage: Stage, name: str) -> Counter[Problem]:
    question = partial(call, stage.storage_directory / "control.sock", "dead-letters/list", {"limit": 0}, timeout_s=20)
    found: Counter[Problem] = Counter()
    for letter in await asyncio.to_thread(lambda: list(question())):
        problem = problem_in(str(letter.get("text", "")))
        if problem is not None:
            assert letter["destination"] == name, letter
            found[problem] += int(letter.get("count", 1))
    return found


def _edits(stage: Stage) -> int:
    return sum(entry.kind == "edited" for entry in stage.fake.journal)
