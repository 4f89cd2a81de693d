"""What several shards remember becomes one value."""

import pytest

from otel_discord._proto.queue_pb2 import ProblemHistory
from otel_discord.store.united_values import united


@pytest.mark.parametrize(
    ("values", "whole"),
    [
        ([b"{}"], b"{}"),
        ([b'{"a":1}', b'{"a":1}'], b'{"a":1}'),
        ([b'{"a":1}', b'{"a":2,"b":3}'], b'{"a":1,"b":3}'),
        ([b'["a"]', b'["b","a"]'], b'["a","b"]'),
        ([b'[{"id":"x","n":1}]', b'[{"id":"x","n":2},{"id":"y"}]'], b'[{"id":"x","n":1},{"id":"y"}]'),
        ([b"7", b"9"], b"7"),
    ],
)
def test_json_is_united(values: list[bytes], whole: bytes) -> None:
    assert united(values) == whole


def test_protobuf_stands_one_behind_the_other() -> None:
    parts = [ProblemHistory(forgotten_unix_nano=number) for number in (5, 6)]
    for number, part in enumerate(parts):
        part.problems.add(fingerprint=b"f%d" % number)
    read = ProblemHistory.FromString(united([part.SerializeToString() for part in parts]))
    assert [each.fingerprint for each in read.problems] == [b"f0", b"f1"]
