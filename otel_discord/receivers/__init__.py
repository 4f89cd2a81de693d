"""Front doors: where telemetry comes in."""
