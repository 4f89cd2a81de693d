"""One-time codes as they are told to people, and the seeds they are made of."""

from typing import Final

from otel_discord.redaction.finding import Category, Pattern, found_by, found_by_any
from otel_discord.redaction.randomness import has_digit

_OWNER: Final = r"(?:\s(?:for|of|to)\s(?:(?:the|a|an|your|my|our)\s)?[^\s:=]{1,64}){0,2}"
_SAYS: Final = r"(?:\s(?:sent|generated|issued|entered|received|provided|used|given|tried))?\s?(?:is|was|:|=|#)?:?\s?"
_NAMED: Final = (
    r"(?:verification|security|log-?in|sign-?in|one[ -]time|2fa|two[ -]factor|t?otp|mfa|confirmation|sms|activation|tan"
    r"|unlock|pairing|auth|authentication|authenticator|authorization|backup|recovery|reset|access|door|alarm|device"
    r"|pin|voice|phone|e-?mail)[ _-]?(?:pass)?(?:codes?|passwords?)"
)
_OPEN: Final = r"\\*[\"'`(\[]?"
_CODE: Final = (
    rf"(?i:\b(?:{_NAMED}|t?otp|passcode|pin){_OWNER}{_SAYS}){_OPEN}"
    r"(?P<s>(?:[A-Z]-)?[0-9]{3}[ -][0-9]{3}|(?:[A-Z]-)?[0-9]{4,8})"
)
_MIXED_CODE: Final = (
    rf"(?i:\b{_NAMED}{_OWNER}\s?(?:is|was|:|=):?\s?){_OPEN}(?P<s>[A-Z0-9]{{2,6}}(?:-[A-Z0-9]{{2,6}}){{0,3}})"
)
_USED: Final = (
    r"(?i:\b(?:use|enter|type|with|your|submit(?:ted)?|entered) (?:the |this )?(?:pass)?code:? (?:is )?)[\"']?"
    r"(?P<s>[0-9]{3}[ -]?[0-9]{3}|[0-9]{8})"
)
_BASE32: Final = r"(?P<s>(?i:[A-Z2-7]{4}(?:[ -]?[A-Z2-7]{4}){3,15}=*))"
_SEED: Final = (
    r"(?i:\b(?:t?otp|hotp|2fa|mfa|two[ -]factor|authenticator|google auth)(?:[ _-](?:seed|secret|key|setup|shared))+"
    rf"{_OWNER}{_SAYS}){_OPEN}{_BASE32}"
)
_TYPED_SEED: Final = (
    r"(?:\A|[^A-Za-z0-9])(?P<s>[A-Z2-7]{4}(?: [A-Z2-7]{4}){3,15})[^\n]{0,40}(?i:authenticator|otp|2fa|mfa|two.factor)"
)
_NOT_BEFORE: Final = r"[0-9A-Za-z_%]|[.:,-][0-9]"

ONE_TIME_CODE: Final = Pattern(
    name="one_time_code",
    category=Category.CREDENTIALS,
    summary="codes of a few digits or letters that their words name (`verification code: …`, `OTP …`, "
    "`unlock code is …`), and the seeds of authenticators (`totp seed: …`)",
    find=found_by_any(
        found_by(_CODE, "one-time-code", not_before=_NOT_BEFORE),
        found_by(_MIXED_CODE, "one-time-code", lambda value: has_digit(value) and len(value) >= 6, _NOT_BEFORE),
        found_by(_USED, "one-time-code", not_before=_NOT_BEFORE),
        found_by(_SEED, "secret", has_digit, "[A-Za-z0-9]"),
        found_by(_TYPED_SEED, "secret", has_digit),
    ),
    triggers=(
        r"codes?\W{1,4}\S", r"one.time.password", r"\b(?:t?otp|hotp|pin|passcode)\W", "authenticator",
        r"\b(?:2fa|mfa|two.factor)\W",
    ),
    shown=("one-time-code", "secret"),
)  # fmt: skip
