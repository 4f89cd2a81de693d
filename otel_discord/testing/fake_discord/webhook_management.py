"""What bots do with webhooks: make, list, look at, move, delete."""

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.bot_call import Answer, BotCall
from otel_discord.testing.fake_discord.form_body import read_body
from otel_discord.testing.fake_discord.form_errors import invalid_form, refusal
from otel_discord.testing.fake_discord.form_message import check_username
from otel_discord.testing.fake_discord.form_values import Form
from otel_discord.testing.fake_discord.guild_answers import Json, bot_webhook_json
from otel_discord.testing.fake_discord.permissions import MANAGE_WEBHOOKS
from otel_discord.testing.fake_discord.state import ANNOUNCEMENT, FORUM, MEDIA, TEXT, FakeWebhook
from otel_discord.testing.fake_discord.strict import unknown_keys

_WITH_WEBHOOKS = frozenset([TEXT, 2, ANNOUNCEMENT, 13, FORUM, MEDIA])


def create_webhook(call: BotCall) -> Answer:
    """Make a webhook; the answer holds its token."""
    channel = call.channel
    name = _name(call, required=True)
    call.need(channel, MANAGE_WEBHOOKS)
    if channel.type not in _WITH_WEBHOOKS:
        raise refusal(400, 50024)
    if sum(each.channel_id == channel.id for each in call.state.webhooks.values()) >= limits.CHANNEL_WEBHOOKS:
        raise refusal(400, 30007)
    if len(call.guild_of(channel).webhooks) >= limits.GUILD_WEBHOOKS:
        raise refusal(400, 30058)
    webhook = call.state.add_webhook(channel, name=name, made_by=call.bot.id, wall_s=call.wall_s)
    call.record("webhook_create", webhook.id, webhook.guild_id)
    return 200, _shown(call, webhook)


def list_channel_webhooks(call: BotCall) -> Answer:
    """Return the webhooks of a channel; tokens of the bot's own."""
    call.need(call.channel, MANAGE_WEBHOOKS)
    found = [each for each in call.state.webhooks.values() if each.channel_id == call.channel.id]
    return 200, [_shown(call, webhook) for webhook in found]


def get_guild_webhooks(call: BotCall) -> Answer:
    """Return the webhooks of a guild; tokens of the bot's own."""
    call.need_in_guild(call.guild, MANAGE_WEBHOOKS)
    return 200, [_shown(call, webhook) for webhook in call.guild.webhooks]


def get_webhook(call: BotCall) -> Answer:
    """Return a webhook; its own the bot may always see."""
    if call.webhook.made_by != call.bot.id:
        _need_webhooks(call)
    return 200, _shown(call, call.webhook)


def update_webhook(call: BotCall) -> Answer:
    """Rename a webhook, or move it to another channel."""
    body = read_body(call.request)
    webhook = call.webhook
    name = _name(call, required=False)
    _need_webhooks(call)
    channel_id = body.json.get("channel_id")
    if channel_id is not None:
        target = call.state.channels.get(str(channel_id))
        if target is None or target.guild_id != webhook.guild_id:
            raise refusal(404, 10003)
        call.need(target, MANAGE_WEBHOOKS)
        webhook.channel_id = target.id
    webhook.name = name or webhook.name
    call.record("webhook_update", webhook.id, webhook.guild_id)
    return 200, _shown(call, webhook)


def delete_webhook(call: BotCall) -> Answer:
    """Delete a webhook for good."""
    webhook = call.webhook
    _need_webhooks(call)
    call.state.delete_webhook(webhook)
    call.record("webhook_delete", webhook.id, webhook.guild_id)
    return 204, None


def _need_webhooks(call: BotCall) -> None:
    call.need(call.state.channels[call.webhook.channel_id], MANAGE_WEBHOOKS)


def _name(call: BotCall, *, required: bool) -> str:
    """Return a webhook's name, with white space inside squeezed.

    Raises:
        RefusedError: 50035: absent, too long, or of forbidden words.
    """
    json = read_body(call.request).json
    for rule, detail in unknown_keys(json, frozenset(["name", "avatar"] + ([] if required else ["channel_id"]))):
        call.note(rule, detail)
    form = Form(call.switches)
    if json.get("name") is None and required:
        form.required(("name",))
    name = form.bounded_text(json, "name", (), 1, limits.USERNAME)
    if name is not None:
        name = " ".join(name.split())
        check_username(form, name, "name")
    if form.errors:
        raise invalid_form(form.errors)
    return name or ""


def _shown(call: BotCall, webhook: FakeWebhook) -> Json:
    maker = next((bot for bot in call.state.bots.values() if bot.id == webhook.made_by), None)
    return bot_webhook_json(webhook, call.bot, maker)
