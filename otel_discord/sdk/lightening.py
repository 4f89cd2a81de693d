"""A snapshot too large for the room there is: what makes it large goes, what happened stays."""

from dataclasses import replace
from typing import Any, Final

from otel_discord.sdk.capture import Captured
from otel_discord.sdk.freeze import cut_middle, value_weight, weight
from otel_discord.sdk.snapshot import Snapshot

LIGHT_BYTES: Final = 16 * 1024
LEAST_BYTES: Final = 768
"""What any snapshot can be brought down to."""
_LEVELS: Final = (4096, 512, 96)
_LAST_LEVEL_CHARS: Final = 24
_MOST_ATTRIBUTES: Final = 16
_MOST_FRAMES: Final = 16


def lighten(snapshot: Snapshot, most_bytes: int) -> None:
    """Change the snapshot so that it takes up at most so many bytes (never less than ``LEAST_BYTES``).

    Texts are cut in the middle; bytes, lists and maps that are large become a text that says so; of many attributes
    the first 16 stay; an exception keeps its innermost frames, without its chain. At the very least the beginning of
    the body stays, with severity, time and logger.
    """
    for chars in _LEVELS:
        _shorten(snapshot, chars)
        snapshot.size_bytes = weight(snapshot)
        if snapshot.size_bytes <= most_bytes:
            return
    snapshot.body = cut_middle(_text(snapshot.body), _LAST_LEVEL_CHARS)
    snapshot.event_name = snapshot.event_name[:_LAST_LEVEL_CHARS]
    snapshot.template = ""
    snapshot.attributes = {}
    snapshot.exception = None
    snapshot.size_bytes = weight(snapshot)


def _shorten(snapshot: Snapshot, chars: int) -> None:
    snapshot.body = _short_value(snapshot.body, chars)
    snapshot.template = cut_middle(snapshot.template, chars)
    snapshot.event_name = snapshot.event_name[:chars]
    attributes = list(snapshot.attributes.items())
    if len(attributes) * chars > LIGHT_BYTES:
        attributes = attributes[:_MOST_ATTRIBUTES]
    snapshot.attributes = {cut_middle(key, chars): _short_value(value, chars) for key, value in attributes}
    if snapshot.exception is not None:
        snapshot.exception = _short_exception(snapshot.exception, chars)


def _short_value(value: Any, chars: int) -> Any:
    if type(value) is str:
        return cut_middle(value, chars)
    size = value_weight(value)
    return value if size <= chars else f"<{size:,} bytes left out>"


def _short_exception(captured: Captured, chars: int) -> Captured:
    frames = captured.frames + captured.last_frames
    kept = frames[-_MOST_FRAMES:]
    message = cut_middle(captured.message, chars)
    notes = tuple(cut_middle(note, chars) for note in captured.notes[:1])
    return replace(
        captured,
        message=message,
        notes=notes,
        frames=(),
        last_frames=kept,
        frames_left_out=captured.frames_left_out + len(frames) - len(kept),
        earlier=None,
        earlier_left_out=0,
        members=None,
        members_left_out=0,
        size_bytes=captured.own_size_bytes(message, notes, len(kept)),
    )


def _text(value: Any) -> str:
    return value if type(value) is str else f"<{type(value).__name__} left out>"
