"""What is wrong with a template, where, and what to do."""


class TemplateError(ValueError):
    """A template cannot be used; names the file, the line (from 1, 0 if unknown) and the reason."""

    def __init__(self, source: str, line: int, reason: str) -> None:
        super().__init__(f"{source}:{line}: {reason}" if line else f"{source}: {reason}")
        self.source = source
        self.line = line
        self.reason = reason
