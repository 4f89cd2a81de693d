"""Every rule that FakeDiscord keeps: where it is from and how sure it is.

A *refused* rule answers 4xx, as Discord does. A *strict* rule is only noted as a violation: Discord tolerates it, a
careful client does not do it. What is not established has a switch in :class:`Switches`; tests run both ways.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from otel_discord.testing.fake_discord.limits_of_discord import LIMITS_SOURCE


class Confidence(StrEnum):
    """Who says so."""

    DOCUMENTED = "documented"
    STAFF = "staff"
    OBSERVED = "observed"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``strict`` means violation only."""

    name: str
    source: str
    confidence: Confidence
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Switches:
    """How FakeDiscord decides what is not established."""

    empty_embed: Literal["description_required", "empty_message", "accept"] = "description_required"
    """An embed with nothing visible, such as only a colour."""
    nul: Literal["strip", "reject"] = "strip"
    """A NUL inside a text."""
    user_agent_status: Literal[400, 403] = 403
    """Status beside code 40333."""
    unknown_attachment_url: Literal["accept", "reject"] = "accept"
    """``attachment://name`` without a file of that name; a violation either way."""
    unknown_flags: Literal["reject", "ignore"] = "reject"
    """Message flags that a webhook may not set."""
    threads_have_own_limit: bool = False
    """Whether the hidden channel limit counts a thread apart from its parent."""
    stranger_guild: Literal["unknown", "no_access"] = "unknown"
    """How a guild answers a bot that is not in it: 404 code 10004, or 403 code 50001."""
    nonce_window_s: float = 180.0
    """How long an enforced nonce holds; "a few minutes" are documented."""
    threads_archive_themselves: bool = True
    """Whether threads without messages for long are archived, as Discord does in time, or soon after."""
    order_matters: bool = True
    """Whether two concurrent POSTs to one webhook are a violation."""


_D, _S, _O, _A = Confidence.DOCUMENTED, Confidence.STAFF, Confidence.OBSERVED, Confidence.ASSUMED

_REFUSED = [
    Rule("content_length", LIMITS_SOURCE, _D),
    Rule("embeds_count", LIMITS_SOURCE, _D),
    Rule("embeds_total_length", LIMITS_SOURCE, _D),
    Rule("embed_title_length", LIMITS_SOURCE, _D),
    Rule("embed_description_length", LIMITS_SOURCE, _D),
    Rule("embed_fields_count", "Discord changelog 2023-12-19", _D),
    Rule("embed_field_name_length", LIMITS_SOURCE, _D),
    Rule("embed_field_value_length", LIMITS_SOURCE, _D),
    Rule("embed_field_required", "discord-net/Discord.Net#758", _O),
    Rule("embed_footer_length", LIMITS_SOURCE, _D),
    Rule("embed_author_length", LIMITS_SOURCE, _D),
    Rule("embed_author_name_required", LIMITS_SOURCE, _D),
    Rule("embed_color_range", "discord-api-spec RichEmbed.color", _D),
    Rule("embed_timestamp", "discord-api-spec RichEmbed.timestamp", _D),
    Rule("embed_empty", "lovvskillz/python-discord-webhook#155", _O),
    Rule("url_length", "discord-api-spec RichEmbed.url", _D),
    Rule("url_scheme", "discord/discord-api-docs#5837", _O),
    Rule("url_form", "discord/discord-api-docs#5837", _O),
    Rule("username_length", "https://docs.discord.com/developers/resources/webhook", _D),
    Rule("username_words", "https://docs.discord.com/developers/resources/webhook", _D),
    Rule("username_here_everyone", "MinnDevelopment/discord-webhooks#100", _O),
    Rule("thread_name_length", "discord-api-spec IncomingWebhookRequestPartial", _D),
    Rule("allowed_mentions_count", "discord-api-spec MessageAllowedMentionsRequest", _D),
    Rule("allowed_mentions_unique", "discord-api-spec MessageAllowedMentionsRequest", _D),
    Rule("allowed_mentions_exclusive", "https://docs.discord.com/developers/resources/message", _D),
    Rule("flags_mask", "https://docs.discord.com/developers/resources/webhook#execute-webhook", _A),
    Rule("components_v2_exclusive", "https://docs.discord.com/developers/resources/message", _D),
    Rule("empty_message", "https://docs.discord.com/developers/resources/webhook#execute-webhook", _D),
    Rule("forum_thread", "https://docs.discord.com/developers/resources/webhook#execute-webhook", _D),
    Rule("files_count", "Discord JSON code 30015", _D),
    Rule("file_size", "Discord changelog 2025-04-03; discord/discord-api-docs#8572", _D),
    Rule("request_size", "https://docs.discord.com/developers/reference#uploading-files", _D),
    Rule("attachment_ids", "https://docs.discord.com/developers/reference#uploading-files", _D),
    Rule("attachment_description_length", "discord-api-spec MessageAttachmentRequest", _D),
    Rule("content_type", "https://docs.discord.com/developers/reference#http-api", _D),
    Rule("json", "Discord JSON code 50109", _D),
    Rule("user_agent", "https://docs.discord.com/developers/reference#user-agent", _D),
    Rule("webhook_name", "https://docs.discord.com/developers/resources/webhook#create-webhook", _D),
]

_STRICT = [
    Rule("unversioned", "https://docs.discord.com/developers/reference#api-versioning", _D, strict=True),
    Rule("user_agent_form", "https://docs.discord.com/developers/reference#user-agent", _D, strict=True),
    Rule("same_embed_url", "discord/discord-api-docs#1418", _O, strict=True),
    Rule("missing_allowed_mentions", "https://docs.discord.com/developers/resources/message", _D, strict=True),
    Rule("unknown_key", "discord/discord-api-docs#6647", _S, strict=True),
    Rule("wait_false", "https://docs.discord.com/developers/resources/webhook#execute-webhook", _D, strict=True),
    Rule("noise_key", "discord/discord-api-docs#5837", _O, strict=True),
    Rule("not_utf8", "RFC 8259", _D, strict=True),
    Rule("nul_character", "https://docs.discord.com/developers/resources/message", _A, strict=True),
    Rule(
        "timestamp_digits",
        "discord-api-spec date-time; digits beyond microseconds are not established",
        _A,
        strict=True,
    ),
    Rule("attachment_url", "discord/discord-api-docs#7754", _O, strict=True),
    Rule("file_name", "discord/discord-api-docs#7754", _O, strict=True),
    Rule("file_part_name", "https://docs.discord.com/developers/reference#uploading-files", _D, strict=True),
    Rule("multipart_without_files", "https://docs.discord.com/developers/reference#uploading-files", _A, strict=True),
    Rule("concurrent_post", "order of messages in one webhook", _A, strict=True),
    Rule("retry_after_ignored", "https://docs.discord.com/developers/topics/rate-limits", _D, strict=True),
    Rule("tombstoned", "https://docs.discord.com/developers/topics/rate-limits", _D, strict=True),
    Rule("redirect_followed", "a redirect would carry the token elsewhere", _A, strict=True),
    Rule("edit_clears_attachments", "https://docs.discord.com/developers/resources/webhook", _D, strict=True),
]

GUILD_RULES: tuple[Rule, ...] = (
    Rule("bot_token", "https://docs.discord.com/developers/reference#authentication", _D),
    Rule("bot_permissions", "https://docs.discord.com/developers/topics/permissions", _D),
    Rule("view_channel_first", "https://docs.discord.com/developers/topics/permissions#implicit-permissions", _D),
    Rule("guild_unknown_to_stranger", "how a guild answers who is not in it is not documented", _A),
    Rule(
        "overwrites_own_bits",
        "https://docs.discord.com/developers/resources/guild#create-guild-channel; discord/discord-api-docs#2524",
        _D,
    ),
    Rule("overwrites_manage_roles", "https://docs.discord.com/developers/resources/channel#modify-channel", _D),
    Rule("channel_name_length", "https://docs.discord.com/developers/resources/channel#modify-channel", _D),
    Rule("channel_name_form", "discord/discord-api-docs#1646, discord-jda/JDA#1124", _O),
    Rule("channel_topic_length", "https://docs.discord.com/developers/resources/channel#modify-channel", _D),
    Rule(
        "channel_parent",
        "https://docs.discord.com/developers/resources/channel#modify-channel; the words of the error are assumed",
        _A,
    ),
    Rule("channel_synced_with_category", "discord.py Guild.create_text_channel", _O),
    Rule(
        "category_channels_count",
        "https://docs.discord.com/developers/resources/channel#channel-object-channel-types",
        _D,
    ),
    Rule("guild_channels_count", "Discord JSON code 30013", _D),
    Rule("channel_webhooks_count", "Discord JSON code 30007", _D),
    Rule("guild_webhooks_count", "Discord JSON code 30058", _D),
    Rule("webhook_token_of_own_only", "https://docs.discord.com/developers/resources/webhook#webhook-object", _O),
    Rule("active_threads_count", "Discord JSON code 160006", _D),
    Rule("thread_archived", "https://docs.discord.com/developers/topics/threads", _D),
    Rule("thread_archives_itself", "https://docs.discord.com/developers/topics/threads", _D),
    Rule("message_nonce", "https://docs.discord.com/developers/resources/message#create-message", _D),
    Rule("message_nonce_across_channels", "the documentation speaks of the author alone", _A),
    Rule("audit_reason_length", "https://docs.discord.com/developers/resources/audit-log", _D),
    Rule("limit_channel_edit", "discord/discord-api-docs#1900, #2190", _O),
    Rule("limit_threads_by_guild", "discord/discord-api-docs#8082", _O),
    Rule("limit_create_channel", "like the known one of roles; number and scope are assumed", _A),
    Rule("limit_create_webhook", "discord/discord-api-docs#3426; number and scope are assumed", _A),
    Rule("missing_audit_reason", "who reads the audit log wants to know why", _A, strict=True),
    Rule("audit_reason_encoding", "https://docs.discord.com/developers/resources/audit-log", _D, strict=True),
    Rule(
        "marked_channel_renamed", "discord/discord-api-docs#2190; a topic that a bot set is its mark", _A, strict=True
    ),
)
"""Those about guilds, channels and bots."""

RULES: dict[str, Rule] = {rule.name: rule for rule in (*_REFUSED, *_STRICT, *GUILD_RULES)}
"""By name; a violation names its rule."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that a careful client must not do, done by request number ``exchange``."""

    rule: str
    detail: str
    at_s: float
    exchange: int
