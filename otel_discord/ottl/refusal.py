"""A problem of a text found while compiling it, before the text itself is at hand."""


class Refusal(ValueError):  # noqa: N818 - it becomes an OttlSyntaxError at the border
    """``column`` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column
