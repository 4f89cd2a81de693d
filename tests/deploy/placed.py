"""What is in deploy/, read: each file once, and strictly."""

import configparser
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TIMEOUT_S = 60.0


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice; takes Compose's ``!reset`` and ``!override``, which say how files merge."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"keys given twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep)


class Replaced(list[Any]):
    """A list that replaces that of the files before it; any other list is added to it."""


def _replaced(loader: StrictLoader, node: yaml.SequenceNode) -> Replaced:
    return Replaced(loader.construct_sequence(node, deep=True))


StrictLoader.add_constructor("!reset", _replaced)
StrictLoader.add_constructor("!override", _replaced)


def documents(path: Path) -> list[Any]:
    """Return the YAML documents of a file."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), StrictLoader))


def document(path: Path) -> Any:
    """Return the one YAML document of a file."""
    (one,) = documents(path)
    return one


def configuration(name: str) -> Any:
    """Return a configuration of the service, by its path in deploy/."""
    return document(DEPLOY / name)


def listens(config: Any) -> dict[str, int]:
    """Return what a configuration opens: the port of each name."""
    protocols = config["receivers"]["otlp"]["protocols"]
    opened = {f"otlp-{name}": protocol["endpoint"] for name, protocol in protocols.items()}
    opened["health"] = config["extensions"]["health_check"]["endpoint"]
    (reader,) = config["service"]["telemetry"]["metrics"]["readers"]
    prometheus = reader["pull"]["exporter"]["prometheus"]
    opened["metrics"] = f"{prometheus['host']}:{prometheus['port']}"
    assert all(address.startswith("0.0.0.0:") for address in opened.values()), opened
    return {name: int(address.rpartition(":")[2]) for name, address in opened.items()}


def unit() -> configparser.RawConfigParser:
    """Return systemd's unit; a list of calls that is given twice is added up there, any other key twice is an error."""
    text = (DEPLOY / "systemd" / "otel-discord.service").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("SystemCallFilter=~")]
    parsed = configparser.RawConfigParser(strict=True)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string("\n".join(lines))
    return parsed


def output(program: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Return what a program says; skips the test where it is not installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run(
        [path, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=ROOT, env=env
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
