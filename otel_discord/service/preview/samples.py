"""The package's own samples: one for each kind of message."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from otel_discord.config.yaml_file import parse_yaml
from otel_discord.service.preview.scenario import SampleForm, Scenario

SAMPLES_FILE: Final = Path(__file__).parent / "samples.yaml"


@cache
def samples() -> Sequence[Scenario]:
    """Return every sample in the order of the file."""
    document = parse_yaml(SAMPLES_FILE.read_text(encoding="utf-8"), SAMPLES_FILE.name)
    return tuple(SampleForm.model_validate(each).scenario() for each in document.data)


def chosen(names: Sequence[str]) -> Sequence[Scenario]:
    """Return the samples of these names, all for none.

    Raises:
        KeyError: there is no such sample.
    """
    by_name = {each.name: each for each in samples()}
    for name in names:
        if name not in by_name:
            raise KeyError(name)
    return [by_name[name] for name in names] if names else samples()
