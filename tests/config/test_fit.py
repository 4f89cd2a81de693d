"""Each field gets the form of a value that it takes."""

from typing import Annotated, Any

import pytest
from typing_extensions import TypeAliasType

from otel_discord.config.fit import fit
from otel_discord.config.raw_text import RawText

OCTAL = RawText("0123", 83)
Port = TypeAliasType("Port", int)
Name = TypeAliasType("Name", Annotated[str, "a name"])


@pytest.mark.parametrize(
    ("annotation", "value", "fitted"),
    [
        (Port, OCTAL, 83),
        (Name, OCTAL, "0123"),
        (list[Port], [OCTAL], [83]),
        (tuple[str, int], [OCTAL, OCTAL], ["0123", 83]),
        (tuple[str, int], [OCTAL], ["0123"]),
        (tuple[str, int], [OCTAL, OCTAL, OCTAL], ["0123", 83, OCTAL]),
        (tuple[str, ...], [OCTAL, OCTAL], ["0123", "0123"]),
        (dict[str, int], {"a": OCTAL}, {"a": 83}),
        (Any, [OCTAL], [83]),
        (list[int] | None, None, None),
    ],
)
def test_a_value_is_as_its_field_takes_it(annotation: Any, value: object, fitted: object) -> None:
    found = fit(annotation, value)
    assert found == fitted
    assert type(found) is type(fitted)
