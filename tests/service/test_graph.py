"""The blueprint: nothing opens before what it feeds, and cycles are found."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component import ComponentId, Kind
from otel_discord.service.graph import Node, Pipeline, Plan, plan
from otel_discord.service.ids import PipelineId
from otel_discord.signals import Signal

SAME = [(signal, signal) for signal in Signal]


def ids(*names: str) -> tuple[ComponentId, ...]:
    return tuple(ComponentId(name) for name in names)


def pipeline(name: str, receivers: str, processors: str, exporters: str) -> Pipeline:
    parts = (ids(*text.split()) for text in (receivers, processors, exporters))
    return Pipeline(PipelineId(Signal.LOGS, name), *parts)


def planned(*pipelines: Pipeline) -> Plan | list[str]:
    supports = {}
    converts = {}
    for each in pipelines:
        for kind, found in zip(
            (Kind.RECEIVER, Kind.PROCESSOR, Kind.EXPORTER),
            (each.receivers, each.processors, each.exporters),
            strict=True,
        ):
            for one in found:
                if one.type.startswith("c"):
                    converts[one] = SAME
                else:
                    supports[kind, one] = list(Signal)
    result = plan(pipelines, supports, converts)
    return result if isinstance(result, Plan) else [fault.message for fault in result]


def test_exporters_first_receivers_last() -> None:
    result = planned(pipeline("a", "r1 r2", "p q", "e1 c"), pipeline("b", "c", "p", "e2"))
    assert isinstance(result, Plan)
    assert [f"{node.id}{node.pipeline and '@' + node.pipeline}" for node in result.order] == [
        *["e1", "e2", "p@logs/b", "c", "q@logs/a", "p@logs/a", "r1", "r2"]
    ]
    assert result.feeds[Node(Kind.CONNECTOR, ComponentId("c"))] == (PipelineId(Signal.LOGS, "b"),)
    assert result.feeds[Node(Kind.RECEIVER, ComponentId("r1"))] == (PipelineId(Signal.LOGS, "a"),)


def test_one_exporter_in_two_pipelines_is_one_node() -> None:
    result = planned(pipeline("a", "r", "", "e"), pipeline("b", "r", "p", "e"))
    assert isinstance(result, Plan)
    assert [str(node.id) for node in result.order] == ["e", "p", "r"]


def test_a_cycle_over_two_connectors() -> None:
    faults = planned(pipeline("a", "r c2", "p", "c1"), pipeline("b", "c1", "", "c2"))
    assert isinstance(faults, list)
    assert faults[0].startswith("cycle detected: connector ")
    assert faults[0].count(" -> ") == 3


names = st.lists(st.sampled_from(["c1", "c2", "c3"]), max_size=2, unique=True)


@st.composite
def pipelines_of(draw: st.DrawFn) -> list[Pipeline]:
    made = []
    for number in range(draw(st.integers(1, 5))):
        receivers = ["r", *draw(names)] if draw(st.booleans()) else draw(names) or ["r"]
        exporters = [draw(st.sampled_from(["e1", "e2"])), *draw(names)]
        processors = draw(st.lists(st.sampled_from(["p", "q"]), max_size=2, unique=True))
        made.append(pipeline(f"n{number}", " ".join(receivers), " ".join(processors), " ".join(exporters)))
    return made


def reaches_itself(pipelines: list[Pipeline]) -> bool:
    """Say in another way than the plan does whether data can come back to a connector."""
    follows = {
        start: {end for p in pipelines for end in p.exporters if start in p.receivers and end.type.startswith("c")}
        for start in ids("c1", "c2", "c3")
    }
    for start in follows:
        seen: set[ComponentId] = set()
        todo = [start]
        while todo:
            for after in follows[todo.pop()]:
                if after == start:
                    return True
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
    return False


@given(pipelines_of())
def test_any_set_of_pipelines(pipelines: list[Pipeline]) -> None:
    result = planned(*pipelines)
    if isinstance(result, list):
        assert any("cycle detected" in message for message in result) == reaches_itself(pipelines)
        assert all("cycle" in message or "not used in any supported" in message for message in result)
        return
    assert not reaches_itself(pipelines)
    opened: set[Node] = set()
    for node in result.order:
        assert node not in opened
        if node.kind is Kind.PROCESSOR:
            step = next(s for p in result.pipelines for s in [result.steps(p, ids("c1", "c2", "c3"))] if [node] in s)
            assert all(after in opened for after in step[step.index([node]) + 1])
        for fed in result.feeds.get(node, ()):
            assert all(after in opened for after in result.steps(fed, ids("c1", "c2", "c3"))[0])
        opened.add(node)
    ranks = [node.kind is Kind.RECEIVER for node in result.order]
    assert ranks == sorted(ranks)
    wanted = {(Kind.PROCESSOR, each, str(p.id)) for p in pipelines for each in p.processors}
    assert {(node.kind, node.id, node.pipeline) for node in opened if node.kind is Kind.PROCESSOR} == wanted
