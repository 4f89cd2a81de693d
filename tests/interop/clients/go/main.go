// Command client sends a plan with the OpenTelemetry SDK for Go: `client PLAN`; the rest is said by OTEL_ variables.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"
)

const patience = 30 * time.Second

type record struct {
	Severity     int            `json:"severity"`
	SeverityText string         `json:"severity_text"`
	Body         any            `json:"body"`
	Message      string         `json:"message"`
	Attributes   map[string]any `json:"attributes"`
	Throws       bool           `json:"throws"`
	EventName    string         `json:"event_name"`
	TraceID      string         `json:"trace_id"`
	SpanID       string         `json:"span_id"`
}

type plan struct {
	Streams   [][]record `json:"streams"`
	FlushEach int        `json:"flush_each"`
}

func main() {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { fmt.Fprintln(os.Stderr, "otel:", err) }))
	if err := send(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send(path string) error {
	var planned plan
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.UseNumber() // 64-bit integers stay what they are
	if err := decoder.Decode(&planned); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	exporter, err := newExporter(ctx)
	if err != nil {
		return err
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	var streams sync.WaitGroup
	for _, stream := range planned.Streams {
		streams.Add(1)
		go func() {
			defer streams.Done()
			logger := provider.Logger("interop.go", log.WithInstrumentationVersion("1.2.3"))
			for index, each := range stream {
				emit(logger, each)
				if planned.FlushEach > 0 && (index+1)%planned.FlushEach == 0 {
					if err := provider.ForceFlush(ctx); err != nil {
						otel.Handle(err)
					}
				}
			}
		}()
	}
	streams.Wait()
	return errors.Join(provider.ForceFlush(ctx), provider.Shutdown(ctx))
}

func newExporter(ctx context.Context) (sdklog.Exporter, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		return otlploggrpc.New(ctx)
	}
	return otlploghttp.New(ctx)
}

func emit(logger log.Logger, planned record) {
	var made log.Record
	made.SetTimestamp(time.Now())
	made.SetSeverity(log.Severity(planned.Severity))
	made.SetSeverityText(planned.SeverityText)
	made.SetBody(value(planned.Body))
	made.SetEventName(planned.EventName)
	made.AddAttributes(pairs(planned.Attributes)...)
	if planned.Throws {
		made.AddAttributes(failed(planned.Message)...)
	}
	logger.Emit(spanContext(planned), made)
}

// failed returns what is known of an error that was recovered from a panic, as web servers log it.
func failed(message string) (attributes []attribute.KeyValue) {
	defer func() {
		err := recover().(error)
		attributes = []attribute.KeyValue{
			attribute.String("exception.type", fmt.Sprintf("%T", err)),
			attribute.String("exception.message", err.Error()),
			attribute.String("exception.stacktrace", string(debug.Stack())),
		}
	}()
	panic(errors.New(message))
}

func spanContext(planned record) context.Context {
	if planned.TraceID == "" {
		return context.Background()
	}
	traceID, traceErr := trace.TraceIDFromHex(planned.TraceID)
	spanID, spanErr := trace.SpanIDFromHex(planned.SpanID)
	if err := errors.Join(traceErr, spanErr); err != nil {
		otel.Handle(err)
	}
	config := trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled}
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(config))
}

func pairs(planned map[string]any) []attribute.KeyValue {
	made := make([]attribute.KeyValue, 0, len(planned))
	for key, item := range planned {
		made = append(made, attribute.KeyValue{Key: attribute.Key(key), Value: value(item)})
	}
	slices.SortFunc(made, func(a, b attribute.KeyValue) int { return strings.Compare(string(a.Key), string(b.Key)) })
	return made
}

func value(planned any) attribute.Value {
	switch known := planned.(type) {
	case bool:
		return attribute.BoolValue(known)
	case string:
		return attribute.StringValue(known)
	case json.Number:
		if whole, err := known.Int64(); err == nil {
			return attribute.Int64Value(whole)
		}
		broken, err := known.Float64()
		if err != nil {
			otel.Handle(err)
		}
		return attribute.Float64Value(broken)
	case []any:
		items := make([]attribute.Value, 0, len(known))
		for _, item := range known {
			items = append(items, value(item))
		}
		return attribute.SliceValue(items...)
	case map[string]any:
		if encoded, ok := known["$bytes"].(string); ok {
			decoded, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				otel.Handle(err)
			}
			return attribute.ByteSliceValue(decoded)
		}
		return attribute.MapValue(pairs(known)...)
	}
	return attribute.Value{}
}
