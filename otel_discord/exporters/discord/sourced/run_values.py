"""What the template of a run's first message sees. Pure."""

from typing import Any, Final

from otel_discord.component.destination_source import RunCard, Tally
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.render_links import address_of
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_severity import AMBER, BLUE, GREEN, GREY, RED
from otel_discord.templating.cutting import cut_end, cut_middle
from otel_discord.templating.text import Markdown
from otel_discord.templating.wording import NANOSECONDS_PER_SECOND, duration, number, timestamp

CARD_CHARS: Final = 4_000
_WITH_A_PLACE: Final = ("command", "user", "host", "tags")
"""Parameters of these names stand where their kind belongs, not in the list."""
LINK: Final = "url"
"""The parameter that leads to the run itself, where it is an http(s) address: who made the run has written it."""
_TITLE_CHARS: Final = 200
_MAX_PARAMETERS: Final = 20
_NAME_CHARS: Final = 60
_VALUE_CHARS: Final = 200
_ERROR_CHARS: Final = 300
_LOOKS: Final = {
    "running": ("🏃", BLUE),
    "succeeded": ("✅", GREEN),
    "failed": ("❌", RED),
    "cancelled": ("⏹️", GREY),
    "finished": ("🏁", GREY),
    "expired": ("⌛", GREY),
}
_UNKNOWN: Final = ("🏁", GREY)


def run_values(card: RunCard, options: RenderOptions) -> dict[str, Any]:
    """Return the values of a run: what it is, how it goes or went, and when its messages go."""
    tally = card.tally
    known = {name.strip(): value.strip() for name, value in card.parameters.items() if name.strip() and value.strip()}
    placed = {name: cut_middle(known.pop(name, ""), _VALUE_CHARS) for name in _WITH_A_PLACE}
    address = address_of(known.get(LINK, ""))
    if address:
        del known[LINK]
    sign, color = _LOOKS.get(card.state, _UNKNOWN)
    is_over = card.ended_unix_s is not None
    if not is_over and tally.errors:
        color = RED
    elif not is_over and tally.warnings:
        color = AMBER
    lasted_s = card.ended_unix_s - card.started_unix_s if card.ended_unix_s is not None else 0.0
    return {
        "emoji": sign if options.emoji else "",
        "color": color,
        "name": cut_middle(" ".join(card.name.split()) or card.run_id, _TITLE_CHARS),
        "run_id": card.run_id,
        "state": card.state,
        "outcome": cut_end(" ".join(card.outcome.split()), _NAME_CHARS),
        "is_over": is_over,
        "started": _time(card.started_unix_s, "f"),
        "started_ago": _time(card.started_unix_s, "R"),
        "ended": _time(card.ended_unix_s, "f"),
        "ended_ago": _time(card.ended_unix_s, "R"),
        "duration": duration(max(0.0, lasted_s)) if is_over else "",
        "expires": _time(card.expires_unix_s, "R"),
        "is_deleted_then": card.is_deleted_then,
        "records": tally.records,
        "warnings": tally.warnings,
        "errors": tally.errors,
        "steps": tally.steps,
        "last_step": cut_middle(" ".join(tally.last_step.split()), _NAME_CHARS),
        "last_error": cut_middle(" ".join(tally.last_error.split()), _ERROR_CHARS),
        "counts": _counts(tally),
        "parameters": [
            {"name": cut_middle(name, _NAME_CHARS), "value": short_text(value, _VALUE_CHARS)}
            for name, value in list(known.items())[:_MAX_PARAMETERS]
        ],
        "command": placed["command"],
        "user": placed["user"],
        "host": placed["host"],
        "tags": [each.strip() for each in placed["tags"].split(",") if each.strip()],
        "links": [{"name": "open", "url": address}] if address else [],
        "link_line": Markdown(f"[open]({address})" if address else ""),
        "remarks": [f"{len(known) - _MAX_PARAMETERS} more parameters"] if len(known) > _MAX_PARAMETERS else [],
        "footer": options.footer,
    }


def _counts(tally: Tally) -> list[str]:
    """Return ``3 steps``, ``2 errors``, …: what there is of each."""
    counts = {"step": tally.steps, "error": tally.errors, "warning": tally.warnings, "record": tally.records}
    return [f"{number(count)} {what}{'s' * (count != 1)}" for what, count in counts.items() if count]


def _time(unix_s: float | None, style: str) -> Markdown:
    return Markdown(timestamp(int(unix_s) * NANOSECONDS_PER_SECOND, style) if unix_s else "")
