"""What is under _proto is what proto/ generates."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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
    made = {path.name: path.read_text() for path in tmp_path.rglob("*_pb2.py*")}
    committed = {path.name: path.read_text() for path in (ROOT / "otel_discord/_proto").glob("*_pb2.py*")}
    assert made == committed, "run `make proto`"
