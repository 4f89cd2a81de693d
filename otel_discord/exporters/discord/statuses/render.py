"""What Discord shows of a status: how things are, in the colour of the worst of it, and when that was seen. Pure."""

from collections.abc import Mapping
from typing import Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_severity import AMBER, RED
from otel_discord.signals import Plain, Severity, attributes_to_dict, to_plain
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.output import TemplateOutput
from otel_discord.templating.text import Markdown, escape_markdown
from otel_discord.templating.wording import timestamp

GREEN: Final = 0x2ECC71
CARD_CHARS: Final = 3_000
_TITLE_CHARS: Final = 200
_TROUBLES: Final = ("heartbeat.silent", "heartbeat.alerts_firing")
_WORST: Final = "heartbeat.worst_severity"


def status_output(record: LogRecord, at_ns: int, options: RenderOptions, remarks: str = "") -> TemplateOutput:
    """Return what a status says; as text where the preset is ``plain``.

    Args:
        record: the newest; the first line of its body is the title.
        at_ns: when it came, where it does not say when it was made.
        options: of the destination.
        remarks: for the reader, such as that it comes late.
    """
    body = to_plain(record.body)
    text = body if isinstance(body, str) else "" if body is None else str(body)
    first, _, rest = text.strip().partition("\n")
    facts = attributes_to_dict(record.attributes)
    sign, color = _look(_worst(facts, record))
    is_well = not _worst(facts, record) and any(key in facts for key in _TROUBLES)
    told = escape_markdown(cut_middle(" ".join(first.split()) or record.event_name, _TITLE_CHARS))
    title = Markdown(f"All is well: {told}" if is_well else told)
    heading = Markdown(f"{sign} {title}" if options.emoji else title)
    seen_ns = record.time_unix_nano or record.observed_time_unix_nano or at_ns
    updated = timestamp(seen_ns, "R") if options.timestamps else ""
    lines = [escape_markdown(rest.strip("\n")), f"updated {updated}" if updated else ""]
    description = "\n".join(line for line in lines if line)
    footer = " · ".join(part for part in (remarks, options.footer) if part)
    if options.preset == "plain":
        return TemplateOutput(
            content="\n".join(part for part in (f"**{heading}**", description, escape_markdown(footer)) if part)
        )
    return TemplateOutput(title=heading, description=description, color=color, footer_text=footer)


def _worst(facts: Mapping[str, Plain], record: LogRecord) -> int:
    """Return the severity number of the worst that a status tells of; 0 where all is well."""
    worst = facts.get(_WORST)
    if isinstance(worst, int) and worst > 0:
        return worst
    if any(facts.get(key) for key in _TROUBLES):
        return int(Severity.WARN)
    return record.severity_number if record.severity_number >= Severity.WARN else 0


def _look(worst: int) -> tuple[str, int]:
    if worst >= Severity.ERROR:
        return "🔴", RED
    return ("🟠", AMBER) if worst else ("💚", GREEN)
