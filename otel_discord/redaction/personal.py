"""Personal data that can be told by its shape."""

import re
from collections.abc import Iterator
from typing import Final

from otel_discord.redaction.engine import Expression
from otel_discord.redaction.finding import Category, Finding, Pattern, found_by, found_by_any
from otel_discord.redaction.personal_checks import (
    card_numbers,
    iban_chars,
    is_card_number,
    is_email,
    is_ipv4,
    is_ipv6,
    is_phone,
)

_FREE: Final = r"(?:\A|[^A-Za-z0-9_.\-]|\\+[nrt])"
_PERSONAL: Final = Category.PERSONAL

_AT: Final = r"(?:@|%40|\\+u0040|&#64;|&#x40;|&commat;)"

EMAIL: Final = Pattern(
    name="email",
    category=_PERSONAL,
    summary="e-mail addresses",
    find=found_by(
        rf"(?P<s>(?:[\p{{L}}\p{{N}}._%+'\-]*[\p{{L}}\p{{N}}_+\-]|\\*\"[^\"@\n]{{1,64}}\"){_AT}(?:[\p{{L}}\p{{N}}](?:[\p{{L}}\p{{N}}\-]*[\p{{L}}\p{{N}}])?\.)+"
        r"(?:\p{L}{2,}|xn--[a-z0-9-]{2,}))",
        "email",
        is_email,
    ),
    triggers=("@", "%40", r"\\u0040", "&#64;", "&commat;"),
    shown=("email",),
)

_IPV4: Final = Expression(r"(?:\A|[^0-9A-Za-z.]|\\+[nrt])(?P<s>[0-9]{1,3}(?:\.[0-9]{1,3}){3})")
_IPV4_IN_NAME: Final = Expression(r"(?:\A|[^0-9A-Za-z])(?:ip|ec2|host)-(?P<s>[0-9]{1,3}(?:-[0-9]{1,3}){3})")
_GOES_ON: Final = re.compile(
    r"\.?[0-9]|[A-Za-z_]|\.\.|\.(?:so|jar|whl|dll|t?gz|zip|tar|deb|rpm|exe|apk|dylib|egg|nupkg|dmg|msi|js|css)\b"
)
"""A longer number, or the file of a version; ``203.0.113.77.txt`` is the file of an address."""
_OF_A_VERSION: Final = re.compile(r"(?:\bv(?:er(?:sion)?)?\.?[ =:\"']{0,3}|[A-Za-z]/)\Z", re.IGNORECASE)


def _find_ipv4(text: str) -> Iterator[Finding]:
    for start, end in _IPV4.spans(text):
        if (
            is_ipv4(text[start:end])
            and not _GOES_ON.match(text, end)
            and not _OF_A_VERSION.search(text, max(0, start - 12), start)
        ):
            yield Finding(start, end, "ip")
    for start, end in _IPV4_IN_NAME.spans(text):
        if is_ipv4(text[start:end].replace("-", ".")):
            yield Finding(start, end, "ip")


IPV4: Final = Pattern(
    name="ipv4",
    category=_PERSONAL,
    summary="IPv4 addresses, but for 127.0.0.0/8 and 0.0.0.0; not versions such as `Chrome/120.0.0.1`; "
    "names of hosts such as `ip-10-1-2-3`",
    find=_find_ipv4,
    triggers=(r"[0-9]\.[0-9]{1,3}\.[0-9]", r"-[0-9]{1,3}-[0-9]{1,3}-[0-9]"),
    shown=("ip",),
)
IPV6: Final = Pattern(
    name="ipv6",
    category=_PERSONAL,
    summary="IPv6 addresses, but for `::1` and `::`",
    find=found_by(
        r"(?:\A|[^0-9A-Za-z_:.]|\\+[nrt])(?P<s>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:(?:\.[0-9]{1,3}){3})?(?:%[A-Za-z0-9]+)?)",
        "ip",
        is_ipv6,
    ),
    triggers=(r":[0-9a-f]{0,4}:",),
    shown=("ip",),
)
_NUMBER_GOES_ON: Final = r"[0-9A-Za-z]|\.[0-9]|-[0-9A-Za-z]"
PHONE: Final = Pattern(
    name="phone",
    category=_PERSONAL,
    summary="telephone numbers: with `+` and country code, North American (`555-123-4567`), national with a leading 0; "
    "any number after `phone`, `mobile` and the like, and the whole value of an attribute with such a key",
    find=found_by_any(
        found_by(rf"{_FREE}(?P<s>\+[1-9](?:[ .()/\-]{{0,2}}[0-9]){{7,14}})", "phone", is_phone, r"[0-9A-Za-z]"),
        found_by(
            rf"{_FREE}(?P<s>(?:1[ .-])?(?:\([0-9]{{3}}\) ?|[0-9]{{3}}[.-])[0-9]{{3}}[ .-][0-9]{{4}})",
            "phone",
            is_phone,
            _NUMBER_GOES_ON,
        ),
        found_by(
            rf"{_FREE}(?P<s>(?:\(0[1-9][0-9]{{1,4}}\)|00?[1-9][0-9]{{1,4}})[ /-]{{1,2}}[0-9]{{3,}}"
            r"(?:[ -][0-9]{2,}){0,4})",
            "phone",
            is_phone,
            _NUMBER_GOES_ON,
        ),
        found_by(rf"{_FREE}(?P<s>0[1-9](?:[ .-][0-9]{{2}}){{4}})", "phone", is_phone, _NUMBER_GOES_ON),
        found_by(rf"{_FREE}(?P<s>00[1-9][0-9]{{0,2}}(?:[ ./-][0-9]{{2,}}){{2,4}})", "phone", is_phone, _NUMBER_GOES_ON),
        found_by(
            r"(?i:phone|mobile|cell|msisdn|fax|whatsapp|telefon|handy|\btel)(?:[ _.-]?(?i:number|nummer|no|nr))?"
            r"\.?\\*[\"']?\s?[:=]?\s?\\*[\"']?(?P<s>[+(]?[0-9](?:[ ().-]{0,2}[0-9]){6,14})",
            "phone",
            is_phone,
            r"[0-9A-Za-z]",
        ),
    ),
    triggers=(
        r"\+[1-9][ .()/0-9-]{4}",
        r"[0-9]{3}\)? ?[ .-]?[0-9]{3}[ .-][0-9]{4}",
        r"0[0-9]{1,4}\)?[ /-]{1,2}[0-9]{3}",
        r"0[1-9][ .-][0-9]{2}[ .-][0-9]{2}",
        r"00[1-9][0-9]{0,2}[ ./-][0-9]{2}",
        r"(?:phone|mobile|cell|msisdn|fax|whatsapp|telefon|handy|\btel)[^0-9]{0,14}[0-9]{2}",
    ),
    shown=("phone",),
)
_DIGITS: Final = Expression(rf"{_FREE}(?P<s>[0-9](?:[ -]?[0-9]){{11,200}})")
_OTHER_GROUPS: Final = Expression(
    rf"{_FREE}(?P<s>[0-9]{{4}}(?:\.[0-9]{{4}}){{3}}|[0-9]{{4}}(?:_[0-9]{{4}}){{3}}|[0-9]{{4}}(?:\+[0-9]{{4}}){{3}}"
    r"|[0-9]{4}(?:%20[0-9]{4}){3}|[0-9]{4}(?:[ \t]{2,4}[0-9]{4}){3}|[0-9]{4}(?:/[0-9]{4}){3})"
)
_IN_A_WORD: Final = re.compile(r"[0-9A-Za-z_]|-[0-9A-Za-z]|\.[0-9]")


def _find_cards(text: str) -> Iterator[Finding]:
    for start, end in _DIGITS.spans(text):
        if _IN_A_WORD.match(text, end):  # what goes on is no number, but whole groups before it may be one
            end = max(text.rfind(" ", start, end), text.rfind("-", start, end), start)
        for begin, stop in card_numbers(text[start:end]):
            yield Finding(start + begin, start + stop, "card")
    for start, end in _OTHER_GROUPS.spans(text):
        if is_card_number(text[start:end].replace("%20", "")) and not _IN_A_WORD.match(text, end):
            yield Finding(start, end, "card")


CARD: Final = Pattern(
    name="payment_card",
    category=_PERSONAL,
    summary="numbers of payment cards, with spaces or dashes or without, that pass Luhn's check",
    find=_find_cards,
    triggers=(r"[0-9]{4}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]", r"[0-9]{4}(?:[._+/]|%20|[ \t]{2,4})[0-9]{4}"),
    shown=("card",),
)
_IBAN: Final = re.compile(r"(?:(?<![A-Za-z0-9_.\-])|(?<=\\[nrt]))[A-Za-z]{2}[0-9]{2}(?=[ -]?[A-Za-z0-9])")
_LONGEST_IBAN: Final = 48
"""With its spaces."""


def _find_iban(text: str) -> Iterator[Finding]:
    for match in _IBAN.finditer(text):
        start = match.start()
        chars = iban_chars(text[start : start + _LONGEST_IBAN])
        if chars:
            yield Finding(start, start + chars, "iban")


IBAN: Final = Pattern(
    name="iban",
    category=_PERSONAL,
    summary="numbers of bank accounts (IBAN) of the country's length whose check digits are right",
    find=_find_iban,
    triggers=(r"[a-z]{2}[0-9]{2}[ -]?[a-z0-9]{4}",),
    shown=("iban",),
)

PERSONAL_DATA: Final = (EMAIL, IPV4, IPV6, CARD, IBAN, PHONE)
