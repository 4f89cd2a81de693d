"""A record goes where the replica that took it in says, whatever the one that shows it would say."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.exporters.discord.fleet.splitting import Splitter
from otel_discord.exporters.discord.noted_ways import Reader, is_noted, note, routing_fingerprint
from otel_discord.signals import LogsBatch
from tests.exporters.discord.fleet.test_splitting import (
    NAMES,
    SHARDS,
    batch_of,
    destination,
    narrowed,
    records,
    router,
    shown,
)

routes = st.lists(
    st.tuples(st.sampled_from("xyz"), st.text(st.sampled_from(NAMES), min_size=1, max_size=3), st.booleans()),
    max_size=3,
)
severities = st.lists(st.sampled_from([1, 9, 17, 21]), min_size=1, max_size=6)


def _read(reader: Reader, batch: LogsBatch) -> dict[str, list[int]]:
    """Return the numbers of the records that each destination gets by what is noted."""
    noted = reader.read(batch.request, batch.item_count)
    assert noted is not None
    found: dict[str, list[int]] = {}
    for _, _, record in batch.records():
        way = noted.next()
        assert way is not None
        for each in way.destinations:
            found.setdefault(each.name, []).append(record.time_unix_nano)
    return found


@given(
    drawn=records,
    mine=severities,
    theirs=severities,
    my_routes=routes,
    their_routes=routes,
    placed=st.lists(st.integers(0, SHARDS - 1), min_size=6, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_what_it_was_taken_in_with_counts(
    drawn: Any,
    mine: list[int],
    theirs: list[int],
    my_routes: list[tuple[str, str, bool]],
    their_routes: list[tuple[str, str, bool]],
    placed: list[int],
) -> None:
    here = router([destination(*each) for each in zip(NAMES, mine, strict=False)], my_routes, to_all=False)
    there = router([destination(*each) for each in zip(NAMES, theirs, strict=False)], their_routes, to_all=True)
    shard_of = dict(zip(NAMES, placed, strict=True))
    batch = batch_of(drawn)
    found: dict[str, list[int]] = {}
    for shard, share in Splitter(here, shard_of, SHARDS).split(batch).items():
        only = frozenset(name for name, where in shard_of.items() if where == shard)
        stored = LogsBatch(ExportLogsServiceRequest.FromString(share.batch.request.SerializeToString()))
        assert Reader(narrowed(here, only)).read(stored.request, stored.item_count) is None, "it knows that itself"
        if not stored.item_count:
            continue
        for name, numbers in _read(Reader(narrowed(there, only)), stored).items():
            assert name in only
            assert name not in found
            found[name] = numbers
    assert found == shown(here, batch)


def test_who_works_alone_reads_nothing() -> None:
    whole = router([destination("a")], [], to_all=False)
    other = router([destination("a", 17)], [], to_all=False)
    (share,) = Splitter(whole, {"a": 0}, SHARDS).split(batch_of([[[(17, "x")]]])).values()
    assert Reader(other).read(share.batch.request, 1) is None
    assert Reader(narrowed(other, frozenset("a"))).read(share.batch.request, 1) is not None


def test_what_a_sender_writes_there_means_nothing() -> None:
    batch = batch_of([[[(17, "x")]]])
    whole = router([destination("a"), destination("b")], [("x", "a", False)], to_all=False)
    forged = router([destination("b")], [], to_all=False)
    note(batch.request, "me", [forged.way(17)], lambda _: True)
    assert is_noted(batch.request)
    (share,) = Splitter(whole, {"a": 1, "b": 1}, SHARDS).split(batch).values()
    stranger = narrowed(router([destination("c")], [], to_all=False), frozenset("c"))
    assert _read(Reader(stranger), share.batch) == {"a": [0]}


def test_a_fingerprint_tells_what_leads_elsewhere() -> None:
    one = router([destination("a"), destination("b")], [("x", "a", False)], to_all=False)
    same = router([destination("a"), destination("b")], [("x", "a", False)], to_all=False)
    assert routing_fingerprint(one) == routing_fingerprint(same)
    others = [
        router([destination("a"), destination("b")], [("x", "b", False)], to_all=False),
        router([destination("a"), destination("b")], [("x", "a", True)], to_all=False),
        router([destination("a"), destination("b")], [("x", "a", False)], to_all=True),
        router([destination("a", 17), destination("b")], [("x", "a", False)], to_all=False),
        router([destination("a"), destination("b", fallback="a")], [("x", "a", False)], to_all=False),
        router([destination("a"), destination("b"), destination("c")], [("x", "a", False)], to_all=False),
    ]
    assert len({routing_fingerprint(each) for each in [one, *others]}) == len(others) + 1


A_WAY = b'{"to": ["a"], "first": true, "routes": [], "kind": ""}'


@pytest.mark.parametrize(
    "noted",
    [
        b"",
        b"no json",
        b"[]",
        b'{"by": "me"}',
        b'{"by": "me", "ways": [{}]}',
        b'{"by": "me", "ways": [], "of": [0]}',
        *(b'{"by": "me", "ways": [%s], "of": %s}' % (A_WAY, of) for of in (b"[0]", b"[5, 0]", b"[0, -7]")),
    ],
)
def test_what_cannot_be_read_says_nothing(noted: bytes) -> None:
    batch = batch_of([[[(17, "x"), (17, "x")]]])
    length = len(noted)
    batch.request.MergeFromString(bytes([0xCA, 0x3E, length & 0x7F | 0x80, length >> 7]) + noted)
    assert is_noted(batch.request)
    reader = Reader(narrowed(router([destination("a")], [], to_all=False), frozenset("a")))
    assert reader.read(batch.request, 2) is None


def test_a_request_without_a_note_says_nothing() -> None:
    batch = batch_of([[[(17, "x")]]])
    assert not is_noted(batch.request)
    assert Reader(narrowed(router([destination("a")], [], to_all=False), frozenset("a"))).read(batch.request, 1) is None
