"""What is shown outside of runs' channels says quietly which run it is of."""

import asyncio
from dataclasses import replace
from typing import Any, get_args

import pytest

from otel_discord.component.destination_source import LabelsResources
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_options import Preset, RenderOptions
from otel_discord.exporters.discord.sourced.run_mark import run_mark
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import firing
from tests.exporters.discord.rig import running
from tests.exporters.discord.sourced.fake_source import FakeSource, LabellingSource, alert_of_run, host_of, of_run
from tests.exporters.discord.sourced.test_runs import FAST, words


def card_of(run: str) -> Card:
    ((resource, scope, record),) = of_run(run, 1).records()
    return Card(
        resource=resource.SerializeToString(),
        scope=scope.SerializeToString(),
        record=record.SerializeToString(),
        severity=17,
        first_seen_ns=1,
        last_seen_ns=1,
        accepted_ns=1,
    )


@pytest.mark.looptime
async def test_telemetry_of_an_ended_run_says_whose_it_is_in_the_fallback() -> None:
    fake, source = FakeDiscord(), LabellingSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    assert isinstance(source, LabelsResources)
    assert not isinstance(FakeSource(), LabelsResources)
    name = source.add("a", run)
    folding = {**FAST, "fold": {"edit_interval": "10s"}}
    async with running(fake, host=host_of(source), webhook_url=own.url, **folding) as rig:
        await rig.exporter.consume(of_run("a", 1, first=1))
        await rig.exporter.flushed()
        assert "run a #1" not in words(rig, run)
        source.remove(name)
        await rig.exporter.consume(of_run("a", 1, first=2))
        await rig.exporter.flushed()
        (embed,) = fake.messages_of(own)[0].embeds
        assert embed["footer"]["text"] == "run a #1 (ab12)"
        await rig.exporter.consume(of_run("b", 1, first=2))
        await asyncio.sleep(60)
        (embed,) = fake.messages_of(own)[0].embeds
        assert embed["footer"]["text"] == "first in run a #1 (ab12)"  # another one has the same trouble


@pytest.mark.looptime
async def test_others_and_those_that_no_source_has_words_for_stay_as_they_are() -> None:
    for source in (LabellingSource(), FakeSource()):
        fake = FakeDiscord()
        async with running(fake, host=host_of(source), **FAST) as rig:
            await rig.exporter.consume(logs_batch(1) if isinstance(source, LabellingSource) else of_run("a", 1))
            await rig.exporter.flushed()
            (embed,) = fake.messages[0].embeds
            assert "footer" not in embed


@pytest.mark.looptime
async def test_an_alert_of_a_run_says_so_too() -> None:
    fake = FakeDiscord()
    async with running(fake, host=host_of(LabellingSource()), **FAST) as rig:
        await rig.exporter.consume(alert_of_run("a", firing(1)))
        await rig.exporter.flushed()
        (embed,) = fake.messages[0].embeds
        assert "run a #1 (ab12)" in embed["footer"]["text"]


def test_a_card_that_was_on_its_way_to_the_run_says_it_already() -> None:
    card = card_of("a")
    assert run_mark(card, lambda _: "run a") == "run a"
    assert run_mark(replace(card, been_to=("ops",)), lambda _: "run a") == "run a"
    assert run_mark(replace(card, been_to=("run/a",)), lambda _: "run a") == ""
    assert run_mark(replace(card, count=2), lambda _: "") == ""
    assert len(run_mark(card, lambda _: "x" * 10_000)) <= 120
    assert run_mark(card, lambda _: "run \u202e\x1b[31ma\nb") == "run a b"


@pytest.mark.parametrize("preset", get_args(Preset))
def test_every_preset_has_a_place_for_it(preset: Any) -> None:
    options = RenderOptions(preset=preset)
    shown = Renderer(options, whose=lambda _: "run a*b* @everyone").render(card_of("a"))
    plain = Renderer(options).render(card_of("a"))
    if shown.embed is None:
        assert shown.content == f"{plain.content}\nrun a\\*b\\* @\u200beveryone"
    else:
        assert plain.embed is not None
        assert shown.embed.footer is not None
        assert "run a*b* @\u200beveryone" in shown.embed.footer.text
        assert replace(shown.embed, footer=None) == replace(plain.embed, footer=None)
