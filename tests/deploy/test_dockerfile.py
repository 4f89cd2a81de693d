"""The image: pinned, small rights, no tools to build or install, and everything it copies is there."""

import fnmatch
import json
import re
import shlex
import tomllib

from otel_discord.cli.commands import cli
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.service.process_signals import START_TIMEOUT_S
from tests.deploy.dockerfile import stages
from tests.deploy.placed import DEPLOY, ROOT, configuration, listens, output

_, (BUILD, FINAL) = stages()


def taken() -> list[str]:
    """Return the patterns of .dockerignore that let something in; everything else stays out."""
    first, *others = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert first == "*"
    return [line.removeprefix("!") for line in others if line.startswith("!")]


def test_both_stages_are_of_one_image_that_is_pinned() -> None:
    assert re.fullmatch(r"python:3\.13\.\d+-slim", FINAL.image)
    assert BUILD.image == FINAL.image


def test_what_it_copies_gets_past_the_ignore_file_and_exists() -> None:
    assert all((ROOT / path).exists() for path in taken())
    for rest in FINAL.all("COPY"):
        *options, source, _ = shlex.split(rest)
        if "--from=build" not in options:
            assert source in taken()
    for needed in ("otel_discord", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        assert needed in taken()


def test_no_secret_and_no_history_gets_in() -> None:
    for path in ("deploy/docker/secrets/webhook_url", ".git/config", ".venv/bin/python", "dead-letters/x", "tests/x"):
        assert not any(fnmatch.fnmatch(path, each) or path.startswith(f"{each}/") for each in taken())


def test_it_installs_the_wheel_with_extras_that_there_are_as_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = BUILD.one("ARG").removeprefix("EXTRAS=").split(",")
    assert {"service", "postgres"} <= set(extras) <= set(project["optional-dependencies"])
    run = BUILD.one("RUN")
    assert '"$(echo /wheels/*.whl)[${EXTRAS}]"' in run
    assert run.count("-c constraints.txt") == run.count("pip install") + run.count("bin/python install")
    assert "--only-binary :all:" in run  # so the final stage needs no compiler's libraries


def test_the_final_stage_has_nothing_that_builds_or_installs() -> None:
    assert "--without-pip" in BUILD.one("RUN")
    (run,) = FINAL.all("RUN")
    assert "pip uninstall --yes" in run
    assert "ensurepip" in run
    assert "install " not in run.replace("install -d", "").replace("uninstall ", "")
    assert "apt" not in run


def test_it_runs_as_nobody_in_a_place_of_its_own() -> None:
    user, _, group = FINAL.one("USER").partition(":")
    assert int(user) > 10_000
    assert int(group) > 10_000
    place = FINAL.one("VOLUME")
    assert f"install -d -m 0700 -o {user} -g {group} {place}" in FINAL.one("RUN")
    assert FileStorageConfig().directory.is_relative_to(place)
    assert FINAL.one("WORKDIR") == place
    steps = [step for step, _ in FINAL.steps]
    assert steps.index("USER") > steps.index("RUN")


def test_it_starts_the_service_and_stops_it_by_the_signal_it_knows() -> None:
    (program,) = json.loads(FINAL.one("ENTRYPOINT"))
    assert program == "/opt/otel-discord/bin/otel-discord"
    flag, path = json.loads(FINAL.one("CMD"))
    assert flag in {option for parameter in cli.params for option in parameter.opts}
    assert f"deploy/docker/config.yaml {path}" in FINAL.all("COPY")[1]
    assert FINAL.one("STOPSIGNAL") == "SIGTERM"


def test_it_exposes_what_its_configuration_opens() -> None:
    ports = listens(configuration("docker/config.yaml"))
    assert {int(port) for port in FINAL.one("EXPOSE").split()} == set(ports.values())


def test_its_health_is_asked_where_the_configuration_answers() -> None:
    options, _, command = FINAL.one("HEALTHCHECK").partition("CMD ")
    given = dict(re.findall(r"--([\w-]+)=(\d+)", options))
    assert float(given["start-period"]) >= START_TIMEOUT_S
    program, flag, code = json.loads(command)
    assert (program, flag) == ("/opt/otel-discord/bin/python", "-c")
    config = configuration("docker/config.yaml")["extensions"]["health_check"]
    assert f"'127.0.0.1', {config['endpoint'].rpartition(':')[2]}," in code
    assert f"'GET', '{config.get('path', '/')}'" in code
    compile(code, "HEALTHCHECK", "exec")


def test_hadolint_finds_no_fault() -> None:
    output("hadolint", str(DEPLOY / "docker" / "Dockerfile"))
