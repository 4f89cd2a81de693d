"""Which template shows a card: the user's that says it is for such records, else the one of its kind and preset.

A user's template that cannot show a card is told of once for each reason, and the built-in one takes its place.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from otel_discord.exporters.discord.render_templates import Matching, Templates
from otel_discord.exporters.discord.render_values import Limits
from otel_discord.ottl import LogItem, OttlError
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.output import TemplateOutput
from otel_discord.templating.template_file import MessageTemplate

_MAX_TOLD: Final = 1_000


@dataclass(frozen=True, slots=True)
class Look:
    """A template and how much of a record it shows."""

    template: MessageTemplate
    limits: Limits
    instead: "Look | None" = None
    """The built-in one of its kind, for what it cannot show; None where it is that itself."""

    def card_chars(self, usual: int) -> int:
        """Return the bound of the whole card, ``usual`` where the template does not say."""
        return self.template.limits.get("card_chars", usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What `match` asks of a card."""

    kind: str
    family: str
    severity_number: int
    event_name: str
    service: str
    item: Callable[[], LogItem | None]
    """Gives the record for an OTTL condition; None where the card has none that can be read."""


def _ignore(template: str, reason: str) -> None:
    """Say nothing."""


@dataclass(slots=True)
class TroubleBook:
    """What has been said of templates that fail: each template and reason once."""

    say: Callable[[str, str], None] = _ignore
    """Takes the template's file and the reason, which names file and line."""
    _told: set[tuple[str, str]] = field(default_factory=set)

    def tell(self, template: str, reason: str) -> None:
        """Say it where it was not said yet."""
        if (template, reason) in self._told or len(self._told) >= _MAX_TOLD:
            return
        self._told.add((template, reason))
        self.say(template, reason)


class Looks:
    """The looks of one destination."""

    def __init__(self, templates: Templates, preset: str, troubles: TroubleBook) -> None:
        self._templates = templates
        self._preset = preset
        self._troubles = troubles
        self._by_base: dict[str, Look] = {}
        self._by_match: dict[tuple[int, str], Look] = {}

    @property
    def has_matching(self) -> bool:
        """Whether any template asks for certain records: where none does, there is nothing to choose."""
        return bool(self._templates.matching)

    def of(self, base: str, subject: Callable[[], Subject] | None = None) -> Look:
        """Return the look of a card.

        Args:
            base: the name of its kind's template without the preset; "" for a record, as in ``compact``.
            subject: gives what `match` asks; None: no template is chosen by it.
        """
        usual = self._by_base.get(base) or self._usual(base)
        if subject is None or not self._templates.matching:
            return usual
        asked = subject()
        for place, each in enumerate(self._templates.matching):
            if self._fits(each, asked):
                return self._by_match.get((place, base)) or self._chosen(place, base, usual)
        return usual

    def _fits(self, each: Matching, asked: Subject) -> bool:
        if asked.family not in each.families or not each.match.accepts(
            severity_number=asked.severity_number,
            event_name=asked.event_name,
            service=asked.service,
            kind=asked.kind,
        ):
            return False
        condition = each.condition
        if condition is None:
            return True
        item = asked.item()
        try:
            return item is not None and condition.holds(item)
        except OttlError as error:
            self.trouble(each.template, f"{each.match.source}:{each.match.condition_line}: condition: {error}")
            return False

    def trouble(self, template: MessageTemplate, reason: str) -> None:
        """Tell once that a template did not show a card, and why."""
        self._troubles.tell(template.source, reason)

    def _usual(self, base: str) -> Look:
        names = self._templates.names
        preferred = f"{self._preset}_{base}" if base else self._preset
        name = preferred if preferred in names else base
        template, built_in = self._templates.get(name), self._templates.files.built_in(name)
        own = Look(built_in, Limits.of(built_in.limits))
        look = own if template is built_in else Look(template, Limits.of(template.limits), own)
        self._by_base[base] = look
        return look

    def _chosen(self, place: int, base: str, usual: Look) -> Look:
        template = self._templates.matching[place].template
        look = Look(template, Limits.of(template.limits), usual.instead or usual)
        self._by_match[place, base] = look
        return look


def has_embed(output: TemplateOutput) -> bool:
    """Return whether a template says anything that stands in an embed."""
    return bool(
        output.title.strip()
        or output.description.strip()
        or output.fields
        or output.author_name.strip()
        or output.image_url
        or output.thumbnail_url
        or output.footer_text.strip()
    )


def said_by(looks: Looks, look: Look, render: Callable[[Look], TemplateOutput]) -> tuple[TemplateOutput, Look]:
    """Return what the first of a look and those in its place says, and which one it was.

    Raises:
        TemplateError: not even the built-in one does.
    """
    while True:
        try:
            output = render(look)
            if look.instead is None or output.content.strip() or has_embed(output):
                return output, look
            error = TemplateError(
                look.template.source, 0, "says nothing: neither title, description, field nor content"
            )
        except TemplateError as failed:
            if look.instead is None:
                raise
            error = failed
        looks.trouble(look.template, str(error))
        look = look.instead
