"""Built-in templates and those of a user's directory together: what the exporter asks for the look of a message."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeAlias

from otel_discord.templating.errors import TemplateError, TemplateErrors
from otel_discord.templating.place import Problems
from otel_discord.templating.template_compiler import TemplateCompiler
from otel_discord.templating.template_file import MessageTemplate
from otel_discord.templating.template_match import CompileCondition, TemplateMatch
from otel_discord.templating.template_source import SourceFile, read_sources

NamesOf: TypeAlias = Callable[[str, tuple[str, ...]], Collection[str] | None]
"""The names that values have, by the farthest template that one extends and the kinds of its `match` (() for any)."""
_NO_FILES: Final[Mapping[str, str]] = {}


class TemplateSet:
    """Templates by name, and those with a `match` in the order in which they are tried. Never changes.

    A user's file without `match` that has a built-in's name stands in for it. Built-in templates extend and include
    only each other, so that nothing a user writes can break them; they are compiled when they are first asked for.
    """

    def __init__(
        self,
        files: Mapping[str, str] = _NO_FILES,
        *,
        built_in: Mapping[str, str],
        names: Collection[str] | NamesOf | None = None,
        compile_condition: CompileCondition | None = None,
    ) -> None:
        """Read and check all of the user's files.

        Args:
            files: a user's files by name, as of :func:`~otel_discord.templating.template_directory.read_directory`.
            built_in: the built-in files by name.
            names: the names that values will have: the same for every template, or by template; None: not checked.
            compile_condition: makes the text of `match.condition` into what will be evaluated; raises ValueError.

        Raises:
            TemplateErrors: everything that is wrong with the files.
        """
        problems = Problems()
        self._names = names
        self._built_in_sources = read_sources(built_in, problems)
        sources = read_sources(files, problems, self._built_in_sources)
        self._compiled: dict[str, MessageTemplate] = {}
        users = [self._compile(file, problems, compile_condition) for file in sources.values()]
        if problems.found:
            raise TemplateErrors(problems.found)
        for file, template in zip(sources.values(), users, strict=True):
            is_shown = template.match is not None or template.name in self._built_in_sources
            if is_shown and not file.is_part and template.is_empty:
                problems.note(TemplateError(file.source, 1, "says nothing: no title, description, field or content"))
        if problems.found:
            raise TemplateErrors(problems.found)
        usable = [template for template in users if not template.name.startswith("_")]
        self._users = {
            template.name: template
            for template in usable
            if template.match is None or template.name not in self._built_in_sources
        }
        matching = [(template.match, template) for template in usable if template.match is not None]
        self._matching = tuple(sorted(matching, key=lambda pair: (-pair[0].priority, pair[1].source)))

    def names(self) -> tuple[str, ...]:
        """Return the names that :meth:`get` knows, sorted."""
        built_in = {name for name, file in self._built_in_sources.items() if not file.is_part}
        return tuple(sorted({*built_in, *self._users}))

    def get(self, name: str) -> MessageTemplate:
        """Return the template of a name: the user's, else the built-in.

        Raises:
            KeyError: there is none.
        """
        return self._users[name] if name in self._users else self.built_in(name)

    def built_in(self, name: str) -> MessageTemplate:
        """Return the built-in template of a name: what a message falls back to.

        Raises:
            KeyError: there is none.
            TemplateErrors: it is wrong, which the tests of the built-in ones rule out.
        """
        if name not in self._compiled:
            problems = Problems()
            template = self._compile(self._built_in_sources[name], problems, None)
            if problems.found:
                raise TemplateErrors(problems.found)
            self._compiled[name] = template
        return self._compiled[name]

    def matching(self) -> tuple[tuple[TemplateMatch, MessageTemplate], ...]:
        """Return the templates with a `match`, higher priority first, then by file name; the first that fits wins."""
        return self._matching

    def _compile(
        self, file: SourceFile, problems: Problems, compile_condition: CompileCondition | None
    ) -> MessageTemplate:
        return TemplateCompiler(self._names_of(file), problems, compile_condition).template(file)

    def _names_of(self, file: SourceFile) -> Collection[str] | None:
        if file.is_part:
            return None
        if not callable(self._names):
            return self._names
        quiet = Problems()
        farthest = quiet.attempt([file], file.lineage)[0]
        written = file.entries["match"].value if "match" in file.entries else {}
        kinds = written.get("kind", ()) if isinstance(written, dict) else ()
        listed = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
        return self._names(farthest.name, tuple(str(kind) for kind in listed))
