"""A stack trace as parts: error lines, frames of the application, frames of libraries. Pure functions.

Understands the traces that runtimes of Python, Java (and Kotlin, Scala), JavaScript, Go and .NET print; of others the
lines are kept without a verdict. Patterns are linear, and of a huge trace only the first and the last lines are read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from otel_discord.exporters.discord.facts_lines import hidden_lines, more_lines
from otel_discord.exporters.discord.facts_trace_parts import (
    HOW_MANY_INSIDE,
    LED_TO,
    PACKAGES,
    Kind,
    Part,
    first_segment,
    short_path,
)
from otel_discord.exporters.discord.facts_trace_python import PYTHON_FRAME, python_parts
from otel_discord.templating.cutting import cut_middle

_MAX_LINES: Final = 600
_MAX_LINE_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class StackTrace:
    """A trace in its own order. ``language`` is the one to colour a code block in."""

    language: str
    parts: tuple[Part, ...]
    innermost_last: bool = False

    @property
    def location(self) -> str:
        """Where the innermost frame of the application is; "" if none is known."""
        frames = [part for part in self.parts if part.kind is Kind.APPLICATION and part.location]
        if not frames:
            return ""
        if not self.innermost_last:
            return frames[0].location
        of_it = [part for part in self.parts if part.location or part.text in self.inside]
        if len(self.inside) == 1 and (own := _before_error(of_it, self.inside[0])):
            return own
        return _last_outside(frames).location

    @property
    def error(self) -> str:
        """The line that names the error which arrived: Python's last, the others' first."""
        errors = [part for part in self.parts if part.kind is Kind.ERROR]
        if not errors:
            return self._error_among_notes
        return (_last_outside(errors) if self.innermost_last else errors[0]).text

    @property
    def inside(self) -> tuple[str, ...]:
        """The different errors that an exception group holds, none of them a group; () where the error is no group."""
        if not self.parts or not self.parts[-1].depth:
            return ()
        start = max(
            (place for place, part in enumerate(self.parts) if not part.depth and part.kind is not Kind.LINK), default=0
        )
        errors: list[str] = []
        before = Kind.LINK
        for part in self.parts[start:]:
            if part.kind is Kind.LINK and part.text == LED_TO and errors:
                errors.pop()
            elif part.kind is Kind.ERROR and before is not Kind.ERROR and part.depth:
                errors.append(part.text)
            before = part.kind
        return tuple(dict.fromkeys(error for error in errors if not HOW_MANY_INSIDE.search(error)))

    @property
    def innermost(self) -> str:
        """The innermost frame on one line, a library's if there is no other; of an unknown trace its first line."""
        frames = [part for part in self.parts if part.kind in (Kind.APPLICATION, Kind.LIBRARY)]
        frame = (frames[-1] if self.innermost_last else frames[0]) if frames else None
        if self.location or (frame and frame.location):
            return self.location or (frame.location if frame else "")
        return (frame or self.parts[0]).text.split("\n", 1)[0].strip() if self.parts else ""

    @property
    def _error_among_notes(self) -> str:
        """``Type: message`` in a trace of an unknown language, or behind what frames an exception group."""
        lines = [part.text.lstrip(" \t|+-") for part in self.parts if part.kind is Kind.NOTE]
        named = [line for line in lines if _NAMED_ERROR.match(line)]
        return named[0] if named else ""


def _before_error(parts: list[Part], error: str) -> str:
    """Return the place of the innermost own frame of the first such error inside of a group."""
    location = ""
    for part in parts:
        if part.kind is Kind.APPLICATION and part.depth:
            location = part.location
        elif part.kind is Kind.ERROR and part.text == error:
            break
    return location


def _last_outside(parts: list[Part]) -> Part:
    """Return the last one that is inside of the fewest exception groups."""
    return max(reversed(parts), key=lambda part: -part.depth)


_NAMED_ERROR: Final = re.compile(
    r"[\w.$:\\/]{0,200}(?:Error|Exception|ExceptionGroup|Failure|Fault|Panic|Interrupt|Exit)\w{0,40}(?:: \S|\s*\Z)"
)
_AT_FRAME: Final = re.compile(r"\s+at (.+)")
_JAVA_PLACE: Final = re.compile(r"([\w.$/<>@-]+)\(([^()]*)\)(?: ~?\[.*\])?\Z")
_JS_PLACE: Final = re.compile(r"(?:(?P<function>[^()]+?) \()?(?P<file>[^()\s][^()]*?):(?P<line>\d+):\d+\)?\Z")
_DOTNET_PLACE: Final = re.compile(r"(?P<function>[^()]+\([^()]*\))(?: in (?P<file>.+):line (?P<line>\d+))?\Z")
_GO_PLACE: Final = re.compile(r"\s+(/?[^\s:]+\.(?:go|s)):(\d+)")
_GO_GOROUTINE: Final = re.compile(r"^goroutine \d+ \[", re.MULTILINE)

_JAVA_LIBRARIES: Final = (
    "java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "scala.", "akka.",
    "org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.", "org.jboss.", "io.netty.",
    "io.micronaut.", "io.quarkus.", "io.vertx.", "io.grpc.", "reactor.", "com.fasterxml.", "com.zaxxer.",
    "com.google.", "org.postgresql.", "com.mysql.", "okhttp3.", "org.slf4j.", "ch.qos.", "org.junit.",
    "io.opentelemetry.", "clojure.", "groovy.", "org.codehaus.", "android.", "androidx.", "dalvik.",
)  # fmt: skip
_DOTNET_LIBRARIES: Final = (
    "System.",
    "Microsoft.",
    "Npgsql.",
    "Newtonsoft.",
    "MongoDB.",
    "Grpc.",
    "Serilog.",
    "NUnit.",
    "Xunit.",
)
_GO_STANDARD: Final = re.compile(r"(?:^|/)go(?:[\d.]*)?/src/(.*)|/libexec/src/(.*)")


@lru_cache(maxsize=128)
def parse_trace(text: str) -> StackTrace:
    """Return the parts of a trace (at most 16,384 code points); of an unknown language every line is a note.

    Exceptions repeat, so the last traces are remembered.
    """
    lines = [cut_middle(line, _MAX_LINE_CHARS) for line in _bounded_lines(text)]
    match language_of(text):
        case "py":
            return StackTrace("py", tuple(python_parts(lines)), innermost_last=True)
        case "go":
            return StackTrace("go", tuple(_go_parts(lines)))
        case "":
            return StackTrace("", tuple(Part(Kind.NOTE, line) for line in lines))
        case language:
            return StackTrace(language, tuple(_at_parts(lines, language)))


def language_of(text: str) -> str:
    """Return py, go, java, js, cs, or "" when the text does not look like a trace of one of them."""
    if 'File "' in text and (PYTHON_FRAME.search(text) or "Traceback (most recent" in text):
        return "py"
    if "goroutine " in text and _GO_GOROUTINE.search(text):
        return "go"
    votes = {"java": 0, "js": 0, "cs": 0}
    for line in text[:8192].split("\n"):
        frame = _AT_FRAME.match(line[:_MAX_LINE_CHARS]) if " at " in line or "\tat " in line else None
        if frame:
            votes[_at_language(frame[1].rstrip())] += 1
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] else ""


def _at_language(place: str) -> str:
    if ":line " in place or ") in " in place:
        return "cs"
    if _JS_PLACE.search(place) and not _JAVA_PLACE.match(place):
        return "js"
    java = _JAVA_PLACE.match(place)
    if java and (
        ".java" in java[2] or ".kt" in java[2] or ".scala" in java[2] or java[2] in ("Native Method", "Unknown Source")
    ):
        return "java"
    if java and ":" in java[2]:
        return "js" if java[2].rsplit(":", 1)[-1].isdigit() and java[2].count(":") > 1 else "java"
    return "cs" if _DOTNET_PLACE.match(place) else "js"


def _bounded_lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > _MAX_LINES:
        half = _MAX_LINES // 2
        missing = sum(hidden_lines(line) or bool(line.strip()) for line in lines[half:-half])
        lines = [*lines[:half], f"  {more_lines(missing)}", *lines[-half:]]
    return [line for line in lines if line.strip()]


def _at_parts(lines: list[str], language: str) -> Iterator[Part]:
    says_error = False
    for line in lines:
        frame = _AT_FRAME.match(line)
        if frame:
            says_error = False
            yield _at_frame(frame[1].strip(), language)
        elif line.lstrip().startswith(("... ", "--- ")):
            says_error = False
            yield Part(Kind.NOTE, f"  {line.strip()}")
        elif line[0].isspace() and "Suppressed: " not in line:
            yield Part(Kind.NOTE, line.strip())
        elif says_error and not line.lstrip().startswith(("Caused by: ", "Suppressed: ")):
            yield Part(Kind.MESSAGE, line.strip())
        else:
            says_error = True
            yield Part(Kind.ERROR, line.strip())


def _at_frame(place: str, language: str) -> Part:
    text = f"  at {place}"
    if language == "java":
        java = _JAVA_PLACE.match(place)
        function = (java[1] if java else place).rsplit("/", 1)[-1]
        location = f"{java[2]} in {_last_segments(function)}" if java and ":" in java[2] else ""
        library = _package(function) if function.startswith(_JAVA_LIBRARIES) else ""
    elif language == "cs":
        dotnet = _DOTNET_PLACE.match(place)
        function = (dotnet["function"] if dotnet else place).split("(", 1)[0]
        known = dotnet is not None and dotnet["file"]
        location = (
            f"{short_path(dotnet['file'], 2)}:{dotnet['line']} in {_last_segments(function)}"
            if known and dotnet
            else ""
        )
        library = _package(function, 1) if function.startswith(_DOTNET_LIBRARIES) else ""
    else:
        js = _JS_PLACE.search(place)
        path = js["file"] if js else ""
        function = js["function"] if js and js["function"] else ""
        location = f"{short_path(path, 2)}:{js['line']}" + (f" in {function}" if function else "") if js else ""
        library = _javascript_library(path or place)
    return Part(Kind.LIBRARY if library else Kind.APPLICATION, text, library, location)


def _javascript_library(path: str) -> str:
    package = PACKAGES.search(path)
    if package:
        name = package[1].replace("\\", "/")
        inner = name.rsplit("node_modules/", 1)[-1]
        return "/".join(inner.split("/")[:2]) if inner.startswith("@") else first_segment(inner)
    if path.startswith(("node:", "internal/")) or path in ("<anonymous>", "native"):
        return "node"
    return ""


def _go_parts(lines: list[str]) -> Iterator[Part]:
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        place = _GO_PLACE.match(lines[index]) if index < len(lines) else None
        if place and not line[0].isspace():
            index += 1
            yield _go_frame(line, place[1], place[2])
        elif line.startswith(("panic: ", "fatal error: ", "runtime error: ")):
            yield Part(Kind.ERROR, line.rstrip())
        else:
            yield Part(Kind.NOTE, line.rstrip())


def _go_frame(call: str, path: str, line: str) -> Part:
    function = call.removeprefix("created by ").rsplit("(", 1)[0].rsplit("/", 1)[-1]
    location = f"{short_path(path, 2)}:{line} in {function}"
    text = f"{cut_arguments(call)}\n    {short_path(path, 3)}:{line}"
    package = PACKAGES.search(path)
    standard = _GO_STANDARD.search(path)
    if package:
        segments = package[1].split("/")
        library = segments[2].split("@")[0] if len(segments) > 2 and "." in segments[0] else segments[0].split("@")[0]
    else:
        library = first_segment(standard[1] or standard[2] or "") if standard else ""
    is_library = bool(library) or call.startswith(("panic(", "runtime."))
    return Part(
        Kind.LIBRARY if is_library else Kind.APPLICATION, text, library or ("runtime" if is_library else ""), location
    )


def cut_arguments(call: str) -> str:
    """Return ``main.(*Cart).Total(...)`` of a Go call whose arguments are addresses."""
    head, bracket, _ = call.rpartition("(")
    return f"{head}(…)" if bracket and not call.endswith("()") else call


def _last_segments(function: str) -> str:
    return ".".join(function.split(".")[-2:])


def _package(function: str, segments: int = 2) -> str:
    parts = function.split(".")
    if parts[0] in ("org", "com", "io", "ch") and segments > 1:
        return parts[1]
    return parts[0] if segments > 1 else ".".join(parts[:segments])
