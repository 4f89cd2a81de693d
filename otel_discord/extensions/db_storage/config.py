"""Keys of ``db_storage``."""

from pathlib import Path

from pydantic import Field, field_validator

from otel_discord.config import Duration, Secret, StrictModel
from otel_discord.extensions.db_storage.datasource import read_datasource


class FleetConfig(StrictModel):
    """How several processes with the same configuration work on it together."""

    enabled: bool = True
    """Any number of processes may run with this storage: all take telemetry in, each destination is one of theirs at
    a time. false: one process at a time, and a second one is refused."""
    shards: int = Field(default=8, ge=1, le=256)
    """Into how many parts destinations are divided; a replica works on whole parts, so more replicas than these only
    take in. Changed only while all replicas are stopped."""
    replica: str = Field(default="", max_length=63)
    """What this process is called in logs and on pages; the host's name where it is empty."""
    egress: str = Field(default="", max_length=63)
    """Which address it reaches Discord from, as a label: replicas with the same one share Discord's 50 requests a
    second, and its bans. Empty: all replicas share one address."""


class DbStorageConfig(StrictModel):
    """Which PostgreSQL keeps waiting work, and how patient one is with it."""

    datasource: Secret
    """`postgres://user:password@host:5432/database`, with options of libpq behind `?`; best as `${env:NAME}`. TLS is
    verified (`sslmode=verify-full`) unless the host is this machine or the address says otherwise."""
    schema_name: str = Field(default="otel_discord", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """The schema that holds the tables; it is made if it is not there and the role may."""
    directory: Path = Path("/var/lib/otel-discord/db_storage")
    """Where what belongs to this machine is: the control socket, and dead letters where they are files."""
    create_directory: bool = True
    """Create the directory, and those above it, with mode 0700."""
    max_connections: int = Field(default=4, ge=1, le=100)
    """How many connections this process uses at most."""
    connect_timeout: Duration = Field(default=5.0, ge=0.1, le=60.0)
    """How long making a connection may take."""
    statement_timeout: Duration = Field(default=10.0, ge=0.1, le=600.0)
    """How long one statement may take; a transaction that does not answer for three times as long is cut off."""
    lock_timeout: Duration = Field(default=5.0, ge=0.1, le=600.0)
    """How long a statement waits for somebody else's lock."""
    lease: Duration = Field(default=10.0, ge=1.0, le=3600.0)
    """How long a queue stays this process's without a word from it; then another one may take it over."""
    application_name: str = Field(default="otel-discord", min_length=1, max_length=63)
    """What the server's lists of connections show."""
    prepare_statements: bool = True
    """Off: statements are not prepared. Behind a PgBouncer that cannot it is switched off by itself."""
    fleet: FleetConfig = FleetConfig()
    """Several processes on one database."""
    allow_unsafe_durability: bool = False
    """Start also where the server is set to lose what it has acknowledged: `fsync`, `full_page_writes` or
    `synchronous_commit` off, or tables that are unlogged."""

    @field_validator("datasource")
    @classmethod
    def _is_an_address(cls, value: Secret) -> Secret:
        read_datasource(value.reveal())
        return value

    @property
    def state_directory(self) -> Path:
        """Where the control socket and dead letters live."""
        return self.directory
