"""Dead letters as a person meets them: found by the command line, sent again, whether the service runs or not."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import (
    COMMAND,
    Running,
    StandIn,
    eventually,
    post_logs,
    service_configuration,
    stand_in,
    started,
)


class Desk:
    """The command ``dead-letters`` with one configuration."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [*COMMAND, "dead-letters", arguments[0], "--config", str(self.path), *arguments[1:]],
            cwd=self.path.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def letters(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ask("list", "--json").splitlines()]


def configured(directory: Path, fake: StandIn, *, on_disk: bool, socket: bool) -> Desk:
    discord: dict[str, Any] = {"dead_letters": {"directory": str(directory / "letters")}}
    if on_disk:
        discord = {"sending_queue": {"storage": "file_storage"}, "dead_letters": {}}
    path = service_configuration(directory, fake, **discord)
    configuration = json.loads(path.read_text())
    if on_disk:
        configuration["extensions"] = {"file_storage": {"directory": str(directory / "storage"), "min_free_mib": 0}}
        configuration["service"]["extensions"] = ["file_storage"]
    if socket:
        configuration["service"]["control"] = {"endpoint": f"unix://{directory / 'control.sock'}"}
    path.write_text(json.dumps(configuration))
    return Desk(path)


@contextmanager
def service(desk: Desk, **environment: str) -> Iterator[tuple[Running, int]]:
    with started([*COMMAND, "--config", str(desk.path)], **environment) as running:
        ready = running.read_until(r"Everything is ready.*otlp http on 127\.0\.0\.1:(\d+)")
        yield running, int(ready[1])


def blocked(fake: StandIn, running: Running, port: int, *bodies: str) -> None:
    """Let Discord's AutoMod have something against each of these records."""
    eventually(lambda: fake.ask("stats")["requests"] > 0)  # the webhook was looked at
    for body in bodies:
        fake.add_fault(shape="automod_200000")
        assert post_logs(port, body) == 200
        running.read_until(f"kept as a dead letter: ERROR shop: {body}")


@pytest.mark.parametrize("on_disk", [True], ids=["storage"])
def test_a_running_service_shows_its_letters_and_sends_them_again(tmp_path: Path, on_disk: bool) -> None:
    with stand_in() as fake:
        desk = configured(tmp_path, fake, on_disk=on_disk, socket=not on_disk)
        with service(desk) as (running, port):
            blocked(fake, running, port, "Payment declined", "Card expired")
            listed = desk.ask("list").splitlines()
            assert "default  400 200000 Message was blocked by automatic moderation" in listed[0]
            assert listed[0].endswith("ERROR shop: Payment declined")
            first = desk.letters()[0]
            assert (first["reason"], first["code"], first["count"]) == ("content_blocked", 200000, 1)
            shown = desk.ask("show", str(first["id"]))
            assert "body: Payment declined" in shown
            assert fake.urls[0].rsplit("/", 1)[-1] not in shown + json.dumps(first)
            assert "1 letter would be sent again: 1 to default." in desk.ask("replay", "--dry-run", "1")
            assert "2 letters sent again (2 to default): 2 delivered" in desk.ask("replay")
            assert fake.titles().count("🔴 Payment declined") == 1
            assert "There is nothing to send again." in desk.ask("replay")
            assert desk.letters() == []
            assert running.end() == 0
        assert desk.letters() == []


@pytest.mark.parametrize("on_disk", [False], ids=["files"])
def test_a_stopped_services_letters_are_still_there(tmp_path: Path, on_disk: bool) -> None:
    with stand_in() as fake:
        desk = configured(tmp_path, fake, on_disk=on_disk, socket=False)
        with service(desk) as (running, port):
            blocked(fake, running, port, "one", "two", "three")
            if on_disk:
                (tmp_path / "storage" / "control.sock").unlink()
                assert "if it is running" in desk.ask("list", code=1)
            assert running.end() == 0
        messages = len(fake.ask("messages"))
        assert [letter["text"] for letter in desk.letters()] == ["one", "two", "three"]
        assert "1 letter removed." in desk.ask("purge", "2", "--yes")
        assert len(fake.ask("messages")) == messages
        assert "There is no destination 'ops'; --to names another" in desk.ask("replay", "--to", "ops", code=1)
        assert "2 letters sent again" in desk.ask("replay")
        assert "There is nothing to send again." in desk.ask("replay")
        arrived = json.dumps(fake.ask("messages"), ensure_ascii=False)
        assert arrived.count("sent again after less than a minute as a dead letter") == 2
        assert "🔴 two" not in arrived


@pytest.mark.parametrize(
    ("place", "kept"),
    [("bury.before_file", 0), ("bury.after_file", 1), ("bury.before_commit", 0), ("bury.after_commit", 1)],
)
def test_a_crash_leaves_a_letter_in_one_place_at_most(tmp_path: Path, place: str, kept: int) -> None:
    """In memory a record that is no letter yet is gone with the process; on disk it is still a card."""
    on_disk = "commit" in place
    with stand_in() as fake:
        desk = configured(tmp_path, fake, on_disk=on_disk, socket=False)
        with service(desk, OTEL_DISCORD_FAILPOINT=place) as (running, port):
            eventually(lambda: fake.ask("stats")["requests"] > 0)
            fake.add_fault(shape="automod_200000", times=1e9)
            post_logs(port, "one")
            assert running.wait() == -9
        assert [letter["text"] for letter in desk.letters()] == ["one"] * kept


def test_usage(tmp_path: Path) -> None:
    with stand_in() as fake:
        desk = configured(tmp_path, fake, on_disk=True, socket=False)
        assert "the service has not run here yet" in desk.ask("list", code=1)
        assert "neither a duration (2h) nor a time" in desk.ask("list", "--since", "yesterday", code=2)
        assert "use a number with a unit" in desk.ask("replay", "--wait", "5", code=2)
        assert not (tmp_path / "storage").exists()
