"""The short message that tells the end of an alert a second time: an edit notifies nobody. Pure.

It is a card of its own that stands for no record and shows no alert, so that nothing is ever told of it in turn.
"""

from dataclasses import replace
from typing import Any, Final

from otel_discord._proto import queue_pb2
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.values import lasted_text, subject_of
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.signals import Severity
from otel_discord.templating.text import Markdown, escape_markdown

_SIGN: Final = "🟢"


def is_due(told: AlertGroup | None) -> bool:
    """Return whether the end that an edit has just told is to be told in a message of its own."""
    return told is not None and told.is_over and not told.end_told


def reply_card(card: Card, group: AlertGroup, url: str, now_ns: int) -> Card:
    """Return the card of the reply.

    Args:
        card: that of the alerts; the reply goes where it went, also in a forum.
        group: the alerts, which are over.
        url: of their message; "" where it is not known.
        now_ns: wall time.
    """
    return replace(
        card,
        severity=int(Severity.INFO),
        count=0,
        first_seen_ns=now_ns,
        last_seen_ns=now_ns,
        accepted_ns=now_ns,
        fingerprint=b"",
        attachments=(),
        notes=(),
        been_to=(),
        template=_title(group),
        samples=(),
        past=None,
        no_ping=True,
        routes=(),
        alert_group=queue_pb2.AlertGroup(origin_url=url, end_told=True).SerializeToString(),
    )


def reply_values(card: Card, options: RenderOptions, remarks: str = "") -> dict[str, Any] | None:
    """Return what the template of a reply sees. None where the card is none; none that data could make is."""
    told = _told(card)
    if told is None:
        return None
    return {
        "emoji": _SIGN if options.emoji else "",
        "title": Markdown(card.template),
        "link": Markdown(f"[message]({told.origin_url})" if told.origin_url else ""),
        "origin_url": told.origin_url,
        "remarks": Markdown(remarks),
    }


def _title(group: AlertGroup) -> Markdown:
    """Return ``Latency: resolved after 3 minutes``, as the title of a message of alerts that are over."""
    count = len(group.members)
    lasted = lasted_text(group)
    which = f"all {count:,} " if count > 1 else ""
    subject = escape_markdown(subject_of(group))
    return Markdown(f"{subject}: {which}resolved" + (f" after {lasted}" if lasted else ""))


def _told(card: Card) -> "queue_pb2.AlertGroup | None":
    if not card.alert_group or card.fingerprint:
        return None
    stored = queue_pb2.AlertGroup.FromString(card.alert_group)
    return stored if stored.end_told and not stored.members else None
