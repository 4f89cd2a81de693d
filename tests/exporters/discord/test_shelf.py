"""The shelf: bounded memory, oldest first to go, files for what is larger."""

import pytest

from otel_discord.exporters.discord.shelf import Shelf


def test_holds_until_every_card_is_done_with_it() -> None:
    shelf = Shelf(max_bytes=100)
    key, once = shelf.put(b"x" * 60, ["a", "b"])
    assert (shelf.open(key), once, shelf.used_bytes) == (b"x" * 60, False, 60)
    shelf.release(key)
    assert shelf.holds(key)
    shelf.release(key)
    assert not shelf.holds(key)
    assert shelf.used_bytes == 0
    shelf.release(key)  # a third time is harmless
    with pytest.raises(OSError, match="let go"):
        shelf.open(key)


def test_sheds_the_oldest_first() -> None:
    shelf = Shelf(max_bytes=100)
    keys = [shelf.put(b"x" * 30, [name])[0] for name in "abc"]
    assert shelf.shed(100) == []
    assert shelf.shed(45) == ["a", "b"]
    assert [shelf.holds(key) for key in keys] == [False, False, True]
    assert shelf.shed_oldest() == ["c"]
    assert shelf.shed_oldest() == []


def test_what_is_larger_than_the_bound_becomes_a_file_that_opens_again_and_again() -> None:
    shelf = Shelf(max_bytes=10)
    key, once = shelf.put(b"y" * 1000, ["a"])
    assert not once
    assert shelf.used_bytes == 0
    for _ in range(2):
        opened = shelf.open(key)
        assert not isinstance(opened, bytes)
        with opened:
            assert opened.read() == b"y" * 1000
    path = shelf._held[key].content
    shelf.close()
    assert not path.exists()
    assert not path.parent.exists()


def test_where_no_file_can_be_written_it_is_held_for_one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> str:
        raise OSError("no space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    shelf = Shelf(max_bytes=10)
    key, once = shelf.put(b"y" * 1000, ["a"])
    assert once
    assert shelf.open(key) == b"y" * 1000


def test_a_file_goes_with_its_last_card_and_another_stays() -> None:
    shelf = Shelf(max_bytes=10)
    (gone, _), (stays, _) = shelf.put(b"y" * 1000, ["a"]), shelf.put(b"z" * 1000, ["b"])
    paths = [shelf._held[key].content for key in (gone, stays)]
    shelf.release(gone)
    assert [path.exists() for path in paths] == [False, True]
    shelf.close()
    assert not paths[1].exists()
