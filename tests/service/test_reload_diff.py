"""What a reload exchanges, and in which order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component import ComponentId, Kind
from otel_discord.service.blueprint import Blueprint, blueprint_of, files_named_in, name_of
from otel_discord.service.config_file import load_configuration
from otel_discord.service.graph import Node
from otel_discord.service.registry import Registry
from otel_discord.service.reload_diff import Action, difference, steps, unmet_needs

BASE = """
receivers: {in: {}, in/2: {}}
processors: {mid: {}}
connectors: {join: {}}
exporters: {out: {}, out/2: {token: abcdefgh}}
extensions: {ext/a: {}, ext/b: {}}
service:
  extensions: [ext/b, ext/a]
  pipelines:
    logs/1: {receivers: [in], processors: [mid], exporters: [join, out]}
    logs/2: {receivers: [join, in/2], exporters: [out/2]}
"""
NEEDS = {"exporter:out/2": ("extension:ext/a",), "receiver:in/2": ("extension:ext/b",)}


def blueprint(registry: Registry, *sets: str, digests: Mapping[str, str] | None = None) -> Blueprint:
    configuration = load_configuration([f"yaml:{BASE}"], sets, registry, {})
    return blueprint_of(configuration, lambda path: (digests or {}).get(str(path), "same"))


def node(name: str) -> Node:
    kind, _, rest = name.partition(":")
    component_id, _, pipeline = rest.partition("@")
    type_name, _, suffix = component_id.partition("/")
    return Node(Kind(kind), ComponentId(type_name, suffix), pipeline)


def planned(old: Blueprint, new: Blueprint, needs: Mapping[str, tuple[str, ...]] = NEEDS) -> tuple[Any, list[str]]:
    of_nodes = {node(name): [node(each) for each in used] for name, used in needs.items()}
    found = difference(old.identities, new, of_nodes)
    done = [f"{step.action} {name_of(step.node)}" if step.node else "repoint"
            for step in steps(found, old.order, new, of_nodes)]  # fmt: skip
    return found, done


def test_the_same_again_changes_nothing(registry: Registry) -> None:
    found, done = planned(blueprint(registry), blueprint(registry))
    assert done == ["repoint"]
    assert len(found.kept) == 8
    assert (found.changed, found.added, found.removed) == ({}, (), ())


def test_a_default_that_is_written_out_is_no_change(registry: Registry) -> None:
    found, _ = planned(blueprint(registry), blueprint(registry, "exporters.out.number=1"))
    assert not found.changed


def test_the_start_opens_in_order(registry: Registry) -> None:
    new = blueprint(registry)
    _, done = planned(Blueprint(), new, {})
    opened = [step.removeprefix("open ") for step in done if step != "repoint"]
    assert opened == [name_of(each) for each in new.order]
    assert done.index("repoint") < done.index("open receiver:in")


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (["exporters.out.number=2"], ["close exporter:out", "open exporter:out", "repoint"]),
        (["exporters.out/2.token=abcdefgi"], ["close exporter:out/2", "open exporter:out/2", "repoint"]),
        (
            ["processors.mid.number=2"],
            ["replace processor:mid@logs/1", "repoint", "retire processor:mid@logs/1"],
        ),
        (["connectors.join.number=2"], ["replace connector:join", "repoint", "retire connector:join"]),
        (["receivers.in.number=2"], ["repoint", "close receiver:in", "open receiver:in"]),
        (
            # everything before the new ways, receivers after them, what is left over upstream first
            ["exporters.out.number=2", "connectors.join.number=2", "processors.mid.number=2", "receivers.in.number=2"],
            [
                "close exporter:out",
                "open exporter:out",
                "replace connector:join",
                "replace processor:mid@logs/1",
                "repoint",
                "close receiver:in",
                "open receiver:in",
                "retire processor:mid@logs/1",
                "retire connector:join",
            ],
        ),
        # other receivers of a port: all of them close before any of them opens
        (
            ["receivers.in.number=2", "receivers.in/2.number=2"],
            [
                "repoint",
                "close receiver:in/2",
                "close receiver:in",
                "open receiver:in",
                "open receiver:in/2",
            ],
        ),
        # who uses an extension goes with it, before it and after it
        (
            ["extensions.ext/a.number=2"],
            [
                "close exporter:out/2",
                "close extension:ext/a",
                "open extension:ext/a",
                "open exporter:out/2",
                "repoint",
            ],
        ),
        (
            ["extensions.ext/b.number=2"],
            [
                "close receiver:in/2",
                "close extension:ext/b",
                "open extension:ext/b",
                "repoint",
                "open receiver:in/2",
            ],
        ),
        # only the ways change: who stays notices nothing
        (["service.pipelines.logs/1.exporters=[join]"], ["repoint", "retire exporter:out"]),
        (
            ["service.pipelines.logs/2.receivers=[join]"],
            ["repoint", "close receiver:in/2"],
        ),
        (["service.pipelines.logs/1.processors=[]"], ["repoint", "retire processor:mid@logs/1"]),
        (["service.pipelines.logs/2.receivers=[join,in/2,in]"], ["repoint"]),
        # a receiver that gets a signal more is made for it
        (
            ["service.pipelines.traces.receivers=[in]", "service.pipelines.traces.exporters=[out]"],
            ["repoint", "close receiver:in", "open receiver:in"],
        ),
        # an extension goes after the exporter that finishes with it
        (
            [
                "service.extensions=[ext/b]",
                "service.pipelines.logs/2.exporters=[out]",
            ],
            ["repoint", "retire exporter:out/2", "retire extension:ext/a"],
        ),
        # and at once where nobody does
        (
            ["service.extensions=[ext/b]", "exporters.out/2.number=2"],
            ["close exporter:out/2", "close extension:ext/a", "open exporter:out/2", "repoint"],
        ),
    ],
)
def test_steps(registry: Registry, sets: list[str], expected: list[str]) -> None:
    assert planned(blueprint(registry), blueprint(registry, *sets))[1] == expected


def test_why(registry: Registry) -> None:
    old = blueprint(registry, "exporters.out.cert_file=/a")
    new = blueprint(
        registry, "exporters.out.cert_file=/a", "extensions.ext/a.number=2", "receivers.in.number=2",
        digests={"/a": "other"},
    )  # fmt: skip
    found, _ = planned(old, new)
    assert {name_of(each): why for each, why in found.changed.items()} == {
        "extension:ext/a": "configuration",
        "exporter:out": "a file that it names",
        "exporter:out/2": "uses extension:ext/a",
        "receiver:in": "configuration",
    }


def test_what_uses_an_extension_through_another_goes_too(registry: Registry) -> None:
    needs = {"extension:ext/a": ("extension:ext/b",), "exporter:out/2": ("extension:ext/a",)}
    found, done = planned(blueprint(registry), blueprint(registry, "extensions.ext/b.number=2"), needs)
    assert done == [
        "close exporter:out/2",
        "close extension:ext/a",
        "close extension:ext/b",
        "open extension:ext/b",
        "open extension:ext/a",
        "open exporter:out/2",
        "repoint",
    ]
    assert list(found.changed.values()) == ["configuration", "uses extension:ext/b", "uses extension:ext/a"]


def test_a_lingering_extension_does_not_outlive_what_it_uses(registry: Registry) -> None:
    needs = {"extension:ext/a": ("extension:ext/b",), "exporter:out/2": ("extension:ext/a",)}
    sets = ["service.extensions=[ext/b]", "service.pipelines.logs/2.exporters=[out]", "extensions.ext/b.number=2"]
    _, done = planned(blueprint(registry), blueprint(registry, *sets), needs)
    assert done == [
        "close exporter:out/2",
        "close extension:ext/a",
        "close extension:ext/b",
        "open extension:ext/b",
        "repoint",
    ]


def test_an_extension_that_is_still_used_is_missed_before_anything_is_touched(registry: Registry) -> None:
    of_nodes = {node(name): [node(each) for each in used] for name, used in NEEDS.items()}
    found = difference(blueprint(registry).identities, blueprint(registry, "service.extensions=[ext/b]"), of_nodes)
    assert list(unmet_needs(found, of_nodes)) == [
        "exporter:out/2 uses extension:ext/a, which service::extensions does not list any more"
    ]


def test_every_step_is_taken_once_and_in_place(registry: Registry) -> None:
    """Of each pair of sets above: what closes ran, what opens did not."""
    variants = [
        (),
        ("exporters.out.number=2", "extensions.ext/a.number=3"),
        ("service.pipelines.logs/2.receivers=[join]", "connectors.join.number=2"),
        ("service.extensions=[ext/b]", "service.pipelines.logs/2.exporters=[out]"),
        ("service.pipelines.logs/1.processors=[]", "receivers.in/2.number=9"),
    ]
    for old_sets in variants:
        for new_sets in variants:
            old, new = blueprint(registry, *old_sets), blueprint(registry, *new_sets)
            needs = {each: [n for n in used if n in old.identities] for each, used in _nodes(NEEDS).items()}
            found = difference(old.identities, new, needs)
            open_now, beside = set(old.order), set()
            for step in steps(found, old.order, new, needs):
                match step.action:
                    case Action.OPEN:
                        assert step.node not in open_now
                        open_now.add(step.node)  # type: ignore[arg-type]
                    case Action.REPLACE:
                        assert step.node in open_now
                        beside.add(step.node)
                    case Action.CLOSE:
                        assert step.node in open_now
                        open_now.discard(step.node)  # type: ignore[arg-type]
                    case Action.RETIRE if step.node in beside:
                        beside.discard(step.node)
                    case Action.RETIRE:
                        open_now.discard(step.node)  # type: ignore[arg-type]
            assert open_now == set(new.order)
            assert not beside


def _nodes(needs: Mapping[str, tuple[str, ...]]) -> dict[Node, list[Node]]:
    return {node(name): [node(each) for each in used] for name, used in needs.items()}


def test_files_that_are_read_once(registry: Registry, factories: Any) -> None:
    from otel_discord.exporters.discord.config import DiscordConfig
    from otel_discord.receivers.otlp.config import OtlpConfig

    tls: dict[str, Any] = {"cert_file": "/c", "key_file": "/k"}
    watched = {"tls": {**tls, "reload_interval": "1h"}}
    config = OtlpConfig.model_validate({"protocols": {"grpc": {"tls": tls}, "http": watched}})
    assert sorted(map(str, files_named_in(config))) == ["/c", "/k"]
    one = DiscordConfig.model_validate({"webhook_url_file": "/run/secrets/webhook"})
    assert list(files_named_in(one)) == [Path("/run/secrets/webhook")]
    many = DiscordConfig.model_validate(
        {"destinations": {"a": {"webhook_url_file": "/a"}, "b": {"webhook_url_file": "/b"}}}
    )
    assert sorted(map(str, files_named_in(many))) == ["/a", "/b"]
