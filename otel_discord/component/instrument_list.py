"""Every metric of the house: its exact name, kind, unit, labels and buckets.

``docs/reference/metrics.md`` explains each, and a test keeps the two alike. Names are what Prometheus shows: the
Collector's without ``_total``, ours as written here. Values of labels come from configuration and from fixed words
only, never from telemetry, and never hold a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from otel_discord.signals.batch import Signal


class InstrumentKind(StrEnum):
    """What a number means: a sum that only grows, one that goes up and down, a distribution, or a present value."""

    COUNTER = "counter"
    UP_DOWN_COUNTER = "updowncounter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric, as documented. ``buckets`` are the upper bounds of a histogram."""

    name: str
    kind: InstrumentKind
    unit: str
    description: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_SEND_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WAIT_S: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
_AGE_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)
_COMMIT_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_WORKS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
_CREATE_S: Final = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
_ONE_TO_TEN: Final = tuple(float(n) for n in range(1, 11))

ITEMS: Final[Mapping[Signal, tuple[str, str]]] = {
    Signal.LOGS: ("log_records", "{record}"),
    Signal.METRICS: ("metric_points", "{datapoint}"),
    Signal.TRACES: ("spans", "{span}"),
}
FILTERED: Final[Mapping[Signal, str]] = {
    Signal.LOGS: "otelcol_processor_filter_logs_filtered",
    Signal.METRICS: "otelcol_processor_filter_datapoints_filtered",
    Signal.TRACES: "otelcol_processor_filter_spans_filtered",
}
"""The Collector's names, which are none of the usual words."""
_RECEIVER: Final = ("receiver", "transport")
_PROCESSOR: Final = ("processor",)
_FILTER: Final = ("filter",)
_EXPORTER: Final = ("exporter",)
_QUEUE: Final = ("exporter", "data_type")
_CONNECTOR: Final = ("connector",)
DESTINATION: Final = ("exporter", "destination")
_EXTENSION: Final = ("extension",)
_COUNTER, _GAUGE, _HISTOGRAM = InstrumentKind.COUNTER, InstrumentKind.GAUGE, InstrumentKind.HISTOGRAM


def _each_signal(prefix: str, labels: tuple[str, ...], description: str) -> list[Instrument]:
    return [
        Instrument(f"{prefix}_{items}", _COUNTER, unit, description.format(items.replace("_", " ")), labels)
        for items, unit in ITEMS.values()
    ]


PREFIX: Final = "otel_discord_"
INSTRUMENTS: Final[Mapping[str, Instrument]] = {
    instrument.name: instrument
    for instrument in [
        *_each_signal("otelcol_receiver_accepted", _RECEIVER, "How many {} the pipeline has taken."),
        *_each_signal("otelcol_receiver_refused", _RECEIVER, "How many {} the pipeline has not taken."),
        Instrument("otelcol_receiver_requests", _COUNTER, "{request}", "Requests by outcome.", (*_RECEIVER, "outcome")),
        *_each_signal("otelcol_processor_accepted", _PROCESSOR, "How many {} the memory limiter has let through."),
        *_each_signal("otelcol_processor_refused", _PROCESSOR, "How many {} the memory limiter has refused."),
        *(
            Instrument(
                name,
                _COUNTER,
                ITEMS[signal][1],
                f"How many {ITEMS[signal][0].replace('_', ' ')} a filter dropped.",
                _FILTER,
            )
            for signal, name in FILTERED.items()
        ),
        *_each_signal("otelcol_exporter_sent", _EXPORTER, "How many {} have arrived."),
        *_each_signal("otelcol_exporter_send_failed", _EXPORTER, "How many {} could not be delivered."),
        *_each_signal("otelcol_exporter_enqueue_failed", _EXPORTER, "How many {} found no room in the queue."),
        Instrument("otelcol_exporter_queue_size", _GAUGE, "{unit}", "Room taken, in units of the sizer.", _QUEUE),
        Instrument("otelcol_exporter_queue_capacity", _GAUGE, "{unit}", "Room in all, in units of the sizer.", _QUEUE),
        Instrument(
            "otelcol_exporter_in_flight_requests",
            InstrumentKind.UP_DOWN_COUNTER,
            "{request}",
            "Batches taken from the queue and not yet ended, waits between attempts included.",
            _QUEUE,
        ),
        Instrument(
            f"{PREFIX}spooled_records_total",
            _COUNTER,
            "{record}",
            "Records taken into the spool, since the shared storage was away.",
            _QUEUE,
        ),
        Instrument(f"{PREFIX}spool_records", _GAUGE, "{record}", "Records that wait in the spool.", _QUEUE),
        Instrument("otelcol_process_uptime", _COUNTER, "s", "Time since the service started."),
        Instrument("otelcol_process_cpu_seconds", _COUNTER, "s", "CPU time of the process, user and system."),
        Instrument("otelcol_process_memory_rss", _GAUGE, "By", "Memory of the process that is in RAM."),
        Instrument(f"{PREFIX}messages_sent_total", _COUNTER, "{message}", "Messages that Discord has.", DESTINATION),
        Instrument(
            f"{PREFIX}messages_failed_total",
            _COUNTER,
            "{message}",
            "Messages given up, by reason.",
            (*DESTINATION, "reason"),
        ),
        Instrument(f"{PREFIX}batches_flushed_total", _COUNTER, "{batch}", "Batches of cards handed on.", DESTINATION),
        Instrument(f"{PREFIX}batch_embeds", _HISTOGRAM, "{embed}", "Embeds in a message.", DESTINATION, _ONE_TO_TEN),
        Instrument(
            f"{PREFIX}send_duration_seconds", _HISTOGRAM, "s", "Time of one request to Discord.", DESTINATION, _SEND_S
        ),
        Instrument(
            f"{PREFIX}attempts_per_send",
            _HISTOGRAM,
            "{attempt}",
            "Attempts until a message ended, waits for a rate limit not counted.",
            DESTINATION,
            _ONE_TO_TEN,
        ),
        Instrument(
            f"{PREFIX}rate_limited_total",
            _COUNTER,
            "{answer}",
            "Answers 429, by whose limit it was.",
            (*DESTINATION, "scope"),
        ),
        Instrument(
            f"{PREFIX}rate_limit_wait_seconds",
            _HISTOGRAM,
            "s",
            "Time that a message waited for permission to be sent.",
            DESTINATION,
            _WAIT_S,
        ),
        Instrument(
            f"{PREFIX}last_429_timestamp_seconds", _GAUGE, "s", "When the last 429 came, Unix time.", DESTINATION
        ),
        Instrument(
            f"{PREFIX}last_retry_after_seconds", _GAUGE, "s", "The wait that the last 429 asked for.", DESTINATION
        ),
        Instrument(
            f"{PREFIX}folded_records_total",
            _COUNTER,
            "{record}",
            "Records counted into a card that was there.",
            DESTINATION,
        ),
        Instrument(
            f"{PREFIX}muted_records_total",
            _COUNTER,
            "{record}",
            "Records that a mute has held, dropped, silenced, or let come without a ping.",
            (*DESTINATION, "action"),
        ),
        Instrument(
            f"{PREFIX}unknown_alert_ends_total",
            _COUNTER,
            "{record}",
            "Records that told the end of an alert which is shown nowhere; they are dropped.",
            _EXPORTER,
        ),
        Instrument(
            f"{PREFIX}record_age_seconds",
            _HISTOGRAM,
            "s",
            "Time from a record's own time stamp to its message in Discord.",
            DESTINATION,
            _AGE_S,
        ),
        Instrument(
            f"{PREFIX}breaker_state", _GAUGE, "1", "Circuit breaker: 0 closed, 1 half-open, 2 open.", DESTINATION
        ),
        Instrument(
            f"{PREFIX}attachments_shed_total", _COUNTER, "{file}", "Attachments left out to save memory.", DESTINATION
        ),
        Instrument(
            f"{PREFIX}possible_duplicates_total",
            _COUNTER,
            "{message}",
            "Messages sent again although the first may have arrived.",
            DESTINATION,
        ),
        Instrument(
            f"{PREFIX}webhook_up", _GAUGE, "1", "Whether the last check found the webhook: 1 or 0.", DESTINATION
        ),
        Instrument(f"{PREFIX}webhook_response_seconds", _GAUGE, "s", "Time that the last check took.", DESTINATION),
        Instrument(
            f"{PREFIX}storage_commit_duration_seconds",
            _HISTOGRAM,
            "s",
            "Time of one commit, the works in it included.",
            _EXTENSION,
            _COMMIT_S,
        ),
        Instrument(
            f"{PREFIX}storage_works_per_commit", _HISTOGRAM, "{work}", "Works in one commit.", _EXTENSION, _WORKS
        ),
        Instrument(
            f"{PREFIX}storage_refused_total",
            _COUNTER,
            "{work}",
            "Works that could not be stored, by reason.",
            (*_EXTENSION, "reason"),
        ),
        Instrument(f"{PREFIX}storage_damaged_files_total", _COUNTER, "{file}", "Damaged files set aside.", _EXTENSION),
        Instrument(
            f"{PREFIX}storage_damaged_rows_total", _COUNTER, "{row}", "Rows whose checksum does not hold.", _EXTENSION
        ),
        Instrument(f"{PREFIX}storage_size_bytes", _GAUGE, "By", "What waiting work takes up on disk.", _EXTENSION),
        Instrument(f"{PREFIX}storage_free_bytes", _GAUGE, "By", "What is free on its volume.", _EXTENSION),
        Instrument(
            f"{PREFIX}storage_oldest_snapshot_seconds",
            _GAUGE,
            "s",
            "For how long the oldest transaction on the database has been open.",
            _EXTENSION,
        ),
        Instrument(
            f"{PREFIX}dead_letters_written_total",
            _COUNTER,
            "{letter}",
            "Records that could not be delivered and are kept.",
            DESTINATION,
        ),
        Instrument(f"{PREFIX}dead_letters", _GAUGE, "{letter}", "Dead letters that are kept.", _EXPORTER),
        Instrument(f"{PREFIX}dead_letters_replayed_total", _COUNTER, "{letter}", "Dead letters sent again.", _EXPORTER),
        Instrument(
            f"{PREFIX}dead_letters_purged_total",
            _COUNTER,
            "{letter}",
            "Dead letters removed for good, by cause.",
            (*_EXPORTER, "cause"),
        ),
        Instrument(
            f"{PREFIX}threshold_evaluations_total", _COUNTER, "{evaluation}", "Evaluations of all rules.", _CONNECTOR
        ),
        Instrument(
            f"{PREFIX}threshold_evaluation_lag_seconds",
            _HISTOGRAM,
            "s",
            "Time from when an evaluation was due until its alerts were handed on.",
            _CONNECTOR,
            _SEND_S,
        ),
        Instrument(
            f"{PREFIX}threshold_points_total",
            _COUNTER,
            "{datapoint}",
            "Data points and series that were not taken as they are, by what became of them.",
            (*_CONNECTOR, "what"),
        ),
        Instrument(f"{PREFIX}threshold_alerts", _GAUGE, "{alert}", "Alerts, by state.", (*_CONNECTOR, "state")),
        Instrument(
            f"{PREFIX}threshold_alerts_refused_total",
            _COUNTER,
            "{alert}",
            "Attempts of an alert to begin while there were too many.",
            _CONNECTOR,
        ),
        Instrument(
            f"{PREFIX}exceptions_total",
            _COUNTER,
            "{exception}",
            "Exceptions and failures that spans tell, by what became of them.",
            (*_CONNECTOR, "outcome"),
        ),
        Instrument(
            f"{PREFIX}slow_spans_total",
            _COUNTER,
            "{record}",
            "Records of slow spans, by what became of them.",
            (*_CONNECTOR, "outcome"),
        ),
        Instrument(
            f"{PREFIX}slow_spans_let_go_total",
            _COUNTER,
            "{item}",
            "What was let go before its time because a bound was reached.",
            (*_CONNECTOR, "what"),
        ),
        Instrument(
            f"{PREFIX}heartbeat_groups", _GAUGE, "{group}", "Groups waited for, by state.", (*_CONNECTOR, "state")
        ),
        Instrument(
            f"{PREFIX}heartbeat_groups_let_go_total",
            _COUNTER,
            "{group}",
            "Groups that are not waited for any more, by cause.",
            (*_CONNECTOR, "cause"),
        ),
        Instrument(f"{PREFIX}runs", _GAUGE, "{run}", "Runs that are remembered, by state.", (*_EXTENSION, "state")),
        Instrument(
            f"{PREFIX}runs_overdue",
            _GAUGE,
            "{run}",
            "Runs whose time was over ten minutes ago or more and that are not cleaned up after.",
            _EXTENSION,
        ),
        Instrument(
            f"{PREFIX}run_requests_total",
            _COUNTER,
            "{request}",
            "Requests to the API of run channels, by outcome.",
            (*_EXTENSION, "action", "outcome"),
        ),
        Instrument(
            f"{PREFIX}run_create_duration_seconds",
            _HISTOGRAM,
            "s",
            "Time that callers of new runs waited for channel and webhook.",
            _EXTENSION,
            _CREATE_S,
        ),
        Instrument(f"{PREFIX}runs_adopted_total", _COUNTER, "{run}", "Runs found in Discord alone.", _EXTENSION),
        Instrument(
            f"{PREFIX}runs_mended_total",
            _COUNTER,
            "{run}",
            "Running runs of which somebody had deleted the webhook or the channel.",
            (*_EXTENSION, "what"),
        ),
        Instrument(
            f"{PREFIX}run_bot_requests_total",
            _COUNTER,
            "{request}",
            "Requests of the bot of run channels to Discord, by outcome.",
            (*_EXTENSION, "outcome"),
        ),
        Instrument(
            f"{PREFIX}run_bot_wait_seconds",
            _HISTOGRAM,
            "s",
            "Time that a request of that bot waited for its turn.",
            _EXTENSION,
            _WAIT_S,
        ),
        Instrument(
            f"{PREFIX}config_last_reload_successful", _GAUGE, "1", "Whether the last reload was taken over: 1 or 0."
        ),
    ]
}
