"""The parts of a URL under their names in the semantic conventions: ``url.scheme``, ``url.domain``, ``url.path``…"""

import re
from typing import Final
from urllib.parse import unquote

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.values import Value

URL_CHARS_MAX: Final = 65_536
_PORT_MAX: Final = 65_535
# RFC 3986, appendix B
_PARTS: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")


def url_parts(text: str) -> dict[str, Value]:
    """Return original, scheme, domain and path always; port, query, fragment, extension and user where there are any.

    Raises:
        OttlError: control characters or spaces, a broken escape, no port number, over 65,536 characters.
    """
    if len(text) > URL_CHARS_MAX:
        raise OttlError(f"a URL of more than {URL_CHARS_MAX:,} characters")
    parts = _PARTS.fullmatch(text)
    if parts is None or _CONTROL.search(text) or _BROKEN_ESCAPE.search((parts["authority"] or "") + parts["path"]):
        raise OttlError("not a URL")
    user, _, address = (parts["authority"] or "").rpartition("@")
    domain, port = _domain_and_port(address)
    path = unquote(parts["path"])
    found: dict[str, Value] = {
        "url.original": text,
        "url.scheme": (parts["scheme"] or "").lower(),
        "url.domain": unquote(domain),
        "url.path": path,
    }
    if port:
        found["url.port"] = port
    for name in ("query", "fragment"):
        if parts[name]:
            found[f"url.{name}"] = unquote(parts[name]) if name == "fragment" else parts[name]
    extension = path.rpartition(".")[2] if "." in path else ""
    if extension:
        found["url.extension"] = extension
    return found | _user_parts(user)


def _domain_and_port(address: str) -> tuple[str, int]:
    # An IPv6 address stands in brackets, since it has colons itself.
    domain, bracket, rest = address.removeprefix("[").partition("]") if address.startswith("[") else (address, "", "")
    if address.startswith("[") and not bracket:
        raise OttlError("not a URL: a [ that is never closed")
    if not bracket:
        domain, colon, port = address.partition(":")
    else:
        before, colon, port = rest.partition(":")
        if before:
            raise OttlError("not a URL: text between the address and the port")
    if not colon or not port:
        return domain, 0
    if not (port.isascii() and port.isdigit()) or len(port) > len(str(_PORT_MAX)):
        raise OttlError("not a URL: the port is no number")
    return domain, int(port)


def _user_parts(user: str) -> dict[str, Value]:
    if not user:
        return {}
    name, colon, password = user.partition(":")
    found: dict[str, Value] = {"url.user_info": user}
    if name:
        found["url.username"] = unquote(name)
    if colon:
        found["url.password"] = unquote(password)
    return found
