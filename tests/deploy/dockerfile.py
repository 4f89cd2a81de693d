"""A Dockerfile as its stages, and a stage as its steps."""

import re
from dataclasses import dataclass

from tests.deploy.placed import DEPLOY


@dataclass(frozen=True)
class Stage:
    """What follows one FROM."""

    image: str
    steps: tuple[tuple[str, str], ...]

    def all(self, instruction: str) -> list[str]:
        return [rest for step, rest in self.steps if step == instruction]

    def one(self, instruction: str) -> str:
        (rest,) = self.all(instruction)
        return rest


def stages() -> tuple[dict[str, str], list[Stage]]:
    """Return the arguments before the first stage with their defaults, and the stages in order."""
    text = (DEPLOY / "docker" / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    steps = [(step, rest) for step, _, rest in (line.partition(" ") for line in lines if line)]
    starts = [number for number, (step, _) in enumerate(steps) if step == "FROM"]
    given = dict(rest.split("=", 1) for step, rest in steps[: starts[0]] if step == "ARG")
    ends = [*starts[1:], len(steps)]
    found = []
    for start, end in zip(starts, ends, strict=True):
        image = re.sub(r"\$\{(\w+)\}", lambda name: given[name[1]], steps[start][1].split()[0])
        found.append(Stage(image, tuple(steps[start + 1 : end])))
    return given, found
