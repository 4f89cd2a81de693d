"""A template file, compiled: what it looks like and how it is rendered. ``template_parser`` reads it.

```yaml
extends: compact                 # keys that this file does not have come from that template
limits: {title_chars: 160}       # how much of a record the values hold; see the renderer that uses the template
title: "{{ emoji }} {{ title }}"
description:                     # one string, or a list of lines: lines that stay empty are left out
  - "{{ where }}"
  - {text: "{{ body }}", when: "body != title"}
fields:
  - {name: Host, value: "{{ host }}", inline: true, when: "host"}
  - {each: attributes, name: "{{ item.key }}", value: "{{ item.value }}", inline: true}
footer: "{{ origin }}"           # or {text: …, icon_url: …}; author: {name, url, icon_url}
color: "{{ color }}"             # or 0xE74C3C
show_time: true                  # or an expression; the time stamp beside the footer
url, image, thumbnail: "…"
content: "…"                     # outside the embed; string or list of lines
attachments:
  - {filename: notes.txt, text: "{{ body }}", when: "…"}
```
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from otel_discord.templating.environment import CompiledCondition, CompiledText, Scope, Values, with_globals
from otel_discord.templating.output import AttachmentOutput, FieldOutput, TemplateOutput
from otel_discord.templating.sandbox import refill_budget

MAX_FIELDS: Final = 25
MAX_COLOR: Final = 0xFFFFFF


@dataclass(frozen=True, slots=True)
class CompiledLine:
    """A line of a description or content, shown when its condition holds."""

    text: CompiledText
    when: CompiledCondition | None = None


@dataclass(frozen=True, slots=True)
class CompiledField:
    """A field, or with ``each`` one field for each item of a list."""

    name: CompiledText
    value: CompiledText
    inline: bool = False
    when: CompiledCondition | None = None
    each: CompiledCondition | None = None


@dataclass(frozen=True, slots=True)
class CompiledAttachment:
    """A text file."""

    filename: CompiledText
    text: CompiledText
    description: CompiledText
    when: CompiledCondition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A template file, compiled. Rendering is pure and bounded."""

    name: str
    texts: Mapping[str, CompiledText] = field(default_factory=dict)
    """By the names of :class:`TemplateOutput`."""
    description: tuple[CompiledLine, ...] = ()
    content: tuple[CompiledLine, ...] = ()
    fields: tuple[CompiledField, ...] = ()
    attachments: tuple[CompiledAttachment, ...] = ()
    color: CompiledText | int | None = None
    show_time: CompiledCondition | bool = False
    limits: Mapping[str, int] = field(default_factory=dict)

    def render(self, values: Values) -> TemplateOutput:
        """Return what the template says for these values.

        Raises:
            TemplateError: it fails with these values, or takes too much.
        """
        refill_budget()
        names = with_globals(values)
        return TemplateOutput(
            description=_lines(self.description, names),
            content=_lines(self.content, names),
            fields=tuple(_fields(self.fields, names)) if self.fields else (),
            attachments=tuple(_attachments(self.attachments, names)) if self.attachments else (),
            color=_color(self.color, names),
            show_time=self.show_time if isinstance(self.show_time, bool) else bool(self.show_time(names)),
            **{name: text(names).strip() for name, text in self.texts.items()},
        )


def _lines(lines: tuple[CompiledLine, ...], values: Scope) -> str:
    shown = [line.text(values) for line in lines if line.when is None or line.when(values)]
    return "\n".join([text for text in shown if text and not text.isspace()])


def _fields(fields: tuple[CompiledField, ...], values: Scope) -> Iterator[FieldOutput]:
    count = 0
    for entry in fields:
        items = [None] if entry.each is None else entry.each(values) or ()
        for item in items:
            scope = values if entry.each is None else with_globals({**values, "item": item})
            if count >= MAX_FIELDS or (entry.when is not None and not entry.when(scope)):
                continue
            name, value = entry.name(scope).strip(), entry.value(scope).strip()
            if name and value:
                count += 1
                yield FieldOutput(name, value, entry.inline)


def _attachments(attachments: tuple[CompiledAttachment, ...], values: Scope) -> Iterator[AttachmentOutput]:
    for entry in attachments:
        if entry.when is None or entry.when(values):
            text = entry.text(values)
            if text:
                yield AttachmentOutput(entry.filename(values).strip(), text, entry.description(values).strip())


def _color(color: CompiledText | int | None, values: Scope) -> int | None:
    if color is None or isinstance(color, int):
        return color
    text = color(values).strip()
    try:
        number = int(text.removeprefix("#"), 16) if text.startswith("#") else int(text, 0)
    except ValueError:
        return None
    return number if 0 <= number <= MAX_COLOR else None
