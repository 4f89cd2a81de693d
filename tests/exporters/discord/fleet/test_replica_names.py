"""Replicas are called by the name that a person knows, and told apart where two have it."""

import pytest

from otel_discord.exporters.discord.fleet.replica_names import short_name

ONE, TWO, SAME = "web-1 process 12 (a1b2c3)", "web-2 process 9 (d4e5f6)", "web-1 process 13 (0a0b0c)"


@pytest.mark.parametrize(
    ("name", "living", "shown"),
    [
        (ONE, [ONE, TWO], "web-1"),
        (ONE, [ONE, TWO, SAME], ONE),
        (ONE, [TWO], "web-1"),
        (ONE, [SAME], ONE),
        ("a", ["a", "b"], "a"),
        ("", ["a"], ""),
    ],
)
def test_a_replica_is_called_as_short_as_tells_it_apart(name: str, living: list[str], shown: str) -> None:
    assert short_name(name, living) == shown
