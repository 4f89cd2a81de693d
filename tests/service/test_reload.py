"""One reload from the file to the log line: a good one, bad ones, and what they leave in force."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.registry import Registry
from otel_discord.service.reload import Reload
from otel_discord.service.reload_source import digest_of, loaded
from otel_discord.service.telemetry.redact import Redactor
from tests.service.conftest import Service, opened

BASE = """
receivers: {in: {}}
processors: {mid: {}}
exporters: {out: {number: 1}, spare: {}}
service:
  pipelines:
    logs: {receivers: [in], processors: [mid], exporters: [out]}
"""
GOOD = BASE.replace(", spare: {}", "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def load(registry: Registry, file: Path) -> Callable[[], Configuration]:
    return lambda: load_configuration([str(file)], [], registry, {"HOME": "/"})


def reload_of(service: Service, load: Callable[[], Configuration], redactor: Redactor) -> Reload:
    return Reload(loaded(load()), service.house, service.lifecycle, redactor, load)


async def test_a_good_one(
    load: Any, file: Path, redactor: Redactor, diary: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with opened(load()) as service:
        reload = reload_of(service, load, redactor)
        file.write_text(GOOD.replace("number: 1", "number: 2"))
        result = await reload.run()
        assert result.ok
        assert result.changed == ("exporter:out",)
        assert result.kept == ("processor:mid@logs", "receiver:in")
        assert result.text.startswith("reloaded in ")
        assert result.text.endswith(" ms: exporter:out changed (configuration); 2 components unchanged")
        assert result.text in caplog.text
        assert diary.made["exporter out"].config.number == 2
        assert reload.configuration is not load
        again = await reload.run()
        assert again.text.endswith(" ms: nothing changed; 3 components unchanged")


async def test_only_the_ways(load: Any, file: Path, redactor: Redactor) -> None:
    long, short = "processors: [mid], exporters: [out]", "exporters: [out]"

    def write(*pipelines: str) -> None:
        lines = [f"    logs/{number}: {{receivers: [in], {rest}}}" for number, rest in enumerate(pipelines, 2)]
        file.write_text("\n".join([GOOD, *lines]))

    write(long)
    async with opened(load()) as service:
        reload = reload_of(service, load, redactor)
        write(short, long)
        result = await reload.run()
        assert (result.added, result.removed) == (("processor:mid@logs/3",), ("processor:mid@logs/2",))
        write(short, long, short)
        assert (await reload.run()).text.endswith(": pipelines changed; 4 components unchanged")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("receivers: {in: {]", ["config.yaml"]),
        ("", ["empty configuration file"]),
        (GOOD.replace("number: 1", "nummer: 1"), ["exporters::out::nummer", 'did you mean "number"']),
        (GOOD.replace("number: 1", 'number: many, token: "${env:NO_SUCH}"'), ["exporters::out::number", "NO_SUCH"]),
        (GOOD.replace("exporters: [out]", "exporters: [oat]"), ["service::pipelines::logs", '"oat"']),
        (None, ["does not exist"]),
    ],
)
async def test_a_bad_file_changes_nothing(
    load: Any,
    file: Path,
    redactor: Redactor,
    diary: Any,
    caplog: pytest.LogCaptureFixture,
    text: str | None,
    problems: list[str],
) -> None:
    before = load()
    async with opened(before) as service:
        reload = reload_of(service, load, redactor)
        events = list(diary.events)
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
        in_force = reload.configuration
        result = await reload.run()
        assert not result.ok
        assert re.fullmatch(r"reload failed after \d+ ms, nothing has changed: \d+ problems?", result.text)
        for problem in problems:
            assert any(problem in line for line in result.problems), result.problems
            assert problem in caplog.text
        assert diary.events == events
        assert reload.configuration is in_force
        file.write_text(GOOD)
        assert (await reload.run()).ok


async def test_one_that_does_not_start_is_taken_back(
    load: Any, file: Path, redactor: Redactor, diary: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(load()) as service:
        reload = reload_of(service, load, redactor)
        in_force = reload.configuration
        file.write_text(GOOD.replace("number: 1", "fail_to_start: the port is taken"))
        result = await reload.run()
        assert not result.ok
        assert result.problems == ("exporter:out: the port is taken",)
        assert "reload failed: exporter:out: the port is taken" in caplog.text
        assert "the old configuration is in force" in caplog.text
        assert diary.taken == {"receiver in", "exporter out"}
        assert reload.configuration is in_force
        assert service.house.components()["exporter:out"].config.number == 1
        assert not service.host.fatal.is_set()


async def test_secrets_are_known_before_they_can_be_said(
    load: Any, file: Path, redactor: Redactor, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(load()) as service:
        reload = reload_of(service, load, redactor)
        file.write_text(GOOD.replace("number: 1", "token: wonderland, fail_to_start: no wonderland"))
        result = await reload.run()
    assert "wonderland" not in result.text + "".join(result.problems)
    assert redactor("wonderland") == "[REDACTED]"


async def test_what_is_read_only_at_the_start(
    load: Any, file: Path, redactor: Redactor, diary: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(load()) as service:
        reload = reload_of(service, load, redactor)
        file.write_text(
            GOOD.replace("number: 1", "number: 2")
            + "  telemetry: {logs: {level: error}}\n  control: {endpoint: 'unix:///tmp/x.sock'}\n"
            + "  shutdown_timeout: 3s\n"
        )
        assert (await reload.run()).ok
        assert "service::telemetry has changed: it takes effect at the next start" in caplog.text
        assert "service::control has changed: it takes effect at the next start" in caplog.text
        assert diary.made["exporter out"].config.number == 2
        assert reload.configuration.service.shutdown_timeout == 3


async def test_a_loader_that_breaks_changes_nothing(load: Any, redactor: Redactor, diary: Any) -> None:
    def broken() -> Configuration:
        raise RecursionError("too deep")

    configuration = load()
    async with opened(configuration) as service:
        result = await Reload(loaded(configuration), service.house, service.lifecycle, redactor, broken).run()
        assert result.problems == ("RecursionError: too deep",)
        assert not any(event.startswith("close") for event in diary.events)


async def test_another_content_of_a_named_file_is_a_change(
    load: Any, file: Path, redactor: Redactor, tmp_path: Path
) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.write_text("one")
    file.write_text(GOOD.replace("number: 1", f"cert_file: {certificate}"))
    async with opened(load()) as service:
        reload = reload_of(service, load, redactor)
        assert (await reload.run()).changed == ()
        certificate.write_text("two")
        result = await reload.run()
        assert "exporter:out changed (a file that it names)" in result.text


def test_digests(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert digest_of(file) == digest_of(tmp_path) == "no file"
    file.write_text("a")
    first = digest_of(file)
    file.write_text("b")
    assert digest_of(file) != first
    file.write_text("a")
    assert digest_of(file) == first


async def test_a_file_that_cannot_be_used_is_seen_before_anything_is_touched(file: Path, redactor: Redactor) -> None:
    """Else the old exporter could not come back either: the file that it was made from is gone."""
    webhook = file.with_name("webhook")
    token = "t" * 68
    nowhere = 'endpoint: "http://127.0.0.1:9/api/v10", allow_insecure_endpoint: true'
    webhook.write_text(f"https://discord.com/api/webhooks/123456789012345678/{token}")
    file.write_text(
        f"receivers: {{nop: {{}}}}\nexporters: {{discord: {{webhook_url_file: {webhook}, {nowhere}}}}}\n"
        "service: {pipelines: {logs: {receivers: [nop], exporters: [discord]}}}\n"
    )

    def load() -> Configuration:
        return load_configuration([str(file)], [], Registry.from_entry_points(), {})

    async with opened(load()) as service:
        reload = reload_of(service, load, redactor)
        exporter = service.house.components()["exporter:discord"]
        webhook.write_text(f"https://example.org/{token}")
        result = await reload.run()
        assert not result.ok
        assert "exporter:discord: destination 'default'" in result.problems[0]
        assert token not in result.problems[0]
        assert service.house.components()["exporter:discord"] is exporter
        webhook.write_text(f"https://discord.com/api/webhooks/123456789012345678/{token[1:]}u")
        assert (await reload.run()).changed == ("exporter:discord",)
        assert service.house.components()["exporter:discord"] is not exporter
