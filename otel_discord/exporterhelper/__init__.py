"""Plumbing any exporter reuses: queue, batch, retry, backoff."""
