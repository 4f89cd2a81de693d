"""Reads template files: strict keys, `extends`, everything compiled once, every error with file, line and reason."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from otel_discord.config.nearest import nearest
from otel_discord.config.problem import ConfigurationError, KeyPath
from otel_discord.config.raw_text import to_typed
from otel_discord.config.yaml_file import Document, parse_yaml
from otel_discord.templating.environment import CompiledCondition, CompiledText, compile_condition, compile_text
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.sandbox import Slot
from otel_discord.templating.template_file import (
    MAX_COLOR,
    CompiledAttachment,
    CompiledField,
    CompiledLine,
    MessageTemplate,
)

T = TypeVar("T")
_MAX_ANCESTORS: Final = 8
_MAX_ENTRIES: Final = 64

_URL_KEYS: Final = {"url": "url", "image": "image_url", "thumbnail": "thumbnail_url"}
_AUTHOR_KEYS: Final = {"name": "author_name", "url": "author_url", "icon_url": "author_icon_url"}
_FOOTER_KEYS: Final = {"text": "footer_text", "icon_url": "footer_icon_url"}
_PLAIN_OUTPUTS: Final = frozenset(("author_name", "footer_text"))
_KEYS: Final = frozenset(
    (*_URL_KEYS, "extends", "limits", "title", "description", "content", "color", "show_time", "author", "footer",
     "fields", "attachments")
)  # fmt: skip
_FIELD_KEYS: Final = frozenset(("name", "value", "inline", "when", "each"))
_LINE_KEYS: Final = frozenset(("text", "when"))
_ATTACHMENT_KEYS: Final = frozenset(("filename", "text", "description", "when"))


@dataclass(frozen=True, slots=True)
class _Place:
    """A value of a file and where it stands."""

    value: Any
    document: Document
    source: str
    path: KeyPath

    @property
    def line(self) -> int:
        """Where the value's text begins: the line after the key when it is a block of several lines."""
        line = self.document.locate(self.path).line
        return line + 1 if isinstance(self.value, str) and "\n" in self.value else line

    def error(self, reason: str) -> TemplateError:
        return TemplateError(self.source, self.document.locate(self.path).line, reason)

    def at(self, key: str | int) -> "_Place":
        return _Place(self.value[key], self.document, self.source, (*self.path, key))

    def keys(self, allowed: Collection[str]) -> dict[str, "_Place"]:
        """Return the entries of a map that may have these keys."""
        if not isinstance(self.value, dict):
            raise self.error(f"expected a map with the keys {', '.join(sorted(allowed))}")
        entries = {key: self.at(key) for key in self.value}
        for key, entry in entries.items():
            if key not in allowed:
                close = nearest(key, allowed)
                hint = f", did you mean '{close}'?" if close else f"; known are {', '.join(sorted(allowed))}"
                raise entry.error(f"unknown key '{key}'{hint}")
        return entries

    def items(self) -> list["_Place"]:
        """Return the entries of a list."""
        if not isinstance(self.value, list):
            raise self.error("expected a list")
        if len(self.value) > _MAX_ENTRIES:
            raise self.error(f"a list in a template is limited to {_MAX_ENTRIES} entries")
        return [self.at(index) for index in range(len(self.value))]


def parse_templates(
    files: Mapping[str, str], names: Collection[str] | None = None, *, wanted: Collection[str] | None = None
) -> dict[str, MessageTemplate]:
    """Return the templates of a set of files.

    Args:
        files: the text of each file by its name (``compact.yaml``); the name without its suffix is the template's.
        names: the names that values will have; None: unknown names are found only when rendering.
        wanted: names of the templates to compile, which takes some 10 ms each; None: all of them.

    Raises:
        TemplateError: the first thing that is wrong.
        KeyError: a template that is wanted is not there.
    """
    raw = {filename.rsplit(".", 1)[0]: _read(text, filename) for filename, text in files.items()}
    compiler = _Compiler(names)
    return {name: compiler.template(name, _lineage(name, raw)) for name in (raw if wanted is None else wanted)}


def _read(text: str, source: str) -> dict[str, _Place]:
    try:
        document = parse_yaml(text, source)
    except ConfigurationError as error:
        first = error.problems[0]
        path = f"{first.path}: " if first.path else ""
        raise TemplateError(source, first.line, f"{path}{first.message}") from error
    root = _Place(to_typed(document.data if document.data is not None else {}), document, source, ())
    return {key: entry for key, entry in root.keys(_KEYS).items() if entry.value is not None}


def _lineage(name: str, raw: Mapping[str, dict[str, _Place]]) -> list[dict[str, _Place]]:
    """Return the keys of a template and of those that it extends, the farthest first."""
    lineage = [raw[name]]
    while parent := lineage[-1].get("extends"):
        if parent.value not in raw:
            close = nearest(str(parent.value), raw)
            hint = f", did you mean '{close}'?" if close else ""
            raise parent.error(f"there is no template '{parent.value}'{hint}")
        if len(lineage) >= _MAX_ANCESTORS:
            raise parent.error("extends goes round in a circle, or over more than 8 templates")
        lineage.append(raw[str(parent.value)])
    return lineage[::-1]


class _Compiler:
    """Compiles the values of one set of files; knows which names values will have."""

    def __init__(self, names: Collection[str] | None) -> None:
        self._names = names
        self._with_item = None if names is None else {*names, "item"}

    def template(self, name: str, lineage: list[dict[str, _Place]]) -> MessageTemplate:
        """Return the template whose keys are those of the lineage, the nearest winning; `limits` are merged."""
        entries: dict[str, _Place] = {}
        limits: dict[str, int] = {}
        for ancestor in lineage:
            entries |= ancestor
            if "limits" in ancestor:
                limits |= _limits(ancestor["limits"])
        return MessageTemplate(
            name=name,
            texts=self._texts(entries),
            description=_mapped(entries.get("description"), self._lines),
            content=_mapped(entries.get("content"), self._lines),
            fields=_mapped(entries.get("fields"), self._fields),
            attachments=_mapped(entries.get("attachments"), self._attachments),
            color=self._color(entries["color"]) if "color" in entries else None,
            show_time=self._flag(entries["show_time"]) if "show_time" in entries else False,
            limits=limits,
        )

    def _texts(self, entries: Mapping[str, _Place]) -> dict[str, CompiledText]:
        texts = {"title": self._text(entries["title"])} if "title" in entries else {}
        for key, output in _URL_KEYS.items():
            if key in entries:
                texts[output] = self._text(entries[key], Slot.URL)
        for key, main, outputs in (("author", "name", _AUTHOR_KEYS), ("footer", "text", _FOOTER_KEYS)):
            if key not in entries:
                continue
            place = entries[key]
            parts = place.keys(outputs) if isinstance(place.value, dict) else {main: place}
            for part, value in parts.items():
                slot = Slot.PLAIN if outputs[part] in _PLAIN_OUTPUTS else Slot.URL
                texts[outputs[part]] = self._text(value, slot)
        return texts

    def _lines(self, place: _Place) -> tuple[CompiledLine, ...]:
        entries = place.items() if isinstance(place.value, list) else [place]
        return tuple(self._line(entry) for entry in entries)

    def _line(self, place: _Place) -> CompiledLine:
        if not isinstance(place.value, dict):
            return CompiledLine(self._text(place))
        keys = place.keys(_LINE_KEYS)
        return CompiledLine(self._text(_required(place, keys, "text")), self._when(keys))

    def _fields(self, place: _Place) -> tuple[CompiledField, ...]:
        return tuple(self._field(entry) for entry in place.items())

    def _field(self, place: _Place) -> CompiledField:
        keys = place.keys(_FIELD_KEYS)
        names = self._with_item if "each" in keys else self._names
        inline = keys["inline"].value if "inline" in keys else False
        if not isinstance(inline, bool):
            raise keys["inline"].error("inline is true or false")
        return CompiledField(
            name=self._text(_required(place, keys, "name"), names=names),
            value=self._text(_required(place, keys, "value"), names=names),
            inline=inline,
            when=self._when(keys, names),
            each=self._condition(keys["each"]) if "each" in keys else None,
        )

    def _attachments(self, place: _Place) -> tuple[CompiledAttachment, ...]:
        return tuple(self._attachment(entry) for entry in place.items())

    def _attachment(self, place: _Place) -> CompiledAttachment:
        keys = place.keys(_ATTACHMENT_KEYS)
        nothing = _Place("", place.document, place.source, place.path)
        return CompiledAttachment(
            filename=self._text(_required(place, keys, "filename"), Slot.PLAIN),
            text=self._text(_required(place, keys, "text"), Slot.RAW),
            description=self._text(keys.get("description", nothing), Slot.PLAIN),
            when=self._when(keys),
        )

    def _color(self, place: _Place) -> CompiledText | int:
        if isinstance(place.value, str):
            return self._text(place, Slot.RAW)
        if isinstance(place.value, bool) or not isinstance(place.value, int) or not 0 <= place.value <= MAX_COLOR:
            raise place.error("a color is a number from 0x000000 to 0xFFFFFF, or a text that gives one")
        return place.value

    def _flag(self, place: _Place) -> CompiledCondition | bool:
        return place.value if isinstance(place.value, bool) else self._condition(place)

    def _when(self, keys: Mapping[str, _Place], names: Collection[str] | None = None) -> CompiledCondition | None:
        return self._condition(keys["when"], names) if "when" in keys else None

    def _text(self, place: _Place, slot: str = Slot.MARKDOWN, names: Collection[str] | None = None) -> CompiledText:
        value = place.value
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise place.error("expected a text")
        return compile_text(str(value), slot, source=place.source, line=place.line, names=names or self._names)

    def _condition(self, place: _Place, names: Collection[str] | None = None) -> CompiledCondition:
        if not isinstance(place.value, (str, bool, int)):
            raise place.error("expected an expression, such as: severity_number >= 17")
        text = str(place.value) if isinstance(place.value, str) else str(place.value).lower()
        return compile_condition(text, source=place.source, line=place.line, names=names or self._names)


def _mapped(place: _Place | None, compile_entry: Callable[[_Place], tuple[T, ...]]) -> tuple[T, ...]:
    return () if place is None else compile_entry(place)


def _required(parent: _Place, keys: Mapping[str, _Place], key: str) -> _Place:
    if key not in keys:
        raise parent.error(f"the key '{key}' is missing")
    return keys[key]


def _limits(place: _Place) -> dict[str, int]:
    if not isinstance(place.value, dict):
        raise place.error("expected a map of whole numbers")
    for key, value in place.value.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise place.at(key).error("expected a whole number from 0")
    return dict(place.value)
