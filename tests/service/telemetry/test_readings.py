"""Numbers for those inside are those that Prometheus shows."""

import re

from opentelemetry.sdk.metrics import MeterProvider

from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.service.telemetry.prometheus import PullReader
from otel_discord.service.telemetry.readings import readings
from otel_discord.signals import Signal


def test_none() -> None:
    assert readings(None) == ()


def test_sums_gauges_and_histograms() -> None:
    reader = PullReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("foreign").create_counter("of_somebody_else").add(1)
    for scope in ("a", "b"):  # as a component that was opened anew
        ExporterInstruments(provider.get_meter(scope), "discord").sent(Signal.LOGS, 5)
    ops = DiscordInstruments(provider.get_meter("a"), "discord").destination("ops")
    for duration_s in (0.02, 0.3, 0.3, 99.0):
        ops.attempted(duration_s)
    ops.webhook_checked(up=True, response_s=0.25)
    found = {(each.name, tuple(sorted(each.labels.items()))): each for each in readings(reader.data())}
    where = (("destination", "ops"), ("exporter", "discord"))
    assert found["otelcol_exporter_sent_log_records", (("exporter", "discord"),)].value == 10
    assert found["otel_discord_webhook_response_seconds", where].value == 0.25
    durations = found["otel_discord_send_duration_seconds", where]
    assert (durations.value, round(durations.total, 2)) == (4, 99.62)
    assert len(durations.counts) == len(durations.bounds) + 1
    assert (sum(durations.counts), durations.counts[-1]) == (4, 1)
    assert not any(name == "of_somebody_else" for name, _ in found)
    page = reader.page()
    for (name, labels), each in found.items():
        if not each.bounds:
            braces = "{" + ",".join(f'{key}="{value}"' for key, value in labels) + "}" if labels else ""
            assert re.search(rf"^{re.escape(name + braces)} {each.value:g}$", page, re.MULTILINE)
    provider.shutdown()
