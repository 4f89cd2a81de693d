"""Where records are held on their way: the stand-in for Discord, our service, Alertmanager; each a process."""

import contextlib
import json
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.installed import PeersMissingError
from benchmarks.peers.scenarios import Trouble
from benchmarks.peers.ways import Way
from benchmarks.processes import Process, service, started

ALERTMANAGER: Final = "prometheus-alertmanager"
"""Debian's name for it."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One Discord of the stand-in, with one webhook."""

    control: str
    number: int
    webhook_url: str

    def told(self) -> dict[str, Any]:
        """Return what is in the channel; see ``stand_in``."""
        with urllib.request.urlopen(f"{self.control}/told/{self.number}", timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def announce(self, trouble: Trouble) -> None:
        """Let it have this trouble, counted from now."""
        query = f"kind={trouble.kind}&from_s={trouble.from_s}&seconds={trouble.seconds}"
        _post(f"{self.control}/trouble/{self.number}?{query}")


@contextmanager
def discords() -> Iterator[str]:
    """Run the stand-in and give the address of its control."""
    with started(["-m", "benchmarks.peers.stand_in"], cwd=str(Path(__file__).parents[2])) as process:
        yield process.wait_for(r"^control (\S+)")[1]


def new_channel(control: str) -> Channel:
    """Return a Discord that nobody has used yet."""
    made = json.loads(_post(f"{control}/new"))
    return Channel(control, made["number"], made["webhook_url"])


def _post(url: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10) as answer:
        body: bytes = answer.read()
        return body


@contextmanager
def held_by(way: Way, channel: Channel) -> Iterator[tuple[str, Process | None]]:
    """Give the address that the application is to use, and the process beside it that holds records, if there is one.

    Raises:
        PeersMissingError: it is not installed.
    """
    if way.place == "application":
        yield channel.webhook_url, None
    elif way.place == "service":
        endpoint = f"{channel.webhook_url.partition('/api/')[0]}/api/v10"
        exporter = {"webhook_url": channel.webhook_url, "endpoint": endpoint, "allow_insecure_endpoint": True}
        with service({"discord": exporter}) as running:
            yield f"http://127.0.0.1:{running.http_port}", running.process
    else:
        with _alertmanager(channel) as (url, process):
            yield url, process


@contextmanager
def _alertmanager(channel: Channel) -> Iterator[tuple[str, Process]]:
    program = shutil.which(ALERTMANAGER)
    if program is None:
        raise PeersMissingError(f"{ALERTMANAGER} is not installed")
    route = {  # the values of its README
        "receiver": "discord",
        "group_by": ["alertname", "cluster"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "3h",
    }
    url = channel.webhook_url.replace("/api/webhooks/", "/api/v10/webhooks/")
    receiver = {"name": "discord", "discord_configs": [{"webhook_url": url}]}
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        configuration = directory / "alertmanager.yml"
        configuration.write_text(json.dumps({"route": route, "receivers": [receiver]}))  # JSON is YAML
        arguments = [f"--config.file={configuration}", f"--storage.path={directory / 'data'}"]
        arguments += ["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="]
        process = stack.enter_context(started(arguments, cwd=str(directory), python=program))
        port = process.wait_for(r'Listening on" address=127\.0\.0\.1:(\d+)')[1]
        yield f"http://127.0.0.1:{port}", process
