"""Conditions and statements of the Collector's language. Filled by a later issue."""
