"""Passes logs, metrics and traces on to the next collector over OTLP/gRPC."""
