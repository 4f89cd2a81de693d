"""Keys that people bring along from other programs, and what to write here instead."""

from collections.abc import Mapping
from typing import Final

_WEBHOOK: Final = "the webhook's address goes to webhook_url"
_LOOKS: Final = "cards are made from the records; how they look is said under render"
_CONNECTION: Final = "requests go to Discord as JSON over https; there is nothing to set, and proxy_url names a proxy"
_MATCHING: Final = "which records go where is said by min_severity and by conditions under routes"
_PINGS: Final = "who is pinged is said under mention: roles, users, min_severity and max_per_hour"
_QUEUE: Final = "waiting and batching are set under sending_queue, as in sending_queue::batch::flush_timeout"
_RETRY: Final = "tries are set under retry_on_failure: initial_interval, max_interval, max_attempts, max_elapsed_time"

EXPORTER_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("url", "webhook", "discord_webhook_url", "logs_endpoint", "webhookurl"), _WEBHOOK),
    "webhook_urls": "several webhooks have names: destinations::<name>::webhook_url",
    "webhooks": "several webhooks have names: destinations::<name>::webhook_url",
    "discord_configs": "that is Alertmanager's; here each entry is one of the destinations, with its webhook_url",
    "receivers": "that is Alertmanager's; here each receiver is one of the destinations, with its webhook_url",
    "route": "the key is routes: a list of {condition, destinations, continue}",
    "table": "the key is routes: a list of {condition, destinations, continue}",
    "default_exporters": "what no route takes goes to every destination that its severity reaches",
    "default_pipelines": "what no route takes goes to every destination that its severity reaches",
    **dict.fromkeys(("title", "message", "content", "text", "template", "embeds", "color", "footer", "fields"), _LOOKS),
    "use_discord_username": "leave username empty, and the webhook's own name is used",
    "send_resolved": "that is Alertmanager's; what is resolved is an edit of its message, always",
    "http_config": f"that is Alertmanager's; {_CONNECTION}",
    **dict.fromkeys(
        (
            "tls", "headers", "encoding", "compression", "compression_params", "auth", "read_buffer_size",
            "write_buffer_size", "max_idle_conns", "max_idle_conns_per_host", "max_conns_per_host",
            "idle_conn_timeout", "disable_keep_alives", "http2_read_idle_timeout", "force_attempt_http2", "cookies",
            "keepalive", "wait_for_ready", "balancer_name", "authority", "middlewares", "format",
        ),
        _CONNECTION,
    ),
    "traces_endpoint": "the exporter takes log records; a connector makes them of spans",
    "metrics_endpoint": "the exporter takes log records; a connector makes them of metrics",
    "token": "a webhook has its token in its address (webhook_url); no bot is needed",
    "bot_token": "a webhook has its token in its address (webhook_url); no bot is needed",
    "channel": "a webhook posts to the channel that it was made for; another channel is another webhook",
    "channel_id": "a webhook posts to the channel that it was made for; a thread is destinations::<name>::thread_id",
    "thread_id": "a thread belongs to a destination: destinations::<name>::thread_id",
    "thread_name": "a post belongs to a destination: destinations::<name>::thread_name",
    "quiet_hours": "they belong to a destination: destinations::<name>::quiet_hours",
    "mention": "it belongs to a destination or a route: destinations::<name>::mention",
    **dict.fromkeys(("mentions", "roles", "users", "mention_roles", "ping", "tag_everyone"), _PINGS),
    **dict.fromkeys(("level", "log_level", "severity", "verbosity", "filter", "matchers", "match"), _MATCHING),
    **dict.fromkeys(("batch", "batcher", "flush_interval", "batch_size", "batch_timeout", "queue_size"), _QUEUE),
    **dict.fromkeys(("retry", "retries", "max_retries", "retry_max"), _RETRY),
    "group_wait": "it is set under alerts",
    "group_interval": "it is set under alerts",
    "group_by": "it is set under alerts",
    "repeat_interval": "repeats are counted into the message that is there: fold::window says for how long",
    "debug": "set service::telemetry::logs::level, or dry_run: true to see messages without sending them",
}  # fmt: skip
"""Of the exporter's own section."""

DESTINATION_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("url", "webhook", "discord_webhook_url", "endpoint"), _WEBHOOK),
    **dict.fromkeys(("mentions", "roles", "users", "mention_roles", "ping"), _PINGS),
    **dict.fromkeys(("level", "severity", "condition", "matchers", "match"), _MATCHING),
    **dict.fromkeys(("title", "message", "content", "template"), _LOOKS),
    **dict.fromkeys(("tls", "headers", "http_config", "compression", "proxy_url"), "the connection is the exporter's"),
    "channel": "a webhook posts to the channel that it was made for; another channel is another webhook",
    "channel_id": "a webhook posts to the channel that it was made for; a thread is thread_id",
    "send_resolved": "that is Alertmanager's; what is resolved is an edit of its message, always",
    "thread": "use thread_id, or thread_name in a forum channel",
}
MENTION_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("everyone", "here", "parse"), "everybody at once is never pinged; name a role"),
    "role": "the key is roles: a list of ids",
    "user": "the key is users: a list of ids",
    "severity": "the key is min_severity",
}
QUIET_HOURS_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("start", "start_time", "begin"), 'the key is from, as in from: "22:00"'),
    **dict.fromkeys(("end", "end_time", "until"), 'the key is to, as in to: "07:00"'),
    **dict.fromkeys(("timezone", "tz", "location", "zone"), "the key is time_zone, as in time_zone: Europe/Berlin"),
}
ROUTE_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("match", "match_re", "matchers", "statement", "where", "if", "when"),
        'the key is condition, in OTTL: attributes["team"] == "shop"',
    ),
    **dict.fromkeys(("pipelines", "exporters", "receiver", "destination", "to"), "the key is destinations: a list"),
    "routes": "routes are one list, in order; they do not nest",
    "context": "conditions look at log records",
    "min_severity": "write it into the condition: severity_number >= SEVERITY_NUMBER_ERROR",
    "mentions": "the key is mention",
}  # fmt: skip
