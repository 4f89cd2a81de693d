"""Whether a key says that its value is a credential: ``DB_PASSWORD``, ``x-api-key``, ``clientSecret``, ``Set-Cookie``.

A key is read as words. Its last ones decide, so that ``token_count``, ``password_length`` and ``max_tokens`` are what
they say: numbers about secrets, and no secrets.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from otel_discord.redaction.disguise import unveil

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST_KEY: Final = 256
"""Of a longer key its end is read."""

_ENDINGS: Final[Mapping[str, str]] = {
    "password": "password", "passwords": "password", "passwd": "password", "passphrase": "password",
    "passcode": "password", "passwort": "password", "kennwort": "password", "senha": "password",
    "secret": "secret", "secrets": "secret", "token": "token",
    "apikey": "api-key", "apitoken": "token", "accesskey": "secret-key", "secretkey": "secret-key",
    "privatekey": "private-key", "credential": "credentials", "credentials": "credentials",
    "authorization": "authorization",
}  # fmt: skip
"""The last word is one of these or ends with it (``dbpassword``, ``authtoken``)."""

_WORDS: Final[Mapping[str, str]] = {
    "psk": "password", "pass": "password", "pwd": "password", "pw": "password", "pword": "password",
    "mnemonic": "secret",
    "cookie": "cookie", "cookies": "cookie", "jwt": "jwt", "otp": "one-time-code", "totp": "one-time-code",
    "cvv": "card-code", "cvc": "card-code", "creds": "credentials",
    "jsessionid": "session-id", "phpsessid": "session-id",
    "sessionid": "session-id", "sessid": "session-id", "authz": "authorization", "pin": "pin", "dbpass": "password",
    "userpass": "password", "storepass": "password", "keypass": "password", "rootpass": "password",
    "mypass": "password",
    "adminpass": "password", "smtppass": "password", "mailpass": "password",
}  # fmt: skip
"""The last word is one of these."""

_KEYS_OF: Final = frozenset(
    {
        "api", "access", "secret", "private", "account", "encryption", "decryption", "signing", "master", "auth",
        "session", "ssh", "subscription", "storage", "hmac", "shared", "client", "license", "functions", "app",
        "security", "application", "webhook", "service", "deploy", "root", "crypto", "cipher", "aes", "rsa",
    }
)  # fmt: skip
"""Words before a last ``key`` that make it secret; ``primary_key`` and ``routing_key`` are none."""
_GLUED_KEY: Final = re.compile(
    r"(?:api|access|secret|private|account|encryption|signing|master|auth|ssh|subscription|storage|hmac)keys?\Z"
)
_PAIRS: Final[Mapping[tuple[str, str], str]] = {
    ("connection", "string"): "connection-string", ("conn", "string"): "connection-string",
    ("conn", "str"): "connection-string", ("seed", "phrase"): "secret", ("recovery", "phrase"): "secret",
    ("recovery", "code"): "one-time-code", ("recovery", "codes"): "one-time-code",
    ("verification", "code"): "one-time-code", ("mfa", "code"): "one-time-code", ("auth", "code"): "one-time-code",
    ("authorization", "code"): "one-time-code", ("webhook", "url"): "webhook-url",
    ("pass", "phrase"): "password", ("pass", "word"): "password",
    ("pass", "code"): "password", ("preshared", "key"): "secret-key",
    ("security", "code"): "card-code", ("laravel", "session"): "session-id", ("ext", "pat"): "token",
    ("github", "pat"): "token",
    ("gitlab", "pat"): "token", ("devops", "pat"): "token", ("azure", "pat"): "token", ("connect", "sid"): "session-id",
    }  # fmt: skip
_AFTER: Final = frozenset(
    {
        "value", "hash", "plain", "plaintext", "text", "old", "new", "confirm", "confirmation", "again", "header",
        "raw",
        "encoded", "base", "b", "string", "str", "enc", "encrypted", "salt", "current", "data", "bytes", "repeat",
    }
)  # fmt: skip
"""Words after a secret one that leave it secret: ``password_confirmation``, ``token.value``."""
_COUNTED: Final = frozenset({"token", "tokens"})
_MEASURES: Final = frozenset(
    {
        "max", "min", "total", "input", "output", "prompt", "completion", "num", "number", "count", "used", "remaining",
        "cached", "reasoning", "unexpected", "next", "page", "pagination", "continuation", "expected", "invalid",
        "current",
        "last", "previous", "cancellation", "sync", "lexer", "parser",
    }
)  # fmt: skip
"""Words before ``token`` that make it a unit, a cursor or a part of a grammar."""

TRIGGERS: Final = (
    "pass", "pwd", "psk", r"\bpw\b|_pw|\.pw|-pw", "pword", "secret", "token", "key", "credential", "creds", "kennwort",
    "senha", "authori", "authz", "cookie", "jwt", "otp", "cvv", "cvc", "mnemonic", "sessi", "sessid", "phpsess",
    "laravel_sess", r"_pat\W", r"connect\.sid", r"\bpin\W|[_.-]pin\W", r"security.?code", "conn", "phrase",
    "recovery", "verification", "mfa", r"auth.?code", r"webhook.?url",
)  # fmt: skip
"""A text without any of these, in any case of letters, holds no such key."""

EXPRESSION: Final = (
    r"[A-Za-z0-9_.\-]*(?i:pass|psk|passw[a-z]+|passphrase|passcode|pwd|pw|pword|secrets?|token|tokens|keys?|credentials?"
    r"|creds|kennwort|senha|authorization|authz|pin|laravel_session|_pat|connect\.sid|cookies?|jwt|t?otp|cvv|cvc|mnemonic|j?sessionid|phpsessid"
    r"|conn(?:ection)?.?str(?:ing)?|phrase|codes?|webhook.?url)[A-Za-z0-9_.\-]*"
)
"""A key in a text, for RE2: wider than :func:`kind_of_key`, which decides."""


_PHONES: Final = frozenset({"phone", "phones", "telephone", "mobile", "msisdn", "cellphone", "fax", "whatsapp"})
_OF_PHONES: Final = frozenset({"number", "numbers", "no", "nr", "e"})


@lru_cache(maxsize=4096)
def is_phone_key(key: str) -> bool:
    """Return whether a key says that its value is a telephone number: ``user.phone``, ``mobileNumber``."""
    words = [word.lower() for word in _WORD.findall(unveil(key[-_LONGEST_KEY:]))]
    while len(words) > 1 and words[-1] in _OF_PHONES:
        words.pop()
    return bool(words) and words[-1] in _PHONES


@lru_cache(maxsize=4096)
def kind_of_key(key: str) -> str:
    """Return the word for what a key's value is (``password``, ``token``),
    "" where the key says nothing of the kind."""
    words = [word.lower() for word in _WORD.findall(unveil(key[-_LONGEST_KEY:]))]
    while len(words) > 1 and words[-1] in _AFTER and (words[-2], words[-1]) not in _PAIRS:
        words.pop()
    if not words:
        return ""
    if words[-4:] == ["asp", "net", "session", "id"]:
        return "session-id"
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _COUNTED and before in _MEASURES:
        return ""
    if last in _WORDS:
        return _WORDS[last]
    if last in {"key", "keys"}:
        return f"{before}-key" if before in _KEYS_OF else ""
    if (before, last) in _PAIRS:
        return _PAIRS[before, last]
    if last == "tokens":
        return "token"
    if _GLUED_KEY.search(last):
        return "api-key" if "api" in last else "secret-key"
    if last.endswith("connectionstring"):
        return "connection-string"
    return next((kind for ending, kind in _ENDINGS.items() if last.endswith(ending)), "")
