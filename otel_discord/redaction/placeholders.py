"""Values that are no secrets although their key says so: words of a message, what is masked, templates, code."""

import re
from typing import Final

LONGEST_CHARS: Final = 128
"""Nothing longer is a placeholder."""

_WORDS: Final = frozenset(
    [
        "required",
        "must",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "has",
        "have",
        "had",
        "invalid",
        "missing",
        "expired",
        "not",
        "no",
        "none",
        "null",
        "nil",
        "undefined",
        "unset",
        "empty",
        "wrong",
        "incorrect",
        "too",
        "cannot",
        "can't",
        "could",
        "should",
        "shall",
        "will",
        "would",
        "may",
        "might",
        "field",
        "unknown",
        "unauthorized",
        "failed",
        "failure",
        "fail",
        "error",
        "mismatch",
        "denied",
        "changed",
        "reset",
        "updated",
        "length",
        "true",
        "false",
        "yes",
        "ok",
        "the",
        "a",
        "an",
        "and",
        "or",
        "for",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "with",
        "from",
        "as",
        "if",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "your",
        "you",
        "we",
        "he",
        "she",
        "they",
        "authentication",
        "authorization",
        "rejected",
        "revoked",
        "malformed",
        "absent",
        "provided",
        "accepted",
        "refused",
        "forbidden",
        "unexpected",
        "does",
        "doesn't",
        "do",
        "don't",
        "did",
        "didn't",
        "isn't",
        "wasn't",
        "only",
        "please",
        "contains",
        "contain",
        "needs",
        "need",
        "string",
        "str",
        "int",
        "bool",
        "bytes",
        "number",
        "optional",
        "any",
        "object",
        "array",
        "list",
        "dict",
        "type",
        "void",
        "const",
        "final",
        "static",
        "await",
        "async",
        "return",
        "new",
    ]
)
_MASKED: Final = re.compile(
    r"[\[(<{]*(?:[*•●xX█.]{3,}|redacted|masked|hidden|filtered|removed|secret|concealed|not examined"
    r"|\[?[a-z][a-z0-9-]*\])[\])>}]*",
    re.IGNORECASE,
)
_TEMPLATE: Final = re.compile(
    r"\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|\{\w*\}|<[A-Za-z][\w -]*>|\$[A-Z_][A-Z0-9_]*|%[svdqr]|%\(\w+\)s"
    r"|\?|:\w+\?|\$[0-9]{1,3}"
)
_CALL: Final = re.compile(r"(?:await\s+)?[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)*[\[(].*", re.DOTALL)
_SAME_NAME: Final = re.compile(r"(?:[a-z]+_)*(?:password|passwd|pwd|secret|token|key|credentials|cookie)")
"""``self.password = password``"""
_CODE_PATH: Final = re.compile(
    r"(?:self|this|os|sys|request|req|config|settings|env|process|ctx|context|args|kwargs|options|opts|params|data|body|user"
    r"|cls|app|credentials|session|conf|cfg|response|res|resp|event|props|state|form|client|parser|lexer|stream)"
    r"(?:\.[A-Za-z_]\w*)+[;,)]*"
)


def is_placeholder(value: str, *, spaced: bool = False) -> bool:
    """Return whether a value after a secret key is nothing to hide; ``spaced``: it stood after ``=`` with spaces."""
    if len(value) > LONGEST_CHARS:
        return False
    if value.lower().rstrip(".,;:!?)") in _WORDS or not value.strip("\"'`.,;:(){}[]<>=-+/|\\"):
        return True
    if _MASKED.fullmatch(value) or _TEMPLATE.fullmatch(value.rstrip(",;)")):
        return True
    return spaced and bool(_SAME_NAME.fullmatch(value) or _CODE_PATH.fullmatch(value) or _CALL.fullmatch(value))
