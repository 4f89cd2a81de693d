"""Where the socket is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from otel_discord.component import ExtensionFactory, Host, Settings, Stability
from otel_discord.config import StrictModel
from otel_discord.service.config_file import load_configuration
from otel_discord.service.control.endpoint import control_endpoint, socket_path
from otel_discord.service.registry import Registry

CONFIG = """
receivers: {in: }
exporters: {out: }
extensions: {ext: , shed: , shed/2: {directory: second}}
service:
  extensions: [EXTENSIONS]
  control: {endpoint: "ENDPOINT"}
  pipelines: {logs: {receivers: [in], exporters: [out]}}
"""


class ShedConfig(StrictModel):
    directory: Path = Path("first")

    @property
    def state_directory(self) -> Path:
        return self.directory


class Shed:
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        yield


def create(_settings: Settings, _config: ShedConfig) -> Shed:
    return Shed()


SHED = ExtensionFactory(type_name="shed", config=ShedConfig, stability=Stability.ALPHA, create=create)


@pytest.mark.parametrize(
    ("extensions", "endpoint", "path"),
    [
        ("ext, shed/2, shed", "", "second/control.sock"),
        ("shed", "", "first/control.sock"),
        ("ext", "", None),
        ("", "", None),
        ("shed", "unix:///run/x.sock", "/run/x.sock"),
        ("", "/run/x.sock", "/run/x.sock"),
        ("", "x.sock", "x.sock"),
    ],
)
def test_of_a_configuration(
    factories: list[ExtensionFactory], extensions: str, endpoint: str, path: str | None
) -> None:
    text = CONFIG.replace("EXTENSIONS", extensions).replace("ENDPOINT", endpoint)
    configuration = load_configuration([f"yaml:{text}"], [], Registry([*factories, SHED]), {})
    assert control_endpoint(configuration) == (Path(path) if path else None)


def test_a_path_is_a_path() -> None:
    assert socket_path(Path("/a/b")) == socket_path("unix:///a/b") == socket_path("/a/b") == Path("/a/b")
