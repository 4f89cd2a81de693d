"""Each command, its words and its exit code."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from otel_discord import __version__


def test_version_is_quick(run: Any) -> None:
    started_s = time.monotonic()
    result = run("--version")
    assert (result.code, result.out.split()[-1]) == (0, __version__)
    assert time.monotonic() - started_s < 3


def test_help_lists_every_command(run: Any) -> None:
    result = run("--help")
    assert result.code == 0, result.err
    for command in ("run", "validate", "components", "print-config", "init", "send-test", "demo"):
        assert f"\n  {command} " in result.out
        assert run(command, "--help").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "at least one config flag must be provided"),
        (("validate",), "at least one config flag must be provided"),
        (("bogus",), "No such command"),
        (("validate", "--bogus"), "No such option"),
        (("print-config", "--format", "toml"), "Invalid value for '--format'"),
    ],
)
def test_usage_errors_are_2(run: Any, arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert message in result.err
    assert "Traceback" not in result.err


NAMING = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0", auth: {authenticator: nope}}}}
exporters:
  discord: &discord
    webhook_url: https://discord.com/api/webhooks/123456789012345678/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    sending_queue: {storage: file_storag}
  discord/b: {<<: *discord, sending_queue: {storage: file_storage}}
  discord/c: {<<: *discord, sending_queue: {storage: health_check}}
  discord/unused: {<<: *discord, sending_queue: {storage: nobody}}
extensions: {file_storage: {directory: kept}, health_check: , bearer_token_auth: {token: a-long-and-secret-token}}
service:
  extensions: [health_check, bearer_token_auth]
  pipelines:
    logs: {receivers: [otlp], exporters: [discord, discord/b, discord/c]}
"""

WEBHOOK = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68
CHATTY = f"""{{
receivers: {{nop: }}, exporters: {{discord: {{webhook_url: "{WEBHOOK}", min_severity: INFO}}}},
service: {{pipelines: {{logs: {{receivers: [nop], exporters: [discord]}}}}}}
}}"""


class TestValidate:
    def test_good_is_silent(self, run: Any, nop_config: str) -> None:
        result = run("validate", "--config", nop_config)
        assert (result.code, result.out, result.err) == (0, "", "")

    def test_what_will_flood_a_channel_is_said_and_no_error(self, run: Any) -> None:
        unused = "exporters.discord/unused={webhook_url: " + WEBHOOK + ", min_severity: INFO}"
        result = run("validate", "--config", "yaml:" + CHATTY, "--set", unused)
        assert (result.code, result.out) == (0, "")
        (warning,) = result.err.splitlines()
        assert warning.startswith("warning: exporters::discord::min_severity: everything from INFO on goes to one chan")

    def test_options_may_stand_before_the_command(self, run: Any, nop_config: str) -> None:
        result = run("--config", nop_config, "validate", "--set", "service.shutdown_timeout=5")
        assert result.code == 78
        assert "service::shutdown_timeout: 5 has no unit" in result.err

    def test_bad_is_78_with_every_problem(self, run: Any, nop_config: str) -> None:
        result = run("validate", "--config", nop_config, "--set", "exporters.nop.x=1", "--set", "recievers=")
        assert result.code == 78
        assert result.out == ""
        assert result.err.startswith("Error: the configuration has 2 problems:\n")
        assert "Traceback" not in result.err

    def test_every_mistake_in_templates_is_said_with_its_line(self, run: Any, tmp_path: Path) -> None:
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates" / "compact.yaml").write_text('extends: compact\ntitle: "{{ titel }}"\nfooo: 1\n')
        (tmp_path / "templates" / "other.yaml").write_text("match: {kind: reccord}\n")
        result = run(
            "validate", "--config", "yaml:" + CHATTY, "--set", "exporters.discord.templates.directory=templates"
        )
        assert result.code == 78
        path = "exporters::discord::templates::directory: "
        assert f"{path}templates/compact.yaml:2: unknown name 'titel', did you mean 'title'?" in result.err
        assert f"{path}templates/compact.yaml:3: unknown key 'fooo'" in result.err
        assert f"{path}templates/other.yaml:1: unknown kind 'reccord', did you mean 'record'?" in result.err
        for name in ("compact", "other"):
            (tmp_path / "templates" / f"{name}.yaml").write_text("extends: compact\n")
        assert (
            run(
                "validate", "--config", "yaml:" + CHATTY, "--set", "exporters.discord.templates.directory=templates"
            ).code
            == 0
        )

    def test_running_with_a_bad_configuration_is_78_too(self, run: Any) -> None:
        result = run("--config", "nothing.yaml")
        assert result.code == 78
        assert "configuration file nothing.yaml does not exist" in result.err

    def test_extensions_that_sections_name(self, run: Any, tmp_path: Path) -> None:
        (tmp_path / "config.yaml").write_text(NAMING)
        result = run("validate", "--config", "config.yaml")
        assert result.code == 78
        for problem in (
            'exporters::discord::sending_queue::storage: references extension "file_storag" which is not configured',
            "(configured: file_storage, health_check, bearer_token_auth)",
            'did you mean "file_storage"?',
            'exporters::discord/b::sending_queue::storage: extension "file_storage" is configured, but service::ext',
            'exporters::discord/c::sending_queue::storage: extension "health_check" does not offer Storage',
            'receivers::otlp::protocols::http::auth::authenticator: references extension "nope" which is not',
        ):
            assert problem in result.err
        assert result.err.startswith("Error: the configuration has 4 problems:\n")
        mended = (
            NAMING.replace("file_storag}", "file_storage}")
            .replace("health_check}", "file_storage}")
            .replace("nope", "bearer_token_auth")
            .replace("[health_check,", "[file_storage, health_check,")
        )
        (tmp_path / "config.yaml").write_text(mended)
        result = run("validate", "--config", "config.yaml")
        assert (result.code, result.err) == (0, "")

    def test_nothing_to_ask_online(self, run: Any, nop_config: str) -> None:
        result = run("validate", "--online", "--config", nop_config)
        assert (result.code, result.err) == (0, "")


class TestComponents:
    def test_yaml(self, run: Any) -> None:
        result = run("components")
        assert result.code == 0
        listing = yaml.safe_load(result.out)
        assert listing["buildinfo"]["version"] == __version__
        for section in ("receivers", "processors", "exporters", "connectors", "extensions"):
            assert "nop" in [each["name"] for each in listing[section]]
        nop = next(each for each in listing["connectors"] if each["name"] == "nop")
        assert nop["stability"]["logs-to-logs"] == "Stable"
        assert {"scheme": "env"} in listing["providers"]


SECRETS = """
extensions: {bearer_token_auth: {token: "${env:TOKEN}"}}
service: {extensions: [bearer_token_auth]}
"""


class TestPrintConfig:
    def test_resolved_with_defaults_and_without_secrets(self, run: Any, nop_config: str) -> None:
        arguments = ("print-config", "--config", nop_config, "--config", f"yaml:{SECRETS}")
        result = run(*arguments, TOKEN="hunter2hunter2")
        assert result.code == 0, result.err
        assert "hunter2" not in result.out
        assert "[REDACTED]" in result.out
        assert yaml.safe_load(result.out)["service"]["shutdown_timeout"] == "10s"
        as_json = run(*arguments, "--format", "json", TOKEN="hunter2hunter2")
        assert json.loads(as_json.out) == yaml.safe_load(result.out)

    def test_what_is_printed_can_be_run(self, run: Any, nop_config: str, tmp_path: Path) -> None:
        (tmp_path / "printed.yaml").write_text(run("print-config", "--config", nop_config).out)
        assert run("validate", "--config", "printed.yaml").code == 0

    def test_unredacted_is_asked_for_by_name(self, run: Any, nop_config: str) -> None:
        arguments = ("print-config", "--config", nop_config, "--config", f"yaml:{SECRETS}", "--mode", "unredacted")
        assert "hunter2hunter2" in run(*arguments, TOKEN="hunter2hunter2").out

    def test_schema(self, run: Any, nop_config: str) -> None:
        result = run("print-config", "--schema")
        assert result.code == 0, result.err
        jsonschema.validate(yaml.safe_load(Path(nop_config).read_text()), json.loads(result.out))


class TestInit:
    def test_writes_once(self, run: Any, tmp_path: Path) -> None:
        assert run("init").code == 0
        written = (tmp_path / "config.yaml").read_text()
        assert "DISCORD_WEBHOOK_URL" in written
        (tmp_path / "config.yaml").write_text("mine")
        refused = run("init")
        assert refused.code == 1
        assert "config.yaml exists; --force replaces it" in refused.err
        assert (tmp_path / "config.yaml").read_text() == "mine"
        assert run("init", "--force").code == 0
        assert (tmp_path / "config.yaml").read_text() == written

    def test_elsewhere(self, run: Any, tmp_path: Path) -> None:
        assert run("init", "other.yaml").code == 0
        assert (tmp_path / "other.yaml").exists()
        assert "cannot write no/such/folder.yaml" in run("init", "no/such/folder.yaml").err

    def test_a_missing_webhook_is_the_only_problem(self, run: Any) -> None:
        run("init")
        result = run("validate", "--config", "config.yaml")
        assert result.code == 78
        assert "the configuration has 1 problem:" in result.err
        assert "exporters::discord::webhook_url: environment variable DISCORD_WEBHOOK_URL is not set" in result.err

    def test_valid_once_the_webhook_is_set(self, run: Any) -> None:
        run("init")
        url = f"https://discord.com/api/webhooks/123456789012345678/{'x' * 68}"
        result = run("validate", "--config", "config.yaml", DISCORD_WEBHOOK_URL=url)
        assert (result.code, result.err) == (0, "")


class TestSendTest:
    def test_no_exporter_that_can(self, run: Any, nop_config: str) -> None:
        result = run("send-test", "--config", nop_config)
        assert result.code == 1
        assert "no exporter that a pipeline uses can send a test message" in result.err


class TestRun:
    def test_ready_and_down_again(self, start: Any, nop_config: str) -> None:
        service = start("--config", nop_config)
        service.wait_for("Everything is ready.")
        service.send(signal.SIGHUP)
        service.wait_for("SIGHUP: reloading the configuration.")
        service.send(signal.SIGINT)
        assert service.ended() == 0
        assert "Shutdown complete." in service.log

    def test_metrics_address_is_told(self, start: Any, nop_config: str) -> None:
        readers = "[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]"
        metrics = f"service.telemetry.metrics={{level: normal, readers: {readers}}}"
        service = start("--config", nop_config, "--set", metrics)
        service.wait_for("Everything is ready. Listening: metrics prometheus on 127.0.0.1:")
        service.send(signal.SIGTERM)
        assert service.ended() == 0

    def test_a_failed_start_is_one_clear_message(self, run: Any, nop_config: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            readers = f"[{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {port}}}}}}}}}]"
            metrics = f"service.telemetry.metrics={{level: normal, readers: {readers}}}"
            result = run("run", "--config", nop_config, "--set", metrics)
        assert result.code == 1
        assert str(port) in result.err
        assert result.err.count("Error: ") == 1
        assert "Traceback" not in result.err


def test_without_the_service_extra_there_is_one_sentence(tmp_path: Path) -> None:
    script = (
        "import sys, importlib.util as u\n"
        "found = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'click' else found(name, *rest)\n"
        "sys.modules['click'] = None\n"
        "sys.argv = ['otel-discord', '--version']\n"
        "from otel_discord.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "pip install 'otel-discord[service]'" in done.stderr
    assert "Traceback" not in done.stderr
