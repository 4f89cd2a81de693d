"""Rows 47–50: what Discord does not take, for now or for good."""

import asyncio
from math import inf

from otel_discord.testing.fake_discord import ODD_ANSWERS, Answer, Fault, posts
from tests.faults.matches import holding, posts_to
from tests.faults.row import Theme, row
from tests.faults.stage import Stage


@row(
    47,
    Theme.DISCORD,
    "webhook deleted (404), token renewed (401), access taken (403)",
    injected="FakeDiscord, a destination for each, two others are well",
    expected="one request, told once with what to do, then none (404, 401: also after a restart); records go to "
    "`fallback`, without one to the dead letters",
    codes="NL D0 CE LIVE",
    destinations=5,
)
async def gone(stage: Stage) -> None:
    destinations = stage.exporter()["destinations"]
    destinations["d3"]["fallback"] = "d4"
    await stage.start(stage.configuration(exporter=stage.exporter(destinations=destinations)))
    client = stage.client()
    await stage.deliver(client, 1, deadline_s=10)
    stage.fake.delete_webhook(stage.webhooks["d0"])
    stage.fake.rotate_token(stage.webhooks["d1"])
    forbidden = Answer(403, {"message": "Missing Permissions", "code": 50013})
    stage.fake.faults.add(Fault(forbidden, match=posts_to(stage, "d2"), times=inf))
    before = {name: _requests(stage, name) for name in ("d0", "d1", "d2")}
    for _ in range(3):
        await client.send(2)
        await asyncio.sleep(0.3)
    for status in (404, 401, 403):
        await stage.service.said(f"nothing more is sent to it.*status={status}")
    after = {name: _requests(stage, name) - count for name, count in before.items()}
    assert all(count <= 1 for count in after.values()), f"requests after the webhook was gone: {after}"
    await stage.restart()
    await client.send(1)
    await asyncio.sleep(1)
    again = {name: _requests(stage, name) - before[name] for name in ("d0", "d1")}
    assert again == {name: after[name] for name in again}, f"requests after a restart: {again}"
    # the fallback's own webhook goes well; d3 goes last, so that its records reach d4
    stage.fake.delete_webhook(stage.webhooks["d3"])
    late = await client.send(2)
    await stage.until(
        lambda: all(stage.delivered()["d4"].count(number) == 1 for number in late), "the fallback has them, once"
    )
    stage.ledger.offered.update(number for number in stage.ledger.accepted)  # d4 may have what was meant for d3
    await stage.close_books(gone=["d0", "d1", "d2"], dead={"d3": set()}, ordered=False, moved={"d3": "d4"})
    stage.note(f"requests after it was gone: {after}")


def _requests(stage: Stage, name: str) -> int:
    return sum(each.webhook_id == stage.webhooks[name].id for each in stage.fake.exchanges)


def _invalid(*places: int) -> Answer:
    error = {"_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": "Must be between 1 and 256 in length."}]}
    tree = {"embeds": {str(place): {"title": error} for place in places}}
    return Answer(400, {"message": "Invalid Form Body", "code": 50035, "errors": tree})


@row(
    48,
    Theme.DISCORD,
    "400 with 50035 (invalid form): once; for ever; for one embed of ten",
    injected="FakeDiscord refuses what holds a certain record",
    expected="one try in a plain and safe form; what is refused again is a dead letter with Discord's own words; its "
    "nine neighbours are delivered",
    codes="NL D0 CE LIVE",
)
async def invalid_form(stage: Stage) -> None:
    await stage.start(stage.configuration(exporter=stage.exporter(sending_queue={"batch": {"flush_timeout": "200ms"}})))
    client = stage.client()
    once = client.new_ids(1)[0] + 1
    stage.fake.faults.add(Fault(_invalid(0), match=holding(once)))
    ids = await client.send(1)
    await stage.until(lambda: stage.arrived(ids), "repaired")
    poison = ids[0] + 1
    stage.fake.faults.add(Fault(_invalid(0), match=holding(poison), times=inf))
    await client.send(1)
    await stage.service.said("Must be between 1 and 256")
    ten = ids[0] + 2
    stage.fake.faults.add(Fault(_invalid(3), match=holding(ten + 3), times=inf))
    await client.send(10)
    await stage.close_books(dead={"default": {poison, ten + 3}}, ordered=False)
    stage.note(f"{stage.posts()} POSTs")


@row(
    49,
    Theme.DISCORD,
    "413 and 40005: too large",
    injected="FakeDiscord refuses a message with a file once, and for ever what holds a certain record",
    expected="without its files, then in halves; what is too large alone is a dead letter",
    codes="NL D0 CE LIVE",
)
async def too_large(stage: Stage) -> None:
    await stage.start()
    client = stage.client()
    stage.fake.faults.add(Fault(ODD_ANSWERS["too_large_40005"], match=posts))
    ids = await client.send(1, text="long\n" * 2_000)
    await stage.until(lambda: stage.arrived(ids), "sent without its file")
    poison = ids[0] + 3
    stage.fake.faults.add(Fault(ODD_ANSWERS["too_large_40005"], match=holding(poison), times=inf))
    await client.send(5)
    await stage.close_books(dead={"default": {poison}}, ordered=False)
    stage.note(f"{stage.posts()} POSTs")


@row(
    50,
    Theme.DISCORD,
    "404 for a thread (deleted or archived)",
    injected="FakeDiscord answers 404 / 10003 to a destination with a `thread_id`",
    expected="as a webhook that is gone: told once, no further request, records to `fallback` or the dead letters",
    codes="NL D0 CE LIVE",
    destinations=2,
)
async def thread_gone(stage: Stage) -> None:
    stage.remark("editing of messages comes later, and with it what follows when one is gone")
    channel = stage.fake.state.channels[stage.webhooks["d0"].channel_id]
    thread = stage.fake.add_thread(channel)
    destinations = stage.exporter()["destinations"]
    destinations["d0"]["thread_id"] = thread.id
    await stage.start(stage.configuration(exporter=stage.exporter(destinations=destinations)))
    client = stage.client()
    await stage.deliver(client, 1)
    answer = Answer(404, {"message": "Unknown Channel", "code": 10003})
    stage.fake.faults.add(Fault(answer, match=posts_to(stage, "d0"), times=inf))
    before = stage.posts("d0")
    for _ in range(3):
        await client.send(1)
        await asyncio.sleep(0.2)
    await stage.service.said("nothing more is sent to it")
    await stage.close_books(gone=["d0"])
    assert stage.posts("d0") == before + 1
