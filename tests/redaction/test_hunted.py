"""Secrets as they stand in logs, found by looking for what would get through; and ordinary lines that must stay."""

import re
from pathlib import Path

import pytest

from otel_discord.redaction import Masker, MaskingPlan, select_patterns
from otel_discord.redaction.disguise import unveil
from tests.redaction.hunted import CREDENTIALS, PERSONAL
from tests.redaction.hunted_forms import FORMS

DEFAULT = Masker(MaskingPlan())
EVERYTHING = Masker(MaskingPlan(patterns=select_patterns(["all"])))
ORDINARY = (Path(__file__).parent / "ordinary.txt").read_text(encoding="utf-8").splitlines()
MOST_FALSE_FINDINGS = 1
"""Of the ordinary lines; ``secret: db-credentials mounted`` cannot be told from a secret."""


def seen_of(secret: str, masked: str) -> list[str]:
    """Return the parts of a secret, eight characters long or the whole, that a reader still sees."""
    secret, masked = unveil(secret), unveil(masked)
    size = min(len(secret), 8)
    parts = [secret[start : start + size] for start in range(len(secret) - size + 1)]
    return [part for part in parts if part in masked]


@pytest.mark.parametrize("text", [*CREDENTIALS, *FORMS], ids=range(len(CREDENTIALS) + len(FORMS)))
def test_no_credential_is_seen(text: str) -> None:
    plain = text.replace("\u27e6", "").replace("\u27e7", "")
    masked = DEFAULT.mask_text(plain)
    for secret in re.findall("\u27e6(.*?)\u27e7", text, re.DOTALL):
        assert seen_of(secret, masked) == []
    assert DEFAULT.mask_text(masked) == masked


@pytest.mark.parametrize("text", PERSONAL, ids=range(len(PERSONAL)))
def test_no_personal_data_is_seen(text: str) -> None:
    masked = EVERYTHING.mask_text(text.replace("\u27e6", "").replace("\u27e7", ""))
    for secret in re.findall("\u27e6(.*?)\u27e7", text):
        assert seen_of(secret, masked) == []
    assert EVERYTHING.mask_text(masked) == masked


def test_ordinary_lines_stay() -> None:
    changed = [line for line in ORDINARY if DEFAULT.mask_text(line) != line]
    assert len(ORDINARY) > 300
    assert len(changed) <= MOST_FALSE_FINDINGS, changed
