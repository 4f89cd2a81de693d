"""The charts of a message that is edited: which stay, which are drawn anew, and what is known of them afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from otel_discord.discord_api.models import FilePart, Message
from otel_discord.discord_api.outcome_types import Outcome, Reason, Refused
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.charts.shown import REFUSED, ShownChart
from otel_discord.exporters.discord.folding.entry import Entry, Posted
from otel_discord.exporters.discord.pictures import CONTENT_TYPE, FILE_NAME, Pictures, chart_of
from otel_discord.exporters.discord.posted_files import pictures_shown, posted_files

_ABOUT_BYTES = 40 * 1024


@dataclass(frozen=True, slots=True)
class EditedCharts:
    """For each card of the message its picture, in their order."""

    parts: tuple[FilePart | None, ...] = ()
    new: tuple[FilePart, ...] = ()
    is_certain: bool = True
    """No other charts are there than the message's note has."""


async def charts_of_edit(message: Posted, cards: Sequence[Card], pictures: Pictures) -> EditedCharts | None:
    """Return the charts with which a message is edited; None where it shows no alerts. What is new is drawn here."""
    if all(entry.alert is None for entry in message.entries):
        return None
    pairs = list(zip(message.entries, cards, strict=True))
    staying = {entry.card_id for entry, _ in pairs if _stays(entry)}
    await pictures.prepare(card for entry, card in pairs if entry.card_id not in staying and _may_have_one(entry))
    named = {each.filename for each in message.note.files}
    unnamed = [card for entry, card in pairs if entry.card_id in staying and _name(entry) not in named]
    if unnamed and any(pictures.of(card) for entry, card in pairs if entry.card_id not in staying):
        await pictures.prepare(unnamed)  # what cannot be named would go with the edit
        staying = {entry.card_id for entry, _ in pairs if entry.card_id in staying and _name(entry) in named}
    parts: list[FilePart | None] = []
    new: list[FilePart] = []
    taken = {_name(entry) for entry, _ in pairs}
    for entry, card in pairs:
        name = _name(entry)
        part = pictures.of(card) if entry.card_id not in staying and _may_have_one(entry) else None
        if part is not None:
            name = name or _free(taken)
            taken.add(name)
            part = replace(part, filename=name)
            new.append(part)
        elif name and (entry.card_id in staying or _is_better_than_none(entry)):
            part = _in_discord(name)
        parts.append(part)
    is_certain = all(entry.chart is None or entry.chart.name for entry, _ in pairs)
    return EditedCharts(tuple(parts), tuple(new), is_certain)


def without_charts(message: Posted) -> EditedCharts:
    """Return the charts of an edit that shows none, since Discord does not take them."""
    return EditedCharts((None,) * len(message.entries), is_certain=False)


def posted_with_charts(message: Posted, sent: Message, cards: Sequence[Card], answer: object) -> None:
    """Remember which charts a new message has.

    Args:
        message: with its entries.
        sent: as it was made.
        cards: those that it was made of.
        answer: Discord's; a chart that it does not show was refused, and the message sent without.
    """
    shown = pictures_shown(answer)
    for place, (entry, embed, card) in enumerate(zip(message.entries, sent.embeds, cards, strict=False)):
        group, name = AlertGroup.from_bytes(card.alert_group), chart_of(embed)
        if group is not None and name:
            entry.chart = ShownChart.of(name, group.lead) if place in shown else REFUSED


def edited_with_charts(
    message: Posted, entries: Sequence[Entry], sent: Message, cards: Sequence[Card], answer: object
) -> None:
    """Remember which charts a message has after an edit.

    Args:
        message: that was edited.
        entries: its entries when that began.
        sent: what it says now.
        cards: those of the entries.
        answer: Discord's.
    """
    if sent.files or sent.kept_file_ids is not None:
        message.note = replace(message.note, files=posted_files(answer))
    drawn = {part.filename for part in sent.files}
    for entry, embed, card in zip(entries, sent.embeds, cards, strict=False):
        group, name = AlertGroup.from_bytes(card.alert_group), chart_of(embed)
        if entry.chart is not None and entry.chart.refused:
            continue
        if not name or group is None:
            entry.chart = None
        elif name in drawn:
            entry.chart = ShownChart.of(name, group.lead)


def is_refused(outcome: Outcome) -> bool:
    """Return whether Discord does not take an edit that speaks of files, perhaps because of them."""
    return isinstance(outcome, Refused) and outcome.reason is not Reason.MESSAGE_GONE


def refused_charts(message: Posted) -> None:
    """Discord does not take the pictures of a message: no edit of it tries them again."""
    for entry in message.entries:
        if entry.alert is not None:
            entry.chart = REFUSED


def _name(entry: Entry) -> str:
    return entry.chart.name if entry.chart is not None else ""


def _stays(entry: Entry) -> bool:
    if entry.chart is None or not entry.chart.name or entry.alert is None:
        return False
    return entry.is_urgent or not entry.chart.is_outdated(entry.alert.lead)


def _may_have_one(entry: Entry) -> bool:
    return entry.alert is not None and not (entry.chart is not None and entry.chart.refused)


def _is_better_than_none(entry: Entry) -> bool:
    """Return whether a chart that could not be drawn again still shows the alert that it should."""
    if entry.chart is None or entry.alert is None or entry.alert.is_over:
        return False
    return entry.chart.identity == entry.alert.lead.identity


def _in_discord(name: str) -> FilePart:
    return FilePart(filename=name, open=bytes, size_bytes=_ABOUT_BYTES, content_type=CONTENT_TYPE)


def _free(taken: set[str]) -> str:
    stem, _, suffix = FILE_NAME.rpartition(".")
    names = [FILE_NAME, *(f"{stem}-{number}.{suffix}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
