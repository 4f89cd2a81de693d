"""Waiting work on disk: SQLite in WAL mode."""
