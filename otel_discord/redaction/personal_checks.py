"""Check digits and shapes of personal data: what a number must satisfy to be one."""

import ipaddress
import re
from typing import Final

_IBAN_CHARS: Final = dict(
    pair.split(":")
    for pair in [
        "AD:24",
        "AE:23",
        "AL:28",
        "AT:20",
        "AZ:28",
        "BA:20",
        "BE:16",
        "BG:22",
        "BH:22",
        "BI:27",
        "BR:29",
        "BY:28",
        "CH:21",
        "CR:22",
        "CY:28",
        "CZ:24",
        "DE:22",
        "DJ:27",
        "DK:18",
        "DO:28",
        "EE:20",
        "EG:29",
        "ES:24",
        "FI:18",
        "FK:18",
        "FO:18",
        "FR:27",
        "GB:22",
        "GE:22",
        "GI:23",
        "GL:18",
        "GR:27",
        "GT:28",
        "HN:28",
        "HR:21",
        "HU:28",
        "IE:22",
        "IL:23",
        "IQ:23",
        "IS:26",
        "IT:27",
        "JO:30",
        "KW:30",
        "KZ:20",
        "LB:28",
        "LC:32",
        "LI:21",
        "LT:20",
        "LU:20",
        "LV:21",
        "LY:25",
        "MC:27",
        "MD:24",
        "ME:22",
        "MK:19",
        "MN:20",
        "MR:27",
        "MT:31",
        "MU:30",
        "NI:28",
        "NL:18",
        "NO:15",
        "OM:23",
        "PK:24",
        "PL:28",
        "PS:29",
        "PT:25",
        "QA:29",
        "RO:24",
        "RS:22",
        "RU:33",
        "SA:24",
        "SC:31",
        "SD:18",
        "SE:24",
        "SI:19",
        "SK:24",
        "SM:27",
        "SO:23",
        "ST:25",
        "SV:28",
        "TL:23",
        "TN:24",
        "TR:26",
        "UA:29",
        "VA:22",
        "VG:24",
        "XK:20",
        "YE:30",
    ]
)
_FILE_ENDINGS: Final = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "js",
        "ts",
        "css",
        "html",
        "py",
        "go",
        "rs",
        "java",
        "json",
        "yaml",
        "yml",
        "txt",
        "md",
        "log",
        "so",
    ]
)
_AT: Final = re.compile(r"%40|\\+u0040|&#64;|&#x40;|&commat;")
_SCALE: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?x\b")
_NOBODYS: Final = frozenset({"git", "hg", "svn"})
_CARD: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11,16}|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|35(?:2[89]|[3-8]\d)\d{12,15}"
    r"|62\d{14,17}|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}"
)


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of ISO/IEC 7812."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card_number(text: str) -> bool:
    """Return whether it is the number of a payment card, with spaces or dashes or without."""
    digits = re.sub(r"[^0-9]", "", text)
    return bool(_CARD.fullmatch(digits)) and passes_luhn(digits) and len(set(digits)) > 1


def card_numbers(text: str) -> list[tuple[int, int]]:
    """Return where in groups of digits there is a card's number: one or more whole groups."""
    starts = [group.start() for group in re.finditer(r"[0-9]+", text)]
    ends = [group.end() for group in re.finditer(r"[0-9]+", text)]
    found: list[tuple[int, int]] = []
    for start in starts:
        if found and start < found[-1][1]:
            continue
        fits = [end for end in ends if 12 <= end - start <= 37 and is_card_number(text[start:end])]
        if fits:
            found.append((start, fits[-1]))
    return found


def iban_chars(text: str) -> int:
    """Return how many characters of the text, spaces included, are an IBAN at its start; 0 where there is none."""
    wanted = int(_IBAN_CHARS.get(text[:2].upper(), 0))
    compact = ""
    for index, char in enumerate(text):
        compact += "" if char in " -" else char.upper()
        if wanted and len(compact) == wanted:
            if not (compact.isalnum() and compact.isascii()) or text[index + 1 : index + 2].isalnum():
                return 0
            number = "".join(str(int(c, 36)) for c in compact[4:] + compact[:4])
            return index + 1 if int(number) % 97 == 1 else 0
    return 0


def is_ipv4(text: str) -> bool:
    """Return whether it is an address of a host, other than this one's own (127.0.0.0/8, 0.0.0.0)."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def is_ipv6(text: str) -> bool:
    """Return whether it is an address of a host, other than this one's own (``::1``, ``::``)."""
    try:
        address = ipaddress.IPv6Address(text.partition("%")[0])
    except ValueError:
        return False
    groups = [group for group in text.split(":") if group]
    is_name = len(groups) < 3 and not any(c.isdigit() for c in groups[0])  # dead::beef in a program
    return not (address.is_loopback or address.is_unspecified or is_name or len(groups) < 2)


def is_email(text: str) -> bool:
    """Return whether it is an address of a person, not ``git@host`` or ``icon@2x.png``."""
    local, _, domain = _AT.sub("@", text).partition("@")
    rest, _, ending = domain.rpartition(".")
    if ending.lower() in _FILE_ENDINGS and ("." not in rest or _SCALE.match(rest)):
        return False  # but ann@example.com.txt is a file of hers
    return local.lower() not in _NOBODYS


def is_phone(text: str) -> bool:
    """Return whether it has as many digits as telephone numbers have (E.164: up to 15)."""
    return 8 <= sum(c.isdigit() for c in text) <= 15
