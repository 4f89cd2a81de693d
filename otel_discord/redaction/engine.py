"""The door of RE2 for masking: expressions in linear time, and one sweep that says which of many may be in a text."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import re2

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False
_SWEEP_OPTIONS: Final = re2.Options()
_SWEEP_OPTIONS.log_errors = False
_SWEEP_OPTIONS.case_sensitive = False


class PatternError(ValueError):
    """A regular expression that RE2 does not take; the message says why."""


class Expression:
    """One regular expression of RE2. Work is linear in the text, whatever the expression.

    It is compiled when it is first used: most of the hundred and fifty that are known look for what few texts hold.
    """

    def __init__(self, pattern: str, *, whole: bool = False) -> None:
        """``whole``: a group ``s`` means nothing."""
        self._pattern = pattern
        self._whole = whole

    def check(self) -> None:
        """Compile it now, as one that a user has written should be.

        Raises:
            PatternError: with RE2's reason.
        """
        _ = self._compiled

    @cached_property
    def _compiled(self) -> Any:
        try:
            return re2.compile(self._pattern, _OPTIONS)
        except re2.error as error:
            reason = error.args[0] if error.args else ""
            reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
            raise PatternError(f"{self._pattern!r} is not a regular expression of RE2: {reason}") from None

    @cached_property
    def _group(self) -> int:
        return 0 if self._whole else int(self._compiled.groupindex.get("s", 0))

    def is_in(self, text: str) -> bool:
        """Return whether the text holds a match."""
        return self._compiled.search(text) is not None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of the group ``s`` of each match, or of the match where there is no such group."""
        group = self._group
        for match in self._compiled.finditer(text):
            start, end = match.span(group)
            if end > start:
                yield start, end

    def whole_spans(self, text: str) -> Iterator[tuple[int, int, int, int]]:
        """Yield start and end of each match and of its group ``s``, which is (-1, -1) where it took no part."""
        for match in self._compiled.finditer(text):
            yield *match.span(), *match.span(self._group)


class Sweep:
    """One pass over a text that names which of many short expressions, in any case of letters, are somewhere in it.

    For short ones only: a machine over all of them is built as it runs, and must stay small.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._set = re2.Set.SearchSet(_SWEEP_OPTIONS)
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()
        self.hits = self._set.Match
        """Of a text or of bytes: the numbers of those that are in it, None where none is."""
