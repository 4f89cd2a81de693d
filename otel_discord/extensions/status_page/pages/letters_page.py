"""Dead letters: the list, one of them, and the question before some are removed. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from otel_discord.component.dead_letters import Letter
from otel_discord.extensions.status_page.letters import LetterList, Replay
from otel_discord.extensions.status_page.pages.frame import Frame, address, empty, filters, form, link, section, table
from otel_discord.extensions.status_page.pages.words import NOTHING, ago, badge, plural, text

_MOST_JSON_CHARS: Final = 60_000


def letters_page(
    found: LetterList,
    destinations: Sequence[str],
    chosen: str,
    replays: Mapping[str, Replay],
    frame: Frame,
    now_s: float,
) -> str:
    """Return what changes of the page."""
    chooser = filters("/dead-letters", destinations, chosen)
    state = "".join(_replay(exporter, each) for exporter, each in replays.items())
    if not found.exporters:
        return chooser + empty("No exporter of this service keeps dead letters.")
    if not found.letters:
        return chooser + state + empty("There are none. What cannot be delivered is kept here, with the reason.")
    rest = (
        ""
        if found.is_complete
        else '<p class="hint">These are the newest. “otel-discord dead-letters list” shows all of them.</p>'
    )
    rows = [_row(exporter, letter, frame, now_s) for exporter, letter in found.letters]
    css = "letters acts" if frame.can_act else "letters"
    heads = ("Record", "Reason", "Discord’s words", "Destination", "When", "Action")
    return chooser + state + _all_buttons(found, chosen, frame) + table("Dead letters", heads, rows, css) + rest


def _all_buttons(found: LetterList, chosen: str, frame: Frame) -> str:
    if not frame.can_act:
        return ""
    what = f" of {chosen}" if chosen else ""
    buttons = "".join(
        form(
            frame,
            "/dead-letters/replay",
            f"<button>Replay all{text(what)}{text(_of(exporter, found))}</button>",
            {"exporter": exporter, "destination": chosen},
        )
        + link(
            "/dead-letters/purge",
            f"Remove all{what}{_of(exporter, found)} …",
            {"exporter": exporter, "destination": chosen},
            css="action",
        )
        for exporter in found.exporters
    )
    return f'<div class="buttons">{buttons}</div>'


def _of(exporter: str, found: LetterList) -> str:
    return f" ({exporter})" if len(found.exporters) > 1 else ""


def _replay(exporter: str, replay: Replay) -> str:
    state = replay.state
    done = ""
    if state is not None:
        counts = (
            (state.delivered, "delivered"), (state.waiting, "under way"),
            (state.dead_again, "dead again"), (state.left, "left as they are"),
        )  # fmt: skip
        done = ", ".join(f"{count:,} {words}" for count, words in counts if count) or "nothing yet"
        done = f": {done} of {state.chosen:,}" if state.chosen else f": {done}"
    remarks = "; ".join(state.remarks) if state else ""
    words, mood = ("ended", "good") if replay.is_over else ("under way", "busy")
    if replay.failure:
        words, mood = "failed", "bad"
    more = "".join(f". {text(each)}" for each in (remarks, replay.failure) if each)
    return (
        f'<p class="card" data-key="replay-{text(exporter)}">{badge(words, mood)} Replay of {text(replay.what)}'
        f"{text(done)}{more}</p>"
    )


def _row(exporter: str, letter: Letter, frame: Frame, now_s: float) -> str:
    where = {"exporter": exporter, "id": letter.id}
    first = link("/dead-letters/letter", letter.text[:160] or f"letter {letter.id}", where)
    about = " · ".join(each for each in (letter.severity, letter.service, _times(letter.count)) if each)
    answer = f"{letter.status}" if letter.status else ""
    code = f"code {letter.code}" if letter.code else ""
    numbers = " ".join(each for each in (answer, code) if each)
    words = "; ".join(each for each in (letter.words, *letter.errors[:3]) if each)
    act = NOTHING
    if frame.can_act:
        label = f'<button class="small-button" aria-label="Replay letter {letter.id}">Replay</button>'
        act = form(frame, "/dead-letters/replay", label, where)
    return (
        f'<tr data-key="letter-{text(exporter)}-{letter.id}"><th scope="row">{first}'
        f'<span class="small">{text(about)}</span></th><td>{badge(letter.reason, "bad")}'
        f'<span class="small">{plural(letter.attempts, "attempt")}</span></td>'
        f'<td class="words">{text(words[:400]) or NOTHING}<span class="small">{text(numbers)}</span></td>'
        f"<td>{text(letter.destination)}</td><td>{ago(letter.time_ns, now_s)}</td><td>{act}</td></tr>"
    )


def _times(count: int) -> str:
    return f"×{count:,}" if count > 1 else ""


def letter_page(
    exporter: str, letter_id: int, letter: Mapping[str, Any], frame: Frame, redact: Callable[[str], str]
) -> str:
    """Return one letter with all that is kept of it."""
    facts = "".join(
        f"<div><dt>{text(key.replace('_', ' '))}</dt><dd>{text(redact(_flat(value)))}</dd></div>"
        for key, value in letter.items()
        if not isinstance(value, dict) and value not in (None, "", [])
    )
    whole = json.dumps(dict(letter), default=str, indent=2, ensure_ascii=False)
    whole = redact(whole)
    cut = f"\n… {len(whole) - _MOST_JSON_CHARS:,} more characters" if len(whole) > _MOST_JSON_CHARS else ""
    where = {"exporter": exporter, "id": letter_id}
    buttons = (
        f'<div class="buttons">{form(frame, "/dead-letters/replay", "<button>Replay</button>", where)}'
        f"{link('/dead-letters/purge', 'Remove …', where, css='action')}</div>"
        if frame.can_act
        else ""
    )
    shown = f'<pre class="code" tabindex="0" aria-label="The letter as JSON"><code>{text(whole[:_MOST_JSON_CHARS] + cut)}</code></pre>'  # noqa: E501
    back = f"<p>{link('/dead-letters', '← All dead letters')}</p>"
    return f"{back}{buttons}<dl class=facts>{facts}</dl>{section('As it is kept', shown, id_='json')}"


def _flat(value: object) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def purge_question(count: int, is_exact: bool, hidden: Mapping[str, object], frame: Frame, what: str) -> str:
    """Return the question before letters are removed for good."""
    number = plural(count, "dead letter") if is_exact else f"More than {plural(count, 'dead letter')}"
    verb = "goes" if is_exact and count == 1 else "go"
    button = f'<button class="danger">Remove {plural(count, "letter") if is_exact else "them all"} for good</button>'
    back = address("/dead-letters", {"destination": hidden.get("destination", "")})
    return (
        f'<div class="card question"><p><strong>{text(number)} {text(what)} {verb} for good.</strong> '
        "The records are not sent and cannot be had back. Letters that come from now on stay.</p>"
        f'<div class="buttons">{form(frame, "/dead-letters/purge", button, {**hidden, "confirm": "yes"})}'
        f'<a class="action" href="{text(back)}">Keep them</a></div></div>'
    )
