"""Each recording method uses exactly the labels that are documented, and each metric has a method that records it."""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource

from otel_discord.component.instrument_list import INSTRUMENTS
from otel_discord.component.instruments import (
    ExporterInstruments,
    ReceiverInstruments,
    ServiceInstruments,
    SpoolInstruments,
    StorageInstruments,
)
from otel_discord.component.instruments_discord import BreakerState, DeadLetterInstruments, DiscordInstruments
from otel_discord.signals import Signal


def series(reader: InMemoryMetricReader) -> dict[str, list[dict[str, str]]]:
    data = reader.get_metrics_data()
    return {
        metric.name: [dict(point.attributes or {}) for point in metric.data.data_points]
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def meters() -> tuple[InMemoryMetricReader, MeterProvider]:
    reader = InMemoryMetricReader()
    return reader, MeterProvider([reader], Resource({}), shutdown_on_exit=False)


def test_each_metric_is_recorded_with_its_labels():
    reader, provider = meters()
    meter = provider.get_meter("test")
    receiver, exporter = ReceiverInstruments(meter, "otlp", "grpc"), ExporterInstruments(meter, "discord")
    receiver.request("refused")
    for signal in Signal:
        for count in (
            receiver.accepted,
            receiver.refused,
            exporter.sent,
            exporter.send_failed,
            exporter.enqueue_failed,
        ):
            count(signal, 2)
    discord = DiscordInstruments(meter, "discord")
    discord.unknown_alert_ends(1)
    destination = discord.destination("errors")
    destination.batch_flushed()
    destination.attempted(0.1)
    destination.message_sent(embeds=3, attempts=1)
    destination.message_failed("not_found", attempts=1)
    destination.rate_limited("shared", 1.5, 1e9)
    destination.waited(0.5)
    destination.folded(3)
    destination.muted("hold", 3)
    destination.record_visible(-1.0)
    destination.breaker(BreakerState.OPEN)
    destination.attachments_shed(1)
    destination.possible_duplicate()
    destination.webhook_checked(up=True, response_s=0.1)
    destination.dead_letters_written(2)
    ServiceInstruments(meter).reloaded(successful=False)
    letters = DeadLetterInstruments(meter, "discord")
    letters.replayed(1)
    letters.purged(1, "hand")
    storage = StorageInstruments(meter, "file_storage")
    storage.committed(0.01, 3)
    storage.refused("disk_full")
    storage.damaged_file(2)
    spool = SpoolInstruments(meter, "discord")
    spool.spooled(Signal.LOGS, 1)
    with (
        spool.watch(Signal.LOGS, lambda: 4),
        storage.watch(lambda: 1, lambda: 2),
        storage.watch_snapshots(lambda: 3),
        letters.watch(lambda: 7),
        exporter.watch_queue(Signal.LOGS, lambda: 1, lambda: 2),
        exporter.in_flight(Signal.LOGS),
    ):
        recorded = series(reader)
    of_process = {name for name in INSTRUMENTS if name.startswith("otelcol_process")}
    of_connectors = {name for name, spec in INSTRUMENTS.items() if spec.labels[:1] == ("connector",)}  # in their tests
    of_runs = {name for name in INSTRUMENTS if name.startswith("otel_discord_run")}  # in the extension's tests
    assert set(recorded) == set(INSTRUMENTS) - of_process - of_connectors - of_runs
    for name, points in recorded.items():
        for labels in points:
            assert set(labels) == set(INSTRUMENTS[name].labels), name


def test_a_destination_that_is_closed_shows_no_present_values():
    reader, provider = meters()
    instruments = DiscordInstruments(provider.get_meter("test"), "discord")
    gone, stays = instruments.destination("gone"), instruments.destination("stays")
    for destination in (gone, stays):
        destination.webhook_checked(up=True, response_s=0.1)
        destination.folded(1)
    gone.close()
    recorded = series(reader)
    assert [labels["destination"] for labels in recorded["otel_discord_webhook_up"]] == ["stays"]
    assert len(recorded["otel_discord_folded_records_total"]) == 2


def test_two_providers_do_not_share_their_gauges():
    (first, one), (second, two) = meters(), meters()
    ServiceInstruments(one.get_meter("test")).reloaded(successful=True)
    ServiceInstruments(two.get_meter("test"))
    assert "otel_discord_config_last_reload_successful" in series(first)
    assert "otel_discord_config_last_reload_successful" not in series(second)
