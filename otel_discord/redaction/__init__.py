"""Patterns and masking. Filled by a later issue."""
