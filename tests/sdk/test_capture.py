import gc
import linecache
import traceback
import types
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_discord.sdk import capture as module
from otel_discord.sdk.capture import Captured, capture, exception_attributes


class ShopError(Exception):
    pass


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class NotTextError(Exception):
    def __str__(self):
        return None  # noqa: PLE0307 -- what it is here for


def _raise(error: BaseException) -> None:
    raise error


def _plain() -> None:
    {}["missing"]


def _multi_line() -> None:
    raise ShopError("first\nsecond")


def _with_cause() -> None:
    try:
        _plain()
    except KeyError as error:
        raise ShopError("while reading") from error


def _with_context() -> None:
    try:
        _with_cause()
    except ShopError:
        len(5)  # type: ignore[arg-type]


def _from_none() -> None:
    try:
        _plain()
    except KeyError:
        raise ShopError("alone") from None


def _noted() -> None:
    error = ShopError("noted")
    error.add_note("order 5\nof today")
    error.add_note("second")
    raise error


def _syntax() -> None:
    compile("def f(:\n  pass", "made-up.py", "exec")


def _anchored() -> None:
    table = {"a": {"b": None}}
    print(1 + table["a"]["b"]["c"])


def _group() -> None:
    errors: list[Exception] = []
    for make in (_plain, _with_cause, _syntax):
        try:
            make()
        except Exception as error:  # noqa: BLE001
            errors.append(error)
    raise ExceptionGroup("several", [*errors, ExceptionGroup("inner", [ValueError("deep"), ShopError()])])


def _wide_group() -> None:
    raise BaseExceptionGroup("wide", [ValueError(str(number)) for number in range(40)])


def _group_as_cause() -> None:
    try:
        _group()
    except ExceptionGroup as error:
        raise ShopError("after a group") from error


def _repeated(depth: int = 20) -> None:
    if depth:
        _repeated(depth - 1)
    raise ShopError


def _circular() -> None:
    first, second = ShopError("first"), ShopError("second")
    first.__cause__, second.__context__ = second, first
    raise first


def _caught(make: Callable[[], object]) -> BaseException:
    try:
        make()
    except BaseException as error:  # noqa: BLE001
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "make",
    [
        _plain, _multi_line, _with_cause, _with_context, _from_none, _noted, _syntax, _anchored, _group, _wide_group,
        _group_as_cause, _repeated, _circular, lambda: _raise(KeyboardInterrupt()), lambda: _raise(UnprintableError()),
        lambda: _raise(ShopError("")), lambda: exec("1/0", {}), lambda: eval("undefined_name + 1", {}),
    ],
)  # fmt: skip
def test_the_stack_trace_is_what_python_prints(make: Callable[[], object]) -> None:
    error = _caught(make)
    printed = "".join(traceback.format_exception(error))
    assert exception_attributes(capture(error))["exception.stacktrace"] == printed
    assert exception_attributes(capture(error))["exception.stacktrace"] == printed  # remembered lines


def test_an_exception_that_was_never_raised() -> None:
    captured = capture(ShopError("new"))
    assert exception_attributes(captured)["exception.stacktrace"] == f"{__name__}.ShopError: new\n"


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (KeyError("k"), "KeyError", "'k'"),
        (ShopError("why"), f"{__name__}.ShopError", "why"),
        (ShopError(), f"{__name__}.ShopError", ""),
        (OSError(2, "No such file"), "FileNotFoundError", "[Errno 2] No such file"),
        (UnprintableError(), f"{__name__}.UnprintableError", "<exception str() failed>"),
        (NotTextError(), f"{__name__}.NotTextError", "<exception str() failed>"),
    ],
)
def test_type_and_message(error: BaseException, kind: str, message: str) -> None:
    attributes = exception_attributes(capture(error))
    assert attributes["exception.type"] == kind
    assert attributes["exception.message"] == message
    assert list(attributes) == ["exception.type", "exception.message", "exception.stacktrace"]


def test_a_nested_class_is_named_with_its_surroundings() -> None:
    class InnerError(Exception):
        pass

    assert capture(InnerError()).type == f"{__name__}.{InnerError.__qualname__}"
    InnerError.__module__ = None  # type: ignore[assignment]
    assert capture(InnerError()).type.endswith("InnerError")
    assert "InnerError: x" in exception_attributes(capture(InnerError("x")))["exception.stacktrace"]


def test_neither_the_exception_nor_its_frames_nor_locals_stay_alive() -> None:
    class Held:
        pass

    def fail() -> None:
        held = Held()
        watched.append(weakref.ref(held))
        try:
            raise ShopError("inner")
        except ShopError as inner:
            raise ExceptionGroup("group", [ValueError(1)]) from inner

    watched: list[weakref.ref[object]] = []
    kept: list[Captured] = []
    try:
        fail()
    except ExceptionGroup as error:
        watched.append(weakref.ref(error))
        kept.append(capture(error))
    gc.collect()
    assert [each() for each in watched] == [None, None]
    exception_attributes(kept[0])
    assert not any(isinstance(each, (types.FrameType, types.TracebackType)) for each in _reachable(kept[0]))


def _reachable(start: object) -> list[object]:
    """All that the capture holds, without what code objects and classes hold."""
    seen: dict[int, object] = {}
    waiting = [start]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, (type, types.CodeType, types.ModuleType)):
            continue
        seen[id(each)] = each
        waiting.extend(gc.get_referents(each))
    return list(seen.values())


def test_capturing_reads_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "just_written.py"
    source.write_text("def fail():\n    raise ValueError('from a file')\n")
    namespace: dict[str, Callable[[], None]] = {}
    exec(compile(source.read_text(), str(source), "exec"), namespace)
    error = _caught(namespace["fail"])
    opened: list[str] = []

    def refuse(*arguments: object, **_: object) -> object:
        opened.append(str(arguments))
        raise OSError

    with monkeypatch.context() as patched:
        for name in ("os.stat", "builtins.open", "tokenize.open", "linecache.checkcache", "linecache.updatecache"):
            patched.setattr(name, refuse)
        captured = capture(error)
    assert opened == []
    assert str(source) not in linecache.cache
    assert "raise ValueError('from a file')" in exception_attributes(captured)["exception.stacktrace"]
    source.unlink()
    again = capture(_caught(namespace["fail"]))
    assert "raise ValueError('from a file')" in exception_attributes(again)["exception.stacktrace"]  # remembered


def test_source_in_a_zip_archive_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "library.zip"
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("zipped_shop.py", "def fail():\n    raise ValueError('zipped')\n")
    monkeypatch.syspath_prepend(str(archive))
    import zipped_shop  # type: ignore[import-not-found]

    captured = capture(_caught(zipped_shop.fail))
    assert "raise ValueError('zipped')" in exception_attributes(captured)["exception.stacktrace"]


def test_a_source_file_that_cannot_be_read_costs_its_lines_only(tmp_path: Path) -> None:
    source = tmp_path / "gone.py"
    text = "def fail():\n    raise ValueError('gone')\n"
    namespace: dict[str, Callable[[], None]] = {}
    exec(compile(text, str(source), "exec"), namespace)
    source.write_bytes(b"\xff\xfe\x00 not python")
    told = exception_attributes(capture(_caught(namespace["fail"])))["exception.stacktrace"]
    assert told.endswith("ValueError: gone\n")
    assert f'File "{source}", line 2, in fail' in told


def test_an_endless_recursion_is_kept_short() -> None:
    def endless(depth: int) -> int:
        return endless(depth + 1) + 1

    captured = capture(_caught(lambda: endless(0)))
    assert len(captured.frames) == len(captured.last_frames) == module.MOST_FRAMES
    told = exception_attributes(captured)["exception.stacktrace"]
    assert f"  [{captured.frames_left_out} more frames]\n" in told
    assert "RecursionError: maximum recursion depth exceeded" in told.splitlines()[-1]


def test_it_works_where_the_stack_is_nearly_used_up() -> None:
    results: list[Captured] = []

    def endless() -> None:
        try:
            endless()
        except RecursionError as error:
            results.append(capture(error))

    endless()
    assert results
    assert {result.type for result in results} == {"RecursionError"}


def test_a_long_chain_keeps_both_ends() -> None:
    error: Exception = ValueError("root")
    for number in range(5000):
        following = ShopError(str(number))
        following.__cause__ = error
        error = following
    captured = capture(error)
    told = exception_attributes(captured)["exception.stacktrace"]
    assert told.endswith("ShopError: 4999\n")
    assert told.count("direct cause") == module.MOST_LINKS + 3
    assert "exceptions before this one are left out]" in told


def test_a_chain_of_twenty_tells_its_root() -> None:
    error: Exception = ValueError("root")
    for number in range(20):
        following = ShopError(str(number))
        following.__cause__ = error
        error = following
    told = exception_attributes(capture(error))["exception.stacktrace"]
    assert told.startswith("ValueError: root\n")
    assert "[5 exceptions before this one are left out]" in told


def test_a_tree_of_groups_is_bounded() -> None:
    group: Exception = ValueError("leaf")
    for _ in range(30):
        group = ExceptionGroup("g" * 100, [group] * 15)
    captured = capture(group)
    assert captured.size_bytes < 1_000_000
    assert len(exception_attributes(captured)["exception.stacktrace"]) < 2_000_000


def test_texts_are_bounded() -> None:
    error = ShopError("begin" + "x" * 10_000_000 + "end")
    for _ in range(100):
        error.add_note("n" * 100_000)
    captured = capture(error)
    assert captured.message.startswith("begin")
    assert captured.message.endswith("end")
    assert captured.size_bytes < 700_000


def test_strange_notes_do_not_hurt() -> None:
    error = ShopError("x")
    error.__notes__ = [UnprintableError(), 5]  # type: ignore[list-item]
    assert "<unprintable UnprintableError>\n5\n" in exception_attributes(capture(error))["exception.stacktrace"]
    error.__notes__ = 7  # type: ignore[assignment]
    assert exception_attributes(capture(error))["exception.stacktrace"].endswith("x\n7\n")


def test_a_syntax_error_of_strange_make() -> None:
    error = SyntaxError("odd", ("f.py", 1, 99, None))
    error.text = 5  # type: ignore[assignment]
    error.offset = "no"  # type: ignore[assignment]
    assert "SyntaxError: odd" in exception_attributes(capture(error))["exception.stacktrace"]


def test_attributes_that_raise_do_not_hurt() -> None:
    class HostileError(Exception):
        @property
        def __notes__(self):
            raise OSError("no")

    captured = capture(_caught(lambda: _raise(HostileError("still told"))))
    assert captured.message == "still told"
    assert "HostileError: still told" in exception_attributes(captured)["exception.stacktrace"]


def test_an_interrupt_is_not_swallowed() -> None:
    class ExitsError(Exception):
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture(ExitsError())
