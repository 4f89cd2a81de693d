"""Rows 13–15: the configuration is read again."""

import asyncio
import re
import signal
from math import inf

import yaml

from otel_discord.testing.fake_discord import SERVER_ERRORS, Fault
from tests.faults.matches import posts_to
from tests.faults.row import Theme, row
from tests.faults.rows.process_ends import load
from tests.faults.service import command, write
from tests.faults.settings import Json, merged
from tests.faults.stage import Stage

RELOADED = r"reloaded in \d+ ms"
SUCCESSFUL = "otel_discord_config_last_reload_successful"


@row(
    13,
    Theme.PROCESS,
    "a storm of SIGHUP under load; a hundred good reloads under load",
    injected="100 × SIGHUP within a second, then reloads that change the exporter, clients send all the time",
    expected="the storm is a few reloads; no connection is refused, nothing lost or repeated",
    codes="NL D0 LIVE",
)
async def storm(stage: Stage) -> None:
    await stage.start()
    over = False
    clients = [stage.client() for _ in range(3)]
    sending = asyncio.create_task(load(stage, clients, lambda: over))
    try:
        for _ in range(100):  # within a second
            stage.service.signal(signal.SIGHUP)
            await asyncio.sleep(0.01)
        await stage.service.said(RELOADED)
        await asyncio.sleep(2.5)
        in_storm = reloads(stage)
        assert in_storm <= 4, f"{in_storm} reloads in a storm"
        for number in range(stage.of(3, 100)):
            before = reloads(stage)
            username = f"Reload {number}"
            write(stage.config_path, stage.configuration(exporter=stage.exporter(username=username)))
            stage.service.signal(signal.SIGHUP)
            await stage.until(lambda before=before: reloads(stage) > before, "reloaded", 20)  # type: ignore[misc]
    finally:
        over = True
        await sending
    assert await stage.metric(SUCCESSFUL) == 1
    refused = stage.ledger.answers["no answer"]
    await stage.close_books(ordered=True)
    assert refused == 0, f"{refused} connections were refused or broken"
    assert stage.fake.messages[-1].username.startswith("Reload")
    stage.note(
        f"{in_storm} reloads for 100 signals, then {reloads(stage) - in_storm}; answers {dict(stage.ledger.answers)}"
    )


def reloads(stage: Stage) -> int:
    """Return how many reloads have succeeded."""
    return len(re.findall(RELOADED, stage.service.log))


_BAD: dict[str, tuple[str, str]] = {
    "invalid YAML": ("exporters: [", r"configuration: .*config\.yaml.*"),
    "unknown key": ("exporters: {discord: {webhok_url: x}}", r"webhok_url"),
    "missing variable": ("exporters: {discord: {username: '${env:NO_SUCH_VARIABLE_HERE}'}}", r"NO_SUCH_VARIABLE_HERE"),
    "wrong type": ("exporters: {discord: {timeout: yesterday}}", r"timeout"),
    "no such component": ("exporters: {dicsord: {}}", r"dicsord"),
    "no such pipeline member": ("service: {pipelines: {logs: {exporters: [nowhere]}}}", r"nowhere"),
}


@row(
    14,
    Theme.PROCESS,
    "reload with invalid YAML, an unknown key, a missing variable, a wrong type, a component that is not there",
    injected="the file is changed, SIGHUP",
    expected="the old configuration stays; the log names the place; the metric says so; `validate` exits with 78",
    codes="NL D0 CE LIVE",
)
async def bad_reloads(stage: Stage) -> None:
    good = stage.configuration()
    await stage.start(good)
    client = stage.client()
    for name, (text, words) in _BAD.items():
        failures = stage.service.log.count("reload failed")
        _overlay(stage, good, text)
        stage.service.signal(signal.SIGHUP)
        await stage.until(lambda n=failures: stage.service.log.count("reload failed") > n, f"{name} is refused", 10)  # type: ignore[misc]
        line = next(line for line in reversed(stage.service.log.splitlines()) if "configuration:" in line)
        assert re.search(words, line), f"{name}: {line}"
        assert await stage.metric(SUCCESSFUL) == 0
        await stage.deliver(client)
    code, said = await command("validate", "--config", str(stage.config_path))
    assert code == 78, said
    write(stage.config_path, good)
    stage.service.signal(signal.SIGHUP)
    await stage.service.said(RELOADED)
    assert await stage.metric(SUCCESSFUL) == 1
    await stage.close_books()
    stage.note(f"{len(_BAD)} bad files")


def _overlay(stage: Stage, good: Json, text: str) -> None:
    """Write a file whose last part is wrong; keys of one mapping that come twice are wrong too, so parts are merged."""
    try:
        write(stage.config_path, merged(good, yaml.safe_load(text)))
    except yaml.YAMLError:
        stage.config_path.write_text(text, encoding="utf-8")


@row(
    15,
    Theme.PROCESS,
    "reload that removes a destination with a backlog",
    injected="the destination fails, is taken out of the file, comes back after a restart",
    expected="its records are kept and the log says so; they are delivered when it is back",
    codes="NL D0 CE LIVE",
    destinations=2,
)
async def removed_destination(stage: Stage) -> None:
    both = stage.configuration()
    await stage.start(both)
    client = stage.client()
    stage.fake.faults.add(Fault(SERVER_ERRORS["503_json"], match=posts_to(stage, "d1"), times=inf))
    for _ in range(3):
        await client.send(4)
    await stage.until(lambda: stage.arrived(stage.ledger.accepted, "d0"), "the other has them")
    one = stage.exporter(destinations={"d1": None})
    write(stage.config_path, stage.configuration(exporter=one))
    stage.service.signal(signal.SIGHUP)
    await stage.service.said(r"12 records wait for the destination 'd1'")
    stage.fake.faults.clear()
    await stage.restart(signal.SIGKILL)
    await stage.service.said(r"12 records wait for the destination 'd1'")
    write(stage.config_path, both)
    stage.service.signal(signal.SIGHUP)
    await stage.service.said(RELOADED)
    await stage.close_books()
