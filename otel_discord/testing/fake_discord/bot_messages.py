"""What bots do with messages: post, list, look at, edit and delete them.

https://docs.discord.com/developers/resources/message
"""

from typing import Any, Final

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord import strict
from otel_discord.testing.fake_discord.bot_call import Answer, BotCall
from otel_discord.testing.fake_discord.form_body import Body, read_body
from otel_discord.testing.fake_discord.form_errors import invalid_form, refusal
from otel_discord.testing.fake_discord.form_files import Upload
from otel_discord.testing.fake_discord.form_mentions import pinged
from otel_discord.testing.fake_discord.form_message import BOT_CREATE_KEYS, MessageForm, check_create, check_edit
from otel_discord.testing.fake_discord.form_values import Form
from otel_discord.testing.fake_discord.guild_answers import bot_message_json
from otel_discord.testing.fake_discord.message_changes import apply_edit, stored
from otel_discord.testing.fake_discord.permissions import (
    ATTACH_FILES,
    EMBED_LINKS,
    MANAGE_MESSAGES,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
    SEND_TTS_MESSAGES,
)
from otel_discord.testing.fake_discord.state import FakeChannel, FakeMessage, JournalEntry

_WITHOUT_MESSAGES: Final = frozenset([4, 14, 15, 16])


def create_message(call: BotCall) -> Answer:
    """Post a message; one with an enforced nonce of minutes ago is returned instead."""
    body = read_body(call.request)
    for rule, detail in strict.find_in_bot_create(body):
        call.note(rule, detail)
    channel = call.channel
    form = check_create(_without_webhook_keys(body), call.switches, with_components=True)
    nonce = _nonce(call, body)
    _check_may_post(call, channel, body, form)
    if nonce and body.json.get("enforce_nonce") is True:
        earlier = _posted_with(call, nonce)
        if earlier is not None:
            return 200, bot_message_json(earlier, _bots(call), call.bot)
    message = post_as_bot(call, channel, body, form, nonce)
    return 200, bot_message_json(message, _bots(call), call.bot)


def list_messages(call: BotCall) -> Answer:
    """Return messages, the latest first, also where ``after`` is given; none without Read Message History."""
    limit = call.number("limit", 50, 1, 100)
    before, after = call.number("before", 0, 0, 2**63), call.number("after", 0, 0, 2**63)
    channel = call.channel
    if channel.type in _WITHOUT_MESSAGES:
        raise refusal(400, 50024)
    if not call.bits_in(channel) & READ_MESSAGE_HISTORY:
        return 200, []
    there = [each for each in call.state.messages.values() if each.channel_id == channel.id and not each.deleted]
    if before:
        there = [each for each in there if int(each.id) < before][-limit:]
    elif after:
        there = [each for each in there if int(each.id) > after][:limit]
    else:
        there = there[-limit:]
    return 200, [bot_message_json(each, _bots(call), call.bot) for each in reversed(there)]


def get_message(call: BotCall) -> Answer:
    """Return a message."""
    call.need(call.channel, READ_MESSAGE_HISTORY)
    return 200, bot_message_json(_message(call), _bots(call), call.bot)


def update_message(call: BotCall) -> Answer:
    """Edit an own message."""
    message = _message(call)
    body = read_body(call.request)
    files = {file.id: file.filename for file in message.files}
    for rule, detail in strict.find_in_edit(body, files=files):
        call.note(rule, detail)
    form = check_edit(body, call.switches, known_files=files)
    if message.author_id != call.bot.id:
        raise refusal(403, 50005)
    _unarchive(call, call.channel, may_post=False)
    apply_edit(call.state, call.wall_s, message, body, form)
    message.edited_wall_s = call.wall_s
    message.edits += 1
    _journal(call, "edited", message, body.json, form.attachments.uploads)
    return 200, bot_message_json(message, _bots(call), call.bot)


def delete_message(call: BotCall) -> Answer:
    """Delete a message; those of others with Manage Messages."""
    message = _message(call)
    if message.author_id != call.bot.id:
        call.need(call.channel, MANAGE_MESSAGES)
    message.deleted = True
    _journal(call, "deleted", message, {}, ())
    return 204, None


def post_as_bot(call: BotCall, channel: FakeChannel, body: Body, form: MessageForm, nonce: str = "") -> FakeMessage:
    """Store a message of the bot in a channel or thread."""
    message = FakeMessage(
        id=call.state.snowflakes.next(call.wall_s),
        channel_id=channel.id,
        webhook_id="",
        username=call.bot.name,
        arrived_at_s=call.now_s,
        created_wall_s=call.wall_s,
        content=form.content,
        embeds=form.embeds,
        components=form.components,
        files=[stored(call.state, call.wall_s, upload) for upload in form.attachments.uploads],
        flags=form.flags or 0,
        tts=body.json.get("tts") is True,
        pinged=pinged(form.content, body.json),
        author_id=call.bot.id,
        nonce=nonce,
    )
    call.state.messages[message.id] = message
    channel.message_count += 1
    _journal(call, "created", message, body.json, form.attachments.uploads)
    return message


def _check_may_post(call: BotCall, channel: FakeChannel, body: Body, form: MessageForm) -> None:
    if channel.type in _WITHOUT_MESSAGES:
        raise refusal(400, 50008)
    needed = SEND_MESSAGES_IN_THREADS if channel.is_thread else SEND_MESSAGES
    needed |= EMBED_LINKS if form.embeds else 0
    needed |= ATTACH_FILES if form.attachments.uploads else 0
    needed |= SEND_TTS_MESSAGES if body.json.get("tts") is True else 0
    call.need(channel, needed)
    _unarchive(call, channel, may_post=True)


def _unarchive(call: BotCall, thread: FakeChannel, *, may_post: bool) -> None:
    """Take a thread out of its archive for a new message; refuse where it is locked, and edits of what is archived."""
    if thread.archived and (not may_post or thread.locked):
        raise refusal(400, 50083)
    if may_post and thread.is_thread:
        thread.wake(call.wall_s)


def _nonce(call: BotCall, body: Body) -> str:
    nonce = body.json.get("nonce")
    if nonce is None:
        return ""
    form = Form(call.switches)
    if isinstance(nonce, bool) or not isinstance(nonce, (str, int)):
        form.errors.add(("nonce",), "NONCE_TYPE_INVALID", "Must be a string or an integer.")
    elif len(str(nonce)) > limits.NONCE:
        form.too_long(("nonce",), limits.NONCE)
    if form.errors:
        raise invalid_form(form.errors)
    return str(nonce)


def _posted_with(call: BotCall, nonce: str) -> FakeMessage | None:
    since_s = call.now_s - call.switches.nonce_window_s
    for message in reversed(call.state.messages.values()):
        if message.arrived_at_s < since_s:
            return None
        if message.author_id == call.bot.id and message.nonce == nonce and not message.deleted:
            return message
    return None


def _message(call: BotCall) -> FakeMessage:
    message = call.state.messages.get(call.route.message_id)
    if message is None or message.deleted or message.channel_id != call.route.channel_id:
        raise refusal(404, 10008)
    return message


def _without_webhook_keys(body: Body) -> Body:
    return Body({key: value for key, value in body.json.items() if key in BOT_CREATE_KEYS}, body.files, body.multipart)


def _bots(call: BotCall) -> dict[str, Any]:
    return {bot.id: bot for bot in call.state.bots.values()}


def _journal(call: BotCall, kind: Any, message: FakeMessage, json: dict[str, Any], files: tuple[Upload, ...]) -> None:
    entry = JournalEntry(kind, call.now_s, call.exchange, "", message.channel_id, message.id, json, files)
    call.state.journal.append(entry)
