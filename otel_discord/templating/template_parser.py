"""One set of template files, compiled, or the first thing that is wrong with it; for users see ``template_set``."""

from collections.abc import Collection, Mapping

from otel_discord.templating.errors import TemplateErrors
from otel_discord.templating.place import Problems
from otel_discord.templating.template_compiler import TemplateCompiler
from otel_discord.templating.template_file import MessageTemplate
from otel_discord.templating.template_source import read_sources


def parse_templates(
    files: Mapping[str, str], names: Collection[str] | None = None, *, wanted: Collection[str] | None = None
) -> dict[str, MessageTemplate]:
    """Return the templates of a set of files.

    Args:
        files: the text of each file by its name (``compact.yaml``); the name without its suffix is the template's.
        names: the names that values will have; None: unknown names are found only when rendering.
        wanted: names of the templates to compile, which takes some 10 ms each; None: all but those that are only
            included, whose names begin with ``_``.

    Raises:
        TemplateError: the first thing that is wrong.
        KeyError: a template that is wanted is not there.
    """
    problems = Problems()
    sources = read_sources(files, problems)
    if not problems.found:
        compiler = TemplateCompiler(names, problems)
        chosen = [name for name, file in sources.items() if not file.is_part] if wanted is None else wanted
        templates = {name: compiler.template(sources[name]) for name in chosen}
    if problems.found:
        raise TemplateErrors(problems.found).errors[0]
    return templates
