"""Lines in which a client says its password: of FTP, POP3, SMTP, IMAP, IRC, and Redis."""

import re
from collections.abc import Iterator
from typing import Final

from otel_discord.redaction.engine import Expression
from otel_discord.redaction.finding import Category, Finding, Pattern, found_by, found_by_any
from otel_discord.redaction.placeholders import is_placeholder
from otel_discord.redaction.randomness import looks_chosen

_MECHANISM: Final = re.compile(
    r"(?i)plain|login|cram-\S+|digest-\S+|xoauth2?|oauthbearer|ntlm|gssapi|external|anonymous|scram-\S+|kerberos\S*"
)
_RESULT: Final = re.compile(r"(?i)(?:spec|tests?)\b.*|test[_A-Z].*|.*[/\\:(].*|.*\.[a-z]{1,4}|[0-9.]+m?s")
"""After ``PASS`` of programs that test: the name of a file or a test, the time it took."""
_SPOKEN: Final = re.compile(
    r"(?:[>→]+|\b(?:[CS]|client|cmd|command|send|sent|sending|tx|out)\s?:)\s?[\"']?\Z", re.IGNORECASE
)
"""Before a line of a protocol: who says it."""
_TALK: Final = re.compile(r"\b(?:ftp|pop3?|irc|smtp|imap|redis|valkey|sentinel|memcached)", re.IGNORECASE)
_TALK_CHARS: Final = 200

_GAP: Final = r"(?:[ \t]+|\\*[\"']?,?\s?\\*[\"'])"
_RESP: Final = r"(?:\r\n|\\+r\\+n|\\+n|\n)\$[0-9]+(?:\r\n|\\+r\\+n|\\+n|\n)"
_END: Final = r"\s*(?:\\*[\"'\])},;]|\r|\n|\\+[rn]|\z|\s(?:SETNAME|setname)\s)"
_START: Final = r"(?:\A|\\+[rn]|[^A-Za-z0-9_./-])"
_WORD: Final = r"[^\s\"'\\,]"
_PASS: Final = Expression(rf"{_START}PASS[ \t]+\\*[\"']?:?(?P<s>[^\s\"'\\,\[]{_WORD}{{3,}}){_END}")
_AUTH: Final = Expression(rf"{_START}(?:AUTH|auth){_GAP}(?:{_WORD}+{_GAP})?(?P<s>{_WORD}{{4,}}){_END}")
_LOGIN: Final = Expression(
    rf"{_START}[A-Za-z]{{0,4}}\.?[0-9]{{1,6}}[ \t]+LOGIN{_GAP}{_WORD}+{_GAP}(?P<s>{_WORD}{{4,}}){_END}"
)


def _find_commands(text: str) -> Iterator[Finding]:
    for expression in (_PASS, _AUTH, _LOGIN):
        for start, _, value_start, value_end in expression.whole_spans(text):
            value = text[value_start:value_end]
            if is_placeholder(value) or _RESULT.fullmatch(value) or _MECHANISM.fullmatch(value):
                continue
            before = text[max(0, start + 1 - _TALK_CHARS) : start + 1]
            is_spoken = _SPOKEN.search(before) or _TALK.search(before)
            if "auth" in text[start:value_start] and not is_spoken:
                continue  # small, it is a word like others
            is_said = is_spoken is not None or text[value_start - 1] in "\"'"
            if looks_chosen(value) or (is_said and not _is_prose(text, value_start, value_end)):
                yield Finding(value_start, value_end, "password")


def _is_prose(text: str, start: int, end: int) -> bool:
    """Whether it is one of the small words in which servers answer: ``AUTH failed``, ``AUTH succeeded``."""
    return _ANSWER.fullmatch(text[start:end]) is not None


_ANSWER: Final = re.compile(
    r"(?i)(?:succeed|reject|need|abort|start|finish|complet|disabl|enabl|skipp|attempt|process|support)(?:ed|s|ing)?[.!]?|ok"
    r"|success(?:ful(?:ly)?)?|fail\w*|command|required|error|timeout|none|not|mechanisms?"
    r"|methods?|request|response|state|phase|handler|type|with"
)

PROTOCOL: Final = Pattern(
    name="protocol",
    category=Category.CREDENTIALS,
    summary="passwords in lines of protocols: `PASS …` of FTP and POP3, `AUTH PLAIN …` and `AUTH LOGIN …` of SMTP, "
    "`LOGIN user …` of IMAP, `AUTH …` of Redis",
    find=found_by_any(
        found_by(
            rf"{_START}(?i:AUTH(?:ENTICATE)?)[ \t]+(?i:PLAIN|LOGIN|XOAUTH2?|OAUTHBEARER|EXTERNAL|NTLM)[ \t]+"
            r"(?P<s>[A-Za-z0-9+/]{6,}={0,2})",
            "credentials",
            lambda value: not _MECHANISM.fullmatch(value) and not _ANSWER.fullmatch(value),
        ),
        found_by(  # the answer to "Password:" in base64
            r"334[ -]UGFzc3dvcmQ6?[A-Za-z0-9+/=]*(?:\r?\n|\\+r\\+n|\\+n|\s)+(?:C: |> )?(?P<s>[A-Za-z0-9+/]{4,}={0,2})",
            "password",
        ),
        found_by(rf"{_START}(?:AUTH|auth)(?:{_RESP}{_WORD}+?)?{_RESP}(?P<s>{_WORD}+)", "password"),
        _find_commands,
    ),
    triggers=(
        r"\bpass[ \t]",
        r"\bauth(?:enticate)?(?:[ \t'\",]|\\|\r)",
        r"[0-9][ \t]+login[ \t]",
        r"auth\\+r",
        "334[ -]UGFzc3",
    ),
    shown=("password", "credentials"),
)
