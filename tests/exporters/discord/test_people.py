"""Whom messages ping, when they make no sound, and which forum post they go to: against a whole Discord."""

import asyncio
from collections.abc import Sequence
from math import inf
from typing import Any

import pytest

from otel_discord.discord_api.models import SUPPRESS_NOTIFICATIONS
from otel_discord.testing.fake_discord import Answer, Break, Cut, FakeDiscord, Fault, Stall, method_is, posts
from otel_discord.testing.fake_discord.state import FakeMessage
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=40_000, idle_step=5)
NOON_S = 1_767_268_800.0
"""1 January 2026, 12:00 UTC: 13:00 in Berlin."""
NIGHT_S = NOON_S + 10 * 3600
FORUM = 15
ERROR, FATAL = 17, 21
MENTION = {"min_severity": "ERROR", "roles": ["11"], "users": ["22"], "max_per_hour": 2}
PINGED = ("role:11", "user:22")
NIGHTS = {"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"}


def clock(start_s: float = NOON_S) -> Any:
    return lambda: start_s + asyncio.get_running_loop().time()


def config(fake: FakeDiscord, forum: bool = False, routes: Any = (), **destination: Any) -> dict[str, Any]:
    webhook = fake.add_webhook(fake.add_channel(type=FORUM) if forum else None)
    return {
        "destinations": {"ops": {"webhook_url": webhook.url, **destination}},
        "routes": list(routes),
        "fold": {"window": "5m", "edit_interval": "10s"},
        "shutdown_timeout": "1h",
        "wall_clock": clock(),
    }


async def tell(rig: Rig, body: str, severity: int = ERROR, count: int = 1, **more: Any) -> FakeMessage | None:
    before = len(rig.fake.messages)
    await rig.exporter.consume(logs_batch(count, body=body, severity=severity, **more))
    await asyncio.sleep(2)
    messages = rig.fake.messages
    return messages[-1] if len(messages) > before else None


async def test_a_new_problem_pings_exactly_the_named_ones_and_repeats_ping_nobody() -> None:
    fake = FakeDiscord()
    async with running(fake, **config(fake, mention=MENTION)) as rig:
        message = await tell(rig, "disk is full @everyone <@&11> <@33>")
        assert message is not None
        assert message.pinged == PINGED
        assert message.content == "<@&11> <@22>"
        await tell(rig, "disk is full @everyone <@&11> <@33>", count=5)
        await asyncio.sleep(20)
        assert len(fake.messages) == 1
        (edit,) = [entry for entry in fake.journal if entry.kind == "edited"]
        assert edit.json["allowed_mentions"] == {"parse": []}
        assert edit.json["content"] == "<@&11> <@22>"
        quiet = await tell(rig, "only a warning", severity=13)
        assert quiet is not None
        assert (quiet.pinged, quiet.content) == ((), "")
    fake.assert_clean()


async def test_beyond_the_budget_messages_come_without_a_ping_and_say_so_until_the_hour_is_over() -> None:
    fake = FakeDiscord()
    async with running(fake, **config(fake, mention=MENTION)) as rig:
        seen = [await tell(rig, body) for body in ("disk is full", "queue is stuck", "node has left")]
        assert [message.pinged for message in seen if message] == [PINGED, PINGED, ()]
        assert seen[2] is not None
        assert seen[2].content == "-# no ping: 2 of 2 this hour are used"
        await asyncio.sleep(3600)
        later = await tell(rig, "certificate has expired")
        assert later is not None
        assert later.pinged == PINGED


async def test_the_budget_survives_a_restart_and_a_reload() -> None:
    fake, disk = FakeDiscord(), Disk()
    given = config(fake, mention=MENTION | {"max_per_hour": 1}) | {"sending_queue": STORED}
    async with running(fake, host=host_with(disk), **given) as rig:
        assert (await tell(rig, "disk is full")).pinged == PINGED  # type: ignore[union-attr]
    async with running(fake, host=host_with(disk), **given) as rig:
        assert (await tell(rig, "queue is stuck")).pinged == ()  # type: ignore[union-attr]
    host = rig.host
    async with running(fake, host=host, **given) as rig:
        assert (await tell(rig, "node has left")).pinged == ()  # type: ignore[union-attr]


async def test_a_message_sent_again_keeps_its_mention() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Break(Cut.BEFORE_HEADERS, commit=True), match=posts))
    async with running(fake, **config(fake, mention=MENTION | {"max_per_hour": 1})) as rig:
        await tell(rig, "disk is full")
        await asyncio.sleep(5)
        assert [message.pinged for message in fake.messages] == [PINGED, PINGED]
        assert (await tell(rig, "queue is stuck")).pinged == ()  # type: ignore[union-attr]


async def test_a_message_in_flight_when_the_process_ended_keeps_its_mention() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.faults.add(Fault(Stall(commit=True), match=posts, times=1))
    given = config(fake, mention=MENTION | {"max_per_hour": 1}) | {"sending_queue": STORED}
    async with running(fake, host=host_with(disk), **(given | {"shutdown_timeout": "0s"})) as rig:
        await tell(rig, "disk is full")
    async with running(fake, host=host_with(disk), **given) as rig:
        await asyncio.sleep(5)
        assert [message.pinged for message in fake.messages] == [PINGED, PINGED]
        assert (await tell(rig, "queue is stuck")).pinged == ()  # type: ignore[union-attr]


async def test_an_outage_uses_up_no_budget() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Break(Cut.REFUSED), match=posts, times=40))
    given = config(fake, mention=MENTION | {"max_per_hour": 1})
    async with running(fake, **given) as rig:
        await tell(rig, "disk is full")
        await asyncio.sleep(3000)
        assert [message.pinged for message in fake.messages] == [PINGED]
        assert (await tell(rig, "queue is stuck")).pinged == ()  # type: ignore[union-attr]


async def test_what_goes_on_after_its_message_was_deleted_pings_nobody() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(404, {"code": 10008}), match=method_is("PATCH"), times=1))
    async with running(fake, **config(fake, mention=MENTION)) as rig:
        await tell(rig, "disk is full")
        await tell(rig, "disk is full", count=3)
        await asyncio.sleep(30)
        assert [message.pinged for message in fake.messages] == [PINGED, ()]


async def test_an_escalation_pings_although_the_problem_is_known() -> None:
    fake = FakeDiscord()
    async with running(fake, **config(fake, mention=MENTION | {"min_severity": "ERROR3"})) as rig:
        pinged = [message and message.pinged for message in [await tell(rig, "disk is full", n) for n in (17, 19, 21)]]
        assert pinged == [(), PINGED, PINGED]


async def test_text_of_the_plain_preset_leaves_room_for_who_is_pinged() -> None:
    fake = FakeDiscord()
    roles = [str(10**18 + number) for number in range(30)]
    async with running(fake, **config(fake, preset="plain", mention=MENTION | {"roles": roles})) as rig:
        message = await tell(rig, "\n".join(f"line {n} of a long story" for n in range(200)))
        assert message is not None
        assert len(message.content) <= 2000
        assert len(message.pinged) == 31
        assert "line 0 of a long story" in message.content.split("<@&")[0]
        await tell(rig, "\n".join(f"line {n} of a long story" for n in range(200)), count=3)
        await asyncio.sleep(15)
        (edited,) = fake.messages
        assert "×4" in edited.content
        assert edited.content.endswith("<@22>")
        assert len(edited.content) <= 2000


async def test_a_digest_pings_once() -> None:
    fake = FakeDiscord()
    given = config(fake, mention=MENTION) | {"fold": {"enabled": True}}
    async with running(fake, **given) as rig:
        bodies = [f"{chr(97 + n // 26)}{chr(97 + n % 26)} went wrong in {chr(97 + n % 26) * 3}" for n in range(600)]
        for body in bodies:
            await rig.exporter.consume(logs_batch(1, body=body))
        await asyncio.sleep(120)
        assert sum(bool(message.pinged) for message in fake.messages) == 2
        assert any("problems" in str(message.embeds) for message in fake.messages)


async def test_quiet_hours_make_no_sound_and_ping_nobody_but_for_what_is_critical() -> None:
    fake = FakeDiscord()
    given = config(fake, mention=MENTION, quiet_hours=NIGHTS) | {"wall_clock": clock(NIGHT_S)}
    async with running(fake, **given) as rig:
        error = await tell(rig, "disk is full")
        fatal = await tell(rig, "database is gone", FATAL)
        assert error is not None
        assert fatal is not None
        assert (error.flags & SUPPRESS_NOTIFICATIONS, error.pinged, error.content) == (SUPPRESS_NOTIFICATIONS, (), "")
        assert (fatal.flags, fatal.pinged) == (0, PINGED)
        await asyncio.sleep(8.5 * 3600)  # 07:30 there
        morning = await tell(rig, "certificate has expired")
        assert morning is not None
        assert (morning.flags, morning.pinged) == (0, PINGED)


# ------------------------------------------------------------------------------------------------------------ routes
def two_teams(fake: FakeDiscord, routes: Sequence[Any], **more: Any) -> dict[str, Any]:
    hooks = {name: fake.add_webhook() for name in ("shop", "ops")}
    return {
        "destinations": {name: {"webhook_url": hook.url} for name, hook in hooks.items()} | more.pop("other", {}),
        "routes": routes,
        "fold": {"window": "5m", "edit_interval": "10s"},
        "shutdown_timeout": "1h",
        "wall_clock": clock(),
        **more,
    }


def shown_in(fake: FakeDiscord) -> list[list[str]]:
    hooks = list(fake.state.webhooks.values())
    return [[title(message) for message in fake.messages_of(hook)] for hook in hooks]


def title(message: FakeMessage) -> str:
    return str(message.embeds[0]["title"]).split(" ", 1)[1]


async def test_the_first_route_that_is_met_decides_and_others_get_everything() -> None:
    fake = FakeDiscord()
    routes = [
        {"condition": 'attributes["team"] == "shop"', "destinations": ["shop"]},
        {"condition": 'IsMatch(body, "^disk")', "destinations": ["ops"]},
    ]
    async with running(fake, **two_teams(fake, routes)) as rig:
        await tell(rig, "payment declined", attributes={"team": "shop"})
        await tell(rig, "disk is full")
        await tell(rig, "disk of the shop is full", attributes={"team": "shop"})
        await tell(rig, "nobody's problem")
        assert shown_in(fake) == [
            ["payment declined", "disk of the shop is full", "nobody's problem"],
            ["disk is full", "nobody's problem"],
        ]


async def test_continue_adds_destinations_and_severities_still_count() -> None:
    fake = FakeDiscord()
    routes = [
        {"condition": 'resource.attributes["service.name"] == "shop"', "destinations": ["shop"], "continue": True},
        {"condition": "severity_number >= SEVERITY_NUMBER_WARN", "destinations": ["ops"]},
    ]
    given = two_teams(fake, routes)
    given["destinations"]["ops"]["min_severity"] = "FATAL"
    async with running(fake, **given) as rig:
        await tell(rig, "payment declined", FATAL, resource={"service.name": "shop"})
        await tell(rig, "disk is full", resource={"service.name": "node"})
        assert shown_in(fake) == [["payment declined"], ["payment declined"]]


async def test_what_is_critical_goes_to_all_past_routes() -> None:
    fake = FakeDiscord()
    routes = [{"condition": "true", "destinations": ["shop"]}]
    async with running(fake, **two_teams(fake, routes, critical={"to_all": True})) as rig:
        await tell(rig, "payment declined")
        await tell(rig, "database is gone", FATAL)
        assert shown_in(fake) == [["payment declined", "database is gone"], ["database is gone"]]


async def test_an_error_in_a_condition_is_no_match_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord()
    routes = [{"condition": 'Int(attributes["n"]) + attributes["team"] > 1', "destinations": ["shop"]}]
    async with running(fake, **two_teams(fake, routes)) as rig:
        for body in ("disk is full", "queue is stuck"):
            await tell(rig, body, attributes={"team": "shop"})
        assert shown_in(fake) == [["disk is full", "queue is stuck"]] * 2
    assert caplog.text.count("a route's condition cannot be evaluated") == 1


async def test_a_route_says_who_is_pinged_for_its_records() -> None:
    fake = FakeDiscord()
    routes = [
        {
            "condition": 'attributes["team"] == "shop"',
            "destinations": ["ops"],
            "mention": {"min_severity": "ERROR", "roles": ["44"]},
        }
    ]
    async with running(fake, **config(fake, routes=routes, mention=MENTION)) as rig:
        assert (await tell(rig, "disk is full")).pinged == PINGED  # type: ignore[union-attr]
        shop = await tell(rig, "disk is full", attributes={"team": "shop"})
        assert shop is not None, "the same words of others are another problem where others are pinged"
        assert shop.pinged == ("role:44",)


async def test_the_mention_of_a_route_survives_a_restart() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.faults.add(Fault(Break(Cut.REFUSED), match=posts, times=5))
    routes = [{"condition": "true", "destinations": ["ops"], "mention": {"min_severity": "ERROR", "roles": ["44"]}}]
    given = config(fake, routes=routes) | {"sending_queue": STORED}
    async with running(fake, host=host_with(disk), **(given | {"shutdown_timeout": "0s"})) as rig:
        await rig.exporter.consume(logs_batch(1, body="disk is full"))
        await asyncio.sleep(0.1)
    assert fake.messages == []
    async with running(fake, host=host_with(disk), **given):
        await asyncio.sleep(200)
    assert [message.pinged for message in fake.messages] == [("role:44",)]


# ----------------------------------------------------------------------------------------------------------- threads
def threads(fake: FakeDiscord) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for message in fake.messages:
        found.setdefault(fake.state.channels[message.channel_id].name, []).extend(
            str(embed["title"]).split(" ", 1)[1] for embed in message.embeds
        )
    return found


async def test_each_service_has_a_post_and_cards_of_two_never_share_a_message() -> None:
    fake = FakeDiscord()
    async with running(fake, **config(fake, forum=True, thread_name="{{ service }} · {{ environment }}")) as rig:
        for body in ("disk is full", "queue is stuck"):
            for service in ("cart", "shop"):
                resource = {"service.name": service, "deployment.environment.name": "prod"}
                await rig.exporter.consume(logs_batch(1, body=body, resource=resource))
        await asyncio.sleep(5)
        await tell(rig, "node has left", resource={"service.name": "cart", "deployment.environment.name": "prod"})
        assert threads(fake) == {
            "cart · prod": ["disk is full", "queue is stuck", "node has left"],
            "shop · prod": ["disk is full", "queue is stuck"],
        }
        assert len({message.channel_id for message in fake.messages}) == 2


async def test_a_constant_name_is_one_post_and_edits_find_it() -> None:
    fake = FakeDiscord()
    async with running(fake, **config(fake, forum=True, thread_name="Alerts {now}")) as rig:
        await tell(rig, "disk is full")
        await tell(rig, "queue is stuck")
        await tell(rig, "queue is stuck", count=4)
        await asyncio.sleep(15)
        assert threads(fake) == {"Alerts {now}": ["disk is full", "×5 queue is stuck"]}
        assert len({message.channel_id for message in fake.messages}) == 1
        assert "×5" in str(fake.messages[-1].embeds)


async def test_posts_survive_a_restart_with_storage_and_without_a_new_one_is_opened() -> None:
    fake, disk = FakeDiscord(), Disk()
    given = config(fake, forum=True, thread_name="{{ service }}") | {"sending_queue": STORED}
    for body in ("disk is full", "queue is stuck"):
        async with running(fake, host=host_with(disk), **given) as rig:
            await tell(rig, body, resource={"service.name": "cart"})
    assert len({message.channel_id for message in fake.messages}) == 1


@pytest.mark.parametrize("how", ["deleted", "locked", "archived"])
async def test_a_post_that_is_gone_is_followed_by_another(how: str) -> None:
    fake = FakeDiscord()
    async with running(fake, **config(fake, forum=True, thread_name="{{ service }}")) as rig:
        first = await tell(rig, "disk is full", resource={"service.name": "cart"})
        assert first is not None
        thread = fake.state.channels[first.channel_id]
        if how == "deleted":
            fake.state.delete_channel(thread)
        elif how == "locked":
            thread.locked = True
        else:
            fake.faults.add(Fault(Answer(400, {"code": 50083, "message": "Thread is archived"}), match=posts, times=1))
        second = await tell(rig, "queue is stuck", resource={"service.name": "cart"})
        third = await tell(rig, "node has left", resource={"service.name": "cart"})
        assert second is not None
        assert third is not None
        assert second.channel_id != thread.id
        assert third.channel_id == second.channel_id
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0


async def test_a_count_goes_on_in_a_new_post_where_the_old_one_is_deleted() -> None:
    fake = FakeDiscord()
    async with running(fake, **config(fake, forum=True, thread_name="{{ problem }}")) as rig:
        first = await tell(rig, "slow shard 17")
        assert first is not None
        assert fake.state.channels[first.channel_id].name == "slow shard …"
        fake.state.delete_channel(fake.state.channels[first.channel_id])
        await tell(rig, "slow shard 23", count=3)
        await asyncio.sleep(20)
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 4


async def test_a_forum_that_is_gone_is_gone() -> None:
    fake = FakeDiscord()
    async with running(fake, **config(fake, forum=True, thread_name="{{ service }}")) as rig:
        await tell(rig, "disk is full")
        fake.faults.add(Fault(Answer(404, {"code": 10003, "message": "Unknown Channel"}), match=posts, times=inf))
        before = len(fake.exchanges)
        await tell(rig, "queue is stuck")
        await asyncio.sleep(60)
        assert len(fake.messages) == 1
        assert len(fake.exchanges) - before == 2, "the post, then another one: then nothing more is asked"


async def test_a_crowd_in_a_forum_becomes_a_digest_in_each_post() -> None:
    fake = FakeDiscord()
    given = config(fake, forum=True, thread_name="{{ service }}") | {"fold": {"enabled": True}}
    async with running(fake, **given) as rig:
        letters = "abcdefghijklmnopqrstuvwxyz"
        for number in range(800):
            words = f"{letters[number // 26 % 26] * 2}{letters[number % 26] * 3} went wrong in {letters[number // 31]}"
            resource = {"service.name": "cart" if number % 2 else "shop"}
            await rig.exporter.consume(logs_batch(1, body=words, resource=resource))
        await asyncio.sleep(180)
        posts_of = {fake.state.channels[message.channel_id].name for message in fake.messages}
        assert posts_of == {"cart", "shop"}
        assert len({message.channel_id for message in fake.messages}) == 2
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0
        for message in fake.messages:
            name = fake.state.channels[message.channel_id].name
            other = "shop" if name == "cart" else "cart"
            assert other not in str(message.embeds)
