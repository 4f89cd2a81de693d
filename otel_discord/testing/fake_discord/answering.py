"""From a request to its answer in Discord's order: ban, User-Agent, global limit, token, path, limits, then the work.

https://docs.discord.com/developers/topics/rate-limits
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from otel_discord.testing.fake_discord.audit_reason import check_audit_reason, find_in_reason
from otel_discord.testing.fake_discord.bot_call import BotCall
from otel_discord.testing.fake_discord.bot_limits import charge_bot
from otel_discord.testing.fake_discord.bot_operations import BOT_OPERATIONS
from otel_discord.testing.fake_discord.entrance import bot_of, check_route, check_user_agent
from otel_discord.testing.fake_discord.exchange import FakeRequest, FakeResponse
from otel_discord.testing.fake_discord.form_errors import RefusedError, refusal
from otel_discord.testing.fake_discord.guilds import FakeBot
from otel_discord.testing.fake_discord.rate_limits import (
    BANNED_MESSAGE,
    Charged,
    Limited,
    limited_body,
    limited_headers,
)
from otel_discord.testing.fake_discord.routes import Route
from otel_discord.testing.fake_discord.state import FakeWebhook
from otel_discord.testing.fake_discord.webhook_operations import OPERATIONS, Call

if TYPE_CHECKING:
    from otel_discord.testing.fake_discord.fake import FakeDiscord


class Answering:
    """Answers for one fake."""

    def __init__(self, fake: "FakeDiscord") -> None:
        self._fake = fake

    def answer(self, request: FakeRequest, route: Route, channel_id: str, now_s: float) -> FakeResponse:
        """Return the answer to a request that arrives now; ``channel_id``: of the hidden limit that it counts to."""
        fake = self._fake
        if fake.limits.is_banned(now_s):
            return self._json(429, {"message": BANNED_MESSAGE, "code": 0}, now_s, {})
        charged = Charged({})
        try:
            check_user_agent(request, fake.switches)
            bot = bot_of(request, fake.state) if route.for_bots else None
            limited = fake.limits.take_global_of(bot.id, now_s) if bot else fake.limits.take_global(now_s)
            if limited is None:
                check_route(route, fake.note)
                carry_out: Callable[[], tuple[int, Any]]
                if route.for_bots:
                    bot_call = self._bot_call(request, route, bot, now_s)
                    charged = self._charge_bot(bot_call)
                    carry_out = partial(BOT_OPERATIONS[route.operation], bot_call)
                else:
                    webhook = self._find_webhook(route)
                    charged = self._charge(route, webhook, channel_id, now_s)
                    carry_out = partial(self._carry_out, request, route, webhook, now_s)
                limited = charged.limited
                if limited is None:
                    return self._done(*carry_out(), charged, now_s)
            return self._limited(limited, charged, route, now_s)
        except RefusedError as refused:
            if refused.status in {401, 403}:
                fake.limits.note_invalid(now_s)
            return self._bytes(refused.status, refused.body(legacy=route.legacy), now_s, charged.headers)

    def _find_webhook(self, route: Route) -> FakeWebhook:
        fake = self._fake
        webhook = fake.state.webhooks.get(route.webhook_id)
        if webhook is None:
            raise refusal(404, 10015)
        if webhook.token != route.token:
            raise refusal(401, 50027)
        return webhook

    def _charge(self, route: Route, webhook: FakeWebhook, channel_id: str, now_s: float) -> Charged:
        fake = self._fake
        edits = fake.profile.edits_count_to_channel and route.operation == "update_webhook_message"
        in_channel = route.operation == "execute_webhook" or edits
        key = f"{webhook.id}/{webhook.token}"
        channel = channel_id if in_channel else None
        return fake.limits.take(route.operation, route.hash_template, key, channel, now_s, fake.wall_s(now_s))

    def _carry_out(self, request: FakeRequest, route: Route, webhook: FakeWebhook, now_s: float) -> tuple[int, Any]:
        fake = self._fake
        if "thread_id" in request.query and fake.switches.threads_archive_themselves:
            fake.state.archive_idle_threads(fake.wall_s(now_s))
        call = Call(
            request, route, webhook, fake.state, fake.switches, now_s, fake.wall_s(now_s), fake.index, fake.note
        )
        return OPERATIONS[route.operation](call)

    def _bot_call(self, request: FakeRequest, route: Route, bot: FakeBot | None, now_s: float) -> BotCall:
        fake = self._fake
        if bot is None:
            raise RefusedError(401, 0, "401: Unauthorized")
        wall_s = fake.wall_s(now_s)
        call = BotCall(request, route, bot, fake.state, fake.switches, now_s, wall_s, fake.index, fake.note)
        if fake.switches.threads_archive_themselves:
            fake.state.archive_idle_threads(wall_s)
        call.look_up()
        for rule, detail in find_in_reason(request, route.operation):
            fake.note(rule, detail)
        return call

    def _charge_bot(self, call: BotCall) -> Charged:
        fake = self._fake
        route = call.route
        guild_id = route.guild_id or (call.channel.guild_id if route.channel_id else "")
        charged = charge_bot(fake.limits, call.request, route, call.bot.id, guild_id, call.now_s, call.wall_s)
        if charged.limited is None:
            check_audit_reason(call.request)
        return charged

    def _done(self, status: int, answer: Any, charged: Charged, now_s: float) -> FakeResponse:
        if answer is None:
            return FakeResponse(status, self._base_headers(now_s) | dict(charged.headers))
        return self._json(status, answer, now_s, charged.headers)

    def _limited(self, limited: Limited, charged: Charged, route: Route, now_s: float) -> FakeResponse:
        fake = self._fake
        if limited.scope != "shared":
            fake.limits.note_invalid(now_s)
        headers = limited_headers(limited, charged.headers)
        return self._bytes(429, limited_body(limited, legacy=route.legacy), now_s, headers)

    def _base_headers(self, now_s: float) -> dict[str, str]:
        date = format_datetime(datetime.fromtimestamp(self._fake.wall_s(now_s), UTC), usegmt=True)
        return {"Date": date, "Via": "1.1 google"}

    def _json(self, status: int, answer: Any, now_s: float, headers: Any) -> FakeResponse:
        return self._bytes(status, json.dumps(answer).encode(), now_s, headers)

    def _bytes(self, status: int, body: bytes, now_s: float, headers: Any) -> FakeResponse:
        base = self._base_headers(now_s) | {"Content-Type": "application/json"}
        return FakeResponse(status, base | dict(headers), body)
