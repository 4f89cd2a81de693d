"""The page of ``preview --serve`` as HTML. Everything from a record or a file is escaped; no inline script or style."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from otel_discord.component.preview import PreviewedFile
from otel_discord.discord_api.html_gauges import gauges, render_gauges
from otel_discord.discord_api.html_view import render_messages
from otel_discord.service.preview.cuts import cuts
from otel_discord.service.preview.outcome import MessageState, Outcome, PreviewedMessage
from otel_discord.service.preview.whereabouts import whereabouts

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DOCUMENT: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>otel-discord preview</title>
<link rel="stylesheet" href="/preview.css"><script src="/preview.js" defer></script>
</head><body>
<a class="skip" href="#stage">to the messages</a>
<header><h1>otel-discord preview</h1>
<button id="theme" type="button" aria-pressed="false">Light</button>
<button id="phone" type="button" aria-pressed="false">Phone width</button>
<span id="state" role="status">loading</span></header>
<div class="layout">
<nav aria-label="samples"><h2>Samples</h2><ul id="samples"></ul>
<details data-key="paste"><summary>Paste OTLP JSON</summary>
<label for="paste">An export request, or one on each line</label>
<textarea id="paste" spellcheck="false"></textarea>
<button id="show" type="button">Show it</button> <button id="clear" type="button" hidden>Back</button>
<p id="paste-answer" role="status"></p></details></nav>
<main><div id="error" role="alert"><strong>Not in force: </strong><span id="error-text"></span></div>
<ul id="notes" class="notes"></ul>
<div id="stage" class="stage" tabindex="-1"></div></main>
</div></body></html>
"""
_TEXTS: Final = (".txt", ".log", ".json")
_PREVIEW_BYTES: Final = 8_000

FileAddress = Callable[[PreviewedFile], str]


def stage(outcomes: Sequence[Outcome], address: FileAddress) -> str:
    """Return a section for each outcome. ``address`` gives the URL at which a file can be loaded."""
    return "".join(_section(outcome, address) for outcome in outcomes)


def _section(outcome: Outcome, address: FileAddress) -> str:
    about = f"<p>{escape(outcome.about)}</p>" if outcome.about else ""
    messages = "".join(_message(outcome, message, address) for message in outcome.messages)
    lines = "".join(f"<li>{escape(line)}</li>" for line in (*whereabouts(outcome), *outcome.notes))
    return (
        f'<section data-name="{escape(outcome.name)}" aria-label="{escape(outcome.title)}" hidden>'
        f'<h2>{escape(outcome.title)}</h2>{about}{messages}<ul class="ways">{lines}</ul></section>'
    )


def _message(outcome: Outcome, message: PreviewedMessage, address: FileAddress) -> str:
    states = "".join(_state(outcome, message, place, address) for place in range(len(message.states)))
    return f'<div class="message"><h3>{_heading(message)}</h3>{states}</div>'


def _heading(message: PreviewedMessage) -> str:
    mentions = message.states[0].request.payload.get("allowed_mentions") or {}
    pinged = [f"{kind[:-1]} {each}" for kind in ("roles", "users") for each in mentions.get(kind) or ()]
    remarks = [f"of {message.exporter}", f"pings {', '.join(pinged)}" if pinged else "pings nobody"]
    if len(message.states) > 1:
        remarks.append("1 message, edited")
    if message.states[0].request.is_refused:
        remarks.append("refused by Discord, as this sample wants it")
    return f"→ {escape(message.destination)} <span>{escape(' · '.join(remarks))}</span>"


def _state(outcome: Outcome, message: PreviewedMessage, place: int, address: FileAddress) -> str:
    state = message.states[place]
    request = state.request
    posted_s = outcome.begun_unix_s + message.states[0].request.at_s
    now_s = outcome.begun_unix_s + request.at_s + 1.0
    contents = {file.name: file for file in state.files}

    def text(attachment: dict[str, Any]) -> str:
        file = contents.get(str(attachment.get("filename")))
        if file is None or not file.name.endswith(_TEXTS):
            return ""
        return file.content[:_PREVIEW_BYTES].decode("utf-8", "replace")

    html = render_messages([as_discord_has_it(state, posted_s, address)], now=now_s, preview=text)
    sentences = [f'<p class="cut">✂ {escape(line)}</p>' for line in cuts(state.whole, list(contents))]
    shown = render_gauges(gauges(state.whole, [file.size_bytes for file in state.files]))
    when = "" if not place else f"<p>edited after {_spoken(request.at_s - message.states[0].request.at_s)}</p>"
    code = escape(json.dumps(request.payload, ensure_ascii=False, indent=2))
    key = escape(f"{outcome.name}/{message.destination}/{place}")
    return (
        f'{html}<div class="facts">{when}{"".join(sentences)}{shown}'
        f'<details data-key="{key}"><summary>JSON of the {request.method}</summary>'
        f'<pre class="json" tabindex="0">{code}</pre></details></div>'
    )


def as_discord_has_it(state: MessageState, posted_s: float, address: FileAddress) -> dict[str, Any]:
    """Return a message object as Discord would return it."""
    attachments = [
        {"filename": file.name, "size": file.size_bytes, "description": file.description, "url": address(file)}
        for file in state.files
    ]
    message = {**state.whole, "attachments": attachments}
    message["timestamp"] = datetime.fromtimestamp(posted_s, UTC).isoformat()
    if state.request.method == "PATCH":
        message["edited_timestamp"] = message["timestamp"]
    return message


def sample_list(outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    """Yield what the list of samples shows."""
    for outcome in outcomes:
        yield {"name": outcome.name, "title": outcome.title, "messages": len(outcome.messages)}


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
