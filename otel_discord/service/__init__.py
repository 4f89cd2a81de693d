"""Blueprint and keys: configuration file, registry, graph, lifecycle, own telemetry."""
