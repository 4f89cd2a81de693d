"""``host:port``, read and written the same way for everything that listens or connects."""


def parse_host_port(endpoint: str) -> tuple[str, int]:
    """Return host and port of ``localhost:4317``, ``[::1]:4317`` or ``:4317`` (host "": every address).

    Raises:
        ValueError: it is something else; the text says what to write.
    """
    host, colon, port = endpoint.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    clean = not (set(host) & set("/@ ?#")) and (bracketed or ":" not in host)
    if not colon or not clean or not (port.isascii() and port.isdigit() and len(port) <= 5) or int(port) > 65535:
        raise ValueError("must be host:port, as in localhost:4318 (an IPv6 address in brackets)")
    return host.removeprefix("[").removesuffix("]"), int(port)


def format_host_port(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """Return a bound address as ``127.0.0.1:4317`` or ``[::1]:4317``."""
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
