"""What bots and scripts tell of: errors with context, how they are, members of a guild. Plain ``logging`` records.

The event's name is in ``extra`` as ``otel.event.name``, which :class:`otel_discord.sdk.DiscordHandler` and
OpenTelemetry's own handler understand alike. Members, users, guilds and roles are those of discord.py or of a library
made from it (Pycord, disnake, nextcord): only ``id``, ``name`` and a few more are looked at, if they are there.

Nothing here raises into the bot.
"""

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from otel_discord.sdk.freeze import freeze
from otel_discord.sdk.system_status import duration_text, size_text, system_figures

MEMBER_JOIN: Final = "discord.member.join"
MEMBER_LEAVE: Final = "discord.member.leave"
MEMBER_BAN: Final = "discord.member.ban"
MEMBER_UNBAN: Final = "discord.member.unban"
MEMBER_ROLE_UPDATE: Final = "discord.member.role_update"
BOT_ERROR: Final = "discord.bot.error"
BOT_STATUS: Final = "discord.bot.status"

_TAKEN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""Names that ``logging`` refuses as ``extra``."""
_SOMEBODY: Final = "a member"

_log: Final = logging.getLogger("otel_discord.sdk")


class BotEvents:
    """Logs the events of a bot; each kind of member event can be switched off.

    ::

        events = BotEvents("bot.members", leave=False)

        @client.event
        async def on_member_join(member):
            events.member_join(member)

    Member events are logged at INFO, bans at WARNING. The logger's level and the handler's ``min_severity`` have to let
    them through: ``logging.getLogger("bot").setLevel(logging.INFO)`` and ``DiscordHandler(…, min_severity="INFO")``.

    Args:
        logger: that the records are logged with, or its name.
        join, leave, ban, unban, role_update: which events of members are logged.
        hide_ids: leave ids and names of users out, in the text and in the attributes.
    """

    def __init__(
        self,
        logger: logging.Logger | str = "bot",
        *,
        join: bool = True,
        leave: bool = True,
        ban: bool = True,
        unban: bool = True,
        role_update: bool = True,
        hide_ids: bool = False,
    ) -> None:
        self._logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self._is_on = {
            MEMBER_JOIN: join,
            MEMBER_LEAVE: leave,
            MEMBER_BAN: ban,
            MEMBER_UNBAN: unban,
            MEMBER_ROLE_UPDATE: role_update,
        }
        self._hide_ids = hide_ids
        self._has_warned = False

    # ------------------------------------------------------------------------------------------------ errors, status

    def error(self, error: BaseException, where: str = "", **context: Any) -> None:
        """Log an exception with what was going on: ``events.error(error, "command !pay", channel=channel.id)``.

        ``where`` is the first half of the sentence; ``context`` becomes attributes.
        """

        def say() -> None:
            told = _text(error) or type(error).__name__
            self._emit(logging.ERROR, BOT_ERROR, f"{where}: {told}" if where else told, context, error)

        self._guarded(say)

    def status(self, text: str, **figures: Any) -> None:
        """Log how the bot is (event ``discord.bot.status``, INFO); ``figures`` become attributes."""
        self._emit(logging.INFO, BOT_STATUS, text, figures)

    def system_status(self, text: str = "", **figures: Any) -> None:
        """Log uptime, memory and threads of this process beside ``text`` (event ``discord.bot.status``, INFO)."""
        self._guarded(lambda: self._system_status(text, figures))

    def _system_status(self, text: str, figures: Mapping[str, Any]) -> None:
        found = system_figures()
        words = [text] if text else []
        words.append(f"up {duration_text(found['process.uptime'])}")
        if "process.memory.usage" in found:
            words.append(f"{size_text(found['process.memory.usage'])} of memory")
        threads = found["process.thread.count"]
        words.append(f"{threads} thread{'' if threads == 1 else 's'}")
        self._emit(logging.INFO, BOT_STATUS, " · ".join(words), {**found, **figures})

    # --------------------------------------------------------------------------------------------------------- members

    def member_join(self, member: Any) -> None:
        """Log that a member has joined: ``ada joined · 1,204 members`` (event ``discord.member.join``)."""
        self._member(logging.INFO, MEMBER_JOIN, member, None, "joined")

    def member_leave(self, member: Any) -> None:
        """Log that a member has left, or was removed (event ``discord.member.leave``).

        Also takes what ``on_raw_member_remove`` gives, which has ``user`` and ``guild_id``.
        """
        self._member(logging.INFO, MEMBER_LEAVE, member, None, "left")

    def member_ban(self, guild: Any, user: Any) -> None:
        """Log that a user was banned (event ``discord.member.ban``, WARNING)."""
        self._member(logging.WARNING, MEMBER_BAN, user, guild, "was banned")

    def member_unban(self, guild: Any, user: Any) -> None:
        """Log that a ban was lifted (event ``discord.member.unban``)."""
        self._member(logging.INFO, MEMBER_UNBAN, user, guild, "is no longer banned")

    def role_update(self, before: Any, after: Any) -> None:
        """Log which roles a member got or lost (event ``discord.member.role_update``).

        For ``on_member_update``, which also tells of other changes: where the roles are the same, nothing is logged.
        """
        if self._is_on[MEMBER_ROLE_UPDATE]:
            self._guarded(lambda: self._role_update(before, after))

    def _role_update(self, before: Any, after: Any) -> None:
        had, has = _roles(before), _roles(after)
        added = [name for key, name in has.items() if key not in had]
        removed = [name for key, name in had.items() if key not in has]
        if not added and not removed:
            return
        parts = [f"got {_named(added)}"] if added else []
        parts += [f"lost {_named(removed)}"] if removed else []
        guild = getattr(after, "guild", None)
        attributes = self._who(after, guild)
        attributes |= {"discord.roles.added": tuple(added)} if added else {}
        attributes |= {"discord.roles.removed": tuple(removed)} if removed else {}
        words = f"{self._name(after)} {' and '.join(parts)}"
        self._emit(logging.INFO, MEMBER_ROLE_UPDATE, words, attributes)

    def _member(self, level: int, event: str, user: Any, guild: Any, verb: str) -> None:
        """``user`` is a member where there is no ``guild``: then it has its own, which says how many there are."""
        if not self._is_on[event]:
            return

        def say() -> None:
            person = user if getattr(user, "id", None) is not None else getattr(user, "user", user)
            place = guild if guild is not None else getattr(user, "guild", None)
            attributes = self._who(person, place if place is not None else user)
            words = f"{self._name(person)} {verb}"
            members = getattr(place, "member_count", None) if guild is None else None
            if isinstance(members, int) and not isinstance(members, bool):
                words += f" · {members:,} member{'' if members == 1 else 's'}"
                attributes["discord.guild.member_count"] = members
            self._emit(level, event, words, attributes)

        self._guarded(say)

    def _who(self, user: Any, guild: Any) -> dict[str, Any]:
        attributes: dict[str, Any] = {}
        if not self._hide_ids:
            attributes["user.id"] = _text(getattr(user, "id", None))
            attributes["user.name"] = _text(getattr(user, "name", None))
        guild_id = getattr(guild, "id", None)
        attributes["discord.guild.id"] = _text(guild_id if guild_id is not None else getattr(guild, "guild_id", None))
        attributes["discord.guild.name"] = _text(getattr(guild, "name", None))
        return {key: value for key, value in attributes.items() if value}

    def _name(self, user: Any) -> str:
        if self._hide_ids:
            return _SOMEBODY
        return _text(getattr(user, "display_name", None)) or _text(getattr(user, "name", None)) or _SOMEBODY

    # ---------------------------------------------------------------------------------------------------------- logging

    def _emit(
        self, level: int, event: str, words: Any, attributes: Mapping[str, Any], error: BaseException | None = None
    ) -> None:
        def log() -> None:
            if not self._logger.isEnabledFor(level):
                self._warn_once(level)
                return
            extra = {(f"context.{key}" if key in _TAKEN else key): _plain(value) for key, value in attributes.items()}
            extra["otel.event.name"] = event
            said = _text(words)  # not as a value of "%s": that would be the template of everything
            self._logger.log(level, said, extra=extra, exc_info=error, stacklevel=_steps_to_caller())

        self._guarded(log)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a bot goes on, whatever its library's objects do
            _log.warning("an event of the bot was not logged: %s", type(error).__name__)

    def _warn_once(self, level: int) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                'events of the bot are not logged: logging.getLogger("%s") takes nothing of level %s; set its level',
                self._logger.name,
                logging.getLevelName(level),
            )


def _steps_to_caller() -> int:
    """Return logging's ``stacklevel`` of the first caller outside this file: a record says where it was made."""
    frame, steps = sys._getframe(1), 1  # noqa: SLF001 - as logging does
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame, steps = frame.f_back, steps + 1
    return steps


def _roles(member: Any) -> dict[Any, str]:
    """Return the names of a member's roles by their ids; everybody's role is none."""
    roles: Iterable[Any] = getattr(member, "roles", None) or ()
    named = {getattr(role, "id", None) or _text(role): _text(getattr(role, "name", role)) for role in roles}
    return {key: name for key, name in named.items() if name != "@everyone"}


def _named(names: list[str]) -> str:
    return ", ".join(names)


def _text(value: Any) -> str:
    return "" if value is None else str(freeze(value))


def _plain(value: Any) -> Any:
    """Return a value that every handler can show: ids of Discord are beyond what JSON's readers take, so: text."""
    frozen = freeze(value)
    if isinstance(frozen, int) and not isinstance(frozen, bool) and abs(frozen) >= 1 << 53:
        return str(frozen)
    return frozen
