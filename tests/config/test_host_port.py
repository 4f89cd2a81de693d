"""Forms of ``host:port``, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.config.host_port import format_host_port, parse_host_port


@pytest.mark.parametrize(
    ("endpoint", "parts"),
    [
        ("localhost:4317", ("localhost", 4317)),
        ("[::1]:80", ("::1", 80)),
        (":0", ("", 0)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
    ],
)
def test_forms(endpoint: str, parts: tuple[str, int]) -> None:
    assert parse_host_port(endpoint) == parts


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "localhost",
        "::1:80",
        "http://a:1",
        "a:b",
        "a:65536",
        "a:-1",
        "a b:1",
        "a:١",
        "a:",
        "[::1:80",
        "a:" + "1" * 5000,
    ],
)
def test_other_forms_are_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="must be host:port"):
        parse_host_port(endpoint)


@given(st.ip_addresses(), st.integers(0, 65535))
def test_a_printed_address_is_the_one_that_is_read(host, port: int) -> None:
    assert parse_host_port(format_host_port((str(host), port))) == (str(host), port)


def test_an_address_of_ipv6_is_printed_without_flow_and_scope() -> None:
    assert format_host_port(("::1", 80, 0, 0)) == "[::1]:80"
