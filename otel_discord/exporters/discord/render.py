"""From a card to what Discord shows of it: read the record, fill the template, keep the limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.component.destination_source import RunCard
from otel_discord.discord_api.models import Embed, FilePart
from otel_discord.exporters.discord.alerts import values as alerts
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.reply import reply_values
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.charts.sparkline import sparkline as sparkline_of
from otel_discord.exporters.discord.evidence.told import evidence_chars, evidence_files
from otel_discord.exporters.discord.evidence_files import text_file
from otel_discord.exporters.discord.facts import RecordFacts, record_facts
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.looks import Look, Looks, Subject, TroubleBook, has_embed, said_by
from otel_discord.exporters.discord.members.events import MemberEvent, held_member_event
from otel_discord.exporters.discord.members.values import CARD_CHARS as MEMBER_CHARS
from otel_discord.exporters.discord.members.values import member_values
from otel_discord.exporters.discord.render_digest import (
    MAX_CONTENT_CHARS,
    MAX_EMBED_CHARS,
    Digest,
    digest_part,
    digest_values,
)
from otel_discord.exporters.discord.render_fit import to_content, to_embed
from otel_discord.exporters.discord.render_links import RUNBOOK_ATTRIBUTE_ONLY, LinkTemplate, parse_link
from otel_discord.exporters.discord.render_names import (
    ALERT,
    DEAD_LETTER_NOTICE,
    DEAD_LETTERS,
    DIGEST,
    HEARTBEAT,
    MEMBER,
    MEMBER_EVENTS,
    RECORD,
    RUN,
    RUN_HEADER,
    base_of,
    kind_of,
)
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_parts import NO_PARTS, Parts, parts_of
from otel_discord.exporters.discord.render_templates import Templates, templates_from
from otel_discord.exporters.discord.render_values import CardValues, card_values
from otel_discord.exporters.discord.sourced.run_mark import run_mark
from otel_discord.exporters.discord.sourced.run_values import CARD_CHARS as RUN_CHARS
from otel_discord.exporters.discord.sourced.run_values import run_values
from otel_discord.exporters.discord.statuses.finding import holds_status
from otel_discord.exporters.discord.statuses.values import CARD_CHARS as STATUS_CHARS
from otel_discord.exporters.discord.statuses.values import status_values
from otel_discord.ottl import LogItem
from otel_discord.signals import Severity
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.output import TemplateOutput
from otel_discord.templating.text import escape_markdown

UNREADABLE: Final = "(a record that cannot be read: it is nested too deeply)"
_BRIEF_PRESET: Final = "compact"
_TEXT_PRESETS: Final = ("plain",)
_NOTICE_CHARS: Final = 4_000
_MAX_REMEMBERED_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Rendered:
    """A card as Discord will show it: an embed, text outside of one, and files."""

    embed: Embed | None
    content: str = ""
    files: tuple[FilePart, ...] = ()
    pictured: Embed | None = None
    """The embed for where the chart of its alert goes along as a picture."""
    shorter: "Rendered | None" = None
    """The same card without what can be spared, where there is such a thing; its files are these."""
    parts: Parts = NO_PARTS
    """What it wants of its message."""


class Renderer:
    """Renders cards with one destination's options.

    Args:
        options: of the destination.
        templates: the built-in ones and a user's; None for the built-in ones alone.
        troubles: is told of templates that cannot show a card.
        whose: says which run a card's resource is of, "" for none; None in a run's own channel, or without runs.

    Raises:
        ValueError: an option cannot be used; says which link and why.
    """

    def __init__(
        self,
        options: RenderOptions | None = None,
        templates: Templates | None = None,
        troubles: TroubleBook | None = None,
        whose: Callable[[bytes], str] | None = None,
    ) -> None:
        self._whose = whose
        self._options = options or RenderOptions()
        self._links = _parsed_links(self._options)
        templates = templates or templates_from({})
        troubles = troubles or TroubleBook()
        preset = self._options.preset
        brief = preset if preset in _TEXT_PRESETS else _BRIEF_PRESET
        self._looks = Looks(templates, preset, troubles)
        self._brief_looks = Looks(templates, brief, troubles) if brief != preset else self._looks

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
        group = AlertGroup.from_bytes(card.alert_group)
        if group is not None:
            return self._alert(card, group, repeated=repeated, late=late, notes=notes)
        remarks = self._remarks(late, repeated=repeated)
        reply = reply_values(card, self._options, remarks)
        if reply is not None:
            return self._shown(self._looks.of("alert_reply"), reply, alerts.CARD_CHARS)
        if holds_status(card.record):
            return self._heartbeat(card, remarks)
        member = held_member_event(card.record)
        if member is not None:
            return self._member(card, *member, remarks)
        return self._record(card, repeated=repeated, late=late, notes=notes, brief=brief)

    def digest(self, digest: Digest, *, repeated: bool = False, late: str = "") -> Rendered:
        """Return what stands before the worst ones of a digest, with the list of all as a file."""
        options = self._options
        is_text = options.preset in _TEXT_PRESETS
        remarks = self._remarks(late, repeated=repeated)
        values = digest_values(digest, is_text=is_text, emoji=options.emoji, resource=options.resource, remarks=remarks)

        def subject() -> Subject:
            return Subject(
                kind=DIGEST, family=DIGEST, severity_number=values["severity_number"], event_name="", service="",
                item=lambda: None,
            )  # fmt: skip

        look = self._looks.of(DIGEST, subject)
        part = digest_part(digest)
        shown = self._shown(look, values, MAX_CONTENT_CHARS if is_text else MAX_EMBED_CHARS, content_chars=0)
        return replace(shown, files=(part, *shown.files) if part else shown.files)

    def dead_letters(self, values: Mapping[str, Any]) -> Rendered:
        """Return the notice that records could not be delivered."""

        def subject() -> Subject:
            return Subject(
                kind=DEAD_LETTERS, family=DEAD_LETTERS, severity_number=int(Severity.WARN), event_name="", service="",
                item=lambda: None,
            )  # fmt: skip

        return self._shown(self._looks.of(DEAD_LETTER_NOTICE, subject), values, _NOTICE_CHARS, content_chars=0)

    def run(self, card: RunCard) -> Rendered:
        """Return the first message of a run, as things are."""
        severity = Severity.ERROR if card.tally.errors else Severity.WARN if card.tally.warnings else Severity.INFO

        def subject() -> Subject:
            return Subject(
                kind=RUN, family=RUN, severity_number=int(severity), event_name="", service="", item=lambda: None
            )

        return self._shown(self._looks.of(RUN_HEADER, subject), run_values(card, self._options), RUN_CHARS)

    # ------------------------------------------------------------------------------------------------------- records

    def _record(self, card: Card, *, repeated: bool, late: str, notes: Sequence[str], brief: bool) -> Rendered:
        options = self._options
        facts = record_facts(
            source_facts(card.resource), _scope(card.scope), _record(card.record), severity=card.severity or None
        )
        if not facts.time_unix_ns:  # it came when it happened, as far as anyone knows
            facts = replace(facts, time_unix_ns=card.first_seen_ns or card.accepted_ns)
        run = run_mark(card, self._whose) if self._whose is not None else ""
        looks = self._brief_looks if brief else self._looks
        base = base_of(facts)
        subject = None if brief or not looks.has_matching else lambda: _subject_of(card, facts, kind_of(base))
        prepared: list[CardValues] = []

        def say(look: Look) -> TemplateOutput:
            values = card_values(
                card, facts, options, look.limits, self._links, repeated=repeated, late=late, notes=notes, run=run
            )
            prepared.append(values)
            return look.template.render(values.values)

        look = looks.of(base, subject)
        try:
            output, look = said_by(looks, look, say)
        except TemplateError:  # a card is never lost to its looks
            output = _plainest(prepared[-1].values)
        values, files = prepared[-1].values, prepared[-1].files
        card_chars = look.limits.card_chars + prepared[-1].link_chars
        time_unix_ns = facts.time_unix_ns if options.timestamps else 0
        whole = _fitted(output, card_chars, options.max_message_length, time_unix_ns, files)
        if not values["samples"]:
            return whole
        try:
            short = look.template.render({**values, "samples": []})
        except TemplateError:
            return whole
        shorter = _fitted(short, card_chars, options.max_message_length, time_unix_ns, files)
        return replace(whole, shorter=shorter) if _says_all(whole, output) else shorter

    # ------------------------------------------------------------------------------------------ alerts and statuses

    def _alert(self, card: Card, group: AlertGroup, *, repeated: bool, late: str, notes: Sequence[str]) -> Rendered:
        options = self._options
        run = run_mark(card, self._whose) if self._whose is not None and len(group.members) == 1 else ""
        remarks = [part for part in (*notes, run, late, options.repeated_mark if repeated else "") if part]
        sparkline, files = sparkline_of(group.lead), evidence_files(group)
        look = self._looks.of(alerts.template_name(group), lambda: _subject_of_alert(card, group))
        card_chars = alerts.CARD_CHARS + evidence_chars(group, options)
        values = alerts.alert_values(group, options, remarks, sparkline)
        shown = self._shown(look, values, card_chars)
        shown = replace(shown, files=(*files, *shown.files))
        if not sparkline or shown.embed is None:
            return shown
        pictured = self._shown(look, {**values, "sparkline": ""}, card_chars)
        return replace(shown, pictured=pictured.embed)

    def _heartbeat(self, card: Card, remarks: str) -> Rendered:
        record = _record(card.record)
        values = status_values(record, card.last_seen_ns, self._options, remarks)

        def subject() -> Subject:
            return Subject(
                kind=HEARTBEAT, family=HEARTBEAT, severity_number=values["severity_number"],
                event_name=record.event_name, service=source_facts(card.resource).service, item=lambda: _item(card),
            )  # fmt: skip

        return self._shown(self._looks.of(HEARTBEAT, subject), values, STATUS_CHARS)

    def _member(self, card: Card, event: MemberEvent, record: LogRecord, remarks: str) -> Rendered:
        values = member_values(card, event, record, self._options, remarks)

        def subject() -> Subject:
            return Subject(
                kind=MEMBER, family=MEMBER, severity_number=card.severity, event_name=record.event_name,
                service=source_facts(card.resource).service, item=lambda: _item(card),
            )  # fmt: skip

        return self._shown(self._looks.of(MEMBER_EVENTS[event], subject), values, MEMBER_CHARS)

    def _shown(
        self, look: Look, values: Mapping[str, Any], card_chars: int, content_chars: int | None = None
    ) -> Rendered:
        """Return what a look says for values that do not depend on it."""
        output, look = said_by(self._looks, look, lambda each: each.template.render(values))
        bound = self._options.max_message_length if content_chars is None else content_chars
        return _fitted(output, look.card_chars(card_chars), bound, 0)

    def _remarks(self, late: str, *, repeated: bool) -> str:
        return " · ".join(part for part in (late, self._options.repeated_mark if repeated else "") if part)


def _fitted(
    output: TemplateOutput, card_chars: int, text_chars: int, time_unix_ns: int, files: tuple[FilePart, ...] = ()
) -> Rendered:
    """Return what a template says within Discord's limits; ``text_chars`` bounds its main text, 0: does not."""
    content = to_content(output, card_chars=card_chars, content_chars=text_chars) if output.content else ""
    embed = None
    if not content or has_embed(output):
        embed = to_embed(output, card_chars=card_chars, description_chars=text_chars, time_unix_ns=time_unix_ns)
    attached = tuple(text_file(each.filename, each.text, each.description).part for each in output.attachments)
    return Rendered(embed, content, (*files, *attached) if attached else files, parts=parts_of(output))


def _plainest(values: Mapping[str, Any]) -> TemplateOutput:
    title = f"{values.get('emoji', '')} {values.get('count_mark', '')}{values.get('title', '')}".strip()
    return TemplateOutput(title=escape_markdown(title), color=values.get("color"))


def _says_all(rendered: Rendered, output: TemplateOutput) -> bool:
    """Tell whether nothing of the text had to be cut."""
    if rendered.embed is None:
        return len(rendered.content) == len(output.content.strip())
    return len(rendered.embed.description) == len(output.description.strip()) and len(rendered.embed.fields) == len(
        output.fields
    )


def _subject_of(card: Card, facts: RecordFacts, kind: str) -> Subject:
    return Subject(
        kind=kind,
        family=RECORD,
        severity_number=facts.severity_number,
        event_name=facts.event_name,
        service=facts.source.service,
        item=lambda: _item(card),
    )


def _subject_of_alert(card: Card, group: AlertGroup) -> Subject:
    service = group.lead.labels.get("service.name") or source_facts(card.resource).service
    return Subject(
        kind=ALERT,
        family=ALERT,
        severity_number=group.severity,
        event_name=_record(card.record).event_name,
        service=str(service),
        item=lambda: _item(card),
    )


def _item(card: Card) -> LogItem | None:
    """Return the record for a condition; None where it cannot be read."""
    try:
        resource, scope, record = card.parts()
    except DecodeError:
        return None
    return LogItem(record, scope, resource)


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
