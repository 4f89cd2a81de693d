import decimal
import enum
import math
import pathlib
import time
from collections import OrderedDict, UserDict, deque
from collections.abc import Callable
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.sdk import freeze as module
from otel_discord.sdk.freeze import freeze, freeze_attributes, value_weight, weight
from otel_discord.sdk.snapshot import Snapshot

PLAIN = {str, bool, int, float, bytes, type(None), tuple, dict}


class Colour(enum.StrEnum):
    RED = "red"


class Meta(type):
    @property
    def __name__(cls):
        raise ValueError("no name either")


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no")


class Nameless(Unprintable, metaclass=Meta):
    pass


class NotText:
    def __str__(self):
        return 5  # noqa: PLE0307 -- what it is here for


class Loud(str):
    __slots__ = ("more",)

    def __str__(self) -> str:
        return "not what it is"


class LyingClass:
    @property
    def __class__(self):
        raise RuntimeError("outside of a request")


class BadMap(UserDict):
    def items(self):
        raise OSError("gone")


class BadLength(list):
    def __len__(self) -> int:
        raise ValueError("no length")


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        ("text", "text"),
        (True, True),
        (7, 7),
        (-(2**63), -(2**63)),
        (2**63 - 1, 2**63 - 1),
        (2**63, "9223372036854775808"),
        (1.5, 1.5),
        (None, None),
        (b"raw", b"raw"),
        (bytearray(b"raw"), b"raw"),
        (memoryview(b"raw"), b"raw"),
        ([1, [2, "x"]], (1, (2, "x"))),
        ({"a": [1], 2: {"b": None}}, {"a": (1,), "2": {"b": None}}),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (deque([1, 2]), (1, 2)),
        ({"only"}, ("only",)),
        ({"a": 1}.keys(), ("a",)),
        (Point(1, 2), (1, 2)),
        (HTTPStatus.NOT_FOUND, 404),
        (Colour.RED, "red"),
        (Loud("inner"), "inner"),
        (decimal.Decimal("1.20"), "1.20"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (ValueError("why"), "why"),
        (Unprintable(), "<unprintable Unprintable>"),
        (NotText(), "<unprintable NotText>"),
        (Nameless(), "<unprintable object>"),
        ([1, Unprintable()], (1, "<unprintable Unprintable>")),
        ({Unprintable(): 1}, {"<unprintable Unprintable>": 1}),
    ],
)
def test_a_value_becomes_plain(value: object, frozen: object) -> None:
    result = freeze(value)
    assert result == frozen
    assert type(result) is type(frozen)


def test_nan_stays() -> None:
    assert math.isnan(freeze(math.nan))


def test_an_integer_with_more_digits_than_python_writes() -> None:
    assert freeze(10**5000) == "<integer of 16610 bits>"
    assert freeze_attributes({"n": 10**5000, "m": 2**64}) == {
        "n": "<integer of 16610 bits>",
        "m": "18446744073709551616",
    }


@pytest.mark.parametrize("make", [LyingClass, lambda: BadMap(a=1), lambda: BadLength([1])])
def test_hostile_objects_become_some_text(make: Callable[[], object]) -> None:
    value = make()
    assert isinstance(freeze(value), (str, tuple, dict))
    assert isinstance(freeze_attributes({"k": value, "after": 1})["after"], int)


def test_what_the_application_changes_later_is_not_changed_here() -> None:
    inner = [1]
    attributes = {"list": inner, "map": {"inner": inner}, "bytes": bytearray(b"a")}
    frozen = freeze_attributes(attributes)
    inner.append(2)
    attributes["bytes"].extend(b"b")
    attributes["new"] = 1
    assert frozen == {"list": (1,), "map": {"inner": (1,)}, "bytes": b"a"}


def test_a_loop_of_containers_ends() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert "list of 1" in str(freeze(loop))
    circle: dict[str, object] = {}
    circle["self"] = circle
    assert "dict of 1" in str(freeze(circle))


def test_depth_is_given() -> None:
    assert freeze([[1, 2]], depth=1) == ("<list of 2>",)
    assert freeze({"a": 1}, depth=0) == "<dict of 1>"


def test_wide_values_are_bounded_and_say_so() -> None:
    wide = freeze(list(range(100_000)))
    assert len(wide) == module.MAX_ITEMS + 1
    assert wide[-1] == f"… {100_000 - module.MAX_ITEMS} more"
    table = freeze({str(number): number for number in range(100_000)})
    assert len(table) == module.MAX_ITEMS + 1
    assert len(freeze_attributes({str(number): number for number in range(100_000)})) == module.MAX_ITEMS


def test_a_tree_that_grows_with_its_depth_is_bounded() -> None:
    tree: object = "leaf"
    for _ in range(6):
        tree = [tree] * 50  # 50 ** 6 leaves
    started = time.perf_counter()
    frozen = freeze_attributes({f"a{number}": tree for number in range(200)})
    assert time.perf_counter() - started < 2
    assert value_weight(frozen) < 2_000_000


def test_huge_texts_are_cut_in_the_middle_and_huge_bytes_left_out() -> None:
    text = "begin" + "x" * 1_000_000 + "end"
    for cut in (freeze(text), freeze_attributes({"t": text})["t"], freeze([text])[0]):
        assert len(cut) == module.MAX_TEXT_CHARS
        assert cut.startswith("begin")
        assert cut.endswith("end")
        assert "characters left out" in cut
    assert freeze(bytes(module.MAX_BYTES)) == bytes(module.MAX_BYTES)
    assert freeze(bytearray(module.MAX_BYTES + 1)) == f"<{module.MAX_BYTES + 1} bytes>"


def test_attachments_pass_as_they_are() -> None:
    asked = [{"filename": "a.png", "data": bytearray(b"\x89PNG"), "content_type": "image/png"}]
    frozen = freeze_attributes(
        {"discord.attachments": asked, "discord.path": {"path": pathlib.PurePosixPath("/tmp/x")}}
    )
    assert frozen == {
        "discord.attachments": ({"filename": "a.png", "data": b"\x89PNG", "content_type": "image/png"},),
        "discord.path": {"path": "/tmp/x"},
    }


def test_names_of_attributes_are_text() -> None:
    frozen = freeze_attributes({1: "a", None: "b", Colour.RED: "c", "k" * 1000: "d", Unprintable(): "e"})
    assert [type(key) for key in frozen] == [str] * 5
    assert list(frozen)[:3] == ["1", "None", "red"]
    assert max(map(len, frozen)) == module.MAX_KEY_CHARS


def test_a_map_of_another_making_is_read_as_far_as_it_goes() -> None:
    assert freeze_attributes(UserDict(a=[1])) == {"a": (1,)}
    assert freeze_attributes(BadMap(a=1)) == {"a": 1}
    assert freeze_attributes(None) == {}  # type: ignore[arg-type]
    assert freeze_attributes(5) == {}  # type: ignore[arg-type]


def test_a_map_that_changes_while_it_is_read() -> None:
    class Growing:
        def __init__(self, target: dict[object, object]) -> None:
            self.target = target

        def __str__(self) -> str:
            self.target[len(self.target)] = self
            return "grew"

    attributes: dict[object, object] = {"a": 1}
    attributes["b"] = Growing(attributes)
    attributes["c"] = 2
    frozen = freeze_attributes(attributes)  # type: ignore[arg-type]
    assert frozen["a"] == 1
    assert frozen["c"] == 2
    inner: dict[object, object] = {}
    inner["x"] = Growing(inner)
    inner["y"] = 1
    assert freeze(inner)["…"] == "changed while it was read"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_exit_of_the_application_is_not_swallowed(error: type[BaseException]) -> None:
    class Exits:
        def __str__(self) -> str:
            raise error

    with pytest.raises(error):
        freeze(Exits())
    with pytest.raises(error):
        freeze_attributes({"a": Exits()})


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals()
    | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.frozensets(st.integers()),
    max_leaves=40,
)


def _is_plain(value: object) -> bool:
    if type(value) is tuple:
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(type(key) is str and _is_plain(item) for key, item in value.items())
    return type(value) in PLAIN and (type(value) is not int or -(2**63) <= value < 2**63)


@given(anything)
def test_all_that_comes_out_is_plain_and_frozen_again_is_the_same(value: object) -> None:
    frozen = freeze(value)
    assert _is_plain(frozen)
    assert repr(freeze(frozen)) == repr(frozen)
    assert repr(freeze_attributes({"k": value})) == repr({"k": frozen})
    assert value_weight(frozen) > 0


def test_weight_grows_with_what_is_carried_and_sets_nothing() -> None:
    def snapshot(body: object, **attributes: object) -> Snapshot:
        return Snapshot(0, 9, "INFO", body, attributes, "shop", {})

    small = weight(snapshot("x"))
    assert 512 <= small < 768
    assert 9_990 < weight(snapshot("x" * 10_000)) - small < 10_100
    assert weight(snapshot("x", data=b"y" * 10_000)) > 10_000
    assert weight(snapshot("x", deep=({"data": b"y" * 10_000},))) > 10_000
    light = snapshot("x")
    weight(light)
    assert light.size_bytes == 0
