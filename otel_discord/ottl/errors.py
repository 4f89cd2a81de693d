"""What goes wrong: in the text, found once with its column; or with a value, found while a record is examined."""

_MARGIN = 30
_SHOWN = 100


class OttlSyntaxError(ValueError):
    """The text is no condition or statement. ``column`` counts characters from 1."""

    def __init__(self, message: str, text: str, column: int) -> None:
        self.message = message
        self.text = text
        self.column = column
        super().__init__(f"{message} (column {column})\n{_pointed_at(text, column)}")


class OttlError(Exception):
    """A condition or statement met a value that it cannot work with (a wrong type, an index out of bounds).

    The message names types, never the value itself: it is logged, and records may hold secrets.
    """


def _pointed_at(text: str, column: int) -> str:
    start = max(0, min(column - 1, len(text)) - (_SHOWN - _MARGIN))
    shown = text[start : start + _SHOWN].translate(_SPACES)
    return f"  {shown}\n  {' ' * (column - 1 - start)}^"


_SPACES = dict.fromkeys((*range(32), 127, 133, 8232, 8233), " ")
