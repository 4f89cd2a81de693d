"""A log record as it was when the application wrote it: plain values, ready to become OTLP on another thread.

Light on purpose: it is made on the application's threads, which wait for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_discord.sdk.capture import Captured


@dataclass(slots=True, eq=False)
class Snapshot:
    """One record. Times are nanoseconds since the epoch; ids are integers, 0 for none.

    Values of ``body`` and ``attributes`` are frozen: nothing that the application can still change
    (see :mod:`otel_discord.sdk.freeze`). ``resource`` is shared by the records of one source and never changed.
    """

    time_ns: int
    severity: int
    """Severity number, 1 to 24."""
    severity_text: str
    body: Any
    attributes: Mapping[str, Any]
    scope: str
    """Name of the logger."""
    resource: Mapping[str, Any]
    scope_version: str = ""
    event_name: str = ""
    trace_id: int = 0
    span_id: int = 0
    flags: int = 0
    template: str = ""
    """The message before its arguments, where it is known: a full buffer counts by it."""
    exception: "Captured | None" = None
    """What :func:`otel_discord.sdk.capture.capture` made of it; it is put into words where there is time."""
    size_bytes: int = 0
    """About what it takes up."""
    count: int = 1
    """How many records it stands for."""
    last_ns: int = 0
    """Time of the last of them, where they are several."""
