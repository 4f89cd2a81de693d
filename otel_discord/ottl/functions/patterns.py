"""Converters that match a pattern: IsMatch, ExtractPatterns, IsInCIDR, IsValidLuhn."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.declare import converter
from otel_discord.ottl.functions.luhn import is_valid_luhn
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Value


def _build_is_match(arguments: Arguments) -> Getter:
    target, found_in = arguments.getter("target"), arguments.regex("pattern").found_in

    def matches(item: object) -> bool:
        text = target(item)
        return text is not None and found_in(text)

    return matches


def _build_extract_patterns(arguments: Arguments) -> Getter:
    target, regex = arguments.getter("target"), arguments.regex("pattern")
    names = regex.group_names
    if not names:
        raise ValueError("the pattern needs a named group: (?P<name>…)")

    def extract(item: object) -> dict[str, Value]:
        match = regex.search(target(item))
        return {} if match is None else {name: match.group(name) or "" for name in names}

    return extract


def is_in_cidr(target: str, networks: list[str]) -> bool:
    """Whether an IP address lies in one of the networks; what is no address lies nowhere.

    Raises:
        OttlError: a network is not in CIDR notation.
    """
    address = _address(target)
    if address is None:
        return False
    return any(address.version == network.version and address in network for network in map(_network, networks))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # An IPv4 address may come in the dress of IPv6: ::ffff:10.0.0.1
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        if "/" in text:
            return ip_network(text, strict=False)
    except ValueError:
        pass
    raise OttlError("not a network in CIDR notation, like 10.0.0.0/8")


FUNCTIONS: Final[tuple[Function, ...]] = (
    Function(
        "ExtractPatterns",
        (Parameter("target", Kind.STRING), Parameter("pattern", Kind.REGEX)),
        _build_extract_patterns,
    ),
    converter("IsInCIDR", is_in_cidr, Parameter("target", Kind.STRING), Parameter("networks", Kind.STRING_LIST)),
    Function("IsMatch", (Parameter("target", Kind.STRING_LIKE), Parameter("pattern", Kind.REGEX)), _build_is_match),
    converter("IsValidLuhn", is_valid_luhn, Parameter("target", Kind.STRING_LIKE)),
)
