"""Trace and span ids: bytes in OTLP, hex for people; an id of the wrong length or of zeros is no id."""

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8


def trace_id_hex(value: bytes) -> str:
    """Return 32 hex digits, or "" where there is no trace."""
    return value.hex() if len(value) == TRACE_ID_BYTES and any(value) else ""


def span_id_hex(value: bytes) -> str:
    """Return 16 hex digits, or "" where there is no span."""
    return value.hex() if len(value) == SPAN_ID_BYTES and any(value) else ""
