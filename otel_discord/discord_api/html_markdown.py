"""Discord's markdown as HTML: the subset that messages and embeds show. Everything else is text, and text is escaped.

https://docs.discord.com/developers/reference#message-formatting
"""

import re
from collections.abc import Callable
from html import escape
from typing import Final

from otel_discord.discord_api.html_text import plain, safe_url
from otel_discord.discord_api.html_time import time_stamp

_DEEPEST: Final = 8
_BODY: Final = r"(?:\\.|[^\\])+?"
_FENCE: Final = re.compile(r"(?<!\\)```(?:(?P<language>[\w+.#-]+)\n)?(?P<code>.*?)```", re.DOTALL)
_LINE: Final = re.compile(
    r"(?P<heading>#{1,3}) +(?P<title>\S.*)"
    r"|-# +(?P<subtext>\S.*)"
    r"|(?P<indent> *)(?P<bullet>[-*]|\d{1,9}\.) +(?P<item>\S.*)"
    r"|> (?P<quote>.*)"
)
_INLINE: Final = re.compile(
    r"\\(?P<escaped>[^0-9A-Za-z\s])"
    r"|(?<!`)(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|<t:(?P<unix>-?\d{1,14})(?::(?P<style>[tTdDfFR]))?>"
    r"|<(?P<mention>@!?|@&|\#)(?P<mentioned>\d{1,20})>"
    r"|</(?P<command>[\w -]{1,100}):\d{1,20}>"
    r"|<id:(?P<place>browse|customize|guide|linked-roles)[:\d]*>"
    r"|<a?:(?P<emoji>\w{2,32}):\d{1,20}>"
    r"|@(?P<all>everyone|here)\b"
    r"|<(?P<quiet>https?://[^\s<>]+)>"
    r"|\[(?P<label>(?:\\.|[^\\\[\]]){1,1000})\]\(<?(?P<target>https?://[^\s<>()]+(?:\([^\s<>()]*\)[^\s<>()]*)*)>?"
    r"(?: +\"[^\"]*\")?\)"
    r"|(?P<bare>https?://[^\s<>]+[^\s<>.,:;\"'\])*_~|`])"
    rf"|\*\*(?P<bold>{_BODY})\*\*(?!\*)"
    rf"|__(?P<underline>{_BODY})__(?!_)"
    rf"|\*(?=[^\s*])(?P<star>{_BODY})(?<!\s)\*(?!\*)"
    rf"|\b_(?P<italic>(?:\\.|__|[^\\_])+?)_\b"
    rf"|~~(?P<strike>{_BODY})~~(?!_)"
    rf"|\|\|(?P<spoiler>{_BODY})\|\|",
    re.DOTALL,
)
_TAGS: Final = {
    "bold": ("<strong>", "</strong>"),
    "underline": ("<u>", "</u>"),
    "star": ("<em>", "</em>"),
    "italic": ("<em>", "</em>"),
    "strike": ("<s>", "</s>"),
    "spoiler": ('<span class="dv-spoiler" tabindex="0">', "</span>"),
}


def blocks(text: str, *, now: float | None = None) -> str:
    """Return ``text`` with fences, headings, quotes, lists and what is inline. ``now`` (unix seconds) is for "ago"."""
    text, html, at = plain(text), [], 0
    for fence in _FENCE.finditer(text):
        if not fence["code"].strip("\n"):
            continue
        html.append(_lines(text[at : fence.start()].removesuffix("\n"), now))
        html.append(_code_block(fence["language"] or "", fence["code"].strip("\n")))
        at = fence.end() + (text[fence.end() : fence.end() + 1] == "\n")
    html.append(_lines(text[at:], now))
    return "".join(html)


def inline(text: str, *, now: float | None = None, links: bool = True) -> str:
    """Return ``text`` for one line, such as a title; without ``links`` where it is one already."""
    return _inline(plain(text), now, links, _DEEPEST)


def _code_block(language: str, code: str) -> str:
    label = f' data-language="{escape(language)}"' if language else ""
    return f'<pre class="dv-fence"{label}><code>{escape(code)}</code></pre>'


def _lines(text: str, now: float | None) -> str:
    """Return the lines of ``text``; those without a mark of their own are one run, so that emphasis can span them."""
    html: list[str] = []
    run: list[str] = []
    lines = text.split("\n") if text else []

    def flush() -> None:
        if run:
            html.append(f'<div class="dv-run">{_inline(chr(10).join(run), now, True, _DEEPEST)}</div>')
            run.clear()

    for index, line in enumerate(lines):
        if line.startswith(">>> "):
            flush()
            rest = "\n".join([line.removeprefix(">>> "), *lines[index + 1 :]])
            html.append(f"<blockquote>{_inline(rest, now, True, _DEEPEST)}</blockquote>")
            break
        match = _LINE.fullmatch(line)
        if match:
            flush()
            html.append(_marked(match, lambda part: _inline(part, now, True, _DEEPEST)))
        else:
            run.append(line)
    flush()
    return "".join(html).replace("</blockquote><blockquote>", "\n")


def _marked(match: re.Match[str], show: Callable[[str], str]) -> str:
    if match["heading"]:
        level = len(match["heading"])
        return f'<div class="dv-heading dv-heading-{level}">{show(match["title"])}</div>'
    if match["subtext"]:
        return f'<div class="dv-subtext">{show(match["subtext"])}</div>'
    if match["item"]:
        bullet = "•" if match["bullet"] in "-*" else match["bullet"]
        depth = min(len(match["indent"]) // 2, 3)
        return (
            f'<div class="dv-item dv-depth-{depth}"><span class="dv-bullet">{bullet}</span>'
            f"<span>{show(match['item'])}</span></div>"
        )
    return f"<blockquote>{show(match['quote'])}</blockquote>"


def _inline(text: str, now: float | None, links: bool, deeper: int) -> str:
    html, at = [], 0
    for match in _INLINE.finditer(text):
        html.append(escape(text[at : match.start()]))
        html.append(_span(match, now, links, deeper))
        at = match.end()
    html.append(escape(text[at:]))
    return "".join(html)


def _span(match: re.Match[str], now: float | None, links: bool, deeper: int) -> str:
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    for name, (opening, closing) in _TAGS.items():
        if name in found:
            inner = _inline(found[name], now, links, deeper - 1) if deeper else escape(found[name])
            return f"{opening}{inner}{closing}"
    if "escaped" in found:
        return escape(found["escaped"])
    if "ticks" in found:
        return f'<code class="dv-code">{escape(found["code"].strip() or found["code"])}</code>'
    if "unix" in found:
        return time_stamp(int(found["unix"]), found.get("style", "f"), now) or escape(match[0])
    if "mention" in found:
        return _chip(f"{found['mention'].rstrip('!').replace('@&', '@')}{found['mentioned']}")
    if "command" in found:
        return _chip(f"/{found['command']}")
    if "place" in found:
        return _chip(f"#{found['place']}")
    if "emoji" in found:
        return f'<span class="dv-emoji">:{escape(found["emoji"])}:</span>'
    if "all" in found:
        return _chip(f"@{found['all']}")
    url = found.get("target") or found.get("quiet") or found.get("bare") or ""
    label = _inline(found["label"], now, False, deeper - 1) if "label" in found and deeper else escape(url)
    return link(url, label) if links else label


def link(url: str, label_html: str) -> str:
    """Return a link to ``url``, or its label alone where the URL is not one that a browser may follow from here."""
    target = safe_url(url)
    if not target:
        return label_html
    return f'<a href="{escape(target)}" rel="noopener noreferrer nofollow" target="_blank">{label_html}</a>'


def _chip(text: str) -> str:
    return f'<span class="dv-mention">{escape(text)}</span>'
