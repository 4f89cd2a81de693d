"""A user's directory of templates: what is chosen, what stands in for what fails, what a message is with them."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from pydantic import ValidationError

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.signals import LogsBatch
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, posts
from otel_discord.testing.fake_discord.state import FakeMessage
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import batch, firing, resolved
from tests.exporters.discord.rig import running
from tests.exporters.discord.test_alert_life import ALERTS

virtual = pytest.mark.looptime(idle_timeout=600, idle_step=5)
WEBHOOK = "https://discord.com/api/webhooks/1/" + "a" * 60
FAST: dict[str, Any] = {"rate_limit": {"channel_messages_per_minute": 0}}
Written = Callable[..., dict[str, Any]]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write files, named by keywords, and return the keys of the exporter that use them."""

    def write(**files: str) -> dict[str, Any]:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return FAST | {"templates": {"directory": str(tmp_path)}}

    return write


def titles(fake: FakeDiscord) -> list[str]:
    return [embed["title"] for message in fake.messages for embed in message.embeds]


def changed(made: LogsBatch, change: Callable[[LogRecord], None]) -> LogsBatch:
    for _, _, record in made.records():
        change(record)
    return made


def named(event: str) -> Callable[[LogRecord], None]:
    def name(record: LogRecord) -> None:
        record.event_name = event

    return name


async def shown(keys: dict[str, Any], *batches: LogsBatch, fake: FakeDiscord | None = None) -> FakeDiscord:
    """Send the batches, each when the ones before are in Discord."""
    fake = fake or FakeDiscord(channel_limit=None)
    async with running(fake, **keys) as rig:
        for each in batches:
            await rig.exporter.consume(each)
            await rig.exporter.flushed()
    return fake


# ------------------------------------------------------------------------------------------------------------- choosing


@virtual
async def test_a_file_takes_the_place_of_the_built_in_one_and_may_extend_it(written: Written) -> None:
    keys = written(compact='extends: compact\ntitle: "MINE {{ title }}"\n')
    fake = await shown(keys, logs_batch(1))
    assert titles(fake) == ["MINE record 0"]
    assert "shop · test" in fake.messages[0].embeds[0]["description"], "what it does not say comes from the built-in"
    assert fake.violations == []


@virtual
@pytest.mark.parametrize(
    ("match", "fits", "does_not"),
    [
        ("{min_severity: FATAL}", {"severity": 21}, {"severity": 17}),
        ("{max_severity: WARN}", {"severity": 13}, {"severity": 17}),
        ("{service: cart-*}", {"resource": {"service.name": "cart-eu"}}, {"resource": {"service.name": "shop"}}),
        ("{service: [a, shop]}", {}, {"resource": {"service.name": "b"}}),
        ('{condition: \'attributes["tier"] == "gold"\'}', {"attributes": {"tier": "gold"}}, {"attributes": {}}),
        ('{condition: \'resource.attributes["service.name"] == "x"\'}', {"resource": {"service.name": "x"}}, {}),
        ("{kind: exception}", {"attributes": {"exception.type": "ValueError"}}, {}),
        ("{kind: record}", {}, {"attributes": {"exception.type": "ValueError"}}),
    ],
)
async def test_a_template_is_chosen_by(written: Written, match: str, fits: Any, does_not: Any) -> None:
    keys = written(special=f'extends: compact\nmatch: {match}\ntitle: "SPECIAL"\n')
    fake = await shown(keys, logs_batch(1, **fits), logs_batch(1, **does_not))
    assert [title == "SPECIAL" for title in titles(fake)] == [True, False]


@virtual
async def test_a_template_is_chosen_by_the_name_of_an_event(written: Written) -> None:
    keys = written(deploy="match: {event_name: \"deploy.*\"}\ntitle: \"Deployed {{ attr('version', '?') }}\"\n")
    given = [changed(logs_batch(1, attributes={"version": "1.2"}), named(name)) for name in ("deploy.done", "order")]
    assert titles(await shown(keys, *given)) == ["Deployed 1.2", "🔴 record 0"]


@virtual
async def test_the_higher_priority_goes_first_and_then_the_name(written: Written) -> None:
    low, high = (
        'match: {{min_severity: WARN, priority: {}}}\ntitle: "{}"\n'.format(*each) for each in ((1, "L"), (2, "H"))
    )
    keys = written(a=low, b=high, c='match: {min_severity: WARN, priority: 2}\ntitle: "later"\n')
    assert titles(await shown(keys, logs_batch(1))) == ["H"]


@virtual
async def test_alerts_have_templates_for_each_state_and_keep_their_own_values(written: Written) -> None:
    keys = written(
        alert_firing='extends: alert_firing\ntitle: "FIRE {{ name }} {{ condition }}"\n',
        alert_resolved='extends: alert_resolved\ntitle: "OVER {{ name }} after {{ lasted }}"\n',
        records='match: {min_severity: TRACE}\ntitle: "for records alone"\n',
    )
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, **ALERTS | keys) as rig:
        await rig.exporter.consume(batch(firing(0)))
        await asyncio.sleep(30)
        assert titles(fake) == ["FIRE QueueTooDeep above 1,000"]
        await rig.exporter.consume(batch(resolved(0, 60)))
        await asyncio.sleep(30)
        assert titles(fake) == ["OVER QueueTooDeep after 1 minute"]


@virtual
@pytest.mark.parametrize(
    ("event", "title"),
    [
        ("join", "👋 A member joined"),
        ("leave", "🚪 A member left"),
        ("ban", "🔨 A member was banned"),
        ("unban", "🕊️ A ban was lifted"),
        ("role_update", "🏷️ A member's roles changed"),
    ],
)
async def test_events_of_members_have_templates(event: str, title: str) -> None:
    fake = await shown(FAST, changed(logs_batch(1), named(f"discord.member.{event}")))
    assert titles(fake) == [title]


# -------------------------------------------------------------------------------------------------------------- failing


@virtual
@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ('title: "{{ pairs[7][0] }}"', "1"),
        ("title: \"{{ attr('n').nothing }}\"", "1"),
        ('title: "{% for a in range(999) %}{% for b in range(999) %}{{ b }}{% endfor %}{% endfor %}"', "steps"),
        ("title: \"{{ attr('missing') }}\"", "says nothing"),
    ],
)
async def test_what_fails_is_shown_by_the_built_in_one_and_said_once(
    written: Written, template: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    fake = await shown(written(compact=template), logs_batch(3), logs_batch(2, first=3))
    assert sorted(titles(fake)) == [f"🔴 record {number}" for number in range(5)]
    said = [each for each in caplog.records if "a template cannot show" in each.getMessage()]
    assert len(said) == 1
    assert "compact.yaml" in said[0].getMessage()
    assert reason in said[0].getMessage()


@virtual
async def test_a_condition_that_cannot_be_evaluated_chooses_nothing(
    written: Written, caplog: pytest.LogCaptureFixture
) -> None:
    keys = written(odd='match: {condition: "Int(body) / Int(attributes[\\"zero\\"]) > 1"}\ntitle: ODD\n')
    fake = await shown(keys, logs_batch(2, body="7", attributes={"zero": 0}))
    assert "ODD" not in titles(fake)
    assert len([each for each in caplog.records if "odd.yaml:1: condition" in each.getMessage()]) <= 1


def test_everything_that_is_wrong_is_said_with_file_and_line(written: Written) -> None:
    keys = written(
        compact='extends: compact\ntitle: "{{ titel }}"\nfoo: 1\n',
        digest='title: "{{ service }}"\n',
        other="match: {condition: 'nothing =='}\nlimits: {titel_chars: 3}\n",
    )
    with pytest.raises(ValidationError) as caught:
        DiscordConfig.model_validate({"webhook_url": WEBHOOK, **keys})
    said = str(caught.value)
    assert "compact.yaml:2: unknown name 'titel', did you mean 'title'?" in said
    assert "compact.yaml:3: unknown key 'foo'" in said
    assert "digest.yaml:1: unknown name 'service'" in said, "a digest has no service"
    assert "other.yaml:1: condition:" in said


def test_limits_that_do_not_exist_are_refused(written: Written) -> None:
    with pytest.raises(ValidationError, match=r"compact\.yaml:2: limits: unknown limit 'titel_chars'"):
        DiscordConfig.model_validate(
            {"webhook_url": WEBHOOK, **written(compact="title: x\nlimits: {titel_chars: 3}\n")}
        )


def test_a_directory_that_is_not_there_is_a_warning_and_one_that_is_none_is_refused(tmp_path: Path) -> None:
    keys = {"webhook_url": WEBHOOK, "templates": {"directory": str(tmp_path / "no")}}
    config = DiscordConfig.model_validate(keys)
    assert [advice.partition(": ")[0] for advice in config.advice()] == ["templates::directory"]
    (tmp_path / "no").mkdir()
    assert DiscordConfig.model_validate(keys).advice() == []
    (tmp_path / "file").write_text("title: x")
    with pytest.raises(ValidationError, match="cannot be read: Not a directory"):
        DiscordConfig.model_validate({"webhook_url": WEBHOOK, "templates": {"directory": str(tmp_path / "file")}})


def test_other_files_are_another_configuration(written: Written) -> None:
    keys = {"webhook_url": WEBHOOK, **written(compact="title: one\n")}
    first, same = (DiscordConfig.model_validate(keys) for _ in range(2))
    written(compact="title: two\n")
    assert first == same != DiscordConfig.model_validate(keys)


# ------------------------------------------------------------------------------------------------------- whole messages


def buttons(message: FakeMessage) -> list[list[str]]:
    return [[button["label"] for button in row["components"]] for row in message.components]


@virtual
async def test_cards_that_want_other_senders_or_buttons_share_no_message(written: Written) -> None:
    keys = written(
        gold='match: {condition: \'attributes["tier"] == "gold"\'}\nextends: compact\nusername: "{{ attr(\'who\') }}"\n'
        "avatar_url: https://a.example/x.png\nbuttons:\n"
        '  - {label: Open, url: "https://a.example/{{ title }}", emoji: 📕}\n'
    )
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, **keys, username="Telemetry") as rig:
        for number, (tier, who) in enumerate([("gold", "Ada"), ("gold", "Bob"), ("no", ""), ("no", "")]):
            await rig.exporter.consume(logs_batch(1, first=number, attributes={"tier": tier, "who": who}))
    assert [(message.username, len(message.embeds)) for message in fake.messages] == [
        ("Ada", 1), ("Bob", 1), ("Telemetry", 2),
    ]  # fmt: skip
    assert [buttons(message) for message in fake.messages] == [[["Open"]], [["Open"]], []]
    (first,) = fake.messages[0].components[0]["components"]
    assert first == {
        "type": 2, "style": 5, "url": "https://a.example/record%200", "label": "Open", "emoji": {"name": "📕"},
    }  # fmt: skip
    assert fake.violations == []


@virtual
async def test_a_name_that_discord_never_takes_is_left_out(written: Written) -> None:
    keys = written(compact="extends: compact\nusername: my {{ attr('who', 'discord') }}\n") | {"username": "Telemetry"}
    fake = await shown(keys, logs_batch(1))
    assert fake.messages[0].username == "Telemetry"


@virtual
@pytest.mark.parametrize("part", ["components", "username"])
async def test_what_discord_refuses_of_the_message_costs_no_record(written: Written, part: str) -> None:
    fake = FakeDiscord(channel_limit=None)
    error = {
        "code": 50035,
        "message": "Invalid Form Body",
        "errors": {part: {"_errors": [{"code": "X", "message": "no"}]}},
    }
    fake.faults.add(Fault(Answer(400, error), match=posts))
    keys = written(compact='extends: compact\nusername: Ada\nbuttons: [{label: Open, url: "https://a.example"}]\n')
    await shown(keys, logs_batch(1), fake=fake)
    (message,) = fake.messages
    assert titles(fake) == ["🔴 record 0"]
    assert (bool(message.components), message.username == "Ada") == (part != "components", part != "username")


@virtual
async def test_attributes_that_a_template_asks_for_are_rid_of_what_may_not_be_shown(written: Written) -> None:
    template = """
title: "T {{ attr('who') }}"
description: ["{{ attr('deep') }} {{ resource_attr('host.name') }}", "{{ attr('nil', 'no') }} {{ attr('', 'no') }}"]
fields: [{name: "{{ attr('who') }}", value: "{{ attr('long') }}"}]
author: "{{ attr('who') }}"
footer: "{{ attr('who') }}"
"""
    nasty = "x\x00y\u202egnp\x1b[31m ×99"
    fake = await shown(
        written(compact=template),
        logs_batch(
            1,
            attributes={"who": nasty, "deep": {nasty: [nasty, {"b": nasty}]}, "long": nasty * 20_000, "": ""},
            resource={"host.name": nasty},
        ),
    )
    (embed,) = fake.messages[0].embeds
    assert fake.violations == []
    assert embed["title"] == "T xygnp ×\u200b99"
    assert embed["description"].endswith("\nno no")
    assert embed["fields"][0]["value"].count("xygnp") > 5, "cut to the room of the card"
    assert not {"\x00", "\u202e", "\x1b"} & set(json.dumps(embed, ensure_ascii=False))


@virtual
async def test_only_the_name_that_discord_refused_is_left_out_from_then_on(written: Written) -> None:
    fake = FakeDiscord(channel_limit=None)
    error = {
        "code": 50035,
        "message": "Invalid Form Body",
        "errors": {"username": {"_errors": [{"code": "X", "message": "no"}]}},
    }
    named = b'"username":"Mallory"'
    fake.faults.add(
        Fault(Answer(400, error), match=lambda request: named in request.body.replace(b" ", b""), times=1000)
    )
    keys = written(compact="extends: compact\nusername: \"{{ attr('who') }}\"\n") | {"fold": {"enabled": False}}
    callers = ["Ada", "Mallory", "Ada", "Mallory", "Bob"]
    await shown(
        keys, *(logs_batch(1, first=place, attributes={"who": who}) for place, who in enumerate(callers)), fake=fake
    )
    unnamed = fake.messages[1].username
    assert [message.username for message in fake.messages] == ["Ada", unnamed, "Ada", unnamed, "Bob"]
    assert unnamed not in callers
    assert sum(exchange.status == 400 for exchange in fake.exchanges) == 1, "it is not tried a second time"


@virtual
async def test_a_template_names_the_post_of_a_forum(written: Written) -> None:
    fake = FakeDiscord(channel_limit=None)
    forum = fake.add_webhook(fake.add_channel(type=15))
    keys = written(gold='match: {min_severity: FATAL}\nextends: compact\nthread_name: "fatal in {{ service }}"\n')
    keys |= {"destinations": {"forum": {"webhook_url": forum.url, "thread_name": "telemetry"}}}
    fake = await shown(
        keys, *(logs_batch(1, first=number, severity=21 - 4 * (number % 2)) for number in range(4)), fake=fake
    )
    names = [entry.json.get("thread_name") for entry in fake.journal if entry.kind == "created"]
    assert names == ["fatal in shop", "telemetry", None, None]


@virtual
async def test_files_of_a_template_go_along(written: Written) -> None:
    keys = written(
        compact='extends: compact\nattachments: [{filename: note.txt, text: "all of {{ body or title }}"}]\n'
    )
    fake = await shown(keys, logs_batch(2))
    assert [file.filename for file in fake.messages[0].files] == ["note.txt", "note-2.txt"]


# --------------------------------------------------------------------------------------------------------------- reload


@virtual
async def test_a_reload_shows_what_waits_and_edits_what_is_posted_with_the_new_files(written: Written) -> None:
    fake = FakeDiscord(channel_limit=None)
    host = NopHost(hands_over=True)
    keys = written(
        compact='extends: compact\ntitle: "OLD {{ count_mark }}{{ title }}"\nbuttons: [{label: A, url: "https://a.example"}]\n'
    )
    keys |= {"fold": {"enabled": True, "edit_interval": "1s"}}
    async with running(fake, host=host, **keys) as rig:
        await rig.exporter.consume(logs_batch(1, body="it broke"))
        await rig.exporter.flushed()
        assert titles(fake) == ["OLD it broke"]
        assert buttons(fake.messages[0]) == [["A"]]
    keys |= written(compact='extends: compact\ntitle: "NEW {{ count_mark }}{{ title }}"\n')
    host.hands_over = False
    async with running(fake, host=host, **keys) as rig:
        await rig.exporter.consume(logs_batch(1, body="it broke"))
        await asyncio.sleep(30)
        assert titles(fake) == ["NEW ×2 it broke"]
        assert buttons(fake.messages[0]) == []
    assert fake.violations == []


@virtual
async def test_folding_renders_nothing(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is sent is rendered: 1,000 records of one problem are a message and a few edits."""
    from otel_discord.exporters.discord.render import Renderer

    rendered = 0
    render = Renderer.render

    def counted(self: Renderer, *args: Any, **options: Any) -> Any:
        nonlocal rendered
        rendered += 1
        return render(self, *args, **options)

    monkeypatch.setattr(Renderer, "render", counted)
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, fold={"enabled": True, "edit_interval": "10s"}, **FAST) as rig:
        for _ in range(10):
            await rig.exporter.consume(logs_batch(100, body="it broke"))
            await asyncio.sleep(0.5)
        await asyncio.sleep(30)
    assert titles(fake) == ["🔴 ×1,000 it broke"]
    assert rendered <= 4
