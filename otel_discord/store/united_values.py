"""What several shards remember under one key, as one value. Pure.

JSON is united: objects key by key, lists without what they have twice, of others the first counts. What is no JSON is
protobuf, whose messages unite by standing one behind the other.
"""

from collections.abc import Sequence
from typing import Any

import orjson


def united(values: Sequence[bytes]) -> bytes:
    """Return one value for several, at least one; the first of them is that of the first shard."""
    different = list(dict.fromkeys(values))
    if len(different) == 1:
        return different[0]
    try:
        read = [orjson.loads(value) for value in different]
    except orjson.JSONDecodeError:
        return b"".join(different)
    whole = read[0]
    for other in read[1:]:
        whole = _united(whole, other)
    return orjson.dumps(whole)


def _united(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _united(one[key], other[key]) if key in one and key in other else (one | other)[key]
                for key in one | other}  # fmt: skip
    if isinstance(one, list) and isinstance(other, list):
        known = {_mark(each) for each in one}
        return [*one, *(each for each in other if _mark(each) not in known)]
    return one


def _mark(item: Any) -> bytes:
    """Return what tells an item of a list from others: its id where it has one."""
    if isinstance(item, dict) and "id" in item:
        return orjson.dumps(item["id"])
    return orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
