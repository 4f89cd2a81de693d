"""Secrets told in words: ``password for bob is …``, ``invalid token '…'``, a seed phrase.

There is no syntax to go by, so the value itself must look like a secret: prose about passwords stays as it is.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from otel_discord.redaction.engine import Expression
from otel_discord.redaction.finding import Category, Finding, Pattern, found_by, found_by_any
from otel_discord.redaction.placeholders import is_placeholder
from otel_discord.redaction.randomness import has_digit, is_hexadecimal, looks_chosen, looks_random

_CHOSEN_BY_PEOPLE: Final = r"(?:pass(?:words?|wd|[ -]?phrases?|[ -]?word)|passcode|pwd|passwort|kennwort)"
_KEY: Final = (
    r"(?:(?:api|app|access|secret|private|auth|signing|encryption|licen[sc]e|subscription|account|service|ssh|master"
    r"|refresh|bearer|id|session|reset|client|webhook)[ _-]?(?:keys?|tokens?|secrets?)"
    r"|tokens?|secrets?|credentials?|apikey)"
)
_PARTICIPLE: Final = (
    r"(?:provided|used|given|supplied|received|found|specified|sent|entered|loaded|rotated|generated|stored|issued)"
)
_OWNER: Final = r"(?:\s(?:for|of|to)\s(?:(?i:the|a|an|your|my|our)\s)?[^\s:=]{1,64}){0,2}"
_SAYS: Final = (
    rf"(?:\s{_PARTICIPLE})?(?:\s(?:is|was|are|(?:set|changed|reset|updated|rotated) (?:to|from)"
    r"|equals|now|must be changed)(?:\snow)?:?\s"
    r"|\s(?:->|=>|::)\s)"
)
_LABEL: Final = rf"(?:\s(?:for|of|to)\s[^\s:=]{{1,64}}|\s{_PARTICIPLE})\s?[:=]\s"
_OPEN: Final = r"\\*[\"'`(\[<«“‘]?"
_VALUE: Final = r"(?P<s>[^\s\"'`<>«»“”‘’\\]{4,})"
_END: Final = ".,;:!?)]}"

_TOLD_PASSWORD: Final = Expression(rf"(?i:\b{_CHOSEN_BY_PEOPLE}(?:{_OWNER}{_SAYS}|{_LABEL})){_OPEN}{_VALUE}")
_NEXT_PASSWORD: Final = Expression(rf"(?i:\b{_CHOSEN_BY_PEOPLE}{_OWNER}\s){_OPEN}{_VALUE}")
_TRIED_PASSWORD: Final = Expression(
    rf"(?i:\b(?:tr(?:y|ied|ying|ies)|with|us(?:e|ed|es|ing)|enter(?:ed|ing|s)?|typed|attempt(?:ed|ing|s)?|guess(?:ed|ing)?"
    rf"|sent|sending|submitted|supplied|gave|got|has|had|wrong|bad|default|temporary|initial|new|old)\s"
    rf"(?:(?:the|a|an|his|her|their|its|your|my|wrong|bad|incorrect|invalid|default|temporary|initial|new|old|admin"
    rf"|root)\s){{0,2}}{_CHOSEN_BY_PEOPLE}{_OWNER}\s){_OPEN}{_VALUE}"
)
_TOLD_KEY: Final = Expression(rf"(?i:\b{_KEY}{_OWNER}(?:{_SAYS}|\s?[:=]\s|\s{_PARTICIPLE}:\s)){_OPEN}{_VALUE}")
_UNITS: Final = re.compile(r"[0-9.,:/+-]+[a-z%]{0,4}|\(?[a-z_]+\(.*")
_NEXT_KEY: Final = Expression(rf"(?i:\b{_KEY}{_OWNER}(?:\s{_PARTICIPLE}:?)?\s){_OPEN}{_VALUE}")
_USER_AND_PASSWORD: Final = Expression(
    r"(?i:\b(?:credentials?|creds|user(?:name)?\s?[:/]\s?pass(?:word|wd)?)\s?[:=]?\s)[\w.@+-]{1,64}\s?[:/]\s?(?P<s>[^\s\"'/:]{4,})"
)
_CHANGED: Final = rf"(?i:\b{_CHOSEN_BY_PEOPLE}{_OWNER}(?:\s(?:was\s)?(?:changed|updated|reset|rotated))?\sfrom\s)"
_OLD: Final = Expression(rf"{_CHANGED}{_OPEN}{_VALUE}\S?(?i:\sto\s)")
_NEW_AFTER_OLD: Final = Expression(rf"{_CHANGED}\S{{1,100}}(?i:\sto\s){_OPEN}{_VALUE}")
_LOGIN_ATTEMPT: Final = Expression(
    r"(?i:\b(?:login|logon|auth|authentication|sign-?in)\s(?:attempt|try|failed|failure)\S{0,2}\s)"
    r"\[?b?['\"]?[^\s'\"/\]]{1,64}['\"]?\s?[/:]\s?b?['\"]?(?P<s>[^\s'\"\]\[/]{3,})['\"]?\]"
)
_NATS_TOKEN: Final = Expression(rf"(?i:\bnats\b[^\n]{{0,80}}?\btoken\s){_OPEN}{_VALUE}")
"""NATS knows a client by a token that people choose."""


def _of_password_told(value: str, *, is_quoted: bool) -> bool:
    return (is_quoted and not is_placeholder(value)) or looks_chosen(value)


def _of_password_next(value: str, *, is_quoted: bool) -> bool:
    return (is_quoted and looks_chosen(value)) or looks_random(value)


def _of_password_tried(value: str, *, is_quoted: bool) -> bool:  # noqa: ARG001 - quoted or not
    """Whether it has letters and digits as a chosen password has: ``Winter2026!``."""
    return looks_chosen(value) and has_digit(value) and not _UNITS.fullmatch(value)


def _of_key_told(value: str, *, is_quoted: bool) -> bool:
    return _of_key(value, is_quoted=is_quoted) or is_hexadecimal(value)


def _of_key(value: str, *, is_quoted: bool) -> bool:  # noqa: ARG001 - names of secrets are quoted as well
    return looks_random(value)


_FORMS: Final[tuple[tuple[Expression, str, Callable[..., bool]], ...]] = (
    (_TOLD_PASSWORD, "password", _of_password_told),
    (_NEXT_PASSWORD, "password", _of_password_next),
    (_TRIED_PASSWORD, "password", _of_password_tried),
    (_TOLD_KEY, "secret", _of_key_told),
    (_NEXT_KEY, "secret", _of_key),
    (_USER_AND_PASSWORD, "password", _of_password_tried),
    (_OLD, "password", _of_password_told),
    (_NEW_AFTER_OLD, "password", _of_password_told),
    (_LOGIN_ATTEMPT, "password", _of_password_told),
    (_NATS_TOKEN, "token", _of_password_told),
)


def _find_told(text: str) -> Iterator[Finding]:
    for expression, kind, accepts in _FORMS:
        for start, end in expression.spans(text):
            value = text[start:end].rstrip(_END)
            if (
                value
                and not is_placeholder(text[start:end])
                and accepts(value, is_quoted=text[start - 1] in "\"'`(«“‘")
            ):
                yield Finding(start, start + len(value), kind)


_ABROAD: Final = (
    "contraseña", "clave de acceso", "mot de passe", "senha", "palavra-passe", "parola d'ordine", "wachtwoord",
    "lösenord", "adgangskode", "passord", "salasana", "hasło", "heslo", "jelszó", "parolă", "şifre", "parola",
    "mật khẩu", "kata sandi", "пароль", "пароля", "паролем", "密码", "密碼", "口令", "パスワード", "暗証番号",
    "비밀번호", "รหัสผ่าน",
    "كلمة المرور", "סיסמה", "συνθηματικό", "κωδικός πρόσβασης", "पासवर्ड",
)  # fmt: skip
_IN_OTHER_LANGUAGES: Final = (
    rf"(?i:{'|'.join(_ABROAD)})[\"']?\s?(?:[:=：＝]|\s(?:is|est|es|ist|är|er|to|è|é)\s)\s?[\"'«„]?(?P<s>[^\s\"'»“,;]+)"
)
_SEED: Final = (
    r"(?i:\b(?:seed|recovery|mnemonic|backup)(?:[ _-](?:phrase|words))?\s?[:=]\s?)[\"'\[]?"
    r"(?P<s>[a-z]{3,8}(?:[ ,]+[a-z]{3,8}){11,23})"
)

SENTENCE: Final = Pattern(
    name="sentence",
    category=Category.CREDENTIALS,
    summary="secrets told in words, where they look like some: `password for bob is …`, `invalid token '…'`, "
    "`API key provided: …`, words of a seed phrase; passwords in other languages (`пароль: …`)",
    find=found_by_any(
        _find_told,
        found_by(_IN_OTHER_LANGUAGES, "password", lambda value: not is_placeholder(value)),
        found_by(_SEED, "secret"),
    ),
    triggers=(
        "pass[wpc]", r"pwd\s", r"kennwort\s", r"token\S{0,3}\s", r"secrets?\S{0,3}\s", r"keys?\S{0,3}\s",
        "credentials?", "creds",
        r"(?:attempt|try|fail)[a-z]*:? ?\[", r"apikey\s", r"pass[:=]?\s", r"nats\b", r"pass[ -](?:phrase|word)",
        r"\b(?:seed|recovery|mnemonic|backup)\W", *_ABROAD,
    ),
    shown=("password", "secret", "token"),
)  # fmt: skip
