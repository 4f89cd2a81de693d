// Makes the load of a plan and tells it as metrics: `node metrics.js PLAN`; the rest is said by OTEL_ variables.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { diag, DiagConsoleLogger, DiagLogLevel } from "@opentelemetry/api";
import { OTLPMetricExporter as GrpcExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { defaultResource, detectResources, envDetector } from "@opentelemetry/resources";
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";

const EXPORTERS = { grpc: GrpcExporter, "http/protobuf": ProtobufExporter };

diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
const plan = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const exporter = new EXPORTERS[process.env.OTEL_EXPORTER_OTLP_PROTOCOL]();
const provider = new MeterProvider({
  resource: defaultResource().merge(detectResources({ detectors: [envDetector] })),
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000, exportTimeoutMillis: 10_000 })],
  views: [{ instrumentName: "request.size", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const meter = provider.getMeter("interop.metrics", "1.2.3");
const jobs = meter.createUpDownCounter("queue.jobs", { unit: "{job}" });
const level = meter.createGauge("tank.level", { unit: "1" });
const failures = meter.createCounter("orders.failed", { unit: "{order}" });
const duration = meter.createHistogram("request.duration", {
  unit: "s",
  advice: { explicitBucketBoundaries: plan.bounds },
});
const size = meter.createHistogram("request.size", { unit: "By" });

for (const step of plan.steps) {
  const attributes = { route: plan.route };
  jobs.add(step.jobs, attributes);
  level.record(step.level, attributes);
  failures.add(step.failures, attributes);
  for (const each of step.durations_s) duration.record(each, attributes);
  for (const each of step.sizes) size.record(each, attributes);
  await provider.forceFlush();
  await sleep(1000 * step.pause_s);
}
await provider.shutdown();
