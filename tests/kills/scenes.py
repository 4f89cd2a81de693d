"""Scenes that bring the service to every place, and what must hold after it was killed there and started again."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import apsw

from otel_discord.extensions.file_storage.config import DATABASE_NAME
from tests.kills.clients import FATAL
from tests.kills.collector import collector
from tests.kills.house import until
from tests.kills.places import places
from tests.kills.stage import MAIN, Stage
from tests.sending.markers import markers_in

AUTOMOD = "automod_200000"
Play = Callable[[Stage], None]


class End(Enum):
    """Where the records of a scene end."""

    MAIN = "delivered at their destination"
    OPS = "delivered at the fallback"
    LETTERS = "dead letters"
    EITHER = "delivered at one of both"
    FILES = "dead letters in files"
    COLLECTOR = "delivered at another collector"
    NOWHERE = "removed on purpose"


def nothing(_: Stage) -> None:
    """Do nothing."""


def offer(stage: Stage) -> None:
    """Send three records."""
    stage.offer()


@dataclass(frozen=True, slots=True)
class Scene:
    """A way to places. ``before`` is played without a failpoint and leaves no service running; then the service is
    started with it, and ``act`` brings it there. ``after`` is played once it runs again."""

    name: str
    places: tuple[str, ...]
    before: Play = nothing
    act: Play = offer
    after: Play = nothing
    end: End = End.MAIN
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the exporter."""
    program: str = ""
    """Runs in Python with the storage's directory as argument, instead of the service."""
    alarms: bool = False
    """The log speaks of damage."""
    tolerated: tuple[str, ...] = ()
    """Rules of FakeDiscord that a process breaks which cannot know better."""


IN_FLIGHT = frozenset({"send.after_answer", "settle.before_commit", "done.before_commit"})
"""It was sent and the disk does not know: exactly it is repeated, and a message of Discord says so."""
IN_DOUBT = IN_FLIGHT | {"mark_sending.after_commit", "send.after_mark"}
"""The next message may say that it is a repeat."""


def around(*works: str) -> tuple[str, ...]:
    """Return the places around the commits of works."""
    return tuple(f"{work}.{when}_commit" for work in works for when in ("before", "after"))


# ---------------------------------------------------------------------------------------------- what is on disk before


def cards_wait(stage: Stage) -> None:
    """Leave cards that were routed and not sent."""
    stage.killed_at("send.before_mark")


def cards_wait_for_nobody(stage: Stage) -> None:
    """Leave cards whose webhook is gone by now; what comes later goes to the fallback without waiting here."""
    cards_wait(stage)
    stage.remove_webhook()


def batch_waits(stage: Stage) -> None:
    """Leave a batch that was accepted and not routed."""
    stage.killed_at("route.before_commit")


def letters_wait(stage: Stage) -> None:
    """Leave records that Discord would not have, and let it have them from now on."""
    stage.fault(AUTOMOD)
    stage.start()
    stage.offer()
    stage.settle()
    until(lambda: len(letters_of(stage)) == 3, "three letters are kept")
    stage.stop()
    stage.clear_faults()


def damaged_cards_wait(stage: Stage) -> None:
    """Leave cards whose rows are not as they were written."""
    stage.killed_at("send.before_mark", retry=False)
    _write(stage, "UPDATE cards SET payload = CAST(payload || x'00' AS BLOB)")


def damaged_batch_waits(stage: Stage) -> None:
    """Leave a batch whose row is not as it was written."""
    stage.killed_at("put.after_commit", retry=False)
    _write(stage, "UPDATE batches SET payload = CAST(payload || x'00' AS BLOB)")


def damaged_file_waits(stage: Stage) -> None:
    """Leave cards in a file that is none any more."""
    cards_wait(stage)
    with (stage.house.storage / DATABASE_NAME).open("r+b") as file:
        file.write(b"no longer a database" * 4)


def letters_in_files(stage: Stage) -> None:
    """Keep the queue in memory, and letters in files."""
    settings = stage.house.settings
    settings["exporters"]["discord"]["sending_queue"] = {}
    settings["exporters"]["discord"]["dead_letters"] = {"directory": str(stage.house.directory / "letters")}
    del settings["extensions"], settings["service"]["extensions"]


def another_collector(stage: Stage) -> None:
    """Let another collector take Discord's place."""
    stage.collector, port = stage.house.resources.enter_context(collector())
    settings = stage.house.settings
    settings["exporters"]["otlp_grpc"] = {
        "endpoint": f"127.0.0.1:{port}",
        "tls": {"insecure": True},
        "sending_queue": {"storage": "file_storage"},
    }
    settings["service"]["pipelines"]["logs"]["exporters"] = ["otlp_grpc"]


def _write(stage: Stage, statement: str) -> None:
    connection = apsw.Connection(str(stage.house.storage / DATABASE_NAME))
    connection.execute(statement)
    connection.close()


# -------------------------------------------------------------------------------------------------- what is done then


def refuse(stage: Stage) -> None:
    """Send records that Discord will not have."""
    stage.fault(AUTOMOD)
    stage.offer()


def limit(stage: Stage) -> None:
    """Send records upon which Discord says "wait" once."""
    stage.fault("user", times=2)
    stage.offer()


def fail(stage: Stage) -> None:
    """Send critical records while Discord fails."""
    stage.fault("503_json")
    stage.offer(severity=FATAL)


def deliver(stage: Stage) -> None:
    """Send records and see them arrive."""
    ids = stage.offer()
    stage.settle()
    until(lambda: set(ids) <= set(stage.shown(MAIN)[0]), "they arrive", step_s=0.01)


def deliver_and_end(stage: Stage) -> None:
    """Send records, see them arrive, and end the service."""
    deliver(stage)
    stage.terminate()


def replay(stage: Stage) -> None:
    """Send the letters again."""
    stage.ask("replay", wait_s=20)


def purge(stage: Stage) -> None:
    """Remove the letters."""
    stage.ask("purge")


def heal(stage: Stage) -> None:
    """Let Discord be well again."""
    stage.clear_faults()


# ----------------------------------------------------------------------------------------------------------- scenes

_PROGRAM = f"""
import asyncio, sys
from pathlib import Path
from otel_discord.component.storage import Fold, NewCard, NewPosted, Posting, QueueLimits, Sizer
from otel_discord.exporters.discord.cards import Card
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.testing import NopHost, settings
from otel_discord.testing.otlp import logs_request

async def main():
    logs = logs_request(1, body="#1# adopted").resource_logs[0]
    record = logs.scope_logs[0].log_records[0].SerializeToString()
    card = Card(resource=b"", scope=b"", record=record, severity=17, first_seen_ns=1, last_seen_ns=1, accepted_ns=0)
    new = NewCard("{MAIN}", 0, card.to_bytes())
    storage = FileStorage(settings("file_storage"), FileStorageConfig(directory=Path(sys.argv[1]), min_free_mib=0))
    limits = QueueLimits(1000, Sizer.REQUESTS, 1 << 20)
    async with storage.lifespan(NopHost()), storage.open_queue("discord/logs", limits) as queue:
        ids = await queue.adopt([new])
        WHAT_ELSE

asyncio.run(main())
"""
"""What no exporter of today does with a stored queue, or not in every scene, is done by hand."""

ADOPTING = _PROGRAM.replace("WHAT_ELSE", "")
"""Letters come from files only where the queue is in memory."""

LOOKING = _PROGRAM.replace("WHAT_ELSE", "assert [card.id for card in await queue.find(ids)] == list(ids)")
"""Only a full queue that drops what matters least looks for cards by their ids."""

POSTING = _PROGRAM.replace(
    "WHAT_ELSE",
    f"""
        await queue.post(NewPosted("{MAIN}", "77", 5, b"", [Posting(ids[0], 1)]))
        await queue.route_all({{}}, [Fold(ids[0], new.payload, new)])
        await queue.mark_shown([Posting(ids[0], 2)])
        assert [len(message.cards) for message in await queue.posted("{MAIN}")] == [1]
        await queue.unpost(ids)
""",
)
FORGETTING = _PROGRAM.replace(
    "WHAT_ELSE",
    f"""
        await queue.post(NewPosted("{MAIN}", "77", 5, b"", [Posting(ids[0], 1)]))
        await queue.forget_messages("{MAIN}", ["77"])
""",
)

REMEMBERING = _PROGRAM.replace(
    "WHAT_ELSE",
    """async with storage.open_table("run_channels") as table:
            await table.put({"run": b"wanted", "other": b""})
            assert await table.swap("run", b"wanted", b"made")
            assert await table.get("run") == b"made"
            await table.put({"run": None})
            assert dict(await table.items()) == {"other": b""}
""",
)
"""What other components remember stands beside the queue."""

FORGETTING_DAMAGE = _PROGRAM.replace(
    "WHAT_ELSE",
    """async with storage.open_table("run_channels") as table:
            await table.put({"run": b"made"})
            damage = Query("UPDATE state SET payload = CAST(payload || x'00' AS BLOB)")
            def steps():
                yield damage
            await storage._database.run(Work("damage", Access.SETTLE, steps))
            assert await table.get("run") is None
""",
).replace("import asyncio, sys", "import asyncio, sys\nfrom otel_discord.store.work import Access, Query, Work")

_MIGRATION = tuple(sorted(place for place in places() if place.startswith("migrate.")))

SCENES: tuple[Scene, ...] = (
    Scene("the tables are made", _MIGRATION),
    Scene("a request is accepted", around("put", "route")),
    Scene("a message is sent", ("send.before_mark", *around("mark_sending"), "send.after_mark")),
    Scene("a message was sent", ("send.after_answer", *around("settle"))),
    Scene("Discord says wait", around("mark_unsent"), act=limit, tolerated=("retry_after_ignored",)),
    Scene("Discord refuses a record", around("bury"), act=refuse, end=End.LETTERS),
    Scene(
        "the webhook is gone",
        around("state", "move"),
        before=cards_wait_for_nobody,
        act=nothing,
        end=End.OPS,
        tolerated=("tombstoned",),
    ),
    Scene(
        "the breaker is open",
        around("move"),
        act=fail,
        after=heal,
        end=End.EITHER,
        settings={"circuit_breaker": {"failure_threshold": 1, "cooldown": "300ms"}},
    ),
    Scene("requests wait", around("look_ahead", "read_batch"), before=batch_waits, act=nothing),
    Scene(
        "cards wait",
        (
            *around("open", "count_waiting", "head", "waiting", "lanes", "get_state"),
            "checkpoint.before",
            "checkpoint.after",
        ),
        before=cards_wait,
        act=nothing,
    ),
    Scene(
        "the client waits",
        around("is_stored"),
        settings={"sending_queue": {"storage": "file_storage", "enabled": False}},
    ),
    Scene(
        "the service ends",
        ("close.before_checkpoint", "close.before_mark", "close.after_mark", "close.after_checkpoint"),
        act=deliver_and_end,
    ),
    Scene("letters are kept", around("letters", "letter_totals"), before=letters_wait, act=nothing, end=End.LETTERS),
    Scene("letters come back", around("revive"), before=letters_wait, act=replay, after=replay),
    Scene("letters are removed", around("purge"), before=letters_wait, act=purge, after=purge, end=End.NOWHERE),
    Scene("cards are damaged", around("bury"), before=damaged_cards_wait, act=nothing, end=End.LETTERS, alarms=True),
    Scene("a batch is damaged", around("bury"), before=damaged_batch_waits, act=nothing, end=End.LETTERS, alarms=True),
    Scene("letters are written", ("bury.before_file", "bury.after_file"), letters_in_files, refuse, end=End.FILES),
    Scene("a request is passed on", around("done"), before=another_collector, end=End.COLLECTOR),
    Scene("cards are adopted", around("adopt"), program=ADOPTING),
    Scene("cards are looked for", around("find"), program=LOOKING),
    Scene("cards are posted", around("post", "mark_shown", "posted", "unpost"), program=POSTING),
    Scene("messages are forgotten", around("forget_messages"), program=FORGETTING),
    Scene("values are kept", around("table_put", "table_swap", "table_get", "table_items"), program=REMEMBERING),
    Scene("a kept value is damaged", around("table_forget"), program=FORGETTING_DAMAGE, alarms=True),
    Scene(
        "the file is damaged",
        ("salvage.before_swap", "quarantine.renamed", "quarantine.renamed:2", "salvage.after_swap"),
        before=damaged_file_waits,
        act=nothing,
        alarms=True,
    ),
)
"""Every place; some in several scenes."""


def letters_of(stage: Stage) -> list[int]:
    """Return the ids of the letters that a running service has."""
    return [number for line in stage.ask("list", limit=0) for number in markers_in(str(line.get("text", "")))]


def letters_written(stage: Stage) -> list[int]:
    """Return the ids of the letters in the files of a service without storage."""
    files = (stage.house.directory / "letters").glob("*.jsonl")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [number for line in lines for number in markers_in(json.loads(line)["text"])]


CASES: tuple[tuple[Scene, str], ...] = tuple((scene, place) for scene in SCENES for place in scene.places)
