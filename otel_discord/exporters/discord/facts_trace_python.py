"""The parts of a trace that Python printed, exception groups among them. Pure functions."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from otel_discord.exporters.discord.facts_lines import hidden_lines
from otel_discord.exporters.discord.facts_trace_parts import LED_TO, PACKAGES, Kind, Part, first_segment, short_path

PYTHON_FRAME: Final = re.compile(r'\s*File "([^"\n]+)", line (\d+)(?:, in (.+))?')
_PYTHON_LINKS: Final = ("The above exception was the direct cause", "During handling of the above exception")
_GROUP_MARGIN: Final = re.compile(r"((?:  ){1,50})[|+](?: |\Z)")
_GROUP_MEMBER: Final = re.compile(r"((?:  ){1,50})(?:\+-(?=\+)|(?<=  ))\+-{16,40}(?: (\d{1,6}|\.\.\.) -{16,40})?")
_CARETS: Final = re.compile(r"[\s~^|]+")
_STANDARD_PYTHON: Final = re.compile(r"(?:[/\\]lib[/\\]python[\d.]*[/\\]|[/\\]Lib[/\\]|<frozen )(.*)")


def python_parts(lines: list[str]) -> Iterator[Part]:
    """Return the parts of a trace, its lines given without blank ones."""
    return _group_parts(lines) if any(map(_GROUP_MEMBER.fullmatch, lines)) else _parts(lines)


def _parts(lines: list[str]) -> Iterator[Part]:
    index, says_error = 0, False
    while index < len(lines):
        line = lines[index]
        index += 1
        frame = PYTHON_FRAME.match(line)
        if frame:
            says_error = False
            source = []
            while index < len(lines) and lines[index].startswith("    ") and not PYTHON_FRAME.match(lines[index]):
                if not _CARETS.fullmatch(lines[index]):
                    source.append(lines[index].strip())
                index += 1
            yield _python_frame(frame, source)
        elif line.startswith(
            ("Traceback (most recent", "Exception Group Traceback (most recent", "Stack (most recent")
        ):
            says_error = False
        elif line.startswith(_PYTHON_LINKS):
            says_error = False
            yield Part(Kind.LINK, LED_TO)
        elif says_error and not hidden_lines(line):
            yield Part(Kind.MESSAGE, line.rstrip())
        else:
            says_error = not line[0].isspace()
            yield Part(Kind.ERROR if says_error else Kind.NOTE, line.rstrip())


def _group_parts(lines: list[str]) -> Iterator[Part]:
    """Read a trace of exception groups: each run of lines with one margin is a trace by itself."""
    block: list[str] = []
    depth = 0
    for line in [*lines, ""]:
        member = _GROUP_MEMBER.fullmatch(line)
        margin = _GROUP_MARGIN.match(line)
        here = max(0, len(margin[1]) // 2 - 1) if margin else 0
        if member or here != depth or not line:
            yield from (replace(part, depth=depth) for part in _parts(block))
            block, depth = [], here
        if member and member[2]:
            outside = len(member[1]) // 2 - (1 if "+-+" in line else 2)
            yield Part(Kind.LINK, f"sub-exception {member[2]}:", depth=max(0, outside))
        elif not member and (text := line[margin.end() :] if margin else line):
            block.append(text)


def _python_frame(match: re.Match[str], source: list[str]) -> Part:
    path, line, function = match[1], match[2], (match[3] or "").strip()
    head = f'  File "{short_path(path, 3)}", line {line}' + (f", in {function}" if function else "")
    text = "\n".join([head, *(f"    {code}" for code in source[:2])])
    location = f"{short_path(path, 2)}:{line}" + (f" in {function}" if function and function != "<module>" else "")
    library = _python_library(path)
    return Part(Kind.LIBRARY if library else Kind.APPLICATION, text, library, location)


def _python_library(path: str) -> str:
    package = PACKAGES.search(path)
    if package:
        return first_segment(package[1])
    standard = _STANDARD_PYTHON.search(path)
    return first_segment(standard[1]).rstrip(">").split(".")[0] or "python" if standard else ""
