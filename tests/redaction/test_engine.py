"""Expressions are compiled late, so that each of those that are built in is tried here."""

import subprocess
import sys

import pytest

from otel_discord.redaction import Expression, PatternError

_PROGRAM = """
import gc
from otel_discord.redaction import Expression
built_in = [each for each in gc.get_objects() if isinstance(each, Expression)]
compiled = [each for each in built_in if "_compiled" in vars(each)]
print(len(built_in), len(compiled))
for each in built_in:
    each.check()
"""


def test_each_that_is_built_in_is_taken_by_re2_and_none_is_compiled_before_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    built_in, compiled = map(int, done.stdout.split())
    assert built_in > 100
    assert compiled == 0


def test_one_that_a_user_wrote_is_refused_when_it_is_checked() -> None:
    with pytest.raises(PatternError, match="not a regular expression of RE2"):
        Expression("(").check()
