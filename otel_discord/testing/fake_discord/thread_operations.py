"""What bots do with threads and posts of forums: start, list, archive, lock.

https://docs.discord.com/developers/topics/threads
"""

from datetime import datetime
from typing import Any, Final

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.bot_call import Answer, BotCall
from otel_discord.testing.fake_discord.bot_messages import post_as_bot
from otel_discord.testing.fake_discord.channel_form import NEW_THREAD_KEYS, THREAD_KEYS, channel_name
from otel_discord.testing.fake_discord.form_body import Body, read_body
from otel_discord.testing.fake_discord.form_errors import invalid_form, refusal
from otel_discord.testing.fake_discord.form_message import check_create
from otel_discord.testing.fake_discord.form_values import Form
from otel_discord.testing.fake_discord.guild_answers import bot_message_json, channel_json
from otel_discord.testing.fake_discord.permissions import (
    CREATE_PRIVATE_THREADS,
    CREATE_PUBLIC_THREADS,
    MANAGE_THREADS,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
)
from otel_discord.testing.fake_discord.state import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    PRIVATE_THREAD,
    TEXT,
    THREAD,
    FakeChannel,
)
from otel_discord.testing.fake_discord.strict import unknown_keys

_ARCHIVE_AFTER_MIN: Final = (60, 1440, 4320, 10080)
_ARCHIVE_AFTER_DEFAULT_MIN: Final = 4320
"""Where neither the request nor the channel says another; assumed."""


def create_thread(call: BotCall) -> Answer:
    """Start a thread without a message, or a post of a forum with its first one."""
    parent = call.channel
    body = read_body(call.request)
    name, archives_after_min = _new_thread(call, body)
    if parent.is_forum:
        return _create_post(call, parent, body, name, archives_after_min)
    if parent.type not in {TEXT, ANNOUNCEMENT}:
        raise refusal(400, 50024)
    kind = _kind(call, body, parent)
    call.need(parent, CREATE_PRIVATE_THREADS if kind == PRIVATE_THREAD else CREATE_PUBLIC_THREADS)
    thread = _start(call, parent, name, kind, archives_after_min)
    return 201, channel_json(thread)


def create_thread_from_message(call: BotCall) -> Answer:
    """Start a thread at a message; it has the message's id."""
    parent = call.channel
    message = call.state.messages.get(call.route.message_id)
    if message is None or message.deleted or message.channel_id != parent.id:
        raise refusal(404, 10008)
    name, archives_after_min = _new_thread(call, read_body(call.request))
    if parent.type not in {TEXT, ANNOUNCEMENT}:
        raise refusal(400, 50024)
    call.need(parent, CREATE_PUBLIC_THREADS)
    if message.id in call.state.channels:
        raise refusal(400, 160004)
    kind = ANNOUNCEMENT_THREAD if parent.type == ANNOUNCEMENT else THREAD
    return 201, channel_json(_start(call, parent, name, kind, archives_after_min, thread_id=message.id))


def get_active_guild_threads(call: BotCall) -> Answer:
    """Return the threads of a guild that are not archived and that the bot may see."""
    active = [each for each in call.guild.threads if not each.archived and call.bits_in(each)]
    active.sort(key=lambda each: int(each.id), reverse=True)
    return 200, {"threads": [channel_json(each) for each in active], "members": []}


def list_public_archived_threads(call: BotCall) -> Answer:
    """Return archived threads of a channel, the last archived first."""
    limit = call.number("limit", 50, 2, 100)
    before_s = _before_s(call)
    call.need(call.channel, READ_MESSAGE_HISTORY)
    archived = [
        each
        for each in call.state.channels.values()
        if each.parent_id == call.channel.id and each.archived and each.type in {THREAD, ANNOUNCEMENT_THREAD}
        if each.archived_wall_s < before_s
    ]
    archived.sort(key=lambda each: each.archived_wall_s, reverse=True)
    shown = [channel_json(each) for each in archived[:limit]]
    return 200, {"threads": shown, "members": [], "has_more": len(archived) > limit}


def update_thread(call: BotCall, thread: FakeChannel) -> Answer:
    """Archive, lock or rename a thread; what is archived must come out first, or at the same time."""
    body = read_body(call.request)
    for rule, detail in unknown_keys(body.json, THREAD_KEYS):
        call.note(rule, detail)
    form = Form(call.switches)
    name = channel_name(form, body.json, required=False, normalised=False)
    archived = form.flag(body.json, "archived", ()) if body.json.get("archived") is not None else thread.archived
    minutes = _archives_after(form, body)
    locked = form.flag(body.json, "locked", ()) if body.json.get("locked") is not None else thread.locked
    if form.errors:
        raise invalid_form(form.errors)
    own = thread.made_by == call.bot.id and not thread.locked and not locked
    call.need(thread, 0 if own else MANAGE_THREADS)
    if thread.archived and archived and (name is not None or locked != thread.locked):
        raise refusal(400, 50083)
    if archived != thread.archived:
        thread.archived_wall_s = thread.active_wall_s = call.wall_s
    thread.name = thread.name if name is None else name
    thread.archived, thread.locked = archived, locked
    thread.archives_after_min = minutes or thread.archives_after_min
    call.record("thread_update", thread.id, thread.guild_id)
    return 200, channel_json(thread)


def _create_post(call: BotCall, parent: FakeChannel, body: Body, name: str, archives_after_min: int) -> Answer:
    inner = body.json.get("message")
    form = Form(call.switches)
    if not isinstance(inner, dict):
        form.required(("message",))
        raise invalid_form(form.errors)
    message_body = Body(inner, body.files, body.multipart)
    message_form = check_create(message_body, call.switches, with_components=True)
    call.need(parent, SEND_MESSAGES)
    if parent.requires_tag and not body.json.get("applied_tags"):
        raise refusal(400, 40067)
    thread = _start(call, parent, name, THREAD, archives_after_min)
    message = post_as_bot(call, thread, message_body, message_form)
    bots = {bot.id: bot for bot in call.state.bots.values()}
    return 201, channel_json(thread) | {"message": bot_message_json(message, bots, call.bot)}


def _start(
    call: BotCall, parent: FakeChannel, name: str, kind: int, archives_after_min: int, *, thread_id: str = ""
) -> FakeChannel:
    guild = call.guild_of(parent)
    if sum(not each.archived for each in guild.threads) >= limits.ACTIVE_THREADS:
        raise refusal(400, 160006)
    thread = call.state.add_thread(parent, name, type=kind, wall_s=call.wall_s, thread_id=thread_id)
    thread.made_by, thread.active_wall_s = call.bot.id, call.wall_s
    thread.archives_after_min = archives_after_min
    call.record("thread_create", thread.id, guild.id)
    return thread


def _new_thread(call: BotCall, body: Body) -> tuple[str, int]:
    """Return the name of a thread to be, and after how many minutes it archives itself."""
    for rule, detail in unknown_keys(body.json, NEW_THREAD_KEYS):
        call.note(rule, detail)
    form = Form(call.switches)
    name = channel_name(form, body.json, required=True, normalised=False)
    minutes = _archives_after(form, body)
    if form.errors:
        raise invalid_form(form.errors)
    return name or "", minutes or _ARCHIVE_AFTER_DEFAULT_MIN


def _archives_after(form: Form, body: Body) -> int | None:
    """Return after how many minutes a thread archives itself; None where the request does not say."""
    minutes = form.integer(body.json, "auto_archive_duration", (), max(_ARCHIVE_AFTER_MIN))
    if minutes is not None and minutes not in _ARCHIVE_AFTER_MIN:
        form.errors.add(("auto_archive_duration",), "BASE_TYPE_CHOICES", f"Value must be one of {_ARCHIVE_AFTER_MIN}.")
    return minutes


def _kind(call: BotCall, body: Body, parent: FakeChannel) -> int:
    """Return the type asked for; where none is, it is a private thread, as it was when threads were new."""
    fitting = (ANNOUNCEMENT_THREAD,) if parent.type == ANNOUNCEMENT else (THREAD, PRIVATE_THREAD)
    form = Form(call.switches)
    kind: Any = form.integer(body.json, "type", (), PRIVATE_THREAD)
    if kind is not None and kind not in fitting:
        form.errors.add(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(fitting)}.")
    if form.errors:
        raise invalid_form(form.errors)
    return fitting[-1] if kind is None else int(kind)


def _before_s(call: BotCall) -> float:
    text = call.request.query.get("before")
    if text is None:
        return float("inf")
    form = Form(call.switches)
    if not form.timestamp({"before": text}, "before", ()):
        raise invalid_form(form.errors)
    return datetime.fromisoformat(text).timestamp()
