"""Converters between text and its encodings: Base64Decode, Base64Encode, Decode."""

import base64
import binascii
import codecs
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.declare import converter, of_string
from otel_discord.ottl.registry import Function, Kind, Parameter
from otel_discord.ottl.values import Value, type_name

_PADDED: Final = {"base64": True, "base64-raw": False, "base64-url": True, "base64-raw-url": False}
_CHARACTER_SETS: Final = ("ascii", "utf_", "iso8859", "cp", "koi8", "gb", "big5", "shift_jis", "euc_", "mac", "latin")


def base64_encode(text: str, variant: str) -> str:
    """Return the text's UTF-8 in base64; variants are base64, base64-raw, base64-url and base64-raw-url.

    Raises:
        OttlError: no such variant.
    """
    if variant not in _PADDED:
        raise OttlError(f"no such variant: {variant!r}; there are {', '.join(_PADDED)}")
    encode = base64.urlsafe_b64encode if variant.endswith("-url") else base64.b64encode
    encoded = encode(text.encode(errors="replace")).decode()
    return encoded if _PADDED[variant] else encoded.rstrip("=")


def decode(value: Value, encoding: str) -> str:
    """Return the text that a string or bytes encode; space around base64 does not matter.

    Raises:
        OttlError: neither string nor bytes, an unknown encoding, or not encoded like this.
    """
    if not isinstance(value, str | bytes):
        raise OttlError(f"cannot decode {type_name(value)}")
    data = value.encode(errors="replace") if isinstance(value, str) else value
    if encoding in _PADDED:
        return _base64_decoded(data.strip(), encoding).decode(errors="replace")
    try:
        codec = codecs.lookup(encoding)
        if not codec.name.replace("-", "_").startswith(_CHARACTER_SETS):
            raise LookupError(encoding)
        return str(codec.decode(data, "replace")[0])
    except (LookupError, ValueError):
        raise OttlError(f"no such encoding: {encoding!r}") from None


def _base64_decoded(data: bytes, variant: str) -> bytes:
    if variant.endswith("-url"):
        if b"+" in data or b"/" in data:
            raise OttlError(f"not {variant}")
        data = data.translate(bytes.maketrans(b"-_", b"+/"))
    if not _PADDED[variant]:
        if b"=" in data:
            raise OttlError(f"not {variant}: there is padding")
        data += b"=" * (-len(data) % 4)
    try:
        # Go, too, reads over line breaks inside.
        return base64.b64decode(data.replace(b"\n", b"").replace(b"\r", b""), validate=True)
    except binascii.Error:
        raise OttlError(f"not {variant}") from None


FUNCTIONS: Final[tuple[Function, ...]] = (
    of_string("Base64Decode", lambda text: decode(text, "base64")),
    converter(
        "Base64Encode",
        base64_encode,
        Parameter("target", Kind.STRING),
        Parameter("variant", Kind.STRING, default="base64"),
    ),
    converter("Decode", decode, Parameter("target", Kind.VALUE), Parameter("encoding", Kind.STRING)),
)
