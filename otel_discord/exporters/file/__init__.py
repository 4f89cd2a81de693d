"""Writes logs, metrics and traces to a file."""
