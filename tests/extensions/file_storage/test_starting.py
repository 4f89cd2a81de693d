"""What is met at start: directories that do not do, other processes, other versions, and how the last run ended."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from otel_discord.component.errors import StartError
from otel_discord.component.storage import NewCard, NewPosted, Posting, StoredCard
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.directory import prepare_directory
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.extensions.file_storage.network_file_systems import file_system_of, is_network_file_system
from otel_discord.extensions.file_storage.transaction import run_steps
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import migrate
from otel_discord.store.rows import seal
from otel_discord.store.schema import CARDS, MIGRATIONS, SCHEMA_VERSION
from otel_discord.testing.host import NopHost
from otel_discord.testing.storage_contract import ROOMY
from otel_discord.testing.telemetry import settings

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
NOBODY = 65534


def extension(directory: Path, **keys: Any) -> FileStorage:
    return FileStorage(settings("file_storage"), FileStorageConfig(directory=directory, **keys))


def python(code: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=Path(__file__).parents[3],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


async def start(directory: Path, **keys: Any) -> None:
    async with extension(directory, ballast_mib=1, **keys).lifespan(NopHost()):
        pass


async def refused(directory: Path, **keys: Any) -> str:
    with pytest.raises(StartError) as caught:
        await start(directory, **keys)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------- directories
async def test_files_are_for_their_owner_only_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        directory = tmp_path / "a" / "b"
        async with extension(directory).lifespan(NopHost()):
            modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
            assert {"file_storage.db", "file_storage.db-wal", "file_storage.lock"} <= set(modes)
            assert set(modes.values()) == {0o600}
            assert {each.stat().st_mode & 0o777 for each in (directory, directory.parent)} == {0o700}
    finally:
        os.umask(before)


async def test_a_missing_directory_is_made_only_if_it_may_be(tmp_path):
    message = await refused(tmp_path / "missing", create_directory=False)
    assert str(tmp_path / "missing") in message
    await start(tmp_path / "missing")


async def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "file" in await refused(tmp_path / "file")
    assert "file" in await refused(tmp_path / "file" / "below")


@AS_ROOT
async def test_a_directory_of_somebody_else_is_refused_also_for_root(tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o755)
    os.chown(tmp_path / "theirs", NOBODY, NOBODY)
    message = await refused(tmp_path / "theirs")
    assert f"user {NOBODY}" in message
    assert "chown" in message
    assert not list((tmp_path / "theirs").iterdir())


@AS_ROOT
async def test_a_directory_that_is_shared_on_purpose_will_do(tmp_path):
    (tmp_path / "shared").mkdir()
    os.chown(tmp_path / "shared", NOBODY, os.getegid())
    (tmp_path / "shared").chmod(0o2775)
    await start(tmp_path / "shared")


CHILD = """
import os, sys
from pathlib import Path
from otel_discord.component.errors import StartError
from otel_discord.extensions.file_storage.directory import prepare_directory
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    prepare_directory(Path(sys.argv[1]), create=True, allow_network_file_system=False)
except StartError as error:
    print(error)
"""


@AS_ROOT
@pytest.mark.parametrize(("mode", "owner", "below"), [(0o700, 0, ""), (0o555, NOBODY, ""), (0o755, 0, "new")])
def test_an_ordinary_user_hears_what_to_do(mode, owner, below):
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        theirs = Path(top, "theirs")
        theirs.mkdir()
        os.chown(theirs, owner, owner)
        theirs.chmod(mode)
        found = python(CHILD, str(theirs / below))
    assert "directory: " in found.stdout, found.stderr
    assert "name another directory" in found.stdout


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export /srv nfs4 rw 0 0
//nas/share /mnt/with\\040space cifs rw 0 0
tmpfs /srv/local tmpfs rw 0 0
sshfs#me@host: /mnt/ssh fuse.sshfs rw 0 0
odd line
"""


@pytest.mark.parametrize(
    ("path", "type_name", "network"),
    [
        ("/var/lib", "ext4", False),
        ("/srv", "nfs4", True),
        ("/srv/queue", "nfs4", True),
        ("/srv/local/queue", "tmpfs", False),
        ("/srvother", "ext4", False),
        ("/mnt/with space/q", "cifs", True),
        ("/mnt/ssh/q", "fuse.sshfs", True),
    ],
)
def test_which_file_system_it_is(path, type_name, network):
    assert file_system_of(Path(path), MOUNTS) == type_name
    assert is_network_file_system(type_name) is network


def test_a_network_file_system_is_refused_unless_allowed(tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr("otel_discord.extensions.file_storage.directory._MOUNTS", mounts)
    with pytest.raises(StartError, match=r"nfs4.*allow_network_file_system"):
        prepare_directory(tmp_path / "q", create=True, allow_network_file_system=False)
    prepare_directory(tmp_path / "q", create=True, allow_network_file_system=True)


# --------------------------------------------------------------------------------------------------- other processes
HOLDER = """
import asyncio, sys
from pathlib import Path
from otel_discord.extensions.file_storage.lock import DirectoryLock
lock = DirectoryLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


async def test_the_second_process_is_refused_at_once_and_told_whose_it_is(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
        begun_s = time.monotonic()
        message = await refused(tmp_path)
        assert time.monotonic() - begun_s < 1
        assert str(tmp_path) in message
        assert str(holder.pid) in message
        holder.kill()
    assert (tmp_path / "file_storage.lock").read_text() == f"{holder.pid}\n"
    await start(tmp_path)  # what a dead process leaves holds nobody up


async def test_two_extensions_of_one_process_do_not_share_a_directory(tmp_path):
    async with extension(tmp_path).lifespan(NopHost()):
        assert f"process {os.getpid()}" in await refused(tmp_path)
    await start(tmp_path)


async def test_while_it_is_open_no_other_program_reads_the_database(tmp_path):
    async with extension(tmp_path).lifespan(NopHost()):
        code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT count(*) FROM batches')"
        found = await asyncio.to_thread(python, code, str(tmp_path / "file_storage.db"))
    assert "locked" in found.stderr


# ----------------------------------------------------------------------------------------------------- other versions
def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if "lock" not in path.name}


@pytest.mark.parametrize("by", ["header", "table"])
@pytest.mark.parametrize("journal", ["clean", "wal left"])
async def test_a_newer_database_is_refused_and_not_touched(tmp_path, by, journal):
    await start(tmp_path)
    connection = sqlite3.connect(tmp_path / "file_storage.db", isolation_level=None)
    if by == "header":
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    else:
        connection.execute("UPDATE meta SET value = value + 1, mirror = mirror - 1 WHERE key = 'schema_version'")
    if journal == "wal left":
        copy = {name: data for name, data in contents(tmp_path).items() if not name.endswith("-shm")}
        connection.close()
        for name, data in copy.items():
            (tmp_path / name).write_bytes(data)
    else:
        connection.close()
    before = contents(tmp_path)
    assert ("file_storage.db-wal" in before) is (journal == "wal left")
    assert "newer version" in await refused(tmp_path)
    assert contents(tmp_path) == before


async def test_a_database_of_the_first_version_goes_on(tmp_path):
    path = tmp_path / "file_storage.db"
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "WAL")
    with connection:
        run_steps(connection, migrate(SQLITE, MIGRATIONS[:1]))
        connection.execute(CARDS.insert, seal(CARDS, (7, "discord/logs", "ops", 9, 0, 1, 0), b"x"))
    connection.pragma("user_version", 1)
    connection.close()
    storage = extension(tmp_path, ballast_mib=1)
    async with storage.lifespan(NopHost()), storage.open_queue("discord/logs", ROOMY) as queue:
        assert await queue.head("ops", 9) == [StoredCard(7, "ops", 9, b"x", 1)]
        await queue.post(NewPosted("ops", "1", 5, b"", [Posting(7, 1)]))
        assert [len(each.cards) for each in await queue.posted("ops")] == [1]
        (card_id,) = await queue.adopt([NewCard("ops", 9, b"y")])
        assert card_id > 7
    connection = apsw.Connection(str(path))
    assert connection.pragma("user_version") == SCHEMA_VERSION
    connection.close()
    assert not [each for each in tmp_path.iterdir() if ".corrupt-" in each.name]


async def test_a_database_of_another_program_is_refused_and_not_touched(tmp_path):
    connection = sqlite3.connect(tmp_path / "file_storage.db")
    connection.execute("CREATE TABLE theirs (a)")
    connection.commit()
    connection.close()
    before = contents(tmp_path)
    assert "another program" in await refused(tmp_path)
    assert contents(tmp_path) == before


# ---------------------------------------------------------------------------------------------- how the last run ended
async def test_a_clean_end_leaves_one_file_and_no_mark(tmp_path):
    async with extension(tmp_path).lifespan(NopHost()):
        assert (tmp_path / "file_storage.db-open").exists()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"file_storage.db", "file_storage.lock", "file_storage.ballast"}


def crashed(directory: Path) -> None:
    """Leave what a killed process leaves."""
    code = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.extensions.file_storage.conftest import Bench, Notes\n"
        "async def main():\n"
        "    async with Bench(Path(sys.argv[1])).opened() as database:\n"
        "        await database.run(Notes.create())\n"
        "        for n in range(10):\n"
        "            await database.run(Notes.put(b'%d' % n))\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    found = python(code, str(directory))
    assert found.returncode == -9, found.stderr


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
async def test_what_is_no_file_is_refused_at_once(bench, make):
    make(bench.path)
    with pytest.raises(StartError, match="is not a file"):
        async with asyncio.timeout(5), bench.opened():
            pass


async def test_a_crash_loses_nothing_and_is_mentioned(bench, notes, caplog):
    caplog.set_level("INFO")
    await asyncio.to_thread(crashed, bench.directory)
    async with bench.opened() as database:
        assert await database.run(notes.all()) == [b"%d" % n for n in range(10)]
    assert "did not end cleanly; it is recovered" in caplog.text
    caplog.clear()
    async with bench.opened():
        pass
    assert "cleanly" not in caplog.text


@pytest.mark.parametrize("left_bytes", [None, 0, 1, 512, 8192])
async def test_a_log_removed_or_emptied_after_a_crash_is_noticed(bench, notes, caplog, left_bytes):
    await asyncio.to_thread(crashed, bench.directory)
    log = bench.path.with_name("file_storage.db-wal")
    log.unlink() if left_bytes is None else os.truncate(log, left_bytes)
    async with bench.opened() as database:
        await database.run(notes.create())
        await database.run(notes.put())
    assert "write-ahead log is gone" in caplog.text


@pytest.mark.parametrize(
    "point", ["close.before_checkpoint", "close.before_mark", "close.after_mark", "close.after_checkpoint"]
)
async def test_killed_in_a_clean_end_nothing_is_missed(bench, notes, point, caplog):
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.extensions.file_storage.conftest import Bench, Notes\n"
        "async def main():\n"
        "    async with Bench(Path(sys.argv[1])).opened() as database:\n"
        "        await database.run(Notes.create())\n"
        "        await database.run(Notes.put())\n"
        "asyncio.run(main())\n"
    )
    found = await asyncio.to_thread(python, code, str(bench.directory), OTEL_DISCORD_FAILPOINT=point)
    assert found.returncode == -9, found.stderr
    async with bench.opened() as database:
        assert await database.run(notes.all()) == [b"x"]
    assert "gone" not in caplog.text


@pytest.mark.parametrize("point", ["put.before_commit", "put.after_commit"])
async def test_killed_around_a_commit_a_work_is_whole_or_not_there(bench, notes, point):
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.extensions.file_storage.conftest import Bench, Notes\n"
        "async def main():\n"
        "    async with Bench(Path(sys.argv[1])).opened() as database:\n"
        "        await database.run(Notes.create())\n"
        "        while True:\n"
        "            print(await database.run(Notes.put()), flush=True)\n"
        "asyncio.run(main())\n"
    )
    found = await asyncio.to_thread(python, code, str(bench.directory), OTEL_DISCORD_FAILPOINT=f"{point}:4")
    assert found.returncode == -9, found.stderr
    acknowledged = len(found.stdout.splitlines())
    assert acknowledged == 3
    async with bench.opened() as database:
        stored = len(await database.run(notes.all()))
        assert stored == (3 if point == "put.before_commit" else 4)


# ----------------------------------------------------------------------------------------------------- what is said
@pytest.mark.parametrize(("fsync", "words"), [(True, "synchronous=FULL"), (False, "may lose the last moments")])
async def test_the_log_says_which_durability_holds(tmp_path, caplog, fsync, words):
    caplog.set_level("INFO")
    await start(tmp_path, fsync=fsync)
    [line] = [record for record in caplog.records if "durability" in record.message]
    assert words in line.message
    assert "0 batches and 0 cards waiting" in line.message
    assert line.levelname == ("INFO" if fsync else "WARNING")
