"""Back doors: where telemetry leaves."""
