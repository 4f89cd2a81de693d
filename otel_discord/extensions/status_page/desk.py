"""What is asked for inside: pages, their JSON, and actions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from otel_discord.component import ComponentError
from otel_discord.extensions.status_page.actions import Actions
from otel_discord.extensions.status_page.documents import Documents
from otel_discord.extensions.status_page.exchange import Answer, Ask, html_answer, json_answer, see_other, text_answer
from otel_discord.extensions.status_page.letters import one_letter
from otel_discord.extensions.status_page.notices import Notices
from otel_discord.extensions.status_page.overview import reloads_of
from otel_discord.extensions.status_page.pages.alerts_page import alerts_page, silence_form
from otel_discord.extensions.status_page.pages.configuration_page import configuration_page
from otel_discord.extensions.status_page.pages.frame import Frame, address, empty, page
from otel_discord.extensions.status_page.pages.letters_page import letter_page, letters_page
from otel_discord.extensions.status_page.pages.maintenance_parts import maintenance_form
from otel_discord.extensions.status_page.pages.messages_page import messages_page
from otel_discord.extensions.status_page.pages.overview_page import overview_page
from otel_discord.extensions.status_page.watch import Watch

_SLOWEST_S: Final = 3600
_MAX_TYPED_CHARS: Final = 1500
_TYPED_IN: Final = {
    "/alerts/silence": ("", ("matchers", "duration", "comment")),
    "/alerts/maintenance/start": ("m_", ("name", "duration", "action", "matchers", "critical", "comment")),
}
"""By the path of a form: its fields, and what stands before their names where an address fills them in."""


@dataclass(slots=True)
class Desk:
    """Answers those who may look. ``now_s`` gives wall time."""

    watch: Watch
    actions: Actions
    refresh_s: float
    form_token: str
    can_act: bool
    now_s: Callable[[], float]
    notices: Notices = field(default_factory=Notices)

    async def answer(self, ask: Ask, *, has_session: bool = False) -> Answer:
        """Return a page, a document or what became of an action."""
        if ask.method == "POST":
            return await self._act(ask)
        if ask.path.startswith("/api/"):
            return await Documents(self.watch).answer(ask)
        show = self._pages().get(ask.path)
        if show is None:
            return text_answer(HTTPStatus.NOT_FOUND, "There is no such page.")
        frame = await self._frame(ask, has_session)
        return await show(ask, frame)

    def _pages(self) -> Mapping[str, Callable[[Ask, Frame], Awaitable[Answer]]]:
        return {
            "/": self._overview,
            "/messages": self._messages,
            "/alerts": self._alerts,
            "/dead-letters": self._letters,
            "/dead-letters/letter": self._letter,
            "/dead-letters/purge": self._purge,
            "/configuration": self._configuration,
        }

    async def _frame(self, ask: Ask, has_session: bool) -> Frame:
        overview = await self.watch.overview()
        notice, is_bad = self.notices.take(ask.query.get("said", ""))
        every = ask.query.get("every", "")
        return Frame(
            refresh_s=self.refresh_s,
            form_token=self.form_token,
            can_act=self.can_act,
            problems=len(overview.problems),
            counts={
                "/alerts": await self.watch.alert_count(),
                "/dead-letters": sum(overview.dead_letters.values()),
            },
            notice=notice,
            notice_is_bad=is_bad,
            has_session=has_session,
            every_s=min(max(int(every), 2), _SLOWEST_S) if every.isascii() and every.isdigit() else 0,
        )

    async def _overview(self, _: Ask, frame: Frame) -> Answer:
        live = overview_page(await self.watch.overview(), await self.watch.mutes())
        return html_answer(page(frame, path="/", title="Overview", live=live))

    async def _messages(self, ask: Ask, frame: Frame) -> Answer:
        chosen = ask.query.get("destination", "")[:200]
        found = await self.watch.messages(chosen)
        live = messages_page(found, await self.watch.destinations(), chosen)
        return html_answer(page(frame, path="/messages", title="Messages", live=live, messages=True))

    async def _alerts(self, ask: Ask, frame: Frame) -> Answer:
        live = alerts_page(await self.watch.mutes(), frame, self.now_s())
        still = ""
        if self.can_act:
            silence, maintenance = (_filled(ask.query, path) for path in _TYPED_IN)
            still = silence_form(frame, silence["matchers"], silence["duration"] or "2h", silence["comment"])
            still += maintenance_form(frame, maintenance)
        return html_answer(page(frame, path="/alerts", title="Alerts and silences", live=live, still=still))

    async def _letters(self, ask: Ask, frame: Frame) -> Answer:
        chosen = ask.query.get("destination", "")[:200]
        found = await self.watch.letters(chosen)
        names = await self.watch.destinations()
        live = letters_page(found, names, chosen, self.actions.replays.by_exporter, frame, self.now_s())
        return html_answer(page(frame, path="/dead-letters", title="Dead letters", live=live))

    async def _letter(self, ask: Ask, frame: Frame) -> Answer:
        exporter, number = ask.query.get("exporter", ""), ask.query.get("id", "")
        letter = None
        if number.isascii() and number.isdigit() and len(number) < 19:
            try:
                letter = await one_letter(self.watch.view.open_components(), exporter, int(number))
            except ComponentError:
                letter = None
        if letter is None:
            gone = empty("This letter is not there: it was sent again, removed, or never was.")
            html = page(frame, path="/dead-letters", title="Dead letter", live=gone)
            return html_answer(html, HTTPStatus.NOT_FOUND)
        still = letter_page(exporter, int(number), letter, frame, self.watch.view.redact)
        return html_answer(page(frame, path="/dead-letters", title=f"Dead letter {number}", live="", still=still))

    async def _purge(self, ask: Ask, frame: Frame) -> Answer:
        if not self.can_act:
            return text_answer(HTTPStatus.FORBIDDEN, "Actions are switched off: allow_actions of status_page.")
        try:
            question = await self.actions.purge_question(ask.query, frame)
        except ComponentError as error:
            return self._said(address("/dead-letters"), str(error), is_bad=True)
        return html_answer(page(frame, path="/dead-letters", title="Remove dead letters?", live="", still=question))

    async def _configuration(self, _: Ask, frame: Frame) -> Answer:
        view = self.watch.view
        live = configuration_page(view.redact(view.configuration), reloads_of(view), self.now_s())
        return html_answer(page(frame, path="/configuration", title="Configuration", live=live))

    async def _act(self, ask: Ask) -> Answer:
        if not self.can_act:
            return text_answer(HTTPStatus.FORBIDDEN, "Actions are switched off: allow_actions of status_page.")
        wants_json = "application/json" in ask.headers.get("accept", "")
        action = self.actions.by_path().get(ask.path)
        if action is None:
            return text_answer(HTTPStatus.NOT_FOUND, "There is no such action.")
        try:
            told, is_bad = await action(ask.form), False
        except ComponentError as error:
            told, is_bad = self.watch.view.redact(str(error)), True
        except TimeoutError:
            told, is_bad = "It took too long; look whether it has happened.", True
        self.watch.looks.forget()
        if wants_json:
            return json_answer({"told": told}, HTTPStatus.CONFLICT if is_bad else HTTPStatus.OK)
        if is_bad and ask.path in _TYPED_IN:  # what was typed in is there again, to be mended
            prefix, names = _TYPED_IN[ask.path]
            typed = {prefix + name: ask.form.get(name, "")[:_MAX_TYPED_CHARS] for name in names}
            return self._said(address("/alerts", typed), told, is_bad=True)
        back = "/alerts" if ask.path.startswith("/alerts") else "/dead-letters"
        return self._said(address(back, {"destination": ask.form.get("destination", "")[:200]}), told, is_bad=is_bad)

    def _said(self, where: str, told: str, *, is_bad: bool) -> Answer:
        joint = "&" if "?" in where else "?"
        return see_other(f"{where}{joint}said={self.notices.keep(told, is_bad=is_bad)}")


def _filled(query: Mapping[str, str], path: str) -> Mapping[str, str]:
    """Return what an address fills into the fields of a form."""
    prefix, names = _TYPED_IN[path]
    return {name: query.get(prefix + name, "")[:_MAX_TYPED_CHARS] for name in names}
