"""The bot: wait for a turn within its limits, ask Discord one thing, get a value. See ``bot_api``."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from otel_discord.config import Secret
from otel_discord.discord_api.answer_text import clean
from otel_discord.discord_api.bot import asks, reading
from otel_discord.discord_api.bot.answers import Denied, Done, Failed, Failure, Invalid, Limited, NotThere
from otel_discord.discord_api.bot.asks import Ask
from otel_discord.discord_api.bot.bot_api import BotUser, Channel, Guild, NewChannel, Overwrite, PostedByBot, Webhook
from otel_discord.discord_api.bot.limiter import REQUESTS_PER_SECOND, BotLimiter
from otel_discord.discord_api.bot.observer import BotObserver, NobodyObserves, outcome_of
from otel_discord.discord_api.bot.permissions import ALL_PERMISSIONS, Permission, in_guild
from otel_discord.discord_api.bot.seen_channels import SeenChannels
from otel_discord.discord_api.bot.turns import Attempt, Held, Turns
from otel_discord.discord_api.bot.wire import BotWire, Success, unreadable
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.webhook_url import is_snowflake

T = TypeVar("T")

PATIENCE_S: Final = 20.0
UNKNOWN_GUILD: Final = 10004
_NO_ACCESS: Final = 50001
_MOST_PAGES: Final = 100


class BotClient:
    """Carries out ``BotApi``, in one event loop. Calls may run concurrently.

    Those of one bucket go in the order in which they were made.

    Args:
        transport: carries the requests; its lifetime is the caller's.
        token: the bot's; it goes into a header of each request and nowhere else.
        endpoint: the base, as :func:`webhook_url.validate_endpoint` returns it.
        user_agent: ``DiscordBot (url, version)``; Discord refuses others.
        patience_s: how long a call waits for limits at most; the request's own time, which the transport bounds, is
            not counted.
        requests_per_second: of all calls together.
        dice: from 0 to 1, for a little chance in waits after a 429.
        observer: hears what came of each request, and how long it waited.
    """

    def __init__(
        self,
        transport: Transport,
        token: Secret,
        *,
        endpoint: str,
        user_agent: str,
        patience_s: float = PATIENCE_S,
        requests_per_second: float = REQUESTS_PER_SECOND,
        dice: Callable[[], float] = random.random,
        observer: BotObserver | None = None,
    ) -> None:
        self._wire = BotWire(transport, token, endpoint=endpoint, user_agent=user_agent)
        self._turns = Turns(BotLimiter(requests_per_second=requests_per_second), dice=dice)
        self._patience_s = patience_s
        self._observer = observer or NobodyObserves()
        self._me: BotUser | None = None
        self._channels = SeenChannels()

    def ban_left_s(self) -> float | None:
        """Return how long Discord turns this address away; 0 while a request asks again, None without a ban."""
        return self._turns.ban_left_s()

    async def me(self) -> Done[BotUser] | Failure:
        """Return who the token belongs to."""
        answer = await self._get(asks.ME, reading.user)
        if isinstance(answer, Done):
            self._me = answer.value
        return answer

    async def guilds(self) -> Done[Sequence[Guild]] | Failure:
        """Return where the bot is, with its permissions there."""
        found: list[Guild] = []
        after = ""
        for _ in range(_MOST_PAGES):
            page = await self._get(asks.guilds(after), lambda json: reading.listed(json, _partial_guild))
            if not isinstance(page, Done):
                return page
            found += page.value
            last = max((guild.id for guild in page.value), key=int, default="")
            if len(page.value) < asks.GUILDS_A_PAGE:
                break
            if after and int(last) <= int(after):
                return Failed(False, "the pages of the bot's guilds do not go on")
            after = last
        return Done(tuple(found))

    async def guild(self, guild_id: str) -> Done[Guild] | Failure:
        """Return one guild, with what the bot may do in it."""
        me = Done(self._me) if self._me is not None else await self.me()
        if not isinstance(me, Done):
            return me
        asked = await self._get(asks.guild(guild_id), _guild_and_roles)
        if not isinstance(asked, Done):
            return _unknown_guild(asked)
        (known_id, name, owner_id), roles = asked.value
        member = await self._get(asks.member(guild_id, me.value.id), reading.member_roles)
        if not isinstance(member, Done):
            return _unknown_guild(member)
        permissions = in_guild(
            guild_id=known_id,
            owner_id=owner_id,
            user_id=me.value.id,
            role_permissions=roles,
            member_roles=member.value,
        )
        return Done(Guild(id=known_id, name=name, permissions=permissions))

    async def channels(self, guild_id: str) -> Done[Sequence[Channel]] | Failure:
        """Return all channels of a guild but threads."""
        answer = await self._get(asks.channels(guild_id), lambda json: reading.listed(json, reading.channel))
        return self._listed(answer, guild_id)

    async def channel(self, channel_id: str) -> Done[Channel] | Failure:
        """Return one channel or thread."""
        return self._seen(await self._get(asks.channel(channel_id), reading.channel))

    async def create_channel(self, guild_id: str, new: NewChannel, *, reason: str) -> Done[Channel] | Failure:
        """Make a channel. Not idempotent: after ``Failed(ambiguous=True)`` look before you repeat."""
        answer = await self._get(asks.create_channel(guild_id, new, reason), reading.channel)
        return self._seen(answer, guild_id)

    async def edit_channel(
        self,
        channel_id: str,
        *,
        reason: str,
        parent_id: str | None = None,
        overwrites: Sequence[Overwrite] | None = None,
        archived: bool | None = None,
        locked: bool | None = None,
    ) -> Done[Channel] | Failure:
        """Change what is not None.

        Raises:
            ValueError: all of it is None.
        """
        ask = asks.edit_channel(
            channel_id, reason, parent_id=parent_id, overwrites=overwrites, archived=archived, locked=locked
        )
        return await self._get(ask, reading.channel)

    async def delete_channel(self, channel_id: str, *, reason: str) -> Done[None] | Failure:
        """Delete a channel or thread."""
        return await self._do(asks.delete_channel(channel_id, reason, is_thread=self._channels.is_thread(channel_id)))

    async def create_webhook(self, channel_id: str, name: str, *, reason: str) -> Done[Webhook] | Failure:
        """Make a webhook. Not idempotent."""
        return await self._get(asks.create_webhook(channel_id, name, reason), reading.new_webhook)

    async def webhooks(self, channel_id: str) -> Done[Sequence[Webhook]] | Failure:
        """Return the webhooks of a channel."""
        return await self._get(asks.webhooks(channel_id), lambda json: reading.listed(json, reading.webhook))

    async def guild_webhooks(self, guild_id: str) -> Done[Sequence[Webhook]] | Failure:
        """Return the webhooks of a guild."""
        return await self._get(asks.guild_webhooks(guild_id), lambda json: reading.listed(json, reading.webhook))

    async def delete_webhook(self, webhook_id: str, *, reason: str) -> Done[None] | Failure:
        """Delete a webhook."""
        return await self._do(asks.delete_webhook(webhook_id, reason))

    async def post(self, channel_id: str, message: dict[str, Any], *, nonce: str = "") -> Done[PostedByBot] | Failure:
        """Post a message, which pings nobody unless it says so in ``allowed_mentions``.

        Raises:
            ValueError: the nonce has more than 25 characters.
        """
        ask = asks.post(channel_id, message, nonce, is_thread=self._channels.is_thread(channel_id))
        return await self._get(ask, reading.message)

    async def edit_message(
        self, channel_id: str, message_id: str, message: dict[str, Any]
    ) -> Done[PostedByBot] | Failure:
        """Change an own message; nobody is pinged unless it says so."""
        return await self._get(asks.edit_message(channel_id, message_id, message), reading.message)

    async def messages(
        self, channel_id: str, *, limit: int = 50, after: str = ""
    ) -> Done[Sequence[PostedByBot]] | Failure:
        """Return at most 100 messages: the newest first, or with ``after`` the oldest first."""
        if after and not is_snowflake(after):
            return _no_id("after")
        ask = asks.messages(channel_id, limit, after)
        answer = await self._get(ask, lambda json: reading.listed(json, reading.message))
        if not isinstance(answer, Done):
            return answer
        return Done(tuple(sorted(answer.value, key=reading.by_id, reverse=not after)))

    async def start_thread(
        self, channel_id: str, name: str, *, reason: str, forum_message: dict[str, Any] | None = None
    ) -> Done[Channel] | Failure:
        """Open a public thread, or a post of a forum. Not idempotent."""
        answer = await self._get(asks.start_thread(channel_id, name, reason, forum_message), reading.channel)
        return self._seen(answer, self._channels.guild_of(channel_id))

    async def active_threads(self, guild_id: str) -> Done[Sequence[Channel]] | Failure:
        """Return the threads of a guild that are not archived."""
        return self._listed(await self._get(asks.active_threads(guild_id), reading.threads), guild_id)

    async def archived_threads(self, channel_id: str, *, limit: int = 100) -> Done[Sequence[Channel]] | Failure:
        """Return at most ``limit`` public threads of a channel, those first that were archived last."""
        found: list[Channel] = []
        before = ""
        for _ in range(_MOST_PAGES):
            page = await self._get(asks.archived_threads(channel_id, limit - len(found), before), reading.threads)
            if not isinstance(page, Done):
                return page
            found += page.value
            before, former = page.value[-1].archived_at if page.value else "", before
            if len(page.value) < asks.ARCHIVED_A_PAGE or len(found) >= limit or before in ("", former):
                break
        return self._listed(Done(tuple(found[: max(limit, 0)])), self._channels.guild_of(channel_id))

    def _seen(self, answer: Done[Channel] | Failure, guild_id: str = "") -> Done[Channel] | Failure:
        if not isinstance(answer, Done):
            return answer
        listed = self._listed(Done((answer.value,)), guild_id)
        return Done(listed.value[0]) if isinstance(listed, Done) else listed

    def _listed(self, answer: Done[Sequence[Channel]] | Failure, guild_id: str) -> Done[Sequence[Channel]] | Failure:
        """Return the channels with their guild, which an answer about one guild need not repeat."""
        if not isinstance(answer, Done):
            return answer
        channels = tuple(one if one.guild_id else replace(one, guild_id=guild_id) for one in answer.value)
        self._channels.see(channels)
        return Done(channels)

    async def _get(self, ask: Ask, read: Callable[[Any], T | None]) -> Done[T] | Failure:
        """Ask, and read the value from the answer's JSON."""
        answer = await self._ask(ask)
        if not isinstance(answer, Success):
            return answer
        value = read(answer.json)
        return unreadable(ask) if value is None else Done(value)

    async def _do(self, ask: Ask) -> Done[None] | Failure:
        """Ask where only success counts."""
        answer = await self._ask(ask)
        return Done(None) if isinstance(answer, Success) else answer

    async def _ask(self, ask: Ask) -> Success | Failure:
        if not all(is_snowflake(one) for one in ask.ids):
            return _no_id(ask.template)
        route = ask.route(self._channels.guild_of(ask.ids[0]) if ask.ids else "")
        clock = asyncio.get_running_loop().time
        began_s, sending_s = clock(), 0.0

        async def attempt() -> Attempt[Success | Failure]:
            nonlocal sending_s
            sent_s = clock()
            made = await self._wire.send(ask)
            sending_s += clock() - sent_s
            self._observer.asked(outcome_of(made.result))
            return made

        made = await self._turns.take(route, attempt, patience_s=self._patience_s)
        self._observer.waited(max(0.0, clock() - began_s - sending_s))
        if not isinstance(made, Held):
            return made.result
        if made.last is None:
            self._observer.asked("turned_away")
        words = made.last.detail if isinstance(made.last, Limited) else "not sent"
        return Limited(made.retry_after_s, clean(f"limit of {ask.method} {ask.template}: {words}"))


def _partial_guild(json: Any) -> Guild | None:
    named = reading.guild_name(json)
    have = reading.bits(json.get("permissions")) if named is not None else None
    if named is None or have is None:
        return None
    everything = json.get("owner") is True or have & Permission.ADMINISTRATOR
    return Guild(id=named[0], name=named[1], permissions=ALL_PERMISSIONS if everything else have)


def _guild_and_roles(json: Any) -> tuple[tuple[str, str, str], dict[str, int]] | None:
    named, roles = reading.guild_name(json), reading.role_bits(json)
    return None if named is None or roles is None else (named, roles)


def _unknown_guild(answer: Failure) -> Failure:
    """Return the failure; of a guild that it is not in, Discord tells a bot nothing, not even that it is there."""
    if isinstance(answer, NotThere) or (isinstance(answer, Denied) and answer.code == _NO_ACCESS):
        return NotThere(UNKNOWN_GUILD, answer.detail)
    return answer


def _no_id(what: str) -> Invalid:
    return Invalid(0, f"not an id of Discord's, which is a number ({what})")
