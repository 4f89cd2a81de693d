"""Compose: every service held short, every reference kept, ports and times as the configurations have them."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from otel_discord.service.config import ServiceConfig
from tests.deploy.compose import FLEET, POSTGRESQL, SINGLE, merged
from tests.deploy.dockerfile import stages
from tests.deploy.placed import DEPLOY, ROOT, Replaced, configuration, documents, listens

FOLDER = DEPLOY / "docker"
CONFIGURED_AT = "/etc/otel-discord/config.yaml"
SETS = {"single": SINGLE, "postgresql": POSTGRESQL, "fleet": FLEET}
KEYS = {
    *("build", "cap_drop", "command", "depends_on", "deploy", "environment", "healthcheck", "image", "logging"),
    *("mem_limit", "networks", "pids_limit", "ports", "read_only", "restart", "secrets", "security_opt", "shm_size"),
    *("stop_grace_period", "tmpfs", "user", "volumes"),
}
"""Of Compose's specification, those in use: one that is misspelt is not among them."""

each_set = pytest.mark.parametrize("whole", [pytest.param(merged(files), id=name) for name, files in SETS.items()])


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def configured(whole: Any) -> Any:
    """Return the configuration that the service has in a set of files: its own mount, or that of the image."""
    mounts = [each.split(":") for each in whole["services"]["otel-discord"]["volumes"]]
    (source, *_) = [each[0] for each in mounts if len(each) > 1 and each[1] == CONFIGURED_AT] or ["./config.yaml"]
    return configuration(f"docker/{source.removeprefix('./')}")


@each_set
def test_its_keys_are_composes(whole: Any) -> None:
    assert set(whole) <= {"name", "services", "networks", "volumes", "secrets"}
    for name, service in whole["services"].items():
        assert set(service) <= KEYS, name
        assert ("build" in service) or re.fullmatch(r"[\w/]+:v?\d+[\d.]+", service["image"]), "pinned"


@each_set
def test_every_container_is_held_short(whole: Any) -> None:
    for name, service in whole["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["pids_limit"] > 0, name
        assert service["mem_limit"], name
        assert service["restart"] == "unless-stopped", name
        assert {"max-size", "max-file"} <= set(service["logging"]["options"]), name
        assert all("noexec" in each for each in service["tmpfs"]), name
        assert "build" in service or service["user"] not in {"0", "root"}, name  # the image's own user is not root
        assert "build" in service or service["healthcheck"]["test"][0] == "CMD", name


@each_set
def test_what_it_names_is_there(whole: Any) -> None:
    used_secrets, used_volumes, used_networks = set(), set(), {"default"}
    for service in whole["services"].values():
        used_secrets |= set(service.get("secrets", []))
        used_networks |= set(service.get("networks", []))
        assert set(service.get("depends_on", {})) <= set(whole["services"])
        for mount in service.get("volumes", []):
            source, _, rest = mount.partition(":")
            if source.startswith("./"):
                assert (FOLDER / source).is_file()
                assert rest.endswith(":ro")
            elif rest:
                used_volumes.add(source)
    assert used_secrets == set(whole["secrets"])
    assert used_volumes <= set(whole["volumes"])
    assert used_networks >= set(whole.get("networks", {}))


@each_set
def test_secrets_are_files_that_git_and_docker_leave_alone(whole: Any) -> None:
    for name, secret in whole["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    assert "secrets/" in (FOLDER / ".gitignore").read_text(encoding="utf-8").splitlines()
    named = re.findall(r"/run/secrets\}/(\w+)", str(configured(whole)))
    assert named
    assert set(named) <= set(whole["services"]["otel-discord"]["secrets"])
    for service in whole["services"].values():
        assert not any("PASSWORD" in key and not key.endswith("_FILE") for key in service.get("environment", {}))


@each_set
def test_outside_it_is_reached_on_localhost_only_and_where_it_listens(whole: Any) -> None:
    opened = listens(configured(whole))
    published = [port for service in whole["services"].values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert sorted(int(port.split(":")[2]) for port in published) == [opened["otlp-grpc"], opened["otlp-http"]]


def test_it_builds_the_image_from_the_checkout() -> None:
    build = merged(SINGLE)["services"]["otel-discord"]["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]) == FOLDER / "Dockerfile"


@each_set
def test_state_is_kept_where_the_image_has_its_place_and_time_is_left_to_drain(whole: Any) -> None:
    service = whole["services"]["otel-discord"]
    _, (_, final) = stages()
    places = {each.split(":")[1] if ":" in each else each for each in service["volumes"]}
    assert final.one("VOLUME") in places
    assert seconds(service["stop_grace_period"]) > ServiceConfig().shutdown_timeout + 5


def test_environment_is_what_the_configuration_asks_for() -> None:
    for files in SETS.values():
        whole = merged(files)
        asked = set(re.findall(r"\$\{env:(\w+)", str(configured(whole))))
        assert set(whole["services"]["otel-discord"]["environment"]) <= asked


def test_the_database_is_reached_from_the_service_alone_and_by_its_own_role() -> None:
    whole = merged(POSTGRESQL)
    assert whole["networks"]["database"]["internal"] is True
    database = whole["services"]["postgresql"]
    assert database["networks"] == ["database"]
    assert "ports" not in database
    assert "database:/var/lib/postgresql/data" in database["volumes"]
    role = (FOLDER / "create-role.sql").read_text(encoding="utf-8")
    for right in ("NOSUPERUSER", "NOCREATEDB", "NOCREATEROLE", "NOREPLICATION"):
        assert right in role
    (secret,) = re.findall(r"/run/secrets/(\w+)", role)
    assert secret in database["secrets"]
    assert "--username=otel_discord" in database["healthcheck"]["test"]
    assert whole["services"]["otel-discord"]["depends_on"]["postgresql"] == {"condition": "service_healthy"}


def test_replicas_share_no_directory() -> None:
    service = merged(FLEET)["services"]["otel-discord"]
    assert service["deploy"]["replicas"] == 3
    assert isinstance(service["volumes"], Replaced)
    assert not any(each.startswith("state:") for each in service["volumes"])
    assert not service["ports"]  # three cannot have one port of the host


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.yaml")), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_each_file_is_read_strictly_and_says_what_it_is_for(path: Path) -> None:
    assert documents(path)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    if "fleet" in str(path) or path.name == "envoy.yaml":
        assert "fleet" in first.lower()
    elif "postgresql" in path.name:
        assert "db_storage" in path.read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize("files", SETS.values(), ids=SETS)
def test_compose_itself_reads_them(files: tuple[str, ...]) -> None:
    if shutil.which("docker") is None:
        pytest.skip("docker is not installed")
    if subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=30, check=False).returncode != 0:
        pytest.skip("docker has no compose here")
    options = [each for name in files for each in ("--file", str(FOLDER / name))]
    done = subprocess.run(
        ["docker", "compose", *options, "config", "--quiet"], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
