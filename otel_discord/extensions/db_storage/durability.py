"""What the server promises when it says that something is stored, told in one line. Pure but for its works."""

from dataclasses import dataclass
from typing import Final

from otel_discord.component.errors import StartError
from otel_discord.extensions.db_storage.marks import literal
from otel_discord.store.work import Access, Query, Steps, Work

OLDEST_VERSION: Final = 130000
_SETTINGS: Final = (
    *("fsync", "synchronous_commit", "full_page_writes", "synchronous_standby_names"),
    *("server_version", "server_version_num"),
)


@dataclass(frozen=True, slots=True)
class Server:
    """What was asked of a server."""

    settings: dict[str, str]
    is_standby: bool
    unlogged: list[str]

    @property
    def version(self) -> str:
        """As people know it."""
        return self.settings.get("server_version", "?").split()[0]

    @property
    def unsafe(self) -> list[str]:
        """What lets it lose what it has acknowledged."""
        names = ("fsync", "full_page_writes", "synchronous_commit")
        found = [f"{name}=off" for name in names if self.settings.get(name) == "off"]
        return found + [f"table {name} is unlogged" for name in self.unlogged]


def ask_server(schema: str) -> Work[Server]:
    """Ask what :class:`Server` holds."""

    def steps() -> Steps[Server]:
        names = ", ".join(map(literal, _SETTINGS))
        rows = yield Query(f"SELECT name, setting FROM pg_settings WHERE name IN ({names})")  # noqa: S608 - of ours
        standby = yield Query("SELECT pg_is_in_recovery()")
        unlogged = yield Query(
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = ? AND c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1",
            (schema,),
        )
        return Server(dict(rows), standby[0][0], [row[0] for row in unlogged])

    return Work("ask_server", Access.READ, steps)


def check_durability(server: Server, *, allow_unsafe: bool) -> str:
    """Return the line that says what OK means.

    Raises:
        StartError: the server is too old, takes no writes, or may lose what it has acknowledged.
    """
    if int(server.settings.get("server_version_num", "0")) < OLDEST_VERSION:
        raise StartError(f"datasource: PostgreSQL {server.version} is too old; 13 is the oldest that will do")
    if server.is_standby:
        raise StartError(
            "datasource: this server is a standby and takes no writes; name the primary, or several hosts and "
            "target_session_attrs=read-write"
        )
    if server.unsafe and not allow_unsafe:
        raise StartError(
            f"datasource: PostgreSQL is set to lose what it acknowledged ({', '.join(server.unsafe)}); change that, "
            "or set allow_unsafe_durability: true"
        )
    if server.unsafe:
        said = f"UNSAFE ({', '.join(server.unsafe)}): what was acknowledged may be lost when the server crashes"
    else:
        said = f"{_commit(server)}, {_nodes(server)}"
    return f"durability: {said}, PostgreSQL {server.version}"


def _commit(server: Server) -> str:
    value = server.settings.get("synchronous_commit", "on")
    return "synchronous commit" if value == "on" else f"synchronous commit ({value})"


def _nodes(server: Server) -> str:
    names = server.settings.get("synchronous_standby_names", "")
    if names and server.settings.get("synchronous_commit") not in ("local", "remote_write"):
        return f"also on synchronous standbys ({names})"
    return "one node (a failover may lose the last moments)" if names else "one node"
