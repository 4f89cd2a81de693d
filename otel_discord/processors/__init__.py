"""Hallway: what telemetry walks through."""
