"""What the operations of a webhook do, once limits and form of the request are out of the way.

Each takes a :class:`Call` and returns status and JSON (None for an empty body), or raises a refusal.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord import strict
from otel_discord.testing.fake_discord.answers import message_json, webhook_json
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.form_body import Body, read_body
from otel_discord.testing.fake_discord.form_errors import invalid_form, refusal
from otel_discord.testing.fake_discord.form_files import Upload
from otel_discord.testing.fake_discord.form_mentions import pinged
from otel_discord.testing.fake_discord.form_message import MessageForm, check_create, check_edit, check_username
from otel_discord.testing.fake_discord.form_values import Form
from otel_discord.testing.fake_discord.message_changes import apply_edit, stored
from otel_discord.testing.fake_discord.routes import Route
from otel_discord.testing.fake_discord.rules import Switches
from otel_discord.testing.fake_discord.state import FakeChannel, FakeMessage, FakeWebhook, JournalEntry, State

Answer = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to an operation; ``note`` takes a violation: rule and sentence."""

    request: FakeRequest
    route: Route
    webhook: FakeWebhook
    state: State
    switches: Switches
    now_s: float
    wall_s: float
    exchange: int
    note: Callable[[str, str], None]


def execute_webhook(call: Call) -> Answer:
    """Create a message; 200 with it when asked to wait or when it has files, else 204."""
    body = read_body(call.request)
    _note_all(call, strict.find_in_create(call.request, body))
    with_components = _is_true(call.request.query.get("with_components"))
    form = check_create(body, call.switches, with_components=with_components)
    channel = _target_channel(call, form, body)
    message = FakeMessage(
        id=call.state.snowflakes.next(call.wall_s),
        channel_id=channel.id,
        webhook_id=call.webhook.id,
        username=form.username or call.webhook.name,
        arrived_at_s=call.now_s,
        created_wall_s=call.wall_s,
        content=form.content,
        embeds=form.embeds,
        components=form.components,
        files=[stored(call.state, call.wall_s, upload) for upload in form.attachments.uploads],
        flags=form.flags or 0,
        tts=body.json.get("tts") is True,
        pinged=pinged(form.content, body.json),
    )
    call.state.messages[message.id] = message
    _journal(call, "created", message, body.json, form.attachments.uploads)
    waits = _is_true(call.request.query.get("wait")) or bool(message.files)
    return (200, message_json(message)) if waits else (204, None)


def get_webhook_message(call: Call) -> Answer:
    """Return a message of this webhook."""
    return 200, message_json(_message(call))


def update_webhook_message(call: Call) -> Answer:
    """Edit a message: named keys change, with ``attachments`` only the named files stay."""
    message = _message(call)
    body = read_body(call.request)
    files = {file.id: file.filename for file in message.files}
    _note_all(call, strict.find_in_edit(body, files=files))
    form = check_edit(body, call.switches, known_files=files)
    place = call.state.channels.get(message.channel_id)
    if place is None:
        raise refusal(404, 10003)
    if place.archived:
        raise refusal(400, 50083)
    apply_edit(call.state, call.wall_s, message, body, form)
    message.edited_wall_s = call.wall_s
    message.edits += 1
    _journal(call, "edited", message, body.json, form.attachments.uploads)
    return 200, message_json(message)


def delete_webhook_message(call: Call) -> Answer:
    """Delete a message."""
    message = _message(call)
    message.deleted = True
    _journal(call, "deleted", message, {}, ())
    return 204, None


def get_webhook_by_token(call: Call) -> Answer:
    """Return the webhook: its name and its channel."""
    return 200, webhook_json(call.webhook)


def update_webhook_by_token(call: Call) -> Answer:
    """Rename the webhook."""
    body = read_body(call.request)
    form = Form(call.switches)
    name = form.bounded_text(body.json, "name", (), 1, limits.USERNAME)
    if name is not None:
        check_username(form, name, "name")
    if form.errors:
        raise invalid_form(form.errors)
    call.webhook.name = name or call.webhook.name
    return 200, webhook_json(call.webhook)


def delete_webhook_by_token(call: Call) -> Answer:
    """Delete the webhook for good."""
    call.state.delete_webhook(call.webhook)
    return 204, None


OPERATIONS: dict[str, Callable[[Call], Answer]] = {
    operation.__name__: operation
    for operation in (
        execute_webhook,
        get_webhook_message,
        update_webhook_message,
        delete_webhook_message,
        get_webhook_by_token,
        update_webhook_by_token,
        delete_webhook_by_token,
    )
}


def _target_channel(call: Call, form: MessageForm, body: Body) -> FakeChannel:
    """Return the channel or thread to post in, a new thread where one is named (codes 220001–3, 40067)."""
    parent = call.state.channels[call.webhook.channel_id]
    thread_id = call.request.query.get("thread_id", "")
    if thread_id and form.thread_name:
        raise refusal(400, 220002)
    if thread_id:
        thread = call.state.channels.get(thread_id)
        if thread is None or parent.id not in {thread.parent_id, thread.id}:
            raise refusal(404, 10003)
        if thread.locked:
            raise refusal(400, 160005)
        thread.wake(call.wall_s)
        return thread
    if parent.is_forum:
        if not form.thread_name:
            raise refusal(400, 220001)
        if parent.requires_tag and not body.json.get("applied_tags"):
            raise refusal(400, 40067)
        return call.state.add_thread(parent, form.thread_name, wall_s=call.wall_s)
    if form.thread_name:
        raise refusal(400, 220003)
    return parent


def _message(call: Call) -> FakeMessage:
    message = call.state.messages.get(call.route.message_id)
    thread_id = call.request.query.get("thread_id", "")
    place = thread_id or call.webhook.channel_id
    gone = message is None or message.deleted or message.webhook_id != call.webhook.id
    if message is None or gone or message.channel_id != place:
        raise refusal(404, 10008)
    return message


def _journal(call: Call, kind: Any, message: FakeMessage, json: dict[str, Any], files: tuple[Upload, ...]) -> None:
    ids = (message.webhook_id, message.channel_id, message.id)
    call.state.journal.append(JournalEntry(kind, call.now_s, call.exchange, *ids, json, files))


def _note_all(call: Call, findings: Iterable[strict.Finding]) -> None:
    for rule, detail in findings:
        call.note(rule, detail)


def _is_true(text: str | None) -> bool:
    return (text or "").lower() in {"true", "1"}
