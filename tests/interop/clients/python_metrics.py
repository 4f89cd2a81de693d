"""Makes the load of a plan and tells it as metrics: ``python_metrics.py PLAN``; the rest is said by OTEL_ variables."""

import json
import logging
import os
import sys
import time
from pathlib import Path

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource


def main() -> int:
    logging.basicConfig(level=logging.WARNING)
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    reader = PeriodicExportingMetricReader(_exporter(), export_interval_millis=600_000)
    views = [View(instrument_name="request.size", aggregation=ExponentialBucketHistogramAggregation())]
    provider = MeterProvider([reader], Resource.create(), views=views)
    meter = provider.get_meter("interop.metrics", "1.2.3")
    jobs = meter.create_up_down_counter("queue.jobs", "{job}")
    level = meter.create_gauge("tank.level", "1")
    failures = meter.create_counter("orders.failed", "{order}")
    bounds = plan["bounds"]
    duration = meter.create_histogram("request.duration", "s", explicit_bucket_boundaries_advisory=bounds)
    size = meter.create_histogram("request.size", "By")
    attributes = {"route": plan["route"]}
    flushed = True
    for step in plan["steps"]:
        jobs.add(step["jobs"], attributes)
        level.set(step["level"], attributes)
        failures.add(step["failures"], attributes)
        for each in step["durations_s"]:
            duration.record(each, attributes)
        for each in step["sizes"]:
            size.record(each, attributes)
        flushed = provider.force_flush() and flushed
        time.sleep(step["pause_s"])
    provider.shutdown()
    return 0 if flushed else 1


def _exporter() -> MetricExporter:
    if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter

        return GrpcExporter()
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter

    return HttpExporter()


if __name__ == "__main__":
    sys.exit(main())
