"""Built-in templates by what they are for, and the names that each kind of template may use. Pure."""

from collections.abc import Collection
from typing import Final

from otel_discord.exporters.discord import render_values
from otel_discord.exporters.discord.facts import RecordFacts

RECORD: Final = "record"
EXCEPTION: Final = "exception"
SLOW_SPAN: Final = "slow_span"
MEMBER: Final = "member"
ALERT: Final = "alert"
DIGEST: Final = "digest"
STATUS: Final = "status"
HEARTBEAT: Final = "heartbeat"
DEAD_LETTERS: Final = "dead_letters"
RUN: Final = "run"
REPLY: Final = "reply"
ALERT_FIRING: Final = "alert_firing"
ALERT_UPDATED: Final = "alert_updated"
ALERT_RESOLVED: Final = "alert_resolved"
ALERT_REPLY: Final = "alert_reply"
DEAD_LETTER_NOTICE: Final = "dead_letter_notice"
RUN_HEADER: Final = "run_header"
PRESETS: Final = ("compact", "standard", "full", "plain")
MEMBER_EVENTS: Final = {
    f"discord.member.{what}": f"member_{what}" for what in ("join", "leave", "ban", "unban", "role_update")
}
"""The template of an event's records, by the event's name."""
_BASE_OF_EVENT: Final = {"discord.bot.status": STATUS}
_SLOW_EVENT: Final = "slow: "
_SLOW_ATTRIBUTE: Final = "span.duration_ms"
_OF_ALERT: Final = frozenset(
    (
        "alerts", "color", "condition", "count", "description", "emoji", "ended", "evidence", "firing_count",
        "firing_for", "footer", "hidden_count", "is_group", "is_worse", "labels", "labels_text", "lasted",
        "link_line", "links",
        "name", "origin_ago", "origin_url", "peak", "reason", "remarks", "severity", "severity_number", "sparkline",
        "started", "started_ago", "state", "subject", "summary", "summary_says_name", "value", "value_is_new",
        "was_told", "went_on",
    )
)  # fmt: skip
_OF_REPLY: Final = frozenset(
    (
        "emoji", "link", "origin_url", "remarks", "title",
    )
)  # fmt: skip
_OF_DIGEST: Final = frozenset(
    (
        "as_of", "color", "counted", "emoji", "file", "headline", "is_edit", "lines", "other_problems",
        "other_records", "problems", "records", "remarks", "severity_number",
    )
)  # fmt: skip
_OF_HEARTBEAT: Final = frozenset(
    (
        "color", "emoji", "event_name", "figures", "footer", "is_well", "remarks", "severity_number", "text", "title",
        "updated",
    )
)  # fmt: skip
_OF_DEAD_LETTERS: Final = frozenset(
    (
        "color", "commands", "count", "destination", "emoji", "kept", "more_reasons", "reasons", "said",
    )
)  # fmt: skip
_OF_RUN: Final = frozenset(
    (
        "color", "command", "counts", "duration", "emoji", "ended", "ended_ago", "errors", "expires", "footer", "host",
        "is_deleted_then", "is_over", "last_error", "last_step", "link_line", "links", "name", "outcome", "parameters",
        "records", "remarks", "run_id", "started", "started_ago", "state", "steps", "tags", "user", "warnings",
    )
)  # fmt: skip
_OF_MEMBER: Final = frozenset(
    (
        "color", "count", "count_mark", "did", "emoji", "event_name", "footer", "guild", "members", "more", "remarks",
        "roles_added", "roles_removed", "seen", "severity_number", "what",
    )
)  # fmt: skip
VALUES: Final[dict[str, frozenset[str]]] = {
    RECORD: render_values.NAMES,
    ALERT: _OF_ALERT,
    REPLY: _OF_REPLY,
    DIGEST: _OF_DIGEST,
    HEARTBEAT: _OF_HEARTBEAT,
    DEAD_LETTERS: _OF_DEAD_LETTERS,
    MEMBER: _OF_MEMBER,
    RUN: _OF_RUN,
}
"""The names that a template may use, by family: what templates of several kinds see may be the same."""
FAMILY_OF_KIND: Final = {
    RECORD: RECORD, EXCEPTION: RECORD, SLOW_SPAN: RECORD, MEMBER: MEMBER, ALERT: ALERT, DIGEST: DIGEST,
    STATUS: RECORD, HEARTBEAT: HEARTBEAT, DEAD_LETTERS: DEAD_LETTERS, RUN: RUN,
}  # fmt: skip
_FAMILY_OF_BASE: Final = {
    "": RECORD, EXCEPTION: RECORD, SLOW_SPAN: RECORD, **dict.fromkeys(MEMBER_EVENTS.values(), MEMBER),
    ALERT_FIRING: ALERT, ALERT_UPDATED: ALERT, ALERT_RESOLVED: ALERT, ALERT_REPLY: REPLY,
    DIGEST: DIGEST, STATUS: RECORD, HEARTBEAT: HEARTBEAT, DEAD_LETTER_NOTICE: DEAD_LETTERS, RUN_HEADER: RUN,
}  # fmt: skip


def family_of_template(name: str) -> str:
    """Return which values a template of this name sees; those of a record where nothing says otherwise."""
    if name in _FAMILY_OF_BASE:
        return _FAMILY_OF_BASE[name]
    preset, _, base = name.partition("_")
    return _FAMILY_OF_BASE.get(base, RECORD) if preset in PRESETS else RECORD


def names_of(name: str, kinds: tuple[str, ...] = ()) -> Collection[str]:
    """Return the names that a template may use.

    Args:
        name: of the farthest template that it extends.
        kinds: those of its `match`: what they have in common is there. None: the name says it.
    """
    families = [FAMILY_OF_KIND[kind] for kind in kinds if kind in FAMILY_OF_KIND] or [family_of_template(name)]
    return frozenset.intersection(*(VALUES[family] for family in families))


def base_of(facts: RecordFacts) -> str:
    """Return the name of the template of a record's kind without the preset: "" for a record like any other."""
    if facts.exception is not None:
        return EXCEPTION
    name = facts.event_name
    if not name:
        return ""
    if name.startswith(_SLOW_EVENT) and _SLOW_ATTRIBUTE in facts.all_attributes:
        return SLOW_SPAN
    return _BASE_OF_EVENT.get(name, "")


def kind_of(base: str) -> str:
    """Return what `match` calls the records of such a template."""
    return base or RECORD
