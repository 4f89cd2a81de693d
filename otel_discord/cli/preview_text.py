"""A previewed message in a terminal: a box in the colour of its embed, who is pinged, and gauges of every limit."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from otel_discord.component.counted import counted
from otel_discord.discord_api.html_gauges import Gauge, gauges
from otel_discord.service.preview.cuts import cuts
from otel_discord.service.preview.outcome import MessageState, Outcome, PreviewedMessage
from otel_discord.service.preview.whereabouts import whereabouts

_GREY: Final = (0x80, 0x84, 0x8E)
_LEVELS: Final = {"ok": "green", "nearly": "yellow", "over": "red"}
_STAMP: Final = re.compile(r"<t:(-?\d{1,12})(?::([tTdDfFR]))?>")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SILENT: Final = 1 << 12
_NARROWEST: Final = 40


def outcome_lines(outcome: Outcome, *, width: int) -> Iterator[str]:
    """Yield the lines of one scenario: its messages in their last state, then what went nowhere and why."""
    yield click.style(f"━━ {safe(outcome.title)} ", bold=True) + click.style(f"({outcome.name})", dim=True)
    if outcome.about:
        yield click.style(safe(outcome.about), dim=True)
    yield ""
    for message in outcome.messages:
        yield from message_lines(message, width=width, now_unix_s=outcome.seen_unix_s)
        yield ""
    for line in whereabouts(outcome):
        yield click.style(f"  {safe(line)}", dim=True)
    for note in outcome.notes:
        yield click.style(f"  note  {safe(note)}", fg="yellow")
    yield ""


def message_lines(message: PreviewedMessage, *, width: int, now_unix_s: float) -> Iterator[str]:
    """Yield one message: where it goes, its text and embeds, its files, its gauges."""
    state, payload = message.last, message.last.whole
    yield f"→ {click.style(safe(message.destination), bold=True)} of {message.exporter}{_history(message)}"
    yield from (f"  {line}" for line in _about(message.states[0], payload))
    inner = max(_NARROWEST, width - 4)
    if content := _text(payload.get("content"), now_unix_s):
        yield from (f"  {line}" for line in _wrapped(content, inner))
    for embed in _objects(payload.get("embeds")):
        bar = click.style("▌", fg=_rgb(embed.get("color")))
        yield from (f"  {bar} {line}" for line in _embed_lines(embed, inner, now_unix_s))
    for line in _button_lines(payload):
        yield from (f"  {part}" for part in _wrapped(line, inner))
    for file in state.files:
        yield f"  📎 {safe(file.name)} ({_size(file.size_bytes)})"
    found = gauges(payload, [file.size_bytes for file in state.files])
    yield "  " + "  ".join(_gauge(gauge) for gauge in found)
    for sentence in cuts(payload, [file.name for file in state.files]):
        yield click.style(f"  ✂ {safe(sentence)}", fg="yellow")


def safe(text: str) -> str:
    """Return a text that does nothing to a terminal but appear in it."""
    return _CONTROL.sub("�", text)


def _history(message: PreviewedMessage) -> str:
    edits = len(message.states) - 1
    said = f", edited {counted(edits, 'time')}; this is how it ends" if edits else ""
    refused = ", refused by Discord" if message.states[0].request.is_refused else ""
    return f"{said}{refused}{', deleted' if message.is_deleted else ''}"


def _about(first: MessageState, payload: Mapping[str, Any]) -> Iterator[str]:
    mentions = first.request.payload.get("allowed_mentions") or {}
    pinged = [f"role {each}" for each in mentions.get("roles") or ()]
    pinged += [f"user {each}" for each in mentions.get("users") or ()]
    yield click.style("pings " + ", ".join(pinged), fg="magenta") if pinged else click.style("pings nobody", dim=True)
    for key, word in (("username", "as"), ("thread_name", "in a new post")):
        if payload.get(key):
            yield click.style(f"{word} {safe(str(payload[key]))}", dim=True)
    if thread := first.request.query.get("thread_id"):
        yield click.style(f"in thread {safe(thread)}", dim=True)
    if int(payload.get("flags") or 0) & _SILENT:
        yield click.style("silent: no notification", dim=True)


def _embed_lines(embed: Mapping[str, Any], width: int, now_s: float) -> Iterator[str]:
    author, footer = embed.get("author") or {}, embed.get("footer") or {}
    if name := _text(author.get("name"), now_s):
        yield click.style(name, dim=True)
    for line in _wrapped(_text(embed.get("title"), now_s), width):
        yield click.style(line, bold=True)
    yield from _wrapped(_text(embed.get("description"), now_s), width)
    row: list[str] = []
    for field in _objects(embed.get("fields")):
        said = f"{_text(field.get('name'), now_s)}: {_text(field.get('value'), now_s)}"
        if field.get("inline") and "\n" not in said:
            row.append(said)
            if len(row) == 3:
                yield from _wrapped("   ".join(row), width)
                row = []
            continue
        if row:
            yield from _wrapped("   ".join(row), width)
            row = []
        yield from _wrapped(said, width)
    if row:
        yield from _wrapped("   ".join(row), width)
    for key in ("image", "thumbnail"):
        if url := _text((embed.get(key) or {}).get("url"), now_s):
            yield click.style(f"[{key}: {url}]", dim=True)
    last = " • ".join(text for text in (_text(footer.get("text"), now_s), str(embed.get("timestamp") or "")) if text)
    if last:
        yield click.style(last, dim=True)


def _button_lines(payload: Mapping[str, Any]) -> Iterator[str]:
    for row in _objects(payload.get("components")):
        for button in _objects(row.get("components")):
            sign = _text((button.get("emoji") or {}).get("name"), 0.0)
            label = " ".join(each for each in (sign, _text(button.get("label"), 0.0)) if each)
            yield f"[{label} ↗] {safe(str(button.get('url') or ''))}"


def _gauge(gauge: Gauge) -> str:
    return click.style(str(gauge), fg=_LEVELS[gauge.level])


def _wrapped(text: str, width: int) -> Iterator[str]:
    for line in text.split("\n") if text else ():
        yield from textwrap.wrap(line, width, drop_whitespace=False, replace_whitespace=False) or [""]


def _text(value: object, now_s: float) -> str:
    if not isinstance(value, str):
        return ""
    return safe(_STAMP.sub(lambda match: _when(int(match[1]), match[2] or "f", now_s), value.strip()))


def _when(unix_s: int, style: str, now_s: float) -> str:
    if style == "R":
        seconds = round(now_s - unix_s)
        size, unit = next(
            ((size, unit) for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")) if abs(seconds) >= size),
            (1, "s"),
        )
        count = f"{abs(seconds) // size} {unit}"
        return f"{count} ago" if seconds >= 0 else f"in {count}"
    try:
        at = datetime.fromtimestamp(unix_s, UTC)
    except (ValueError, OverflowError, OSError):
        return str(unix_s)
    forms = {"t": "%H:%M", "T": "%H:%M:%S", "d": "%d/%m/%Y", "D": "%d %B %Y"}
    return at.strftime(forms.get(style, "%d %B %Y %H:%M"))


def _objects(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def _rgb(color: object) -> tuple[int, int, int]:
    if not isinstance(color, int) or not 0 < color <= 0xFFFFFF:
        return _GREY
    return color >> 16, color >> 8 & 0xFF, color & 0xFF


def _size(size_bytes: int) -> str:
    return f"{size_bytes:,} bytes" if size_bytes < 10_240 else f"{size_bytes / 1024:,.0f} KiB"
