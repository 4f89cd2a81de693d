"""What is under _proto is what proto/ generates."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUNTIME = re.compile(r"Domain\.PUBLIC,\s+(\d+),\s+(\d+),\s+(\d+),")
PROTOS = sorted((ROOT / "proto").rglob("*.proto"))


def test_generated_code_is_up_to_date(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools")
    names = [str(path.relative_to(ROOT / "proto")) for path in PROTOS]
    assert names
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            "-Iproto",
            f"--python_out={tmp_path}",
            f"--pyi_out={tmp_path}",
            *names,
        ],
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    made = {path.name: without_version(path.read_text()) for path in tmp_path.rglob("*_pb2.py*")}
    committed = {
        path.name: without_version(path.read_text()) for path in (ROOT / "otel_discord/_proto").glob("*_pb2.py*")
    }
    assert made == committed, "run `make proto`"


def without_version(code: str) -> str:
    """Return generated code without what differs from one generator to the next."""
    code = re.sub(r"(?<=^# Protobuf Python Version: ).*$", "", code, flags=re.MULTILINE)
    return RUNTIME.sub("", code).replace("_Optional[bool] = ...", "bool = ...")


def test_it_runs_with_the_oldest_protobuf_that_we_ask_for() -> None:
    """Where another package wants an old one, as older ones of OpenTelemetry do, nothing would be sent at all."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (oldest,) = [found[1] for need in project["dependencies"] if (found := re.match(r"protobuf>=([\d.]+)", need))]
    for path in (ROOT / "otel_discord/_proto").glob("*_pb2.py"):
        stated = RUNTIME.search(path.read_text())
        assert stated
        assert tuple(map(int, stated.groups())) <= tuple(map(int, oldest.split("."))), "see PROTOC in the Makefile"
