"""Asks the HTTP API of run channels, for ``otel-discord runs``."""
