"""The text of matchers as Alertmanager's ``amtool`` takes it: ``service.name=shop, severity=~"warn.*"``. Pure.

Several are joined by commas, and may be in braces. A name or value with spaces, commas, quotes or braces is written in
quotes, double or single; there a backslash before a quote, a backslash or an ``n`` makes one of the quote, one of the
backslash, and a new line, and any other stands for itself. A word alone is the name of an alert.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

MAX_CHARS: Final = 1_000
ALERT_NAME: Final = "alert.name"
_OPERATOR: Final = re.compile(r"=~|!~|!=|<=|>=|=|<|>")
_NAME: Final = re.compile(r"[^\s=!~<>,{}\"']+")
_VALUE: Final = re.compile(r"(?![=!~<>])[^\s,{}\"']+")
_SPACE: Final = re.compile(r"\s*")
_ESCAPES: Final = {"n": "\n", "\\": "\\"}
_OPERATORS: Final = "=, !=, =~ or !~"
_IN_QUOTES: Final = "what has spaces, commas, quotes or braces is written in quotes"


class Comparison(NamedTuple):
    """One matcher as it was read."""

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        """Return it as it can be read again."""
        return f"{_written(self.name, _NAME)}{self.operator}{_written(self.value, _VALUE)}"


def read_matchers(text: str) -> Sequence[Comparison]:
    """Return the matchers of a text; at least one.

    Raises:
        ValueError: it cannot be read; says at which character (the first is 1), and what was expected there.
    """
    if len(text) > MAX_CHARS:
        raise ValueError(f"matchers have at most {MAX_CHARS:,} characters")
    return _Reading(text).matchers()


@dataclass(slots=True)
class _Reading:
    text: str
    at: int = 0

    def matchers(self) -> list[Comparison]:
        self._space()
        closing = "}" if self._took("{") else ""
        self._space()
        found = [self._one(closing)]
        while self._took(","):
            self._space()
            if self._rest[:1] == closing:
                break
            found.append(self._one(closing))
        if closing and not self._took(closing):
            raise self._expected('"," or "}"')
        self._space()
        if self._rest:
            raise self._expected("the end" if closing else f'"," or the end; {_IN_QUOTES}')
        return found

    def _one(self, closing: str) -> Comparison:
        name = self._word(_NAME)
        if not name:
            raise self._expected("a name, as in service.name=shop")
        self._space()
        operator = _OPERATOR.match(self.text, self.at)
        if operator is None:
            if self._rest[:1] not in {"", ",", closing}:
                hint = f"; {_IN_QUOTES}" if self.text[self.at - 1].isspace() else ""
                raise self._expected(f"{_OPERATORS} after {name!r}{hint}")
            return Comparison(ALERT_NAME, "=", name)
        self.at = operator.end()
        self._space()
        value = self._word(_VALUE)
        if value is None and self._rest[:1] not in {"", ",", closing}:
            raise self._expected(f"a value after {operator[0]}, in quotes if it begins so")
        self._space()
        return Comparison(name, operator[0], value or "")

    @property
    def _rest(self) -> str:
        return self.text[self.at :]

    def _word(self, plain: re.Pattern[str]) -> str | None:
        """Return what is in quotes, or a plain word; None where there is neither."""
        if self._rest[:1] in {'"', "'"}:
            return self._quoted()
        found = plain.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def _quoted(self) -> str:
        begin, quote = self.at, self.text[self.at]
        parts: list[str] = []
        at = begin + 1
        while at < len(self.text) and self.text[at] != quote:
            follows = self.text[at + 1 : at + 2]
            is_escape = self.text[at] == "\\" and (follows == quote or follows in _ESCAPES)
            parts.append(_ESCAPES.get(follows, follows) if is_escape else self.text[at])
            at += 1 + is_escape
        if at >= len(self.text):
            self.at = begin
            raise self._expected(f"a second {quote} that ends what begins here")
        self.at = at + 1
        return "".join(parts)

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at

    def _took(self, char: str) -> bool:
        is_there = self.text.startswith(char, self.at)
        self.at += len(char) * is_there
        return is_there

    def _expected(self, what: str) -> ValueError:
        found = f'"{self._rest[0]}"' if self._rest else "the end"
        return ValueError(f"{self.text!r}, character {self.at + 1}: expected {what}; found {found}")


def _written(text: str, plain: re.Pattern[str]) -> str:
    if plain.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
