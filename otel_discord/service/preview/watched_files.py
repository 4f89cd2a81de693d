"""The files that a preview is made of, and a mark that changes when one of them does."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from otel_discord.config.sources import source_files
from otel_discord.service.config_file import Configuration


def mark(paths: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Return name, time and size of each file, of a directory those of the files in it; 0 where there is none."""
    return tuple(_looked_at(path) for path in sorted({file for path in paths for file in _files(path)}))


def files_of(configs: Sequence[str], inputs: Sequence[Path], configuration: Configuration | None) -> list[Path]:
    """Return what to look at: sources, what they name, inputs, directories of templates."""
    found = [*source_files(configs), *inputs]
    if configuration is not None:
        found += [*configuration.files, *template_directories(configuration)]
    return found


def template_directories(configuration: Configuration) -> list[Path]:
    """Return the directories in which exporters have templates of the user."""
    sections = [
        getattr(each.config, "templates", None) for kind in configuration.components.values() for each in kind.values()
    ]
    return [Path(named) for section in sections if (named := getattr(section, "directory", ""))]


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (each for each in path.rglob("*") if each.suffix in {".yaml", ".yml", ".json"})
    yield path


def _looked_at(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size
