"""The first message of a run's channel: what the run is and how it fares. Pure functions.

An exporter that uses the run channels renders the card with its templates; :func:`render_card` is for when none does.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from otel_discord.component.destination_source import RunCard, Tally
from otel_discord.discord_api import limits
from otel_discord.extensions.run_channels.runs import Run, State
from otel_discord.templating.cutting import cut_end, cut_middle
from otel_discord.templating.text import escape_markdown, neutralise
from otel_discord.templating.wording import duration, number

RUNNING, SUCCEEDED, FAILED, CANCELLED = "running", "succeeded", "failed", "cancelled"
FINISHED, EXPIRED = "finished", "expired"

_WORDS: Final[dict[str, str]] = {
    **dict.fromkeys(("success", "successful", "succeeded", "ok", "passed", "pass"), SUCCEEDED),
    **dict.fromkeys(("failure", "failed", "fail", "error", "errored"), FAILED),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "cancel", "abort"), CANCELLED),
}
_SIGNS: Final[dict[str, tuple[str, int]]] = {
    RUNNING: ("⏳", 0x3498DB),
    SUCCEEDED: ("✅", 0x2ECC71),
    FAILED: ("❌", 0xE74C3C),
    CANCELLED: ("🚫", 0x95A5A6),
    FINISHED: ("🏁", 0x3498DB),
    EXPIRED: ("⌛", 0xF0A30A),
}
_LINK: Final = "url"
_ADDRESS: Final = re.compile(
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9/?#@!$&'*+,;=%~._:-]*)?"
)
"""What cannot break out of a link."""
_OUTCOME_CHARS: Final = 200
_STEP_CHARS: Final = 200
_ERROR_CHARS: Final = 600
_FIELD_NAME_CHARS: Final = 128
_FIELDS_CHARS: Final = 4000
"""Of names and values together: with title, description and footer less than Discord's 6000."""


def state_word(outcome: str) -> str:
    """Return the state that an outcome means: ``succeeded``, ``failed`` or ``cancelled``; ``finished`` for others."""
    return _WORDS.get(outcome.strip().lower(), FINISHED)


def card_of(run: Run, *, is_deleted_then: bool) -> RunCard:
    """Return what there is to say about a run. ``is_deleted_then``: whether its channel goes when retention ends."""
    has_ended = run.state not in (State.CREATING, State.RUNNING)
    state = RUNNING
    if has_ended:
        state = state_word(run.outcome) if run.finalized_ms else EXPIRED
    ended_ms = (run.finalized_ms or run.expires_ms) if has_ended else 0
    of_key = {"task": run.key.task_id, "attempt": str(run.key.attempt), "id": run.key.short_id}
    return RunCard(
        run_id=run.run_id,
        name=run.title or run.channel_name or run.key.task_id,
        state=state,
        outcome=run.outcome,
        started_unix_s=run.created_ms / 1000,
        ended_unix_s=ended_ms / 1000 if ended_ms > run.created_ms else None,
        expires_unix_s=run.expires_ms / 1000,
        is_deleted_then=is_deleted_then,
        parameters={**of_key, **run.metadata},
        tally=run.tally,
    )


def render_card(card: RunCard) -> dict[str, Any]:
    """Return the message as Discord's JSON: one embed within every limit, nothing in it live."""
    emoji, color = _SIGNS.get(card.state, _SIGNS[FINISHED])
    title = _shown(f"{emoji} {neutralise(card.name)}", limits.EMBED_TITLE_CHARS)
    parameters = dict(card.parameters)
    address = parameters.get(_LINK, "").strip()
    link = ""
    if _ADDRESS.fullmatch(address):
        link = f"[open]({address})"
        del parameters[_LINK]
    lines = (_fate(card), _progress(card.tally), _last_error(card.tally), _expiry(card), link)
    embed = {
        "title": title,
        "description": "\n".join(filter(None, lines)),
        "color": color,
        "fields": _fields(parameters),
        "footer": {"text": f"run {card.run_id}"},
    }
    return {
        "embeds": [{name: value for name, value in embed.items() if value}],
        "allowed_mentions": {"parse": []},
    }


def _fate(card: RunCard) -> str:
    started = _stamp(card.started_unix_s)
    if card.state == RUNNING:
        return f"running · started {started}"
    word = f"**{card.state}**"
    if card.outcome and card.outcome.strip().lower() not in _WORDS:
        word = f"{word} ({_shown(card.outcome, _OUTCOME_CHARS)})"
    if card.ended_unix_s is None:
        return f"{word} · started {started}"
    took = duration(max(0.0, card.ended_unix_s - card.started_unix_s))
    return f"{word} after {took} · {_stamp(card.ended_unix_s)}"


def _progress(tally: Tally) -> str:
    step = f"step {number(tally.steps)}" if tally.steps else ""
    if tally.last_step:
        step = f"{step or 'step'}: {_shown(tally.last_step, _STEP_CHARS)}"
    counts = (_counted(tally.errors, "error"), _counted(tally.warnings, "warning"), _counted(tally.records, "record"))
    return " · ".join(filter(None, (step, *counts)))


def _last_error(tally: Tally) -> str:
    return f"last error: {_shown(tally.last_error, _ERROR_CHARS)}" if tally.last_error else ""


def _expiry(card: RunCard) -> str:
    if card.expires_unix_s <= card.started_unix_s:
        return "deleted when it ends" if card.is_deleted_then and card.state == RUNNING else ""
    stamp = _stamp(card.expires_unix_s)
    return f"deleted {stamp}" if card.is_deleted_then else f"kept; retention ends {stamp}"


def _fields(parameters: Mapping[str, str]) -> list[dict[str, Any]]:
    shown = [
        (_shown(name, _FIELD_NAME_CHARS), _shown(value, limits.EMBED_FIELD_VALUE_CHARS))
        for name, value in parameters.items()
        if name.strip() and value.strip()
    ][: limits.EMBED_FIELDS]
    if _chars(shown) > _FIELDS_CHARS:
        share = _FIELDS_CHARS // len(shown)
        shown = [(name, cut_middle(value, share - len(name), markdown=True)) for name, value in shown]
    return [{"name": name, "value": value, "inline": True} for name, value in shown if name.strip() and value.strip()]


def _chars(pairs: Iterable[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) for name, value in pairs)


def _counted(count: int, noun: str) -> str:
    return f"{number(count)} {noun}{'' if count == 1 else 's'}" if count else ""


def _shown(text: str, most_chars: int) -> str:
    """Return text as Markdown that shows just that, on one line."""
    line = cut_end(" ".join(neutralise(text).split()), 4 * most_chars)
    return cut_middle(escape_markdown(line), most_chars, markdown=True)


def _stamp(unix_s: float) -> str:
    return f"<t:{int(unix_s)}:R>"
