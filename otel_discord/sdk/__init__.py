"""Side door: the OpenTelemetry SDK exporter and the logging handler; thin, the same engine inside."""
