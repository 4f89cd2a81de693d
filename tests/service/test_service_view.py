"""What an extension sees of the service that it is in: before and after reloads, good and bad ones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_discord.component.instrument_list import INSTRUMENTS
from otel_discord.component.service_view import ServiceView, Wire
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.host import ServiceHost
from otel_discord.service.registry import Registry
from otel_discord.service.reload import learn_secrets
from otel_discord.service.run import Runtime
from otel_discord.service.telemetry.redact import Redactor
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry

TOKEN = "a-token-that-nobody-sees"
CONFIG = f"""
receivers: {{in: {{}}}}
processors: {{mid: {{}}}}
connectors: {{join: {{}}}}
exporters: {{out: {{number: 1, token: {TOKEN}}}}}
extensions: {{ext: {{}}}}
service:
  extensions: [ext]
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: 0}}}}}}}}]}}}}
  pipelines:
    logs: {{receivers: [in], processors: [mid], exporters: [join]}}
    logs/b: {{receivers: [join], exporters: [out]}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    return path


@asynccontextmanager
async def service(load: Callable[[], Configuration]) -> AsyncIterator[Runtime]:
    configuration, redactor = load(), Redactor()
    learn_secrets(redactor, configuration)
    telemetry = SelfTelemetry(configuration.service.telemetry, version="1.2.3", redactor=redactor)
    runtime = Runtime(configuration, telemetry, redactor, load, "1.2.3")
    async with AsyncExitStack() as stack:
        await runtime.open(stack)
        yield runtime
        runtime.begin_drain("")


def test_a_host_that_was_told_nothing_shows_nothing() -> None:
    host = ServiceHost({})
    assert isinstance(host, ServiceView)
    assert isinstance(host.seen_by("extension:x"), ServiceView)
    assert (host.version, host.configuration, host.readings(), dict(host.open_components())) == ("", "", (), {})
    assert host.redact("text") == "text"


async def test_what_an_extension_sees(file: Path, registry: Registry, diary: Any) -> None:
    async with service(lambda: load_configuration([str(file)], [], registry, {})) as runtime:
        view = diary.made["extension ext"].host
        assert isinstance(view, ServiceView)
        assert view.version == "1.2.3"
        assert view.ready
        assert view.wires == (
            Wire("receiver:in", "processor:mid@logs", "logs", "logs"),
            Wire("processor:mid@logs", "connector:join", "logs", "logs"),
            Wire("connector:join", "exporter:out", "logs", "logs/b"),
        )
        assert list(view.open_components()) == [
            "extension:ext", "exporter:out", "connector:join", "processor:mid@logs", "receiver:in",
        ]  # fmt: skip
        uptime = [each for each in view.readings() if each.name == "otelcol_process_uptime"]
        assert [(each.value > 0, dict(each.labels)) for each in uptime] == [(True, {})]
        assert {each.name for each in view.readings()} <= set(INSTRUMENTS)
        assert view.redact(f"it is {TOKEN}") == "it is [REDACTED]"
        shown = yaml.safe_load(view.configuration)
        assert shown["exporters"]["out"]["token"] == "[REDACTED]"
        assert TOKEN not in view.configuration
        assert view.configuration is view.configuration  # made once, however often it is looked at
        assert view.reloads == ()
        assert runtime.host.wires is view.wires


async def test_a_reload_is_seen_at_once(file: Path, registry: Registry, diary: Any) -> None:
    async with service(lambda: load_configuration([str(file)], [], registry, {})) as runtime:
        view = diary.made["extension ext"].host
        file.write_text(CONFIG.replace("number: 1", "number: 2").replace("processors: [mid], ", ""))
        assert (await runtime.reload("a test")).ok
        assert view.wires[0] == Wire("receiver:in", "connector:join", "logs", "logs")
        assert yaml.safe_load(view.configuration)["exporters"]["out"]["number"] == 2
        assert view.open_components()["exporter:out"] is diary.made["exporter out"]

        in_force = view.configuration
        other = "another-token-that-nobody-sees"
        file.write_text(CONFIG.replace(TOKEN, other).replace("number: 1", f"fail_to_start: no {other}"))
        assert not (await runtime.reload("a test")).ok
        file.write_text(CONFIG.replace("number: 1", "numbr: 1"))
        assert not (await runtime.reload("a test")).ok
        assert view.configuration == in_force
        newest, failed, good = view.reloads
        assert (newest.successful, failed.successful, good.successful) == (False, False, True)
        assert newest.remarks[0].endswith("nothing has changed: 1 problem")
        assert "exporters::out" in newest.remarks[1]
        assert failed.remarks[0] == "reload failed; the old configuration is in force"
        assert failed.remarks[1] == "exporter:out: no [REDACTED]"
        assert "exporter:out changed (configuration)" in good.remarks[0]
        assert good.remarks[-1] == "reason: a test"
        assert newest.at_unix_s >= good.at_unix_s > 1e9


async def test_what_waits_for_the_next_start_is_not_in_force(file: Path, registry: Registry) -> None:
    async with service(lambda: load_configuration([str(file)], [], registry, {})) as runtime:
        file.write_text(CONFIG.replace("port: 0", "port: 1").replace("number: 1", "number: 3"))
        assert (await runtime.reload("a test")).ok
        shown = yaml.safe_load(runtime.host.configuration)
        reader = shown["service"]["telemetry"]["metrics"]["readers"][0]
        assert reader["pull"]["exporter"]["prometheus"]["port"] == 0
        assert shown["exporters"]["out"]["number"] == 3


@pytest.mark.parametrize(
    "metrics",
    [
        "{level: none}",
        "{readers: [{periodic: {timeout: 100, exporter: {otlp: {protocol: http/protobuf, timeout: 100, endpoint: 'http://127.0.0.1:9'}}}}]}",
    ],
)
async def test_numbers_without_a_page(file: Path, registry: Registry, metrics: str) -> None:
    text = CONFIG[: CONFIG.index("  telemetry:")] + f"  telemetry: {{metrics: {metrics}}}\n"
    file.write_text(text + CONFIG[CONFIG.index("  pipelines:") :])
    async with service(lambda: load_configuration([str(file)], [], registry, {})) as runtime:
        names = [each.name for each in runtime.host.readings()]
        assert ("otelcol_process_uptime" in names) is ("none" not in metrics)
        await asyncio.sleep(0)
    assert runtime.host.readings() == ()
