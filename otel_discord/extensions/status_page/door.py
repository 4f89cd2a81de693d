"""Who comes in: names, origins, tokens, sessions. What is let in goes to the desk."""

import asyncio
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from otel_discord.component import Authenticator
from otel_discord.config.host_port import parse_host_port
from otel_discord.extensions.status_page.assets_served import ASSETS, asset
from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.desk import Desk
from otel_discord.extensions.status_page.exchange import (
    SESSION_COOKIE,
    Answer,
    Ask,
    html_answer,
    json_answer,
    see_other,
    text_answer,
)
from otel_discord.extensions.status_page.gate import form_refusal, host_refusal, origin_refusal
from otel_discord.extensions.status_page.pages.login_page import login_page
from otel_discord.extensions.status_page.sessions import LIFETIME_S, Sessions, lets_in

WRONG_TOKEN_DELAY_S: Final = 1.0
MOST_LOGINS: Final = 4
"""Wrong tokens that are waited for at a time; further tries are told to come again."""


@dataclass(slots=True)
class Door:
    """Answers requests; ``authenticator`` None: everybody who reaches the port may look."""

    config: StatusPageConfig
    desk: Desk
    sessions: Sessions
    authenticator: Authenticator | None = None
    _logins: int = field(default=0, init=False)

    async def answer(self, ask: Ask) -> Answer:
        """Return the answer to any request."""
        if ask.method not in {"GET", "POST"}:
            return text_answer(HTTPStatus.METHOD_NOT_ALLOWED, "GET or POST")
        if (refusal := self._refusal(ask)) is not None:
            return refusal
        if ask.method == "GET" and ask.path in ASSETS:
            return asset(ask.path)
        if self.authenticator is None:
            return await self._inside(ask, by_header=False)
        if ask.path == "/login":
            return await self._login(ask)
        if self.authenticator.authenticate(ask.headers):
            return await self._inside(ask, by_header=True)
        number = ask.cookies.get(SESSION_COOKIE, "")
        token = self.sessions.token_of(number, time.monotonic())
        if self.config.auth is not None and lets_in(self.authenticator, self.config.auth, token):
            return await self._inside(ask, by_header=False, session=number)
        if ask.path.startswith("/api/"):
            unknown = json_answer({"error": "a token is needed"}, HTTPStatus.UNAUTHORIZED)
            return Answer(unknown.status, unknown.body, unknown.content_type, {"WWW-Authenticate": "Bearer"})
        return html_answer(login_page(self.sessions.form_token), HTTPStatus.UNAUTHORIZED)

    def _refusal(self, ask: Ask) -> Answer | None:
        if self.authenticator is None:
            configured = parse_host_port(self.config.endpoint)[0].lower()
            names = {name.lower().rstrip(".") for name in (configured, *self.config.allowed_hosts) if name}
            if (refusal := host_refusal(ask, names)) is not None:
                return refusal
        return origin_refusal(ask)

    async def _inside(self, ask: Ask, *, by_header: bool, session: str = "") -> Answer:
        if ask.method == "POST":
            # Who sends the token in a header is no browser that another site has sent here.
            if not by_header and (refusal := form_refusal(ask, self.sessions.form_token)) is not None:
                return refusal
            if ask.path == "/logout":
                self.sessions.end(session)
                return see_other("/", {"Set-Cookie": self._cookie(ask, "", 0)})
        return await self.desk.answer(ask, has_session=bool(session))

    async def _login(self, ask: Ask) -> Answer:
        token_of_form = self.sessions.form_token
        if ask.method == "GET":
            return html_answer(login_page(token_of_form))
        if (refusal := form_refusal(ask, token_of_form)) is not None:
            return refusal
        if self._logins >= MOST_LOGINS:
            return html_answer(
                login_page(token_of_form, "Too many tries; wait a moment."), HTTPStatus.TOO_MANY_REQUESTS
            )
        token = ask.form.get("token", "").strip()
        if self.authenticator is not None and self.config.auth is not None:
            if lets_in(self.authenticator, self.config.auth, token):
                number = self.sessions.begin(token, time.monotonic())
                return see_other("/", {"Set-Cookie": self._cookie(ask, number, int(LIFETIME_S))})
            self._logins += 1
            try:
                await asyncio.sleep(WRONG_TOKEN_DELAY_S)
            finally:
                self._logins -= 1
        return html_answer(login_page(token_of_form, "This token does not let in."), HTTPStatus.UNAUTHORIZED)

    def _cookie(self, ask: Ask, number: str, max_age_s: int) -> str:
        secure = "; Secure" if ask.is_encrypted else ""
        return f"{SESSION_COOKIE}={number}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"
