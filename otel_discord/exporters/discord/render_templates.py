"""The built-in templates, files of the format that users write, and those of a user's directory beside them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from otel_discord.exporters.discord.render_names import FAMILY_OF_KIND, family_of_template, names_of
from otel_discord.exporters.discord.render_values import Limits
from otel_discord.ottl import Condition, ContextKind, parse_condition
from otel_discord.templating.errors import TemplateError, TemplateErrors
from otel_discord.templating.place import Problems
from otel_discord.templating.template_directory import read_directory
from otel_discord.templating.template_file import MessageTemplate
from otel_discord.templating.template_match import TemplateMatch
from otel_discord.templating.template_set import TemplateSet
from otel_discord.templating.template_source import read_sources

BUILT_IN_DIRECTORY: Final = Path(__file__).parent / "templates"
_SETS: Final = 8
"""Of different files that are kept: those of the exporters of a process, before and after a reload."""


@dataclass(frozen=True, slots=True)
class Matching:
    """A user's template that is chosen by what it says of records."""

    match: TemplateMatch
    template: MessageTemplate
    families: frozenset[str]
    """Of the values that it can be rendered with."""

    @property
    def condition(self) -> Condition | None:
        """The OTTL condition that has to hold too."""
        found = self.match.compiled_condition
        return found if isinstance(found, Condition) else None


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of one exporter, each compiled once."""

    files: TemplateSet
    matching: tuple[Matching, ...] = ()
    names: frozenset[str] = field(default_factory=frozenset)

    def get(self, name: str) -> MessageTemplate:
        """Return the template of a name: the user's, else the built-in.

        Raises:
            KeyError: there is none.
        """
        return self.files.get(name)


def read_templates(directory: str | Path) -> dict[str, str]:
    """Return the text of each template file of a directory by its file name.

    Raises:
        TemplateErrors: the directory or files of it cannot be read.
    """
    return read_directory(directory)


def templates_from(files: Mapping[str, str], clock: Callable[[], int] | None = None) -> Templates:
    """Return the built-in templates and a user's, given as text by file name.

    ``clock`` gives Unix time in nanoseconds to conditions that ask for it.

    Raises:
        TemplateErrors: everything that is wrong with them.
    """
    return _templates(tuple(sorted(files.items())), clock if files else None)


@lru_cache(maxsize=_SETS)
def _templates(files: tuple[tuple[str, str], ...], clock: Callable[[], int] | None) -> Templates:
    written = dict(files)
    made = TemplateSet(
        written,
        built_in=_built_in_files(),
        names=names_of,
        compile_condition=lambda text: parse_condition(text, ContextKind.LOG, clock=clock),
    )
    problems = Problems()
    sources = read_sources(written, problems, read_sources(_built_in_files(), problems))
    matching = []
    for match, template in made.matching():
        root = sources[template.name].lineage()[0].name
        families = {FAMILY_OF_KIND[kind] for kind in match.kinds} or {family_of_template(root)}
        matching.append(Matching(match, template, frozenset(families)))
    for file in sources.values():
        limits = file.entries.get("limits")
        if limits is not None:
            try:
                Limits.of(dict(limits.value))
            except ValueError as error:
                problems.note(TemplateError(file.source, limits.key_line, f"limits: {error}"))
    if problems.found:
        raise TemplateErrors(problems.found)
    return Templates(made, tuple(matching), frozenset(made.names()))


def built_in_template(name: str) -> MessageTemplate:
    """Return the built-in template of a name, such as ``compact`` or ``compact_exception``.

    Raises:
        KeyError: there is no such template.
    """
    return templates_from({}).files.built_in(name)


@cache
def _built_in_files() -> Mapping[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(BUILT_IN_DIRECTORY.glob("*.yaml"))}
