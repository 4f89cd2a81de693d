"""Waiting work in PostgreSQL."""
