"""Which post belongs to which title, remembered and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.posts import MAX_POSTS, Posts


def test_a_post_is_found_until_it_is_gone() -> None:
    posts = Posts("7")
    posts.opened("shop", "1")
    posts.opened("cart", "2")
    assert posts.find("shop") == "1"
    posts.gone("1")
    assert (posts.find("shop"), posts.find("cart"), posts.find("other")) == ("", "2", "")


def test_another_webhook_has_other_posts() -> None:
    posts = Posts("7")
    posts.opened("shop", "1")
    assert posts.of("7") is posts
    assert posts.of("8").find("shop") == ""


def test_the_one_used_longest_ago_is_forgotten_first() -> None:
    posts = Posts("7")
    for number in range(1, MAX_POSTS + 1):
        posts.opened(f"post {number}", str(number))
    assert posts.find("post 1") == "1"
    posts.opened("one more", "1000")
    assert (posts.find("post 1"), posts.find("post 2"), posts.find("one more")) == ("1", "", "1000")


@given(st.lists(st.tuples(st.text(max_size=100), st.integers(1, 2**64 - 1)), max_size=300))
def test_they_come_back_from_storage(pairs: list[tuple[str, int]]) -> None:
    posts = Posts("7")
    for title, thread_id in pairs:
        posts.opened(title, str(thread_id))
    restored = Posts.from_bytes(posts.to_bytes())
    assert restored == posts
    assert len(posts.to_bytes()) < 300_000


@pytest.mark.parametrize("stored", [b"", b"[]", b"{}", b'{"webhook_id": "1", "posts": [1]}', b"\xff"])
def test_what_cannot_be_read_is_nothing(stored: bytes) -> None:
    assert Posts.from_bytes(stored) == Posts()


def test_an_id_that_is_none_is_left_out() -> None:
    stored = b'{"webhook_id": "7", "posts": [["a", "../1"], ["b", "5"]]}'
    restored = Posts.from_bytes(stored)
    assert (restored.find("a"), restored.find("b")) == ("", "5")
