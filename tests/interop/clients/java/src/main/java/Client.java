import com.google.gson.Gson;
import com.google.gson.ToNumberPolicy;
import com.google.gson.GsonBuilder;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.logs.LogRecordBuilder;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Sends a plan with the OpenTelemetry SDK for Java: {@code Client PLAN}; the rest is said by OTEL_ variables. */
public final class Client {
  private static final int PATIENCE_S = 30;

  static final class Plan {
    List<List<Planned>> streams;
    int flush_each;
  }

  static final class Planned {
    int severity;
    String severity_text;
    Object body;
    String message;
    Map<String, Object> attributes;
    boolean throws_;
    String event_name;
    String trace_id;
    String span_id;
  }

  static final class DeclinedException extends RuntimeException {
    DeclinedException(String message) {
      super(message);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Gson gson =
        new GsonBuilder()
            .setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE)
            .setFieldNamingStrategy(field -> field.getName().replaceAll("_$", ""))
            .create();
    Plan plan = gson.fromJson(Files.readString(Path.of(arguments[0])), Plan.class);
    OpenTelemetrySdk sdk =
        AutoConfiguredOpenTelemetrySdk.builder().disableShutdownHook().build().getOpenTelemetrySdk();
    SdkLoggerProvider provider = sdk.getSdkLoggerProvider();
    List<Thread> threads = new ArrayList<>();
    for (List<Planned> stream : plan.streams) {
      threads.add(new Thread(() -> send(provider, stream, plan.flush_each)));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    boolean flushed = provider.forceFlush().join(PATIENCE_S, TimeUnit.SECONDS).isSuccess();
    sdk.shutdown().join(PATIENCE_S, TimeUnit.SECONDS);
    System.exit(flushed ? 0 : 1);
  }

  private static void send(SdkLoggerProvider provider, List<Planned> stream, int flushEach) {
    Logger logger = provider.loggerBuilder("interop.java").setInstrumentationVersion("1.2.3").build();
    for (int index = 0; index < stream.size(); index++) {
      emit(logger, stream.get(index));
      if (flushEach > 0 && (index + 1) % flushEach == 0) {
        provider.forceFlush().join(PATIENCE_S, TimeUnit.SECONDS);
      }
    }
  }

  private static void emit(Logger logger, Planned planned) {
    LogRecordBuilder made =
        logger
            .logRecordBuilder()
            .setTimestamp(Instant.now())
            .setContext(context(planned))
            .setSeverity(severity(planned.severity))
            .setBody(value(planned.body));
    if (!planned.severity_text.isEmpty()) {
      made.setSeverityText(planned.severity_text);
    }
    if (!planned.event_name.isEmpty()) {
      made.setEventName(planned.event_name);
    }
    planned.attributes.forEach((key, item) -> made.setAttribute(key, value(item)));
    if (planned.throws_) {
      try {
        throw new DeclinedException(planned.message);
      } catch (DeclinedException exception) {
        StringWriter trace = new StringWriter();
        exception.printStackTrace(new PrintWriter(trace));
        made.setAttribute("exception.type", exception.getClass().getName());
        made.setAttribute("exception.message", exception.getMessage());
        made.setAttribute("exception.stacktrace", trace.toString());
      }
    }
    made.emit();
  }

  private static Severity severity(int number) {
    for (Severity severity : Severity.values()) {
      if (severity.getSeverityNumber() == number) {
        return severity;
      }
    }
    return Severity.UNDEFINED_SEVERITY_NUMBER;
  }

  private static Context context(Planned planned) {
    if (planned.trace_id.isEmpty()) {
      return Context.root();
    }
    SpanContext span =
        SpanContext.create(planned.trace_id, planned.span_id, TraceFlags.getSampled(), TraceState.getDefault());
    return Context.root().with(Span.wrap(span));
  }

  private static Value<?> value(Object planned) {
    if (planned instanceof Boolean known) {
      return Value.of(known.booleanValue());
    }
    if (planned instanceof Long known) {
      return Value.of(known.longValue());
    }
    if (planned instanceof Double known) {
      return Value.of(known.doubleValue());
    }
    if (planned instanceof List<?> known) {
      List<Value<?>> items = new ArrayList<>();
      known.forEach(item -> items.add(value(item)));
      return Value.of(items);
    }
    if (planned instanceof Map<?, ?> known) {
      if (known.get("$bytes") instanceof String encoded) {
        return Value.of(Base64.getDecoder().decode(encoded));
      }
      Map<String, Value<?>> items = new LinkedHashMap<>();
      known.forEach((key, item) -> items.put((String) key, value(item)));
      return Value.of(items);
    }
    return Value.of((String) planned);
  }
}
