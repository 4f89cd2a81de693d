"""One port on both families, clear refusals."""

import socket
from contextlib import ExitStack

import pytest

from otel_discord.component import StartError
from otel_discord.component.listening_sockets import listening_sockets
from otel_discord.config.host_port import format_host_port


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
