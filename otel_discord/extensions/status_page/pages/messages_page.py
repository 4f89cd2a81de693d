"""Recent messages as Discord shows them, each with its journey. Pure."""

from collections.abc import Sequence
from typing import Final

from otel_discord.component.watched_exporter import ShownMessage, Step
from otel_discord.discord_api.html_style import STYLE
from otel_discord.discord_api.html_text import safe_url
from otel_discord.extensions.status_page.pages.frame import empty, filters
from otel_discord.extensions.status_page.pages.words import badge, moment, plural, span, text
from otel_discord.extensions.status_page.shown_messages import RecentMessage

_NS: Final = 1_000_000_000
_BAD: Final = frozenset({"failed", "dead letter", "refused", "dropped", "expired", "gave up"})


def messages_page(messages: Sequence[RecentMessage], destinations: Sequence[str], chosen: str) -> str:
    """Return what changes of the page."""
    chooser = filters("/messages", destinations, chosen)
    if not messages:
        where = f" for {chosen}" if chosen else ""
        return chooser + empty(f"No message{where} since the service began to watch. What is sent appears here.")
    return f'{chooser}<ol class="messages">{"".join(_message(each) for each in messages)}</ol>'


def _message(recent: RecentMessage) -> str:
    shown = recent.shown
    state = badge("delivered", "good") if shown.is_delivered else badge("not delivered", "warn")
    last = shown.journey[-1].what if shown.journey else ""
    if last in _BAD:
        state = badge(last, "bad")
    url = safe_url(shown.url)
    opener = f'<a href="{text(url)}" rel="noreferrer noopener">open in Discord</a>' if url else ""
    stands_for = f'<span class="small">{plural(shown.records, "record")}</span>' if shown.records else ""
    key = f"{recent.exporter}|{shown.destination}|{shown.key}"
    return (
        f'<li data-key="{text(key)}"><article aria-label="Message to {text(shown.destination)}"><div class="heading">'
        f"<strong>{text(shown.destination)}</strong>{state}"
        f"{stands_for}{opener}</div>"
        f'<div class="shown">{recent.html}</div>{_files(shown)}'
        f"{_journey(shown.journey)}</article></li>"
    )


def _files(shown: ShownMessage) -> str:
    drawn = {each.get("filename") for each in shown.message.get("attachments") or () if isinstance(each, dict)}
    rest = [name for name in shown.files if name not in drawn]
    return f'<p class="small">Files: {text(", ".join(rest))}</p>' if rest else ""


def _journey(steps: Sequence[Step]) -> str:
    if not steps:
        return ""
    lines = "".join(_step(step, steps[0].at_ns) for step in steps)
    took = span(max(0, steps[-1].at_ns - steps[0].at_ns) / _NS)
    words = " → ".join(dict.fromkeys(step.what for step in steps))
    return (
        f'<details class="journey"><summary><span class="path">{text(words)}</span> <span class="small">{took}</span>'
        f"</summary><ol>{lines}</ol></details>"
    )


def _step(step: Step, first_ns: int) -> str:
    css = ' class="bad"' if step.what in _BAD else ""
    later = f"+{span((step.at_ns - first_ns) / _NS)}" if step.at_ns > first_ns else moment(step.at_ns / _NS)[11:]
    detail = f' <span class="detail">{text(step.detail)}</span>' if step.detail else ""
    when = f'<span class="when" title="{moment(step.at_ns / _NS)} UTC">{later}</span>'
    return f"<li{css}>{when} <span><strong>{text(step.what)}</strong>{detail}</span></li>"


def message_style() -> str:
    """Return the style sheet of messages, its light theme under our switch and the reader's preference."""
    begin = STYLE.index(".dv-light{")
    light = STYLE[begin + len(".dv-light{") : STYLE.index("}", begin)]
    return (
        f"{STYLE}\n:root[data-theme=light] .dv{{{light}}}\n"
        f"@media (prefers-color-scheme:light){{:root:not([data-theme=dark]) .dv{{{light}}}}}\n"
    )
