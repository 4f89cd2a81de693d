"""What several shards have of one request is one request again for who works on all of it."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component.fleet import shard_owner
from otel_discord.signals.batch import LogsBatch
from otel_discord.store.batch_codec import from_bytes, to_bytes
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import migrate
from otel_discord.store.resharding import gather, owners_of
from otel_discord.store.rows import is_sound, payload_of, seal
from otel_discord.store.schema import BATCHES
from tests.store.sqlite_database import SqliteDatabase

OWNER = "discord/logs"
SHARDS = 3


def request(texts: Sequence[str]) -> LogsBatch:
    """Records of two resources."""
    made = ExportLogsServiceRequest()
    for name in ("a", "b"):
        of_resource = made.resource_logs.add(schema_url=name)
        of_resource.resource.attributes.add(key="service.name").value.string_value = name
        scope = of_resource.scope_logs.add()
        for text in texts:
            scope.log_records.add().body.string_value = text
    return LogsBatch(made)


def texts_of(batches: Sequence[LogsBatch]) -> Counter[tuple[str, str]]:
    return Counter(
        (of_resource.schema_url, record.body.string_value)
        for batch in batches
        for of_resource in batch.request.resource_logs
        for scope in of_resource.scope_logs
        for record in scope.log_records
    )


def shards_of(text: str) -> set[int]:
    """A record goes to the shards that its text names, as "02"."""
    return {int(digit) for digit in text if digit.isdigit()}


records = st.lists(st.sampled_from(["0", "1", "12", "012", "02 other"]), max_size=6)


@settings(max_examples=60)
@given(requests=st.lists(records, max_size=4), at_once=st.booleans())
async def test_each_record_is_there_as_often_as_it_was_sent(requests: list[list[str]], *, at_once: bool) -> None:
    """Also where two requests were accepted at the very same moment, and where it is done twice."""
    database = SqliteDatabase()
    await database.run(migrate(SQLITE))
    number = 0
    for accepted_ns, texts in enumerate(requests, 1):
        for shard in range(SHARDS):
            part = request([text for text in texts if shard in shards_of(text)])
            if not part.item_count:
                continue
            number += 1
            owner, payload = shard_owner(OWNER, shard), to_bytes(part)
            values = (number, owner, "logs", 5, 1 if at_once else accepted_ns, part.item_count, len(payload), 0, 0)
            database.connection.execute(BATCHES.insert, seal(BATCHES, values, payload))
    for _ in range(2):
        await gather(database, owners_of(OWNER, SHARDS))
    found = database.connection.execute("SELECT * FROM batches ORDER BY id").fetchall()
    assert all(is_sound(BATCHES, row) and row[1] == OWNER and row[5] > 0 for row in found)
    payloads = [payload_of(BATCHES, row) for row in found]
    left = [from_bytes("logs", payload) for payload in payloads if payload is not None]
    assert texts_of([each for each in left if isinstance(each, LogsBatch)]) == texts_of([*map(request, requests)])
    assert [row[5] for row in found] == [batch.item_count for batch in left if batch is not None]
