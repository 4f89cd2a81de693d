"""From a card to what Discord shows of it: read the record, fill the template, keep the limits. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.discord_api.models import Embed, FilePart
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.render import CARD_CHARS as ALERT_CHARS
from otel_discord.exporters.discord.alerts.render import alert_output
from otel_discord.exporters.discord.alerts.reply import reply_output
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.charts.sparkline import sparkline as sparkline_of
from otel_discord.exporters.discord.evidence.told import evidence_chars, evidence_files
from otel_discord.exporters.discord.facts import record_facts
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.members.events import held_member_event
from otel_discord.exporters.discord.members.render import CARD_CHARS as MEMBER_CHARS
from otel_discord.exporters.discord.members.render import member_output
from otel_discord.exporters.discord.render_digest import (
    MAX_CONTENT_CHARS,
    MAX_EMBED_CHARS,
    Digest,
    digest_output,
    digest_part,
)
from otel_discord.exporters.discord.render_fit import to_content, to_embed
from otel_discord.exporters.discord.render_links import RUNBOOK_ATTRIBUTE_ONLY, LinkTemplate, parse_link
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_templates import built_in_template
from otel_discord.exporters.discord.render_values import Limits, card_values
from otel_discord.exporters.discord.statuses.finding import holds_status
from otel_discord.exporters.discord.statuses.render import CARD_CHARS as STATUS_CHARS
from otel_discord.exporters.discord.statuses.render import status_output
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.output import TemplateOutput
from otel_discord.templating.template_file import MessageTemplate
from otel_discord.templating.text import escape_markdown

UNREADABLE: Final = "(a record that cannot be read: it is nested too deeply)"
_EXCEPTION_SUFFIX: Final = "_exception"
_BRIEF_PRESET: Final = "compact"
_TEXT_PRESETS: Final = ("plain",)
_MAX_REMEMBERED_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Rendered:
    """A card as Discord will show it: an embed, or text outside of one, and files."""

    embed: Embed | None
    content: str = ""
    files: tuple[FilePart, ...] = ()
    pictured: Embed | None = None
    """The embed for where the chart of its alert goes along as a picture."""
    shorter: "Rendered | None" = None
    """The same card without what can be spared, where there is such a thing; its files are these."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A template and how much of a record it shows."""

    template: MessageTemplate
    limits: Limits


class Renderer:
    """Renders cards with one destination's options.

    Raises:
        ValueError: an option cannot be used; says which link or preset and why.
    """

    def __init__(self, options: RenderOptions | None = None) -> None:
        self._options = options or RenderOptions()
        self._links = _parsed_links(self._options)
        self._record = _look(self._options.preset)
        self._exception = _look(self._options.preset + _EXCEPTION_SUFFIX)
        brief = self._options.preset if self._options.preset in _TEXT_PRESETS else _BRIEF_PRESET
        self._brief_record = _look(brief)
        self._brief_exception = _look(brief + _EXCEPTION_SUFFIX)

    def render(
        self, card: Card, *, repeated: bool = False, late: str = "", notes: Sequence[str] = (), brief: bool = False
    ) -> Rendered:
        """Return what the card shows. Alone it keeps every limit of a message.

        Args:
            card: one embed to be.
            repeated: an earlier try may have arrived; the card says so.
            late: how long it has waited with us, as ``2 h late``; "" where that is not worth a word.
            notes: short remarks for the reader, such as why a file is missing.
            brief: in the compact look whatever the preset; one that is text stays text.
        """
        options = self._options
        group = AlertGroup.from_bytes(card.alert_group)
        if group is not None:
            return self._render_alert(group, repeated=repeated, late=late, notes=notes)
        remarks = " · ".join(part for part in (late, options.repeated_mark if repeated else "") if part)
        reply = reply_output(card, options, remarks)
        if reply is not None:
            return self._fitted_alert(reply)
        if holds_status(card.record):
            return self._fitted_alert(
                status_output(_record(card.record), card.last_seen_ns, options, remarks), STATUS_CHARS
            )
        member = held_member_event(card.record)
        if member is not None:
            return self._fitted_alert(member_output(card, *member, options, remarks), MEMBER_CHARS)
        facts = record_facts(
            source_facts(card.resource), _scope(card.scope), _record(card.record), severity=card.severity or None
        )
        record, exception = (self._brief_record, self._brief_exception) if brief else (self._record, self._exception)
        look = record if facts.exception is None else exception
        prepared = card_values(
            card, facts, options, look.limits, self._links, repeated=repeated, late=late, notes=notes
        )
        card_chars = look.limits.card_chars + prepared.link_chars
        time_unix_ns = facts.time_unix_ns if options.timestamps else 0

        def fitted(output: TemplateOutput) -> Rendered:
            if output.content:
                content = to_content(output, card_chars=card_chars, content_chars=options.max_message_length)
                return Rendered(None, content, prepared.files)
            embed = to_embed(
                output, card_chars=card_chars, description_chars=options.max_message_length, time_unix_ns=time_unix_ns
            )
            return Rendered(embed, "", prepared.files)

        output = _output(look, prepared.values)
        if not prepared.values["samples"]:
            return fitted(output)
        shorter = fitted(_output(look, {**prepared.values, "samples": []}))
        whole = fitted(output)
        return replace(whole, shorter=shorter) if _says_all(whole, output) else shorter

    def _render_alert(self, group: AlertGroup, *, repeated: bool, late: str, notes: Sequence[str]) -> Rendered:
        options = self._options
        remarks = [part for part in (*notes, late, options.repeated_mark if repeated else "") if part]
        sparkline, files = sparkline_of(group.lead), evidence_files(group)
        card_chars = ALERT_CHARS + evidence_chars(group, options)
        shown = replace(self._fitted_alert(alert_output(group, options, remarks, sparkline), card_chars), files=files)
        if not sparkline or shown.embed is None:
            return shown
        pictured = self._fitted_alert(alert_output(group, options, remarks), card_chars)
        return replace(shown, pictured=pictured.embed)

    def _fitted_alert(self, output: TemplateOutput, card_chars: int = ALERT_CHARS) -> Rendered:
        options = self._options
        if output.content:
            content_chars = options.max_message_length
            return Rendered(None, to_content(output, card_chars=card_chars, content_chars=content_chars))
        description_chars = options.max_message_length
        return Rendered(to_embed(output, card_chars=card_chars, description_chars=description_chars, time_unix_ns=0))

    def digest(self, digest: Digest, *, repeated: bool = False, late: str = "") -> Rendered:
        """Return what stands before the worst ones of a digest, with the list of all as a file."""
        options = self._options
        output = digest_output(
            digest, is_text=options.preset in _TEXT_PRESETS, emoji=options.emoji, resource=options.resource
        )
        remarks = " · ".join(part for part in (late, options.repeated_mark if repeated else "") if part)
        part = digest_part(digest)
        files = (part,) if part else ()
        if output.content:
            said = replace(output, content="\n".join(text for text in (output.content, remarks) if text))
            return Rendered(None, to_content(said, card_chars=MAX_CONTENT_CHARS, content_chars=0), files)
        embed = to_embed(
            replace(output, footer_text=remarks), card_chars=MAX_EMBED_CHARS, description_chars=0, time_unix_ns=0
        )
        return Rendered(embed, "", files)


def _output(look: _Look, values: Mapping[str, Any]) -> TemplateOutput:
    try:
        return look.template.render(values)
    except TemplateError:  # a card is never lost to its looks
        title = escape_markdown(f"{values['emoji']} {values['count_mark']}{values['title']}".strip())
        return TemplateOutput(title=title, color=values["color"])


def _says_all(rendered: Rendered, output: TemplateOutput) -> bool:
    """Tell whether nothing of the text had to be cut."""
    if rendered.embed is None:
        return len(rendered.content) == len(output.content.strip())
    return len(rendered.embed.description) == len(output.description.strip()) and len(rendered.embed.fields) == len(
        output.fields
    )


def _look(name: str) -> _Look:
    template = built_in_template(name)
    return _Look(template, Limits.of(template.limits))


def _parsed_links(options: RenderOptions) -> tuple[LinkTemplate, ...]:
    runbook = "" if options.runbook_link == RUNBOOK_ATTRIBUTE_ONLY else options.runbook_link
    named = {"trace": options.trace_link, "logs": options.logs_link, "runbook": runbook, **options.links}
    return tuple(parse_link(name, template) for name, template in named.items() if template)


def _record(record: bytes) -> LogRecord:
    """Return the record; what cannot be read (nested too deeply, by a client in this process) is still a card."""
    try:
        return LogRecord.FromString(record)
    except DecodeError:
        return LogRecord(body=AnyValue(string_value=UNREADABLE))


def _scope(scope: bytes) -> InstrumentationScope:
    return _remembered_scope(scope) if len(scope) <= _MAX_REMEMBERED_BYTES else InstrumentationScope.FromString(scope)


@lru_cache(maxsize=512)
def _remembered_scope(scope: bytes) -> InstrumentationScope:
    return InstrumentationScope.FromString(scope)
