"""Private keys as text: PEM (whole, cut, quoted, escaped, indented), PuTTY, and keys inside base64."""

import base64
from collections.abc import Iterator
from typing import Final

from otel_discord.redaction.finding import BOUNDARY, Category, Finding, Pattern, found_by, found_by_any

_BEGIN: Final = r"-{4,5} ?BEGIN[ A-Z0-9]*PRIVATE KEY(?: BLOCK)? ?-{4,5}"
_END: Final = r"-{4,5} ?END[ A-Z0-9]*PRIVATE KEY(?: BLOCK)? ?-{4,5}"
_GAP: Final = r"(?:[\s\"'`,|>#*+.:]|\\+[nrt]|\\+u000[aAdD]|\\\n|%0[aAdD9]|%20|<br ?/?>|&#1[03];|\\+[\"'])"
_HEADER: Final = r"(?:Proc-Type|DEK-Info|Comment|Version|Subject|Hash|Charset|MessageID): [^\n\\]{0,200}"
_JWK: Final = r"\"(?:d|p|q|dp|dq|qi|k)\\*\"\s?:\s?\\*\"(?P<s>[A-Za-z0-9_-]{22,})"
_WORD: Final = r"(?:[A-Za-z0-9+/=]|\\+/|%2[bBfF]|%3[dD]|\\+u003[dD])"

_PEM: Final = (
    rf"{_BEGIN}(?:{_GAP}*(?:{_HEADER}|{_WORD}{{16,}}))*"
    rf"(?:{_GAP}*(?:{_WORD}{{1,64}}{_GAP}*)?(?:=?[A-Za-z0-9+/=]{{0,5}}{_GAP}*)?{_END}"
    rf"|{_GAP}*(?:\n|\\n|\\r|%0[aA]){_GAP}*{_WORD}{{1,64}}\z|{_GAP}*{_WORD}{{1,64}}\z|)"
)
_PEM_TAIL: Final = rf"{_WORD}{{16,}}(?:{_GAP}*{_WORD}{{1,100}})*{_GAP}*{_END}"
_PUTTY: Final = r"Private-Lines: ?[0-9]+(?P<s>(?:\s|\\+[nrt]|[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]+={0,2}(?:\s|\z))+)"


def _starts_in_base64() -> str:
    """Return an expression for the base64 of a text that begins with a private key's first line."""
    kinds = (
        "PRIVATE KEY",
        "RSA PRIVATE",
        "EC PRIVATE",
        "DSA PRIVATE",
        "OPENSSH PRIVATE",
        "ENCRYPTED PRIVATE",
        "PGP PRIVATE",
    )
    starts = set()
    for kind in kinds:
        text = f"-----BEGIN {kind}".encode()
        starts.add(base64.b64encode(text[: len(text) // 3 * 3]).decode())
    return "|".join(sorted(start.replace("+", r"\+") for start in starts))


def _is_more_than_the_edge(text: str) -> bool:
    return len(text.rpartition("-----")[2].strip()) > 0 or "END" in text


_find_members: Final = found_by(_JWK, "private-key")


def _find_jwk(text: str) -> Iterator[Finding]:
    return _find_members(text) if 'kty\\"' in text or 'kty"' in text else iter(())


PRIVATE_KEY: Final = Pattern(
    name="private_key",
    category=Category.CREDENTIALS,
    summary="private keys: PEM (RSA, EC, OpenSSH, PGP, encrypted; whole, or cut at either end), PuTTY, age, "
    "JSON Web Keys, and the same inside base64",
    find=found_by_any(
        found_by(_PEM, "private-key", _is_more_than_the_edge),
        found_by(_PEM_TAIL, "private-key"),
        found_by(_PUTTY, "private-key"),
        found_by(r"Private-MAC: ?(?P<s>[0-9a-f]{32,})", "private-key"),
        _find_jwk,
        found_by(
            rf"{BOUNDARY}(?P<s>(?:{_starts_in_base64()}|b3BlbnNzaC1rZXktdjE)[A-Za-z0-9+/=]*(?:\s+[A-Za-z0-9+/=]{{40,}})*)",
            "private-key",
        ),
        found_by(r"(?P<s>AGE-SECRET-KEY-1[A-Z0-9]{20,})", "private-key"),
    ),
    triggers=(
        "private key",
        "private-lines",
        "private-mac",
        "kty",
        "LS0tLS1CRUdJT",
        "b3BlbnNzaC1rZXk",
        "age-secret-key",
    ),
    shown=("private-key",),
)
