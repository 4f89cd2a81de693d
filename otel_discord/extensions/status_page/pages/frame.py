"""What all pages share: head, navigation, the places that are kept up to date, forms. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from otel_discord.extensions.status_page.pages.words import badge, text

PAGES: Final = (
    ("/", "Overview"),
    ("/messages", "Messages"),
    ("/alerts", "Alerts"),
    ("/dead-letters", "Dead letters"),
    ("/configuration", "Configuration"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is around the page of one reader. ``counts`` are the numbers beside the links, by path."""

    refresh_s: float
    form_token: str
    can_act: bool
    problems: int = 0
    counts: Mapping[str, int]
    notice: str = ""
    notice_is_bad: bool = False
    has_session: bool = False
    every_s: int = 0
    """Reload without our script, 0 never."""


def page(frame: Frame, *, path: str, title: str, live: str, still: str = "", messages: bool = False) -> str:
    """Return a document; ``live`` is replaced every few seconds, ``still`` never (a form that is being filled in)."""
    signs = f"({frame.problems}) " if frame.problems else ""
    meta = f'<meta http-equiv="refresh" content="{frame.every_s}">' if frame.every_s else ""
    style = '<link rel="stylesheet" href="/static/messages.css">' if messages else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="dark light">{meta}<title>{signs}{text(title)} · otel-discord</title>'
        '<link rel="icon" href="/static/icon.svg"><script src="/static/theme.js"></script>'
        f'<link rel="stylesheet" href="/static/status.css">{style}<script src="/static/status.js" defer></script>'
        f'</head><body><a class="skip" href="#main">Skip to the content</a>{_header(frame, path)}'
        '<div id="gone" role="alert"></div>'
        f'<main id="main" tabindex="-1" data-refresh-ms="{frame.refresh_s * 1000:.0f}"><h1>{text(title)}</h1>'
        f'{_notice(frame)}<div data-live="page">{live}</div>{still}</main>'
        "<footer><p>Times are UTC. Numbers a second are means over ten seconds.</p>"
        '<noscript><p>Without scripts this page does not renew itself: <a href="?every=5">reload every 5 seconds</a>.'
        "</p></noscript></footer></body></html>"
    )


def _header(frame: Frame, path: str) -> str:
    links = "".join(
        f'<li><a href="{to}"{_current(to, path)}>{name}{_count(to, frame.counts.get(to, 0))}</a></li>'
        for to, name in PAGES
    )
    leave = form(frame, "/logout", '<button class="plain">Sign out</button>') if frame.has_session else ""
    return (
        '<header class="top"><a class="brand" href="/"><svg viewBox="0 0 32 32" aria-hidden="true"><rect x="2" y="5" '
        'width="28" height="19" rx="6"/><path d="M8 23v7l8-7z"/><path class="line" d="M7 15h5l2-5 4 9 2-4h5"/></svg>'
        f'otel-discord</a><nav aria-label="Pages" data-live="pages"><ul>{links}</ul></nav><div class="tools">'
        '<span id="pulse" class="pulse" hidden></span><button id="pause" class="plain" aria-pressed="false" hidden>'
        f'Pause</button><button id="theme" class="plain" hidden>Theme</button>{leave}</div></header>'
    )


def _current(to: str, path: str) -> str:
    return ' aria-current="page"' if to == path else ""


def _count(to: str, count: int) -> str:
    if not count:
        return ""
    return f' <span class="count{" bad" if to != "/messages" else ""}">{count:,}</span>'


def _notice(frame: Frame) -> str:
    if not frame.notice:
        return ""
    mood = "bad" if frame.notice_is_bad else "good"
    return f'<p class="notice {mood}" role="status" tabindex="-1" autofocus>{text(frame.notice)}</p>'


def form(frame: Frame, action: str, inside: str, hidden: Mapping[str, object] | None = None, css: str = "") -> str:
    """Return a form that proves that it is ours; ``inside`` is HTML, ``hidden`` is not."""
    fields = {"form_token": frame.form_token, **(hidden or {})}
    kept = "".join(f'<input type="hidden" name="{text(key)}" value="{text(value)}">' for key, value in fields.items())
    return f'<form method="post" action="{text(action)}"{f" class={css}" if css else ""}>{kept}{inside}</form>'


def link(path: str, words: str, query: Mapping[str, object] | None = None, css: str = "") -> str:
    """Return a link within the pages."""
    return f'<a href="{text(address(path, query))}"{f" class={css}" if css else ""}>{text(words)}</a>'


def address(path: str, query: Mapping[str, object] | None = None) -> str:
    """Return a path with its query; a ``#place`` of the path goes last."""
    given = {key: str(value) for key, value in (query or {}).items() if value not in ("", None)}
    before, sign, place = path.partition("#")
    return f"{before}?{urlencode(given)}{sign}{place}" if given else path


def section(title: str, body: str, *, id_: str, beside: str = "") -> str:
    """Return a part of a page under its heading."""
    return (
        f'<section aria-labelledby="{id_}" data-key="{id_}"><div class="heading"><h2 id="{id_}">{text(title)}</h2>'
        f"{beside}</div>{body}</section>"
    )


def table(caption: str, heads: Sequence[str], rows: Sequence[str], css: str = "") -> str:
    """Return a table in a scroller of its own that the keyboard reaches; ``rows`` are HTML."""
    head = "".join(f'<th scope="col">{text(each)}</th>' for each in heads)
    return (
        f'<div class="scroller" role="region" aria-label="{text(caption)}" tabindex="0"><table class="{css}">'
        f'<caption class="unseen">{text(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def filters(path: str, names: Sequence[str], chosen: str) -> str:
    """Return links that choose a destination."""
    if len(names) < 2 and not chosen:
        return ""
    links = "".join(
        f'<li><a href="{text(address(path, {"destination": name}))}"{" aria-current=true" if name == chosen else ""}>'
        f"{text(name or 'All')}</a></li>"
        for name in ("", *names)
    )
    return f'<nav class="filters" aria-label="Destination"><ul>{links}</ul></nav>'


def empty(words: str) -> str:
    """Return what stands where there is nothing."""
    return f'<p class="empty">{text(words)}</p>'


def status_badge(status: str) -> str:
    """Return the Collector's word for a component's status, shorter."""
    word = status.removeprefix("Status").removesuffix("Error")
    mood = {"OK": "good", "Recoverable": "warn", "Permanent": "bad", "Fatal": "bad"}.get(word, "quiet")
    return badge(word or "unknown", mood)
