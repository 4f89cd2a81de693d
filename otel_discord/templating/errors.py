"""What is wrong with templates, where, and what to do."""

from collections.abc import Iterable


class TemplateError(ValueError):
    """A template cannot be used; names the file, the line (from 1, 0 if unknown) and the reason."""

    def __init__(self, source: str, line: int, reason: str) -> None:
        super().__init__(f"{source}:{line}: {reason}" if line else f"{source}: {reason}")
        self.source = source
        self.line = line
        self.reason = reason


class TemplateErrors(ValueError):  # noqa: N818 - it is several
    """Everything that is wrong with a set of template files, one ``file:line: reason`` a line of the message.

    ``errors`` are sorted by file and line, none is there twice.
    """

    def __init__(self, errors: Iterable[TemplateError]) -> None:
        distinct = {(error.source, error.line, error.reason): error for error in errors}
        self.errors: tuple[TemplateError, ...] = tuple(distinct[place] for place in sorted(distinct))
        super().__init__("\n".join(map(str, self.errors)))
