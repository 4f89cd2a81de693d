"""One picture of a running service, from its overview and an earlier one. Pure: from documents to lines of text."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from otel_discord.cli.letter_lines import printable
from otel_discord.cli.top_alerts import alerts, muted
from otel_discord.cli.top_destinations import destinations
from otel_discord.cli.top_flow import pipelines, queues
from otel_discord.cli.top_grid import Note, note_lines
from otel_discord.cli.top_rates import Overview, cpu_share
from otel_discord.cli.top_runs import runs
from otel_discord.cli.top_styles import BAD, NAME, STYLES
from otel_discord.cli.top_words import clock, count, mebibytes, seconds_between, share, span

_STATUS_WORDS: Final = {
    "StatusRecoverableError": "recoverable error",
    "StatusPermanentError": "permanent error",
    "StatusFatalError": "fatal error",
}


def frame(now: Overview, before: Overview | None, width: int, zone: tzinfo | None = None) -> list[Text]:
    """Return the picture as lines, none wider than ``width`` cells; rates are those since ``before``."""
    sections = [
        _head(now, before, width, zone),
        pipelines(now, before, width),
        queues(now, width),
        destinations(now, before, width),
        runs(now, width),
        alerts(now, width),
        muted(now, width),
        _rest(now, width),
    ]
    lines: list[Text] = []
    for section in sections:
        if section:
            lines += [Text(), *section] if lines else section
    return lines


def _head(now: Overview, before: Overview | None, width: int, zone: tzinfo | None) -> list[Text]:
    service = now["service"]
    health = str(service.get("health", ""))
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"otel-discord {printable(str(service.get('version', '')))}", NAME)
    line.append(f"  {health}", STYLES.get(health, ""))
    if service.get("phase") not in ("ready", None):
        line.append(f"  {printable(str(service['phase']))}", "yellow")
    line.append(f"  up {span(service.get('uptime_s'))}")
    if "memory_rss_bytes" in service:
        line.append(f"  {mebibytes(service['memory_rss_bytes'])}")
    if (cpu := cpu_share(before, now)) is not None:
        line.append(f"  CPU {share(cpu)}")
    time_of_day = clock(now.get("at"), zone)
    line.append(" " * max(2, width - cell_len(line.plain) - len(time_of_day)) + time_of_day, "dim")
    line.truncate(width, overflow="ellipsis")
    return [line, *(each for note in _troubles(now) for each in note_lines(note, width))]


def _troubles(now: Overview) -> Iterable[Note]:
    for name, each in now["components"].items():
        if words := _STATUS_WORDS.get(each.get("status", "")):
            since = span(seconds_between(each.get("since"), now.get("at")))
            error = f": {each['error']}" if each.get("error") else ""
            yield Note(f"{name}: {words} for {since}{error}", "yellow" if "recoverable" in words else BAD)
    last = next(iter(now.get("reloads", ())), None)
    if last and not last.get("ok"):
        since = span(seconds_between(last.get("at"), now.get("at")))
        yield Note(f"the last reload failed {since} ago: {'; '.join(last.get('remarks', ())[:3])}", BAD)
    if not now["service"].get("measured", True):
        yield Note("no numbers: service::telemetry::metrics::level is none")


def _rest(now: Overview, width: int) -> list[Text]:
    """Return one line: dead letters, and what there is none of."""
    line = Text(no_wrap=True, overflow="ellipsis")
    kept = {name: number for name, number in now["dead_letters"].items() if number}
    if kept:
        letters = ", ".join(f"{count(number)} of {printable(name)}" for name, number in kept.items())
        line.append(f"dead letters: {letters}", BAD)
    nothing = [
        *(["no alerts fire"] if not now["alerts"] else []),
        *(["nothing is muted"] if not (now["silences"] or now["maintenance"]) else []),
        *(["no dead letters"] if now["dead_letters"] and not kept else []),
    ]
    if nothing:
        line.append((" · " if kept else "") + " · ".join(nothing), "dim")
    line.truncate(width, overflow="ellipsis")
    return [line] if line.plain else []
