"use strict";
const $ = (id) => document.getElementById(id);
const root = document.documentElement;
let theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
let chosen = location.hash.slice(1);
let version = "";

function paint() {
  root.classList.toggle("light", theme === "light");
  $("theme").setAttribute("aria-pressed", String(theme === "light"));
  for (const box of document.querySelectorAll(".dv")) {
    box.classList.toggle("dv-light", theme === "light");
    box.classList.toggle("dv-dark", theme !== "light");
  }
}

function choose(name, moveFocus) {
  const sections = [...document.querySelectorAll("#stage section")];
  if (!sections.some((each) => each.dataset.name === name)) name = sections.length ? sections[0].dataset.name : "";
  chosen = name;
  for (const each of sections) each.hidden = each.dataset.name !== name;
  for (const button of document.querySelectorAll("#samples button")) {
    const isIt = button.dataset.name === name;
    button.setAttribute("aria-current", String(isIt));
    if (isIt && moveFocus) button.focus();
  }
  history.replaceState(null, "", "#" + name);
}

async function renew() {
  const open = new Set([...document.querySelectorAll("#stage details[open]")].map((each) => each.dataset.key));
  const held = document.activeElement && document.activeElement.closest("#samples") ? chosen : null;
  const answer = await fetch("/view", { cache: "no-store" });
  const view = await answer.json();
  version = view.version;
  $("error").classList.toggle("on", Boolean(view.error));
  $("error-text").textContent = view.error;
  $("notes").replaceChildren(...view.notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })));
  if (view.html !== null) {
    $("stage").innerHTML = view.html;
    $("samples").replaceChildren(...view.samples.map((sample) => {
      const item = document.createElement("li"), button = document.createElement("button");
      const title = document.createElement("span"), count = document.createElement("span");
      title.textContent = sample.title;
      count.textContent = sample.messages;
      count.className = "count";
      count.title = sample.messages === 1 ? "1 message" : sample.messages + " messages";
      button.type = "button";
      button.dataset.name = sample.name;
      button.append(title, count);
      button.addEventListener("click", () => choose(sample.name, true));
      item.append(button);
      return item;
    }));
    for (const each of document.querySelectorAll("#stage details")) each.open = open.has(each.dataset.key);
    choose(chosen, held !== null);
    paint();
  }
  $("clear").hidden = !view.pasted;
  $("state").textContent = view.error ? "the last good state is shown" : "as of " + view.at;
}

$("samples").addEventListener("keydown", (event) => {
  const buttons = [...document.querySelectorAll("#samples button")];
  const at = buttons.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  const button = buttons[Math.min(Math.max(to, 0), buttons.length - 1)];
  choose(button.dataset.name, true);
});
$("theme").addEventListener("click", () => { theme = theme === "dark" ? "light" : "dark"; paint(); });
$("phone").addEventListener("click", (event) => {
  const on = document.body.classList.toggle("phone");
  event.currentTarget.setAttribute("aria-pressed", String(on));
});
async function paste(text) {
  const answer = await fetch("/input", { method: "PUT", body: text, headers: { "X-Preview": "1" } });
  $("paste-answer").textContent = await answer.text();
}
$("show").addEventListener("click", () => paste($("paste").value));
$("clear").addEventListener("click", () => { $("paste").value = ""; paste(""); });

const events = new EventSource("/events");
events.addEventListener("message", (event) => { if (event.data !== version) renew(); });
events.addEventListener("error", () => { $("state").textContent = "the preview has ended"; });
paint();
