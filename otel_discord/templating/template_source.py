"""Template files as they are written: read, and found by name for `extends` and `include`. Nothing is compiled here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.config.nearest import nearest
from otel_discord.config.problem import ConfigurationError
from otel_discord.config.raw_text import to_typed
from otel_discord.config.yaml_file import parse_yaml
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.file_name import shown_name
from otel_discord.templating.place import MAX_ENTRIES, Place, Problems

MAX_FILE_BYTES: Final = 256 * 1024
MAX_NESTED: Final = 8
"""Templates over which `extends` and `include` may go."""
LIST_KEYS: Final = ("description", "content", "fields", "buttons", "attachments")
"""Keys whose entries may be `{include: NAME}`."""
KEYS: Final = frozenset(
    (*LIST_KEYS, "extends", "match", "tests", "limits", "title", "url", "color", "colour", "show_time", "author",
     "footer", "image", "thumbnail", "username", "avatar_url", "thread_name")
)  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_TWINS: Final = {"description": "content", "content": "description"}
_INCLUDE_KEYS: Final = frozenset(("include", "when"))


def template_name(filename: str) -> str:
    """Return the name of the template in a file: ``compact`` for ``compact.yaml``."""
    return filename.rsplit(".", 1)[0]


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """One file: its keys, and the files that its `extends` and `include` can name."""

    name: str
    source: str
    entries: Mapping[str, Place]
    neighbours: "Neighbours"

    @property
    def is_part(self) -> bool:
        """Whether it holds only what others include: its name begins with ``_``."""
        return self.name.startswith("_")

    def lineage(self) -> "list[SourceFile]":
        """Return this file and those that it extends, the farthest first.

        Raises:
            TemplateError: one of them is not there, or they go round in a circle.
        """
        lineage = [self]
        while parent := lineage[-1].entries.get("extends"):
            if len(lineage) > MAX_NESTED:
                raise parent.error(f"extends goes over more than {MAX_NESTED} templates")
            found = lineage[-1].neighbours.find(parent, asking=lineage[-1])
            if found in lineage:
                names = " → ".join(file.name for file in (*lineage, found))
                raise parent.error(f"extends goes round in a circle: {names}")
            lineage.append(found)
        return lineage[::-1]


class Neighbours:
    """The files that one file can name: those of its own directory, then the built-in ones."""

    def __init__(self, files: dict[str, SourceFile], built_in: Mapping[str, SourceFile]) -> None:
        self._files = files
        self._built_in = built_in

    def find(self, place: Place, *, asking: SourceFile) -> SourceFile:
        """Return the file that is named at a place; its own name means the built-in template of that name.

        Raises:
            TemplateError: there is none.
        """
        name = place.value
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise place.error("expected the name of a template, such as compact: letters, digits, _ and -, no path")
        if name in self._files and (self._files[name] is not asking or name not in self._built_in):
            return self._files[name]
        if name in self._built_in:
            return self._built_in[name]
        close = nearest(name, {*self._files, *self._built_in})
        raise place.error(f"there is no template '{name}'" + (f", did you mean '{close}'?" if close else ""))


def read_sources(
    files: Mapping[str, str], problems: Problems, built_in: Mapping[str, SourceFile] | None = None
) -> dict[str, SourceFile]:
    """Return files by the names of their templates; those that cannot be read are noted and left out.

    Args:
        files: the text of each by its file name.
        problems: where what is wrong is noted.
        built_in: further files that these may name.
    """
    found: dict[str, SourceFile] = {}
    neighbours = Neighbours(found, built_in or {})
    for filename in sorted(files):
        name, source = template_name(filename), shown_name(filename)
        if not _NAME.fullmatch(name):
            problems.note(TemplateError(source, 0, "a template's file name has letters, digits, _ and - only"))
        elif name in found:
            problems.note(TemplateError(source, 0, f"{found[name].source} is a template of the same name"))
        else:
            entries = problems.attempt(None, _read, files[filename], source, problems)
            if entries is not None:
                found[name] = SourceFile(name, source, entries, neighbours)
    return found


def _read(text: str, source: str, problems: Problems) -> dict[str, Place]:
    if len(text) > MAX_FILE_BYTES:
        raise TemplateError(source, 1, f"a template file is limited to {MAX_FILE_BYTES // 1024} KiB")
    try:
        document = parse_yaml(text, source)
        data: Any = to_typed(document.data if document.data is not None else {})
    except ConfigurationError as error:
        first, *rest = [
            TemplateError(source, each.line, f"{each.path}: {each.message}" if each.path else each.message)
            for each in error.problems
        ]
        for each in rest:
            problems.note(each)
        raise first from error
    keys = Place(data, document, source).keys(KEYS, problems)
    if "color" in keys and "colour" in keys:
        problems.note(keys["colour"].error("color and colour are the same key: keep one of them"))
    if "colour" in keys:
        keys["color"] = keys.pop("colour")
    return {key: entry for key, entry in keys.items() if entry.value is not None}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list, and the conditions of the includes that brought it in."""

    place: Place
    conditions: tuple[Place, ...] = ()


def list_entries(file: SourceFile, key: str, problems: Problems) -> list[Entry]:
    """Return the entries of a file's list with what is included in their place; one text is a list of one line.

    Raises:
        TemplateError: it is no list, there is nothing to include, includes go round in a circle, or make more than 64.
    """
    entries: list[Entry] = []
    included = 0
    for entry in _walk(file, key, (), [], problems):
        if entry is None:
            included += 1
        else:
            entries.append(entry)
        if max(len(entries), included) > MAX_ENTRIES:
            raise file.entries[key].error(f"a list in a template is limited to {MAX_ENTRIES} entries")
    return entries


def _walk(
    file: SourceFile, key: str, conditions: tuple[Place, ...], trail: list[SourceFile], problems: Problems
) -> Iterator[Entry | None]:
    """Yield the entries, and None for each include that is followed."""
    place = file.entries[key]
    for item in [place] if isinstance(place.value, str) and key in _TWINS else place.items():
        if not isinstance(item.value, dict) or "include" not in item.value:
            yield Entry(item, conditions)
            continue
        yield None
        keys = item.keys(_INCLUDE_KEYS, problems)
        name = keys["include"]
        found, found_key = _included(file.neighbours.find(name, asking=file), key, name)
        inner = [*trail, file]
        if found in inner:
            raise name.error(f"include goes round in a circle: {' → '.join(each.name for each in (*inner, found))}")
        if len(inner) > MAX_NESTED:
            raise name.error(f"include goes over more than {MAX_NESTED} templates")
        when = (keys["when"],) if "when" in keys else ()
        yield from _walk(found, found_key, (*conditions, *when), inner, problems)


def _included(file: SourceFile, key: str, name: Place) -> tuple[SourceFile, str]:
    """Return the file that has the list, itself or one that it extends; lines may stand under either of their keys."""
    wanted = [key, *([_TWINS[key]] if key in _TWINS else [])]
    lineage = file.lineage()[::-1]
    for each in wanted:
        for owner in lineage:
            if each in owner.entries:
                return owner, each
    raise name.error(f"the template '{file.name}' has no {' or '.join(wanted)} to include")
