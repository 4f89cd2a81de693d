"""Compose's files given one after the other, merged as Compose merges them."""

from typing import Any

from tests.deploy.placed import DEPLOY, Replaced, document

SINGLE = ("compose.yaml",)
POSTGRESQL = (*SINGLE, "compose.postgresql.yaml")
FLEET = (*POSTGRESQL, "compose.fleet.yaml")


def merged(files: tuple[str, ...]) -> Any:
    """Return several files as one."""
    whole: Any = {}
    for name in files:
        whole = _merged(whole, document(DEPLOY / "docker" / name))
    return whole


def _merged(before: Any, after: Any) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        return before | {key: _merged(before[key], each) if key in before else each for key, each in after.items()}
    if isinstance(before, list) and isinstance(after, list) and not isinstance(after, Replaced):
        mounted = {target(each) for each in after}  # of two mounts at one place the later one counts
        return [each for each in before if target(each) not in mounted] + after
    return after


def target(mount: Any) -> Any:
    """Return where a short mount goes to; anything else is itself."""
    parts = str(mount).split(":")
    return parts[1] if len(parts) > 1 and parts[1].startswith("/") else mount
