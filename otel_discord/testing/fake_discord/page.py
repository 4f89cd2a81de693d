"""The page of a served fake: every channel with its messages as Discord would show them, renewed as they come."""

import time
from typing import Final

from aiohttp import web

from otel_discord.discord_api.html_style import STYLE
from otel_discord.discord_api.html_view import render_messages
from otel_discord.testing.fake_discord.answers import FILES_BASE, message_json
from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.page_channels import rendered_channels
from otel_discord.testing.fake_discord.state import FakeFile

_SHOWN_MESSAGES: Final = 200
_PREVIEW_BYTES: Final = 8_000
_FILES: Final = "/_fake/files"
_PICTURES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_DOCUMENT: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>otel-discord · what Discord would show</title>
<link rel="stylesheet" href="/_fake/page.css"><script src="/_fake/page.js" defer></script>
</head><body class="dv-page">
<header class="bar"><button id="list" type="button" aria-label="channels" aria-expanded="false"
aria-controls="places" hidden>☰</button>
<strong id="channel"># alerts</strong>
<span id="what" class="dv-small">a stand-in for Discord on this machine</span>
<span id="state" class="dv-small" role="status">connecting…</span>
<button id="theme" type="button" aria-label="light or dark">◐</button></header>
<div id="both"><nav id="places" aria-label="channels"></nav>
<main id="messages" tabindex="0" aria-live="polite"></main></div>
</body></html>
"""

_SCRIPT: Final = """"use strict";
const box = document.getElementById("messages"), state = document.getElementById("state");
const button = document.getElementById("theme"), places = document.getElementById("places");
const list = document.getElementById("list"), heading = document.getElementById("channel"), title = document.title;
let theme = window.matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark", version = "", shown = "";
function paint() { document.body.className = "dv-page " + theme; }
function unfold(open) {
  places.classList.toggle("open", open);
  list.setAttribute("aria-expanded", String(open));
}
function place(text) {
  if (text !== shown) places.innerHTML = shown = text;
  list.hidden = !text;
  if (!text) return;
  const chosen = location.hash.slice(1);
  let name = "all channels";
  for (const link of places.querySelectorAll("a")) {
    const isChosen = link.getAttribute("href").slice(1) === chosen;
    if (isChosen) { link.setAttribute("aria-current", "page"); name = link.textContent; }
    else link.removeAttribute("aria-current");
  }
  heading.textContent = name;
  document.title = `${name} · ${title}`;
}
function toEnd() { box.scrollTop = box.scrollHeight; }
async function renew(force) {
  try {
    const channel = encodeURIComponent(location.hash.slice(1)), known = force ? "" : version;
    const answer = await fetch(`/_fake/view?theme=${theme}&version=${known}&channel=${channel}`);
    if (answer.status === 200) {
      place(await (await fetch("/_fake/places")).text());
      const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
      version = answer.headers.get("x-version");
      box.innerHTML = await answer.text();
      if (atEnd) toEnd();
      for (const picture of atEnd ? box.querySelectorAll("img") : []) picture.addEventListener("load", toEnd);
    }
    state.textContent = answer.headers.get("x-summary") || "";
  } catch { state.textContent = "the demo has ended"; }
}
button.addEventListener("click", () => { theme = theme === "dark" ? "light" : "dark"; paint(); renew(true); });
list.addEventListener("click", () => unfold(!places.classList.contains("open")));
window.addEventListener("hashchange", () => { unfold(false); place(shown); renew(true); });
paint(); renew(true); setInterval(renew, 1000);
"""

_STYLE: Final = (
    STYLE
    + """
body{margin:0;height:100vh;height:100dvh;display:flex;flex-direction:column}body.dark{background:#313338;color:#dbdee1}body.light{background:#fff;color:#313338}
.bar{display:flex;gap:.8rem;align-items:baseline;padding:.7rem 1rem;
border-bottom:1px solid #80848e55;font:16px/1.3 system-ui,sans-serif}
#channel{overflow-wrap:anywhere}#state{margin-left:auto}#list{display:none}
.bar button{font:inherit;color:inherit;background:none;border:1px solid #80848e;border-radius:4px}
#both{flex:1;display:flex;min-height:0}#places:empty{display:none}
#places{width:17rem;overflow-y:auto;padding:.2rem 1rem;
border-right:1px solid #80848e55;font:14px/1.4 system-ui,sans-serif}
#places h2{font-size:15px}#places h3{font-size:12px;text-transform:uppercase;margin:.8rem 0 .2rem}
#places ul{list-style:none;margin:0;padding-left:.6rem}#places a{color:inherit;overflow-wrap:anywhere}
#places a[aria-current]{font-weight:700;text-decoration:none}#places small{display:block;opacity:.7;
overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
#messages{flex:1;min-width:0;overflow-y:auto;outline-offset:-2px}#messages .dv{min-height:100%}
@media (max-width:640px){#both{flex-direction:column}#what{display:none}
.bar{align-items:center;padding:.4rem .6rem;gap:.5rem}.bar button{min-width:44px;min-height:44px}
#list:not([hidden]){display:block}
#channel{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}#state{flex:none;max-width:35%}
#places{display:none;width:auto;max-height:60%;border-right:0;border-bottom:1px solid #80848e55}
#places.open:not(:empty){display:block}#places a{display:block;padding:.6rem 0}
#messages .dv-message{grid-template-columns:56px minmax(0,1fr);padding-right:8px}#messages .dv-avatar{margin-left:8px}}
"""
)


def page_routes(fake: FakeDiscord) -> list[web.RouteDef]:
    """Return the routes: ``/`` and what it fetches. The page runs no script and loads nothing but its own."""

    async def document(_: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
        return web.Response(text=_DOCUMENT, content_type="text/html", headers=headers)

    async def script(_: web.Request) -> web.Response:
        return web.Response(text=_SCRIPT, content_type="text/javascript")

    async def style(_: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css")

    async def no_icon(_: web.Request) -> web.Response:
        return web.Response(status=204)

    async def view(request: web.Request) -> web.Response:
        version = f"{len(fake.journal)}.{len(fake.audit)}"
        limited = fake.count(429)
        headers = {
            "x-version": version,
            "x-summary": f"{len(fake.messages)} messages, {limited} times rate limited".encode().decode("latin-1"),
            "cache-control": "no-store",
        }
        if request.query.get("version") == version:
            return web.Response(status=204, headers=headers)
        base = f"{request.scheme}://{request.host}{_FILES}"
        channel_id = request.query.get("channel", "")
        text = rendered(fake, request.query.get("theme", "dark"), base, channel_id=channel_id)
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def places(_: web.Request) -> web.Response:
        headers = {"cache-control": "no-store"}
        return web.Response(text=rendered_channels(fake), content_type="text/html", headers=headers)

    async def picture(request: web.Request) -> web.Response:
        file = next(
            (each for message in fake.messages for each in message.files if each.id == request.match_info["id"]), None
        )
        kind = _PICTURES.get(file.filename.rpartition(".")[2].lower()) if file is not None else None
        if file is None or kind is None:
            raise web.HTTPNotFound
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
        return web.Response(body=file.data, content_type=kind, headers=headers)

    return [
        web.get("/", document),
        web.get("/favicon.ico", no_icon),
        web.get("/_fake/page.js", script),
        web.get("/_fake/page.css", style),
        web.get("/_fake/view", view),
        web.get("/_fake/places", places),
        web.get(_FILES + "/{channel}/{id}/{name}", picture),
    ]


def rendered(fake: FakeDiscord, theme: str, files_base: str = FILES_BASE, *, channel_id: str = "") -> str:
    """Return the latest messages, of one channel where it is named, as HTML; ``files_base``: where pictures are."""
    there = [each for each in fake.messages if channel_id in {"", each.channel_id}]
    shown = there[-_SHOWN_MESSAGES:]
    files = {file.id: file for message in shown for file in message.files}

    def preview(attachment: dict[str, object]) -> str:
        file: FakeFile | None = files.get(str(attachment.get("id")))
        if file is None or not file.filename.endswith((".txt", ".log", ".json")):
            return ""
        return file.data[:_PREVIEW_BYTES].decode("utf-8", "replace")

    messages = [message_json(message, files_base=files_base) for message in shown]
    return render_messages(messages, theme=theme, now=time.time(), preview=preview)
