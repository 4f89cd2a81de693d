"""What is counted of a run: every record, whatever its severity."""

from typing import Any

import pytest

from otel_discord.component.destination_source import Tally
from otel_discord.config import Secret
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.sourced.tally import TallyBook
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_request
from tests.exporters.discord.rig import running
from tests.exporters.discord.sourced.fake_source import FakeSource, host_of, of_run

RUN = Destination(name="run/a", webhook=WebhookUrl("1", Secret("t")), min_severity=13, preset="compact")


def told(book: TallyBook, **request: Any) -> Tally:
    """Count one batch as accepted."""
    heard: list[Tally] = []
    book.accepted(book.count(logs_request(**request), [RUN]), lambda _, tally: heard.append(tally))
    return heard[0]


def test_severities_are_counted_each_in_its_place() -> None:
    book = TallyBook(lambda text: text)
    assert told(book, count=2, severity=1) == Tally(records=2)
    assert told(book, count=2, severity=16) == Tally(records=2, warnings=2)
    found = told(book, count=3, severity=17, body="boom {n}\nmore")
    assert found == Tally(records=3, errors=3, last_error="boom 2")
    assert told(book, severity=0) == Tally(records=1)


def test_the_last_error_is_masked_before_it_is_cut() -> None:
    secret = "x" * 290 + " hunter2hunter2"
    found = told(TallyBook(lambda text: text.replace("hunter2hunter2", "***")), severity=17, body=secret)
    assert "hunter" not in found.last_error
    assert len(found.last_error) <= 300


@pytest.mark.parametrize(
    ("attributes", "body", "name"),
    [
        ({"event.name": "run.step", "step.name": "build"}, "x", "build"),
        ({"event.name": "run.step"}, "\n  unit tests \nrest", "unit tests"),
        ({"cicd.pipeline.task.name": "deploy"}, "x", "deploy"),
    ],
)
def test_steps_have_names(attributes: dict[str, Any], body: str, name: str) -> None:
    event = attributes.pop("event.name", "")
    request = logs_request(severity=9, body=body, attributes=attributes)
    request.resource_logs[0].scope_logs[0].log_records[0].event_name = event
    counted = TallyBook(lambda text: text).count(request, [RUN])
    assert counted.tallies["run/a"] == Tally(records=1, steps=1, last_step=name)


def test_a_task_is_a_step_when_it_is_another_than_before() -> None:
    book = TallyBook(lambda text: text)
    task = "cicd.pipeline.task.name"
    assert told(book, count=3, attributes={task: "build"}, severity=9).steps == 1
    assert told(book, count=3, attributes={task: "build"}, severity=9).steps == 0
    assert told(book, count=3, resource={task: "test"}, severity=9) == Tally(records=3, steps=1, last_step="test")
    assert told(book, attributes={task: "build"}, severity=9).steps == 1
    book.forget("run/a")
    assert told(book, attributes={task: "build"}, severity=9).steps == 1


def test_a_batch_that_is_not_accepted_counts_nothing() -> None:
    book = TallyBook(lambda text: text)
    book.count(logs_request(attributes={"cicd.pipeline.task.name": "build"}), [RUN])
    assert told(book, attributes={"cicd.pipeline.task.name": "build"}).steps == 1


@pytest.mark.looptime
async def test_the_source_hears_of_every_record_of_a_live_run_and_of_no_other() -> None:
    fake, source = FakeDiscord(), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    source.add("a", run)
    async with running(
        fake, host=host_of(source), webhook_url=own.url, destinations_from="run_channels", min_severity="ERROR"
    ) as rig:
        await rig.exporter.consume(of_run("a", 5, severity=5))
        await rig.exporter.consume(of_run("b", 5, severity=17))
        await rig.exporter.consume(of_run("a", 2, severity=17, body="token=abcdefghijklmnopqrstuvwxyz0123456789 {n}"))
        heard = source.tallies
        assert [tally.records for tally in heard["run/a"]] == [5, 2]
        assert heard["run/a"][1].errors == 2
        assert "abcdefghijklmnopqrstuvwxyz" not in heard["run/a"][1].last_error
        assert list(heard) == ["run/a"]
