"""One token of a message, as it counts for grouping: what varies in it is `0`, the rest stays.

Digits are `0` before they come here (`DIGITS`), so `0` is the one mark of a variable part everywhere in the miner.
"""

import re
from typing import Final

from otel_discord.exporters.discord.mining.vocabulary import (
    ACCOUNTS,
    ENDINGS_OF_THREE,
    EXCEPTION_ENDINGS,
    FILE_ENDINGS,
    HOST_ENDINGS,
    NAMES_WITH_DIGITS,
    REVERSE_BEGINNINGS,
    SOURCE_ENDINGS,
    TEXT_KEYS,
    TRUTH_VALUES,
    WORDS_OF_TWO,
)

MARK: Final = "<*>"
"""How a variable part is shown."""

DIGITS: Final = str.maketrans("123456789", "000000000")
_DIGIT_BYTES: Final = bytes.maketrans(b"123456789", b"000000000")

_OTHER_DIGITS: Final = re.compile(r"[^\W0-9a-zA-Z_]")
_URL: Final = re.compile(r"(?<![A-Za-z0+.\-])[A-Za-z][A-Za-z0+.\-]*://[^\s,;\"'<>)\]}|]*")
_RESOURCE: Final = re.compile(r"(?<![\w:])(?:arn|urn):[^\s,;\"'<>)\]}|]*[\w/]")
_OBJECT: Final = re.compile(r"([A-Za-z][\w.$]*@)(?:[0a-f]*0[0a-f]*|[a-f]{5,8})")
_ADDRESS: Final = re.compile(r"(?<![\w.+\-$%])[\w.+\-$%]+@[\w.\-]*\w")
_WINDOWS_PATH: Final = re.compile(r"(?:\b[A-Za-z]:|\\)\\[^\s,;\"'<>|()\[\]]*")
_PATH: Final = re.compile(r"(?<![\w.\-)\]<*%/])[~.]{0,2}/(?![/>])[^\s,;\"'<>()\[\]{}|=?]*(?:\?[^\s,;\"'<>()\[\]{}|]*)?")
_RELATIVE_PATH: Final = re.compile(
    r"(?<![\w.\-/])[\w.\-]+(?:/[\w.\-$]+){2,}/?|(?<![\w.\-/])\w+(?:\.[\w\-]+)+/[\w.$\-]*"
    r"|(?<![\w.\-/])[A-Za-z_][\w\-]*/[\w\-]*(?:\.[\w$\-]*[A-Za-z_])+(?![\w(/])"
)
_HEX_PAIRS: Final = re.compile(
    r"(?<![\w:.])((?:(?=\w*[g-zG-Z_])\w+:)?)(?=[0A-Fa-f:.]*(?:0|(?:[A-Fa-f]{2}:){5}))"
    r"(?:[0A-Fa-f]{0,4}:){2,}(?:[0A-Fa-f]{1,4}|(?<=::))(?:\.0+)*(?:%\w+)?(?!\w)"
)
_PAIR: Final = re.compile(
    r"(?<![\w.\-$])(?!0+=)([\w.\-$]++)=(?![=>~])"
    r"(\"0\"|'0'|(?:[^\s,;)\]}>|&\"'<({\[]|[|&](?![\w.\-]*=))*(?:\{[^{}]*\}|\([^()]*\)|\[[^\[\]]*\])?)"
)
_PAIR_OF_BRACKETS: Final = re.compile(r"(?<==)(?:\[[^\[\]]*\]|\{[^{}]*\}|\([^()]*\)|<[^<>]*>)")
_ATOM: Final = re.compile(r"[^\s,;:()\[\]{}<>\"'`|=!?&#@]+")
_JOINED: Final = re.compile(r"0(?:[:.,/+\-_#~@|&;]+0)+")
_SIGN: Final = re.compile(r"(?<![\w<])[<>~@]0(?!>)")
_TEXT_KEY: Final = re.compile(rf"(?:[\w\-]+\.)*(?:{TEXT_KEYS})", re.IGNORECASE)
_CLASS: Final = re.compile(
    r"\*?(?:[A-Za-z_]\w*[.$])+[A-Z]\w*[a-z]\w*|[A-Za-z]\w*(?:" + "|".join(EXCEPTION_ENDINGS) + ")"
)
_PLAIN_ID: Final = re.compile(r"[A-Za-z_\-]*0[A-Za-z0_\-]*([,;)]?)")
_PLAIN_PAIR: Final = re.compile(r"([A-Za-z_](?:[A-Za-z_.\-]*[A-Za-z_])?)=[A-Za-z0_.\-]*[A-Za-z0_]([,;)]?)")
_VERSIONED: Final = re.compile(r"(?:(?:[A-Za-z_]{2,}|v0+)\.)+(?:[A-Za-z_]{2,}|v0+)")
_ID_IN_WORDS: Final = re.compile(r"(?<![A-Za-z_.\-])[€£¥]?[A-Za-z_.\-]*0[A-Za-z0_.\-]*(?:[€£¥]|°[CF]?\b|°|[µμ]s\b)?")
LONGEST_WORD_CHARS: Final = 100
"""What is longer is data."""
_ZEROS: Final = re.compile("0+")
_LEADERS: Final = re.compile(r"([^.]+)(\.{2,})(.+)")
"""`depth....2`: what the value is of, dots, the value."""
_NAMES: Final = frozenset(name.replace("0", "0" * digits) for name in NAMES_WITH_DIGITS for digits in (1, 2, 3))
_LABEL: Final = re.compile(r"[A-Za-z_][\w\-]*")


def digits_masked(text: str) -> str:
    """Return the text with `0` for each digit; by way of bytes, which is ten times as fast, where it can be."""
    if text.isascii():
        return text.encode("ascii").translate(_DIGIT_BYTES).decode("ascii")
    return text.translate(DIGITS)


def shape(token: str) -> str:
    """Return a token with `0` for what varies in it. `token` has no white space and no digit but `0`."""
    if token.isascii() and token.isalpha() and len(token) <= LONGEST_WORD_CHARS:
        return _word(token)
    plain_id = _PLAIN_ID.fullmatch(token)
    if plain_id is not None and not token.rstrip(",;)").endswith(EXCEPTION_ENDINGS) and not _has_name(token):
        return "0" + plain_id[1]
    pair = _PLAIN_PAIR.fullmatch(token)
    if pair is not None and not _TEXT_KEY.fullmatch(pair[1]) and not token.rstrip(",;)").endswith(EXCEPTION_ENDINGS):
        return f"{pair[1]}=0{pair[2]}"
    if '"' in token or "'" in token or "`" in token:
        return token if _is_open(token) else closed_shape(token)
    return closed_shape(token)


def _is_open(token: str) -> bool:
    """Tell whether a quotation begins or ends here whose other end is in another token; it is seen to later."""
    return token.count('"') % 2 == 1 or token.count("'") % 2 == 1 or token.count("`") % 2 == 1


def closed_shape(token: str) -> str:
    """Return the same where it is known that no quotation reaches into the token."""
    if MARK in token:
        token = token.replace(MARK, "0")
    if not token.isascii():
        token = _OTHER_DIGITS.sub(_as_digit, token)
    if "://" in token:
        token = _URL.sub("0", token)
    if "rn:" in token:
        token = _RESOURCE.sub("0", token)
    if "@" in token:
        token = _ADDRESS.sub(_address, token)
    if "\\" in token:
        token = _WINDOWS_PATH.sub(_path, token)
    if "/" in token:
        token = _RELATIVE_PATH.sub(_path, _PATH.sub(_path, token))
    if ":" in token:
        token = _HEX_PAIRS.sub(r"\g<1>0", token)
    if "=" in token:
        token = _PAIR_OF_BRACKETS.sub("0", _PAIR.sub(_pair, token))
    token = _ATOM.sub(_atom, token)
    if "0" in token:
        token = _SIGN.sub("0", _JOINED.sub("0", token.replace("[0]:0", "0")))
    return "[0]" if token == "[]" else token  # noqa: S105


def _as_digit(found: re.Match[str]) -> str:
    return "0" if found[0].isdigit() else found[0]


def _address(found: re.Match[str]) -> str:
    """Keep the class of `Server@33557fe4`."""
    printed = _OBJECT.fullmatch(found[0])
    return f"{printed[1]}0" if printed else "0"


def _path(found: re.Match[str]) -> str:
    """Keep what ends the sentence and not the path, and a slash that stands alone."""
    path = found[0]
    bare = path.rstrip(".:!?")
    return "0" + path[len(bare) :] if bare.strip("/") else path


def _pair(found: re.Match[str]) -> str:
    key, value = found.groups()
    if _TEXT_KEY.fullmatch(key) or value.rstrip(".:").endswith(EXCEPTION_ENDINGS):
        return found[0]
    return f"{key}=0{value[len(value.rstrip('.:')) :]}"


def _atom(found: re.Match[str]) -> str:
    """Return what a run of characters without brackets, commas or colons is: `0`, or itself."""
    atom = found[0]
    bare = atom.rstrip(".")
    if not bare:
        return atom
    return _bare_atom(bare, found.string[found.end() : found.end() + 2]) + atom[len(bare) :]


def _bare_atom(atom: str, follows: str) -> str:
    if not atom.isascii():
        return _ID_IN_WORDS.sub("0", atom)
    if len(atom) > LONGEST_WORD_CHARS:
        return "0"
    if "0" in atom:
        leaders = _LEADERS.fullmatch(atom) if ".." in atom else None
        if leaders is not None:
            return _bare_atom(leaders[1], ".") + leaders[2] + _bare_atom(leaders[3], follows)
        is_constant = follows.startswith("=") or _CLASS.fullmatch(atom) or _has_name(atom) or _is_versioned(atom)
        return _ZEROS.sub("0", atom) if is_constant else "0"
    if "." in atom:
        is_host = is_name_of_host_or_file(atom) or (follows == ":0" and _may_be_host(atom))
        return "0" if is_host and not follows.startswith("(") else atom
    if len(atom) == 2 and atom[1] in "+-" and atom[0].isalpha():
        return "0"
    return _word(atom)


def _may_be_host(name: str) -> bool:
    """Tell a name that a port makes one of a host: `shop.example.cc:443`."""
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or not labels[-1].islower():
        return False
    return labels[-1] in ENDINGS_OF_THREE or (len(labels) >= 3 and labels[-1] not in SOURCE_ENDINGS - {"cc"})


def _is_versioned(atom: str) -> bool:
    """Tell `order.v2.created`, where the words say what happened."""
    return _VERSIONED.fullmatch(atom) is not None and not is_name_of_host_or_file(atom)


def _has_name(token: str) -> bool:
    """Tell `S3`, whose digit is no number."""
    name = token.rstrip(",;)")
    return name in _NAMES or name.lower() in _NAMES


def _word(word: str) -> str:
    low = word.lower()
    if low in TRUTH_VALUES or word in ACCOUNTS:
        return "0"
    if len(word) >= 7 and not low.strip("abcdef"):
        return "0"
    return word


def is_name_of_host_or_file(name: str) -> bool:
    """Tell `ns.example.com` and `app.properties` (they vary) from `java.io.IOException` and `mapred.task.id`."""
    labels = name.strip(".").split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    last = labels[-1]
    if not last.islower():
        return False
    if last in HOST_ENDINGS or last in FILE_ENDINGS or labels[0] == "www" or labels[0] in REVERSE_BEGINNINGS:
        return True
    if last in SOURCE_ENDINGS or len(labels) == 2:
        return False
    return last in ENDINGS_OF_THREE or (len(last) == 2 and last not in WORDS_OF_TWO)
