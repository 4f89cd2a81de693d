"""The forum post that a card belongs to: a title made from the card's values. Pure.

Only values that stay the same for all cards of a service or of a problem have names here; a title with a time or a
count in it would open a post for each message.
"""

import re
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.discord_api import limits
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts import record_facts
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.render_severity import severity_emoji
from otel_discord.templating.cutting import cut_end
from otel_discord.templating.environment import compile_text, with_globals
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.sandbox import Slot, refill_budget

NAMES: Final = frozenset(
    (
        "emoji", "environment", "event_name", "exception_type", "host", "location", "namespace", "problem", "scope",
        "service", "service_version", "severity", "severity_number", "title",
    )
)  # fmt: skip
OWN_POST: Final = "Notices"
"""What we have to say ourselves, where the title depends on a card."""
_NAMELESS: Final = "Log records"
_VARIABLE_PART: Final = "<*>"


class ThreadName:
    """A `thread_name` of the configuration.

    Raises:
        TemplateError: it is no template, or uses a name that does not exist.
    """

    __slots__ = ("_template", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._template = compile_text(text, Slot.RAW, source="thread_name", names=NAMES)

    @property
    def is_constant(self) -> bool:
        """Whether all cards have the same post."""
        return "{{" not in self.text and "{%" not in self.text

    def uses(self, name: str) -> bool:
        """Return whether the title depends on this value."""
        return not self.is_constant and re.search(rf"\b{name}\b", self.text) is not None

    @property
    def own_post(self) -> str:
        """The title of the post with our own messages."""
        return cleaned(self.text) if self.is_constant else OWN_POST

    def of(self, card: Card) -> str:
        """Return the title of a card's post: one line of 1 to 100 code points."""
        if self.is_constant:
            return cleaned(self.text)
        source = source_facts(card.resource)
        refill_budget()
        try:
            return cleaned(self._template(with_globals(_values(card)))) or cleaned(source.service) or _NAMELESS
        except (TemplateError, DecodeError):
            return cleaned(source.service) or _NAMELESS


def cleaned(text: str) -> str:
    """Return a title as Discord takes it: one line, nothing invisible, at most 100 code points."""
    return cut_end(short_text(text), limits.THREAD_NAME_CHARS).strip()


def _values(card: Card) -> dict[str, object]:
    source = source_facts(card.resource)
    scope, record = InstrumentationScope.FromString(card.scope), LogRecord.FromString(card.record)
    facts = record_facts(source, scope, record, severity=card.severity or None)
    return {
        "emoji": severity_emoji(facts.severity_number),
        "environment": source.environment,
        "event_name": facts.event_name,
        "exception_type": facts.exception.type if facts.exception else "",
        "host": source.host,
        "location": facts.location,
        "namespace": source.namespace,
        "problem": card.template.replace(_VARIABLE_PART, "…") or facts.title,
        "scope": facts.scope_name,
        "service": source.service,
        "service_version": source.service_version,
        "severity": facts.severity_name,
        "severity_number": facts.severity_number,
        "title": facts.title,
    }
