"""Nothing is lost, changed or moved by merging and splitting."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.component.storage import Sizer
from otel_discord.exporterhelper.merge_split import measure, merge, split
from otel_discord.signals.batch import Batch, LogsBatch, MetricsBatch, TracesBatch

tree = st.lists(st.lists(st.lists(st.integers(0, 300), max_size=5), max_size=3), max_size=3)


def logs(shape: list[list[list[int]]]) -> LogsBatch:
    request = ExportLogsServiceRequest()
    for r, scopes in enumerate(shape):
        resource = request.resource_logs.add(schema_url=f"r{r}")
        resource.resource.attributes.add(key="r").value.int_value = r
        for s, records in enumerate(scopes):
            scope = resource.scope_logs.add()
            scope.scope.name = f"s{s}"
            for n, length in enumerate(records):
                scope.log_records.add(time_unix_nano=n).body.string_value = "x" * length
    return LogsBatch(request)


def traces(shape: list[list[list[int]]]) -> TracesBatch:
    request = ExportTraceServiceRequest()
    for r, scopes in enumerate(shape):
        resource = request.resource_spans.add(schema_url=f"r{r}")
        for s, spans in enumerate(scopes):
            scope = resource.scope_spans.add(schema_url=f"s{s}")
            for n, length in enumerate(spans):
                scope.spans.add(name="x" * length, start_time_unix_nano=n)
    return TracesBatch(request)


def metrics(shape: list[list[list[int]]]) -> MetricsBatch:
    """Each inner list is a metric; its numbers are points."""
    request = ExportMetricsServiceRequest()
    for r, named in enumerate(shape):
        scope = request.resource_metrics.add(schema_url=f"r{r}").scope_metrics.add()
        for m, points in enumerate(named):
            metric = scope.metrics.add(name=f"m{m}", unit="s", description="d")
            metric.metadata.add(key="k").value.string_value = "v"
            kind: Any
            match m % 3:
                case 0:
                    kind = metric.sum
                    kind.is_monotonic, kind.aggregation_temporality = True, 2
                case 1:
                    kind = metric.gauge
                    kind.SetInParent()
                case _:
                    kind = metric.histogram
                    kind.aggregation_temporality = 1
            for n, length in enumerate(points):
                kind.data_points.add(time_unix_nano=n).attributes.add(key="x" * length)
    return MetricsBatch(request)


def flat(batch: Batch) -> list[tuple[bytes, ...]]:
    """Return each record with what it lies in, as bytes; what holds no record is not seen."""
    found: list[tuple[bytes, ...]] = []
    for _, resources in batch.request.ListFields():
        for resource in resources:
            scopes = [value for field, value in resource.ListFields() if field.name.startswith("scope_")]
            for scope in scopes[0] if scopes else ():
                around = (resource.schema_url.encode(), scope.scope.SerializeToString(), scope.schema_url.encode())
                for field, records in scope.ListFields():
                    if field.name == "metrics":
                        for metric in records:
                            points = getattr(metric, metric.WhichOneof("data")).data_points
                            named = (*around, metric.name.encode(), metric.WhichOneof("data").encode())
                            found += [(*named, point.SerializeToString()) for point in points]
                    elif field.name in {"log_records", "spans"}:
                        found += [(*around, record.SerializeToString()) for record in records]
    return found


def flat_all(several: Iterable[Batch]) -> list[tuple[bytes, ...]]:
    return [record for batch in several for record in flat(batch)]


batches = st.one_of(tree.map(logs), tree.map(traces), tree.map(metrics))


@given(batches, st.integers(1, 12), st.integers(0, 12))
def test_splitting_by_items_is_exact(batch: Batch, max_size: int, first: int) -> None:
    before = batch.request.SerializeToString(deterministic=True)
    pieces = split(batch, Sizer.ITEMS, max_size, min(first, max_size))
    assert [piece.size for piece in pieces] == [piece.batch.item_count for piece in pieces]
    assert all(piece.size == max_size for piece in pieces[1:-1])
    assert pieces[0].size <= min(first, max_size)
    assert pieces[-1].size <= max_size
    assert flat_all(piece.batch for piece in pieces) == flat(batch)
    assert batch.request.SerializeToString(deterministic=True) == before


@given(batches, st.integers(1, 900))
def test_splitting_by_bytes_keeps_the_bound_and_never_drops_a_neighbour(batch: Batch, max_size: int) -> None:
    pieces = split(batch, Sizer.BYTES, max_size)
    for piece in pieces:
        assert piece.size == piece.batch.size_bytes
        assert piece.size <= max_size or piece.batch.item_count <= 1
    assert flat_all(piece.batch for piece in pieces) == flat(batch)


@given(st.lists(tree.map(logs), min_size=1, max_size=4))
def test_merging_puts_one_after_the_other(several: list[LogsBatch]) -> None:
    before = [one.request.SerializeToString() for one in several]
    merged = merge(several)
    assert flat(merged) == flat_all(several)
    for sizer in (Sizer.ITEMS, Sizer.BYTES):
        assert measure(merged, sizer) == sum(measure(one, sizer) for one in several)
    assert [one.request.SerializeToString() for one in several] == before


def test_what_a_metric_is_survives_the_cut() -> None:
    pieces = split(metrics([[[1, 2, 3], [1, 2], [1, 2]]]), Sizer.ITEMS, 2)
    found = [
        (metric.name, metric.unit, metric.description, metric.metadata[0].key, metric.WhichOneof("data"))
        for piece in pieces
        for metric in piece.batch.request.resource_metrics[0].scope_metrics[0].metrics  # type: ignore[union-attr]
    ]
    assert [(name, kind) for name, _, _, _, kind in found] == [
        ("m0", "sum"), ("m0", "sum"), ("m1", "gauge"), ("m1", "gauge"), ("m2", "histogram"), ("m2", "histogram"),
    ]  # fmt: skip
    assert {(unit, description, key) for _, unit, description, key, _ in found} == {("s", "d", "k")}
    cut = pieces[1].batch.request.resource_metrics[0].scope_metrics[0].metrics[0].sum  # type: ignore[union-attr]
    assert (cut.is_monotonic, cut.aggregation_temporality) == (True, 2)


def test_one_large_record_goes_alone() -> None:
    pieces = split(logs([[[5, 5000, 5, 5]]]), Sizer.BYTES, 300)
    assert [piece.batch.item_count for piece in pieces] == [1, 1, 2]


def test_where_not_one_record_fits_the_first_piece_is_empty() -> None:
    pieces = split(logs([[[200, 200]]]), Sizer.BYTES, 1000, 50)
    assert [(piece.size > 0, piece.batch.item_count) for piece in pieces] == [(False, 0), (True, 2)]
