"""The Prometheus page: strict text, names verbatim, families merged over scopes."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource

from otel_discord.component.instruments import ExporterInstruments, ReceiverInstruments
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.service.telemetry.exposition import exposition
from otel_discord.service.telemetry.prometheus import PullReader
from otel_discord.signals import Signal


def meters() -> tuple[PullReader, MeterProvider]:
    reader = PullReader()
    return reader, MeterProvider([reader], Resource({}), shutdown_on_exit=False)


def test_nothing_measured_is_an_empty_page():
    assert exposition(None) == ""


def test_collector_names_have_no_suffix_and_ours_are_as_written(parse_prometheus):
    reader, provider = meters()
    receiver = ReceiverInstruments(provider.get_meter("a"), "otlp", "grpc")
    receiver.accepted(Signal.LOGS, 512)
    receiver.request("success")
    destination = DiscordInstruments(provider.get_meter("b"), "discord").destination("errors")
    destination.message_sent(embeds=10, attempts=1)
    destination.attempted(0.2)
    families = parse_prometheus(reader.page())
    accepted = families["otelcol_receiver_accepted_log_records"]
    assert accepted.type == "counter"
    assert accepted.value(receiver="otlp", transport="grpc") == 512
    assert families["otelcol_receiver_requests"].value(receiver="otlp", transport="grpc", outcome="success") == 1
    assert families["otel_discord_messages_sent_total"].value(exporter="discord", destination="errors") == 1
    duration = families["otel_discord_send_duration_seconds"]
    assert duration.type == "histogram"
    labels = {"exporter": "discord", "destination": "errors"}
    assert duration.value("_bucket", **labels, le="0.1") == 0
    assert duration.value("_bucket", **labels, le="0.25") == 1
    assert duration.value("_sum", **labels) == 0.2
    embeds = families["otel_discord_batch_embeds"]
    assert {dict(key[1])["le"] for key in embeds.samples if key[0] == "_bucket"} == {
        *(str(number) for number in range(1, 11)),
        "+Inf",
    }
    assert "target_info" not in families
    assert not any("otel_scope" in key for _, labels in accepted.samples for key, _ in labels)


def test_sums_are_there_from_the_start(parse_prometheus):
    reader, provider = meters()
    DiscordInstruments(provider.get_meter("x"), "discord").destination("ops")
    exporter = ExporterInstruments(provider.get_meter("x"), "discord")
    with exporter.watch_queue(Signal.LOGS, lambda: 3, lambda: 1024):
        families = parse_prometheus(reader.page())
    assert families["otel_discord_messages_sent_total"].value(exporter="discord", destination="ops") == 0
    assert families["otelcol_exporter_enqueue_failed_log_records"].value(exporter="discord") == 0
    assert families["otelcol_exporter_queue_size"].value(exporter="discord", data_type="logs") == 3
    assert "otelcol_exporter_sent_spans" not in families


def test_a_component_opened_anew_goes_on_counting_and_shows_its_own_queue(parse_prometheus):
    reader, provider = meters()
    for size in (1, 2):
        exporter = ExporterInstruments(provider.get_meter("exporter.discord"), "discord")
        with exporter.watch_queue(Signal.LOGS, lambda size=size: size, lambda: 10), exporter.in_flight(Signal.LOGS):
            exporter.sent(Signal.LOGS, 5)
            families = parse_prometheus(reader.page())
            assert families["otelcol_exporter_queue_size"].value(exporter="discord", data_type="logs") == size
            assert families["otelcol_exporter_in_flight_requests"].value(exporter="discord", data_type="logs") == 1
            assert families["otelcol_exporter_in_flight_requests"].type == "gauge"
            assert families["otelcol_exporter_sent_log_records"].value(exporter="discord") == 5 * size
    assert "otelcol_exporter_queue_size" not in parse_prometheus(reader.page())


def test_the_same_name_in_two_scopes_is_one_family_and_equal_labels_are_added(parse_prometheus):
    reader, provider = meters()
    for scope in ("a", "b"):
        meter = provider.get_meter(scope)
        meter.create_counter("requests", description="Requests.").add(2, {"who": "both"})
        meter.create_histogram("took", explicit_bucket_boundaries_advisory=[1.0]).record(0.5)
        meter.create_counter("requests").add(1, {"who": scope})
    families = parse_prometheus(reader.page())
    assert families["requests"].value(who="both") == 4
    assert families["requests"].value(who="a") == 1
    assert families["took"].value("_count") == 2


def test_a_name_with_two_meanings_keeps_the_first(parse_prometheus):
    reader, provider = meters()
    provider.get_meter("a").create_counter("thing").add(1)
    provider.get_meter("b").create_histogram("thing").record(1)
    assert parse_prometheus(reader.page())["thing"].type == "counter"


def test_a_callback_that_fails_costs_its_own_metric_only(parse_prometheus):
    def broken(_):
        raise RuntimeError("no reading")

    reader, provider = meters()
    provider.get_meter("a").create_observable_gauge("broken", [broken])
    provider.get_meter("a").create_counter("fine").add(1)
    assert set(parse_prometheus(reader.page())) == {"fine"}


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=4), st.floats(0, 1e300), st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a pure function
def test_any_label_value_and_help_survive(parse_prometheus, labels, value, description):
    reader, provider = meters()
    provider.get_meter("a").create_counter("things", description=description).add(value, labels)
    page = reader.page()
    page.encode("utf-8", "surrogatepass")
    family = parse_prometheus(page)["things"]
    (key, shown), *others = family.samples.items()
    assert not others
    assert shown == value
    assert {text for _, text in key[1]} <= set(labels.values())
