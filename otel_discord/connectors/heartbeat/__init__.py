"""A connector that says what arrives, and fires an alert where telemetry stops."""
