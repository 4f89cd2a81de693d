"""The address of a database: read once, told to people without what is secret. Pure."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

_SCHEMES: Final = ("postgres", "postgresql")
_VERIFYING: Final = ("verify-full", "verify-ca")
_SECRET_OPTIONS: Final = frozenset({"password", "sslpassword"})


@dataclass(frozen=True, slots=True)
class Datasource:
    """What is passed to the driver, and what may be said. ``options`` are libpq's, as the URL has them."""

    url: str = field(repr=False)
    label: str
    """``host:port/database``."""
    is_local: bool
    """Nothing of it leaves this machine."""
    options: dict[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def ssl_mode(self) -> str:
        """How TLS is used: what the URL says; else verified, except where nothing leaves this machine."""
        return self.options.get("sslmode") or ("prefer" if self.is_local else "verify-full")

    @property
    def extra(self) -> dict[str, str]:
        """What is added to the URL: verified TLS, against the system's authorities where no others are named."""
        extra = {} if "sslmode" in self.options else {"sslmode": self.ssl_mode}
        if self.ssl_mode == "verify-full" and "sslrootcert" not in self.options:
            extra["sslrootcert"] = "system"
        return extra

    @property
    def unverified(self) -> str:
        """A sentence where the server's identity is not verified though it is elsewhere; "" where all is well."""
        if self.is_local or self.ssl_mode in _VERIFYING:
            return ""
        return (
            f"the identity of {self.label} is not verified (sslmode={self.ssl_mode} in datasource): whoever can reach "
            "the connection can read and change what is stored; verify-full is the default"
        )


def read_datasource(url: str) -> Datasource:
    """Read ``postgres://user:password@host:port/database?option=value``.

    Raises:
        ValueError: it is not such an address; the message never has the address in it.
    """
    try:
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        if scheme not in _SCHEMES or "://" not in url:
            raise ValueError(
                "must be an address as in postgres://db.example.com:5432/otel, the role and its password before the "
                "host (PostgreSQL is the one database that is supported; one process alone has file_storage)"
            )
        authority, user, password = parts.netloc.rpartition("@")[2], parts.username, parts.password
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError as error:
        text = str(error)
        known = text.startswith("must be an address")
        raise ValueError(text if known else "is not an address: is a character of it not %-encoded?") from None
    hosts = options.get("host") or unquote(authority)
    database = options.get("dbname") or unquote(parts.path.lstrip("/")) or unquote(user or "") or "its default"
    secrets = [password, unquote(password or ""), *(options.get(name) for name in sorted(_SECRET_OPTIONS))]
    known_secrets = tuple(dict.fromkeys(each for each in secrets if each and len(each) > 2))
    names = [_host_of(each) for each in hosts.split(",")] if hosts else [""]
    label = f"{hosts or 'a local socket'}/{database}"
    return Datasource(url, label, all(map(_is_local, names)), options, known_secrets)


def _host_of(name_and_port: str) -> str:
    if name_and_port.startswith("["):
        return name_and_port[1:].partition("]")[0]
    name, _, port = name_and_port.rpartition(":")
    return name if port.isdigit() and ":" not in name else name_and_port


def _is_local(name: str) -> bool:
    if not name or name.startswith(("/", "@")) or name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
