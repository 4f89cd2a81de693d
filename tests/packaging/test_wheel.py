"""What a user installs: the wheel has everything it needs, and a plain install does without the service's packages."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    pytest.importorskip("hatchling")
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (path,) = directory.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    packed = {name for name in wheel.namelist() if name.startswith("otel_discord/")}
    listed = subprocess.run(["git", "ls-files", "otel_discord"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    missing = set(listed.stdout.split()) - packed
    assert not missing
    assert "otel_discord/py.typed" in packed
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in wheel.namelist())


def test_the_wheel_names_its_components_and_its_command(wheel: zipfile.ZipFile) -> None:
    (name,) = (each for each in wheel.namelist() if each.endswith("entry_points.txt"))
    text = wheel.read(name).decode()
    for line in ("[console_scripts]", "[otel_discord.exporters]", "discord = otel_discord.exporters.discord"):
        assert line in text


WITHOUT = """
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {names} else self.finder.find_spec(name, path, target)
sys.meta_path = [Without(finder) for finder in sys.meta_path]
"""
SERVICE_ONLY = {"grpc", "grpc_health", "grpc_reflection", "click", "rich", "zstandard"}


def run_without(code: str) -> subprocess.CompletedProcess[str]:
    program = WITHOUT.format(names=SERVICE_ONLY) + code
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)


def test_the_engine_needs_none_of_the_service_s_packages() -> None:
    done = run_without("import otel_discord.exporters.discord.factory, otel_discord.discord_api.client")
    assert done.returncode == 0, done.stderr


def test_the_command_says_which_extra_is_missing() -> None:
    code = "import sys; sys.argv = ['otel-discord', '--help']; from otel_discord.cli.main import main; main()"
    done = run_without(code)
    assert done.returncode == 1
    assert "pip install 'otel-discord[service]'" in done.stderr
    assert "Traceback" not in done.stderr
