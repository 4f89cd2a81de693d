"""What ``kubectl kustomize`` makes of a folder, and the schema of each kind of it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.placed import DEPLOY, output

FOLDER = DEPLOY / "kubernetes"
SCHEMAS = Path(__file__).parent / "kubernetes-1.32.json"
APPLIED = ("single", "fleet")


@cache
def _built(name: str) -> str:
    return output("kubectl", "kustomize", str(FOLDER / name))


def objects(name: str) -> list[Any]:
    """Return the objects of a folder as they would be applied; skips the test where kubectl is not installed."""
    return list(yaml.safe_load_all(_built(name)))


def one(name: str, kind: str) -> Any:
    """Return the only object of a kind."""
    (found,) = [each for each in objects(name) if each["kind"] == kind]
    return found


@cache
def _schemas() -> Any:
    return json.loads(SCHEMAS.read_text(encoding="utf-8"))


def schema(api_version: str, kind: str) -> Any:
    """Return the schema of a kind.

    Raises:
        LookupError: there is none of that name and version.
    """
    whole = _schemas()
    for name, definition in whole["$defs"].items():
        keys = definition.get("properties", {})
        if kind in keys.get("kind", {}).get("enum", ()) and api_version in keys["apiVersion"].get("enum", ()):
            return {"$ref": f"#/$defs/{name}", "$defs": whole["$defs"]}
    raise LookupError(f"no schema of {api_version} {kind}")
