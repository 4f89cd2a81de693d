"""Compiles the values of template files: each text and condition once, however many templates share it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeVar

from otel_discord.templating.environment import CompiledCondition, CompiledText, compile_condition, compile_text
from otel_discord.templating.message_parts import usable_address, usable_image, usable_username
from otel_discord.templating.place import Place, Problems, required
from otel_discord.templating.sandbox import Slot
from otel_discord.templating.template_file import (
    MAX_COLOR,
    AllOf,
    CompiledAttachment,
    CompiledButton,
    CompiledField,
    CompiledLine,
    Condition,
    MessageTemplate,
    usable_color,
)
from otel_discord.templating.template_match import CompileCondition, read_match
from otel_discord.templating.template_source import LIST_KEYS, Entry, SourceFile, list_entries
from otel_discord.templating.template_tests import read_tests

T = TypeVar("T")
MAX_TEMPLATE_CHARS: Final = 65_536
"""Of all texts and conditions of one template."""
_OWN_KEYS: Final = frozenset(("extends", "match", "tests", "limits"))
"""Keys that a template does not take over from the one that it extends (`limits` are merged)."""
_TEXT_KEYS: Final = {
    "title": ("title", Slot.MARKDOWN), "url": ("url", Slot.URL), "image": ("image_url", Slot.URL),
    "thumbnail": ("thumbnail_url", Slot.URL), "username": ("username", Slot.PLAIN),
    "avatar_url": ("avatar_url", Slot.URL), "thread_name": ("thread_name", Slot.PLAIN),
}  # fmt: skip
"""By key: the name in the output, and the place where values are printed."""
_PART_KEYS: Final = {
    "author": ("name", {"name": "author_name", "url": "author_url", "icon_url": "author_icon_url"}),
    "footer": ("text", {"text": "footer_text", "icon_url": "footer_icon_url"}),
}
_WRITTEN: Final[Mapping[str, tuple[Callable[[str], str], str]]] = {
    "username": (usable_username, "Discord refuses a username with 'discord' or 'clyde' in it, 'everyone' and 'here'"),
    **dict.fromkeys(
        ("url", "avatar_url", "author_url", "author_icon_url", "footer_icon_url"),
        (usable_address, "an address is expected: http://… or https://…"),
    ),
    **dict.fromkeys(
        ("image_url", "thumbnail_url"),
        (usable_image, "the address of an image is expected: http://…, https://… or attachment://FILENAME"),
    ),
}  # fmt: skip
"""By the name in the output: what is left of a text when a message is made, and why that may be nothing."""
_PLAIN_OUTPUTS: Final = frozenset(("author_name", "footer_text"))
_FIELD_KEYS: Final = frozenset(("name", "value", "inline", "when", "each"))
_LINE_KEYS: Final = frozenset(("text", "when"))
_ATTACHMENT_KEYS: Final = frozenset(("filename", "text", "description", "when"))
_BUTTON_KEYS: Final = frozenset(("label", "url", "emoji", "when", "each"))
_NOTHING: Final = CompiledText("", None, "", 0)

_compiled_text = lru_cache(maxsize=4_096)(compile_text)
_compiled_condition = lru_cache(maxsize=4_096)(compile_condition)


class TemplateCompiler:
    """Compiles templates whose values will have the given names (None: found out when rendering); notes problems."""

    def __init__(
        self, names: Collection[str] | None, problems: Problems, condition_hook: CompileCondition | None = None
    ) -> None:
        self._names = None if names is None else frozenset(names)
        self._with_item = None if names is None else frozenset((*names, "item"))
        self._problems = problems
        self._condition_hook = condition_hook
        self._chars_left = MAX_TEMPLATE_CHARS

    def template(self, file: SourceFile) -> MessageTemplate:
        """Return the template whose keys are those of the file's lineage, the nearest winning; `limits` are merged."""
        self._chars_left = MAX_TEMPLATE_CHARS
        owners: dict[str, SourceFile] = {}
        limits: dict[str, int] = {}
        for ancestor in self._problems.attempt([file], file.lineage):
            owners |= dict.fromkeys(ancestor.entries.keys() - _OWN_KEYS, ancestor)
            if "limits" in ancestor.entries:
                limits |= self._problems.attempt({}, _limits, ancestor.entries["limits"])
        entries = {key: owner.entries[key] for key, owner in owners.items()}
        lists = {key: self._list(key, owners[key]) for key in LIST_KEYS if key in owners}
        own = file.entries
        attempt, problems = self._problems.attempt, self._problems
        return MessageTemplate(
            name=file.name,
            source=file.source,
            texts=self._texts(entries),
            description=self._each(lists.get("description"), self._line),
            content=self._each(lists.get("content"), self._line),
            fields=self._each(lists.get("fields"), self._field),
            attachments=self._each(lists.get("attachments"), self._attachment),
            buttons=self._each(lists.get("buttons"), self._button),
            color=attempt(None, self._color, entries["color"]) if "color" in entries else None,
            show_time=attempt(False, self._flag, entries["show_time"]) if "show_time" in entries else False,
            limits=limits,
            match=attempt(None, read_match, own["match"], problems, self._condition_hook) if "match" in own else None,
            tests=attempt((), read_tests, own["tests"], problems) if "tests" in own else (),
        )

    def _list(self, key: str, owner: SourceFile) -> Sequence[Entry]:
        nothing: Sequence[Entry] = ()
        return self._problems.attempt(nothing, list_entries, owner, key, self._problems)

    def _each(self, entries: Sequence[Entry] | None, compile_entry: Callable[[Entry], T]) -> tuple[T, ...]:
        compiled = [self._problems.attempt(None, compile_entry, entry) for entry in entries or ()]
        return tuple(entry for entry in compiled if entry is not None)

    def _texts(self, entries: Mapping[str, Place]) -> dict[str, CompiledText]:
        texts = {
            output: self._written(output, entries[key], slot)
            for key, (output, slot) in _TEXT_KEYS.items()
            if key in entries
        }
        for key, (main, outputs) in _PART_KEYS.items():
            if key not in entries:
                continue
            place = entries[key]
            parts = place.keys(outputs, self._problems) if isinstance(place.value, dict) else {main: place}
            for part, value in parts.items():
                slot = Slot.PLAIN if outputs[part] in _PLAIN_OUTPUTS else Slot.URL
                texts[outputs[part]] = self._written(outputs[part], value, slot)
        return texts

    def _written(self, output: str, place: Place, slot: str) -> CompiledText:
        """Compile a text; one that prints no values and could never be used is noted."""
        text = str(place.value).strip()
        if output in _WRITTEN and text and "{" not in text:
            usable, reason = _WRITTEN[output]
            if not usable(text):
                self._problems.note(place.error(reason))
        return self._text(place, slot)

    def _line(self, entry: Entry) -> CompiledLine:
        if not isinstance(entry.place.value, dict):
            return CompiledLine(self._text(entry.place), self._when(entry, {}))
        keys = entry.place.keys(_LINE_KEYS, self._problems)
        return CompiledLine(self._text(required(entry.place, keys, "text")), self._when(entry, keys))

    def _field(self, entry: Entry) -> CompiledField:
        keys = entry.place.keys(_FIELD_KEYS, self._problems)
        has_item = "each" in keys
        inline = keys["inline"].value if "inline" in keys else False
        if not isinstance(inline, bool):
            raise keys["inline"].error("inline is true or false")
        return CompiledField(
            name=self._text(required(entry.place, keys, "name"), has_item=has_item),
            value=self._text(required(entry.place, keys, "value"), has_item=has_item),
            inline=inline,
            when=self._when(entry, keys, has_item=has_item),
            each=self._condition(keys["each"]) if has_item else None,
        )

    def _button(self, entry: Entry) -> CompiledButton:
        keys = entry.place.keys(_BUTTON_KEYS, self._problems)
        has_item = "each" in keys
        url = required(entry.place, keys, "url")
        start = str(url.value).strip()
        if not start.startswith(("http://", "https://", "{")):
            raise url.error("a button opens an address: http://… or https://…")
        return CompiledButton(
            label=self._text(required(entry.place, keys, "label"), Slot.PLAIN, has_item=has_item),
            url=self._text(url, Slot.URL, has_item=has_item),
            emoji=self._text(keys["emoji"], Slot.RAW, has_item=has_item) if "emoji" in keys else _NOTHING,
            when=self._when(entry, keys, has_item=has_item),
            each=self._condition(keys["each"]) if has_item else None,
        )

    def _attachment(self, entry: Entry) -> CompiledAttachment:
        keys = entry.place.keys(_ATTACHMENT_KEYS, self._problems)
        return CompiledAttachment(
            filename=self._text(required(entry.place, keys, "filename"), Slot.PLAIN),
            text=self._text(required(entry.place, keys, "text"), Slot.RAW),
            description=self._text(keys["description"], Slot.PLAIN) if "description" in keys else _NOTHING,
            when=self._when(entry, keys),
        )

    def _color(self, place: Place) -> CompiledText | int:
        value = place.value
        if isinstance(value, str):
            if "{" in value:
                return self._text(place, Slot.RAW)
            value = usable_color(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COLOR:
            raise place.error("a color is a number from 0x000000 to 0xFFFFFF, or a text such as '#e74c3c'")
        return value

    def _flag(self, place: Place) -> CompiledCondition | bool:
        return place.value if isinstance(place.value, bool) else self._condition(place) or False

    def _when(self, entry: Entry, keys: Mapping[str, Place], *, has_item: bool = False) -> Condition | None:
        places = [*entry.conditions, *([keys["when"]] if "when" in keys else [])]
        compiled = [condition for place in places if (condition := self._condition(place, has_item=has_item))]
        return AllOf(tuple(compiled)) if len(compiled) > 1 else next(iter(compiled), None)

    def _text(self, place: Place, slot: str = Slot.MARKDOWN, *, has_item: bool = False) -> CompiledText:
        def compiled() -> CompiledText:
            text = self._within_limit(place, place.text())
            return _compiled_text(text, slot, source=place.source, line=place.line, names=self._known(has_item))

        return self._problems.attempt(_NOTHING, compiled)

    def _condition(self, place: Place, *, has_item: bool = False) -> CompiledCondition | None:
        def compiled() -> CompiledCondition:
            if not isinstance(place.value, (str, bool, int)):
                raise place.error("expected an expression, such as: severity_number >= 17")
            text = place.value if isinstance(place.value, str) else str(place.value).lower()
            text = self._within_limit(place, text)
            return _compiled_condition(text, source=place.source, line=place.line, names=self._known(has_item))

        return self._problems.attempt(None, compiled)

    def _known(self, has_item: bool) -> frozenset[str] | None:
        return self._with_item if has_item else self._names

    def _within_limit(self, place: Place, text: str) -> str:
        if self._chars_left < 0:
            return ""  # said already
        self._chars_left -= len(text)
        if self._chars_left < 0:
            raise place.error(f"all texts of a template together are limited to {MAX_TEMPLATE_CHARS:,} characters")
        return text


def _limits(place: Place) -> dict[str, int]:
    if not isinstance(place.value, dict):
        raise place.error("expected a map of whole numbers")
    for key, value in place.value.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise place.at(key).error("expected a whole number from 0")
    return dict(place.value)
