"""What templates of statuses see: how things are, in the colour of the worst of it, and when that was seen. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_severity import AMBER, GREEN, RED
from otel_discord.signals import Plain, Severity, attributes_to_dict, to_plain
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import Markdown
from otel_discord.templating.wording import timestamp

CARD_CHARS: Final = 3_000
_TITLE_CHARS: Final = 200
_MAX_FIGURES: Final = 24
_NAME_CHARS: Final = 60
_VALUE_CHARS: Final = 120
_TROUBLES: Final = ("heartbeat.silent", "heartbeat.alerts_firing")
_WORST: Final = "heartbeat.worst_severity"
_OWN: Final = "heartbeat."


def status_values(record: LogRecord, at_ns: int, options: RenderOptions, remarks: str = "") -> dict[str, Any]:
    """Return the values of a status.

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
    worst = _worst(facts, record)
    sign, color = _look(worst)
    seen_ns = record.time_unix_nano or record.observed_time_unix_nano or at_ns
    return {
        "emoji": sign if options.emoji else "",
        "color": color,
        "severity_number": worst,
        "event_name": record.event_name,
        "title": cut_middle(" ".join(first.split()) or record.event_name, _TITLE_CHARS),
        "is_well": not worst and any(key in facts for key in _TROUBLES),
        "text": rest.strip("\n"),
        "figures": [
            {"name": cut_middle(key, _NAME_CHARS), "value": short_text(value, _VALUE_CHARS)}
            for key, value in list(facts.items())[:_MAX_FIGURES]
            if not key.startswith(_OWN)
        ],
        "updated": Markdown(timestamp(seen_ns, "R") if options.timestamps else ""),
        "remarks": [remarks] if remarks else [],
        "footer": options.footer,
    }


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
