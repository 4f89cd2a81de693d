"""A batch of some members: what stays is whole, in order, with what it stands in; the other batch is untouched."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.signals import LogsBatch
from otel_discord.signals.selection import scope_groups, select


def batch_of(sizes: list[list[int]]) -> LogsBatch:
    request = ExportLogsServiceRequest()
    number = 0
    for scopes in sizes:
        group = request.resource_logs.add(schema_url="of the resource")
        group.resource.dropped_attributes_count = len(sizes)
        for size in scopes:
            scope = group.scope_logs.add(schema_url="of the scope")
            scope.scope.name = f"scope {number}"
            for _ in range(size):
                scope.log_records.add(time_unix_nano=number)
                number += 1
    return LogsBatch(request)


@given(st.lists(st.lists(st.integers(0, 4), max_size=3), max_size=4), st.randoms(use_true_random=False))
def test_it_has_what_is_picked_and_nothing_else(sizes: list[list[int]], random: Any) -> None:
    batch = batch_of(sizes)
    before = batch.request.SerializeToString(deterministic=True)
    wanted: list[list[tuple[int, str]]] = []
    picks: list[Any] = []
    for group, scope, members in scope_groups(batch):
        picked = [member for member in members if random.random() < 0.6]
        wanted.append([(member.time_unix_nano, scope.scope.name) for member in picked])
        picks.append(None if len(picked) == len(members) else picked)
        assert group.schema_url
    result: Any = select(batch, picks)
    assert batch.request.SerializeToString(deterministic=True) == before
    if all(pick is None for pick in picks):
        assert result is batch
        return
    expected = [each for scope in wanted for each in scope]
    got = [] if result is None else [(record.time_unix_nano, scope.name) for _, scope, record in result.records()]
    assert got == expected
    if result is not None:
        for group, scope, _ in scope_groups(result):
            assert (group.schema_url, scope.schema_url) == ("of the resource", "of the scope")
            assert group.resource.dropped_attributes_count == len(sizes)
        assert all(len(group.scope_logs) for group in result.request.resource_logs)
