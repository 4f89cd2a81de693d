// Asks for the page again every few seconds and changes only what differs, so that focus, scroll places, selected text
// and open details stay as they are. Works on what the server draws; without this script pages are complete but still.
"use strict";
(() => {
  const main = document.getElementById("main");
  const gone = document.getElementById("gone");
  const pulse = document.getElementById("pulse");
  const pause = document.getElementById("pause");
  const theme = document.getElementById("theme");
  const interval = Number(main?.dataset.refreshMs) || 2000;
  const longest = 10000;
  let timer = 0;
  let asking = false;
  let paused = false;
  let failures = 0;
  let lostAt = "";

  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset?.key || node.getAttribute("data-key") : null);

  function sameKind(one, other) {
    return one.nodeType === other.nodeType && one.nodeName === other.nodeName;
  }

  function changeAttributes(from, to) {
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !(name === "open" && from.nodeName === "DETAILS")) from.removeAttribute(name);
    }
    for (const { name, value } of [...to.attributes]) {
      if (name === "open" && from.nodeName === "DETAILS") continue;
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
  }

  function change(from, to) {
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    if (from.isEqualNode(to)) return;
    changeAttributes(from, to);
    changeChildren(from, to);
  }

  function changeChildren(from, to) {
    const keyed = new Map();
    for (const child of from.childNodes) {
      const key = keyOf(child);
      if (key) keyed.set(key, child);
    }
    const wanted = new Set([...to.childNodes].map(keyOf).filter(Boolean));
    let place = from.firstChild;
    for (const next of [...to.childNodes]) {
      const key = keyOf(next);
      while (place && keyOf(place) && !wanted.has(keyOf(place))) {
        const old = place;
        place = place.nextSibling;
        old.remove();
      }
      let match = null;
      if (key) {
        match = keyed.get(key) ?? null;
        if (match && !sameKind(match, next)) match = null;
      } else if (place && !keyOf(place) && sameKind(place, next)) {
        match = place;
      }
      if (!match) {
        from.insertBefore(document.importNode(next, true), place);
      } else {
        if (match === place) place = place.nextSibling;
        else from.insertBefore(match, place);
        change(match, next);
      }
    }
    while (place) {
      const old = place;
      place = place.nextSibling;
      old.remove();
    }
  }

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const focused = document.activeElement;
    for (const place of document.querySelectorAll("[data-live]")) {
      const news = fresh.querySelector(`[data-live="${place.dataset.live}"]`);
      if (news) change(place, news);
    }
    if (document.title !== fresh.title) document.title = fresh.title;
    if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  }

  function lost() {
    failures += 1;
    if (failures < 2) return;
    if (!lostAt) lostAt = new Date().toLocaleTimeString();
    gone.textContent = `The service does not answer since ${lostAt}. What is shown is old; trying again.`;
    document.body.classList.add("is-old");
    tell("old");
  }

  function found() {
    if (failures || lostAt) {
      gone.textContent = "";
      lostAt = "";
      document.body.classList.remove("is-old");
    }
    failures = 0;
    tell(paused ? "paused" : "live");
  }

  function tell(state) {
    pulse.textContent = { live: "Live", paused: "Paused", old: "No answer" }[state];
    pulse.className = `pulse ${state}`;
  }

  async function ask() {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(8000),
      });
      if (answer.status === 401) {
        location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (!paused) show(html);
      found();
    } catch {
      lost();
    } finally {
      asking = false;
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (paused || document.hidden) return;
    timer = setTimeout(ask, failures ? Math.min(longest, interval * failures) : interval);
  }

  function choosePause() {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    tell(paused ? "paused" : failures > 1 ? "old" : "live");
    if (paused) clearTimeout(timer);
    else ask();
  }

  function isDark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function nameTheme() {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", isDark() ? "Use the light theme" : "Use the dark theme");
  }

  function chooseTheme() {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("otel-discord-theme", next);
    } catch {
      // It holds for this page.
    }
    nameTheme();
  }

  const here = new URL(location.href);
  if (here.searchParams.has("said")) {
    here.searchParams.delete("said"); // what has been told is not told again by a reload
    history.replaceState(null, "", here);
  }
  theme.hidden = false;
  nameTheme();
  theme.addEventListener("click", chooseTheme);
  const isStill = !document.querySelector('[data-live="page"]')?.firstChild;
  if (!isStill) {
    pulse.hidden = false;
    pause.hidden = false;
    tell("live");
    pause.addEventListener("click", choosePause);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) clearTimeout(timer);
      else if (!paused) ask();
    });
    plan();
  }
})();
