"""A connector that counts spans, span events, metrics, data points and log records into metrics."""
