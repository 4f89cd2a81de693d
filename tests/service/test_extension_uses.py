"""Which keys name extensions, and what can be said of them before anything starts."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol, runtime_checkable

import pytest
from pydantic import Field

from otel_discord.component import ComponentId, ExtensionFactory, NamesExtension, Stability
from otel_discord.config import StrictModel
from otel_discord.service.extension_uses import Extensions, Use, check_uses, uses_in


@runtime_checkable
class Opens(Protocol):
    def open(self) -> None: ...


class Door:
    def __init__(self, _settings: Any, _config: Any) -> None: ...

    def open(self) -> None: ...


class Wall:
    def __init__(self, _settings: Any, _config: Any) -> None: ...


def _either(settings: Any, config: Any) -> Any:
    return Wall(settings, config)


class Section(StrictModel):
    door: Annotated[str | None, NamesExtension(Opens)] = None
    text: str = "nope"


class Sections(StrictModel):
    one: Section = Section()
    many: tuple[Section, ...] = ()
    named: Mapping[str, Section] = Field(default_factory=dict)


def factory(create: Any) -> ExtensionFactory:
    return ExtensionFactory(type_name="x", config=Section, stability=Stability.ALPHA, create=create)


def test_uses_are_found_at_every_depth() -> None:
    config = Sections(one=Section(door="a"), many=(Section(), Section(door="b")), named={"n": Section(door="c")})
    assert list(uses_in(config, ("exporters", "x"))) == [
        Use(("exporters", "x", "one", "door"), "a", Opens),
        Use(("exporters", "x", "many", 1, "door"), "b", Opens),
        Use(("exporters", "x", "named", "n", "door"), "c", Opens),
    ]


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ("door", None, ""),
        ("door/2", 'extension "door/2" is configured, but service::extensions does not list it', ""),
        ("wall", 'extension "wall" does not offer Opens', ""),
        ("unknown_yet", None, ""),
        ("broken", None, ""),
        (
            "dor",
            'references extension "dor" which is not configured (configured: door, door/2, wall, unknown_yet, broken)',
            'did you mean "door"?',
        ),
    ],
)
def test_what_is_said(wanted: str, message: str | None, hint: str) -> None:
    door, second, wall = ComponentId("door"), ComponentId("door", "2"), ComponentId("wall")
    later, broken = ComponentId("unknown_yet"), ComponentId("broken")
    configured = {
        door: factory(Door),
        second: factory(Door),
        wall: factory(Wall),
        later: factory(_either),
        broken: None,
    }
    extensions = Extensions(configured, frozenset({door, wall, later, broken}))
    found = list(check_uses([Use(("k",), wanted, Opens)], extensions))
    assert [(each.message, each.hint) for each in found] == ([(message, hint)] if message else [])


def test_none_are_configured() -> None:
    (found,) = check_uses([Use(("k",), "door", Opens)], Extensions({}, frozenset()))
    assert found.message == 'references extension "door" which is not configured (configured: none)'
