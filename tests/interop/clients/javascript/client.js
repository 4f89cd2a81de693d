// Sends a plan with the OpenTelemetry SDK for JavaScript: `node client.js PLAN`; the rest is said by OTEL_ variables.
import { readFileSync } from "node:fs";
import { ROOT_CONTEXT, TraceFlags, diag, DiagConsoleLogger, DiagLogLevel, trace } from "@opentelemetry/api";
import { OTLPLogExporter as GrpcExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { defaultResource, detectResources, envDetector } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";

const EXPORTERS = { grpc: GrpcExporter, "http/protobuf": ProtobufExporter, "http/json": JsonExporter };

class DeclinedError extends Error {
  name = "DeclinedError";
}

function value(planned) {
  if (Array.isArray(planned)) return planned.map(value);
  if (planned === null || typeof planned !== "object") return planned;
  if ("$bytes" in planned) return new Uint8Array(Buffer.from(planned.$bytes, "base64"));
  return Object.fromEntries(Object.entries(planned).map(([key, item]) => [key, value(item)]));
}

function exceptionAttributes(message) {
  try {
    throw new DeclinedError(message);
  } catch (error) {
    return { "exception.type": error.name, "exception.message": error.message, "exception.stacktrace": error.stack };
  }
}

function spanContext(record) {
  if (!record.trace_id) return ROOT_CONTEXT;
  const span = { traceId: record.trace_id, spanId: record.span_id, traceFlags: TraceFlags.SAMPLED };
  return trace.setSpanContext(ROOT_CONTEXT, span);
}

function emit(logger, record) {
  logger.emit({
    timestamp: Date.now(),
    severityNumber: record.severity,
    severityText: record.severity_text || undefined,
    body: value(record.body),
    attributes: { ...value(record.attributes), ...(record.throws ? exceptionAttributes(record.message) : {}) },
    eventName: record.event_name || undefined,
    context: spanContext(record),
  });
}

diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
const plan = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const Exporter = EXPORTERS[process.env.OTEL_EXPORTER_OTLP_PROTOCOL];
const provider = new LoggerProvider({
  resource: defaultResource().merge(detectResources({ detectors: [envDetector] })),
  processors: [
    new BatchLogRecordProcessor({
      exporter: new Exporter(),
      maxExportBatchSize: Number(process.env.OTEL_BLRP_MAX_EXPORT_BATCH_SIZE),
      scheduledDelayMillis: Number(process.env.OTEL_BLRP_SCHEDULE_DELAY),
    }),
  ],
});
const logger = provider.getLogger("interop.javascript", "1.2.3");
const longest = Math.max(...plan.streams.map((stream) => stream.length));
for (let index = 0; index < longest; index += 1) {
  for (const stream of plan.streams) {
    if (index < stream.length) emit(logger, stream[index]);
  }
  if (plan.flush_each && (index + 1) % plan.flush_each === 0) await provider.forceFlush();
  else if (index % 8 === 7) await new Promise((resolve) => setTimeout(resolve, 10));
}
await provider.forceFlush();
await provider.shutdown();
