"""Parts of one request that several shards have, without what they have twice: each a work that may be repeated. Pure.

A shard has what goes to its destinations. Who works on all of them shows a record everywhere that it goes, wherever it
was found: of a record that went to several shards there is to be one.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.signals.batch import LogsBatch
from otel_discord.store.batch_codec import from_bytes, to_bytes
from otel_discord.store.ended_batches import whole
from otel_discord.store.rows import payload_of, seal
from otel_discord.store.schema import BATCHES
from otel_discord.store.statements import columns, marks
from otel_discord.store.work import Access, Many, Query, Steps, Value, Work

_MOST_IDS: Final = 500
_MOST_BYTES: Final = 4 << 20
"""In one transaction; a request alone may be larger."""


def parted_requests(owners: Sequence[str]) -> Work[list[list[list[int]]]]:
    """Find the waiting batches that are parts of requests which several owners have, by their ids: in portions of a
    transaction each, a list for each request. Parts of one request were accepted at the same nanosecond."""

    def steps() -> Steps[list[list[list[int]]]]:
        parts: dict[int, list[tuple[int, int]]] = {}
        of_owners: Counter[int] = Counter()
        for owner in owners:
            rows = yield Query(
                "SELECT id, accepted_ns, size_bytes FROM batches WHERE owner = ? AND routed = 0 AND accepted_ns > 0",
                (owner,),
            )
            for batch_id, accepted_ns, size_bytes in rows:
                parts.setdefault(accepted_ns, []).append((batch_id, whole(size_bytes)))
            of_owners.update({accepted_ns for _, accepted_ns, _ in rows})
        portions: list[list[list[int]]] = []
        ids, size_bytes = _MOST_IDS, 0
        for accepted_ns in sorted(parts.keys() & {each for each, count in of_owners.items() if count > 1}):
            if ids >= _MOST_IDS or size_bytes >= _MOST_BYTES:
                portions.append([])
                ids, size_bytes = 0, 0
            portions[-1].append(sorted(batch_id for batch_id, _ in parts[accepted_ns]))
            ids += len(parts[accepted_ns])
            size_bytes += sum(size for _, size in parts[accepted_ns])
        return portions

    return Work("parted_requests", Access.READ, steps)


def unite_parts(requests: Sequence[Sequence[int]]) -> Work[None]:
    """Take from each part what an earlier one of the same request has; a part of which nothing is left goes."""

    def steps() -> Steps[None]:
        for ids in requests:
            rows = yield Query(
                f"SELECT {columns(BATCHES)} FROM batches WHERE routed + 0 = 0 AND id IN ({marks(len(ids))})"  # noqa: S608
                " ORDER BY id",
                ids,
            )
            had: dict[str, Counter[bytes]] = {}
            gone: list[tuple[Value, ...]] = []
            left: list[tuple[Value, ...]] = []
            for row in rows:
                payload = payload_of(BATCHES, row)
                batch = None if payload is None else from_bytes(row[2], payload)
                if not isinstance(batch, LogsBatch):
                    continue
                others: Counter[bytes] = Counter()
                for owner, records in had.items():
                    others |= records if owner != row[1] else Counter()
                rest = without_known(batch, had.setdefault(row[1], Counter()), others)
                if rest is batch:
                    continue
                gone.append((row[0],))
                if rest.item_count:
                    shorter = to_bytes(rest)
                    values = (*row[:5], rest.item_count, len(shorter), 0, 0)
                    left.append(seal(BATCHES, values, shorter))
            if gone:
                yield Many("DELETE FROM batches WHERE id = ?", gone)
            if left:
                yield Many(BATCHES.insert, left)

    return Work("unite_parts", Access.SETTLE, steps)


def without_known(batch: LogsBatch, own: Counter[bytes], others: Counter[bytes]) -> LogsBatch:
    """Return a part without the records that ``others`` have, itself where there are none; all are counted in ``own``.

    What a request has several times each of its parts has as often: as many stay.
    """
    rest = ExportLogsServiceRequest()
    is_shorter = False
    for of_resource in batch.request.resource_logs:
        resource = rest.resource_logs.add(schema_url=of_resource.schema_url)
        resource.resource.CopyFrom(of_resource.resource)
        for of_scope in of_resource.scope_logs:
            scope = resource.scope_logs.add(schema_url=of_scope.schema_url)
            scope.scope.CopyFrom(of_scope.scope)
            place = b"\0".join(each.SerializeToString(deterministic=True) for each in (resource.resource, scope.scope))
            for record in of_scope.log_records:
                key = place + b"\0" + record.SerializeToString(deterministic=True)
                own[key] += 1
                if own[key] > others[key]:
                    scope.log_records.append(record)
                else:
                    is_shorter = True
            if not scope.log_records:
                del resource.scope_logs[-1]
        if not resource.scope_logs:
            del rest.resource_logs[-1]
    return LogsBatch(rest) if is_shorter else batch
