"""Components are found by entry points, imported when needed, and a broken one is named."""

import sys
from importlib.metadata import EntryPoint

import pytest

from otel_discord.component import Kind
from otel_discord.config.problem import ConfigurationError
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import BrokenComponentError, Registry


def point(name: str, value: str) -> tuple[Kind, EntryPoint]:
    return Kind.EXPORTER, EntryPoint(name, value, "otel_discord.exporters")


def test_built_ins_come_by_entry_points() -> None:
    registry = Registry.from_entry_points()
    for kind in Kind:
        assert "nop" in registry.type_names(kind)
        assert registry.factory(kind, "nop").kind is kind
        source = registry.source(kind, "nop")
        assert source is not None
        assert source.distribution == "otel-discord"
    assert {"otlp_grpc", "discord", "debug", "file"} <= set(registry.type_names(Kind.EXPORTER))


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    name = "no_such_module_at_all"
    registry = Registry(points=[point("bad", f"{name}:FACTORY")])
    assert registry.type_names(Kind.EXPORTER) == ["bad"]
    assert name not in sys.modules


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("bad", "no_such_module:FACTORY", 'exporter "bad" of package no_such_module:FACTORY cannot be imported: Modu'),
        ("bad", "otel_discord.exporters.nop.factory:NOTHING", "cannot be imported: AttributeError"),
        ("bad", "otel_discord:__version__", "is a str, not a factory"),
        ("bad", "otel_discord.exporters.nop.factory:FACTORY", 'makes the exporter "nop"'),
        ("nop", "otel_discord.receivers.nop.factory:FACTORY", 'makes the receiver "nop"'),
    ],
)
def test_broken(name: str, value: str, message: str) -> None:
    with pytest.raises(BrokenComponentError) as caught:
        Registry(points=[point(name, value)]).factory(Kind.EXPORTER, name)
    assert message in str(caught.value)


def test_two_packages_with_one_name() -> None:
    registry = Registry(points=[point("x", "one:F"), point("x", "two:F"), point("x", "two:F")])
    with pytest.raises(BrokenComponentError, match="is brought by several packages: one:F, two:F"):
        registry.factory(Kind.EXPORTER, "x")


def test_a_broken_package_is_a_problem_only_where_it_is_used() -> None:
    built_in = Registry.from_entry_points()
    nops = [built_in.factory(kind, "nop") for kind in Kind]
    registry = Registry(nops, [point("bad", "no_such_module:FACTORY")])
    good = (
        "yaml:{receivers: {nop: }, exporters: {nop: }, service::pipelines::logs: {receivers: [nop], exporters: [nop]}}"
    )
    load_configuration([good], [], registry, {})
    with pytest.raises(ConfigurationError, match=r'exporters::bad: exporter "bad" of package .* cannot be imported'):
        load_configuration([good, "yaml:exporters::bad: {}"], [], registry, {})


def test_unknown() -> None:
    with pytest.raises(KeyError):
        Registry().factory(Kind.EXPORTER, "x")
    assert Registry().source(Kind.EXPORTER, "x") is None
