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
buttons:                         # they open addresses; each: as in fields
  - {label: Runbook, url: "https://…", emoji: "📕", when: "…"}
username, avatar_url, thread_name: "…"   # of the message
match: {min_severity: ERROR}     # which records it is for; see template_match
tests: [{record: {…}, expect: {…}}]      # see template_tests
```

An entry of a list may be `{include: other}`: the entries of the same list of another file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from otel_discord.templating.environment import CompiledCondition, CompiledText, Scope, Values, with_globals
from otel_discord.templating.message_parts import (
    MAX_BUTTONS,
    usable_address,
    usable_button,
    usable_image,
    usable_thread_name,
    usable_username,
)
from otel_discord.templating.output import AttachmentOutput, ButtonOutput, FieldOutput, TemplateOutput
from otel_discord.templating.readable import MAX_TEXT_CHARS
from otel_discord.templating.sandbox import refill_budget
from otel_discord.templating.template_match import TemplateMatch
from otel_discord.templating.template_tests import TemplateTest

MAX_FIELDS: Final = 25
MAX_ATTACHMENTS: Final = 10
MAX_COLOR: Final = 0xFFFFFF
_STEPS_OF_AN_ITEM: Final = 8
_SEEN: Final = frozenset(("title", "author_name", "footer_text", "image_url", "thumbnail_url"))
"""Texts that are a message by themselves."""

Condition: TypeAlias = Callable[[Scope], Any]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where each of its conditions does."""

    conditions: tuple[Condition, ...]

    def __call__(self, values: Scope) -> bool:
        """Return whether all hold for these values."""
        return all(condition(values) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class CompiledLine:
    """A line of a description or content, shown when its condition holds."""

    text: CompiledText
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class CompiledField:
    """A field, or with ``each`` one field for each item of a list."""

    name: CompiledText
    value: CompiledText
    inline: bool = False
    when: Condition | None = None
    each: CompiledCondition | None = None

    @property
    def cost(self) -> int:
        """Steps that one item takes."""
        return _STEPS_OF_AN_ITEM + self.name.cost + self.value.cost


@dataclass(frozen=True, slots=True)
class CompiledAttachment:
    """A text file."""

    filename: CompiledText
    text: CompiledText
    description: CompiledText
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class CompiledButton:
    """A button that opens an address, or with ``each`` one for each item of a list."""

    label: CompiledText
    url: CompiledText
    emoji: CompiledText
    when: Condition | None = None
    each: CompiledCondition | None = None

    @property
    def cost(self) -> int:
        """Steps that one item takes."""
        return _STEPS_OF_AN_ITEM + self.label.cost + self.url.cost + self.emoji.cost


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
    buttons: tuple[CompiledButton, ...] = ()
    color: CompiledText | int | None = None
    show_time: CompiledCondition | bool = False
    limits: Mapping[str, int] = field(default_factory=dict)
    match: TemplateMatch | None = None
    tests: tuple[TemplateTest, ...] = ()
    source: str = ""
    """The name of its file."""

    @property
    def is_empty(self) -> bool:
        """Whether it can say nothing, whatever the values are."""
        return not (_SEEN & self.texts.keys() or self.description or self.content or self.fields)

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
            buttons=tuple(_buttons(self.buttons, names)) if self.buttons else (),
            color=_color(self.color, names),
            show_time=self.show_time if isinstance(self.show_time, bool) else bool(self.show_time(names)),
            **{name: _USABLE.get(name, str.strip)(text(names)) for name, text in self.texts.items()},
        )


_USABLE: Final[Mapping[str, Callable[[str], str]]] = {
    "username": usable_username, "avatar_url": usable_address, "thread_name": usable_thread_name,
    "url": usable_address, "author_url": usable_address, "author_icon_url": usable_address,
    "footer_icon_url": usable_address, "image_url": usable_image, "thumbnail_url": usable_image,
}  # fmt: skip


def _lines(lines: tuple[CompiledLine, ...], values: Scope) -> str:
    shown = []
    left = MAX_TEXT_CHARS
    for line in lines:
        if line.when is not None and not line.when(values):
            continue
        text = line.text(values)
        if text and not text.isspace():
            shown.append(text)
            left -= len(text)
            if left < 0:
                raise line.text.error(f"the lines together print more than {MAX_TEXT_CHARS:,} characters")
    return "\n".join(shown)


class _Repeated(Protocol):
    @property
    def when(self) -> Condition | None: ...
    @property
    def each(self) -> CompiledCondition | None: ...
    @property
    def cost(self) -> int: ...


R = TypeVar("R", bound=_Repeated)


def _repeated(entries: tuple[R, ...], values: Scope) -> Iterator[tuple[R, Scope]]:
    """Yield each entry whose condition holds, with its values; with ``each`` once for each item, as ``item``.

    The values of an item hold until the next one is asked for.
    """
    for entry in entries:
        if entry.each is None:
            if entry.when is None or entry.when(values):
                yield entry, values
            continue
        scope = with_globals(values)
        for item in entry.each.items(values, entry.cost):
            scope["item"] = item
            if entry.when is None or entry.when(scope):
                yield entry, scope


def _fields(fields: tuple[CompiledField, ...], values: Scope) -> Iterator[FieldOutput]:
    count = 0
    for entry, scope in _repeated(fields, values):
        name, value = entry.name(scope).strip(), entry.value(scope).strip()
        if name and value:
            yield FieldOutput(name, value, entry.inline)
            count += 1
            if count == MAX_FIELDS:
                return


def _buttons(buttons: tuple[CompiledButton, ...], values: Scope) -> Iterator[ButtonOutput]:
    count = 0
    for entry, scope in _repeated(buttons, values):
        button = usable_button(entry.label(scope), entry.url(scope), entry.emoji(scope))
        if button is not None:
            yield button
            count += 1
            if count == MAX_BUTTONS:
                return


def _attachments(attachments: tuple[CompiledAttachment, ...], values: Scope) -> Iterator[AttachmentOutput]:
    count = 0
    for entry in attachments:
        if entry.when is None or entry.when(values):
            text = entry.text(values)
            if text:
                yield AttachmentOutput(entry.filename(values).strip(), text, entry.description(values).strip())
                count += 1
                if count == MAX_ATTACHMENTS:
                    return


def _color(color: CompiledText | int | None, values: Scope) -> int | None:
    if color is None or isinstance(color, int):
        return color
    return usable_color(color(values))


def usable_color(text: str) -> int | None:
    """Return the number that ``0xE74C3C``, ``15158332`` or ``#e74c3c`` stands for; None for anything else."""
    text = text.strip()
    try:
        number = int(text.removeprefix("#"), 16) if text.startswith("#") else int(text, 0)
    except ValueError:
        return None
    return number if 0 <= number <= MAX_COLOR else None
