"""host:port forms, one port on both families, clear refusals."""

import socket
from contextlib import ExitStack

import pytest

from otel_discord.component import StartError
from otel_discord.component.listening_sockets import format_host_port, listening_sockets, parse_host_port


@pytest.mark.parametrize(
    ("endpoint", "parts"),
    [
        ("localhost:4317", ("localhost", 4317)),
        ("[::1]:80", ("::1", 80)),
        (":0", ("", 0)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
    ],
)
def test_forms(endpoint, parts):
    assert parse_host_port(endpoint) == parts


@pytest.mark.parametrize(
    "endpoint", ["", "localhost", "::1:80", "http://a:1", "a:b", "a:65536", "a:-1", "a b:1", "a:١"]
)
def test_other_forms_are_refused(endpoint):
    with pytest.raises(ValueError, match="host:port"):
        parse_host_port(endpoint)


def test_localhost_has_one_port_on_each_family():
    with ExitStack() as stack:
        sockets = [stack.enter_context(listener) for listener in listening_sockets("localhost:0", "test")]
        assert len({listener.getsockname()[1] for listener in sockets}) == 1
        assert "127.0.0.1" in {listener.getsockname()[0] for listener in sockets}


def test_a_taken_port_and_an_address_of_another_machine():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = format_host_port(taken.getsockname())
        with pytest.raises(StartError, match=f"the page: cannot listen on {endpoint}: the port is taken"):
            listening_sockets(endpoint, "the page")
    with pytest.raises(StartError, match="no such address"):
        listening_sockets("192.0.2.1:0", "test")
    with pytest.raises(StartError, match="cannot find the address"):
        listening_sockets("a..b:0", "test")


def test_printed_addresses():
    assert format_host_port(("::1", 80, 0, 0)) == "[::1]:80"
