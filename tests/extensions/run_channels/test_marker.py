"""A mark is read back whole, by whom it was made for, and nothing else is taken for one."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.config import Secret
from otel_discord.extensions.run_channels.identity import is_sealed, lane_of, run_id_of, seal_of
from otel_discord.extensions.run_channels.marker import (
    Marker,
    machine_part,
    marker_in_message,
    parse_marker,
    topic_of,
    with_marker,
)
from otel_discord.extensions.run_channels.requests import parse_create
from otel_discord.extensions.run_channels.runs import RunKey

KEY = Secret("made-up.bot.token")
GUILD = "123456789012345678"
PRINTABLE = st.characters(exclude_categories=("C", "Z", "M"))

run_keys = st.builds(
    RunKey, guild_id=st.integers(1, 2**64 - 1).map(str), task_id=st.text(PRINTABLE, min_size=1, max_size=100),
    attempt=st.integers(0, 10**6), short_id=st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True),
)  # fmt: skip


def mark(key: RunKey, created_ms: int = 1_795_000_000_000, retention_hours: int = 24) -> Marker:
    run_id = run_id_of(key, KEY)
    return Marker(run_id=run_id, key=key, created_ms=created_ms, retention_hours=retention_hours)


def example() -> Marker:
    return mark(RunKey(guild_id=GUILD, task_id="build-42", attempt=1, short_id="ab12"))


markers = st.builds(mark, run_keys, st.integers(0, 2**42), st.integers(0, 8760))


@given(markers)
def test_a_mark_is_read_back(marker: Marker) -> None:
    topic = topic_of(marker, KEY)
    assert len(topic) <= 1024
    assert topic == topic.strip()
    assert parse_marker(topic, marker.key.guild_id, KEY) == marker


def test_the_longest_topic_fits() -> None:
    marker = mark(RunKey(guild_id="9" * 19, task_id="\U0001f9ea" * 100, attempt=10**6, short_id="s" * 40), 2**42, 8760)
    assert len(topic_of(marker, KEY)) <= 1024
    assert parse_marker(topic_of(marker, KEY), "9" * 19, KEY) == marker


def test_people_can_read_a_topic() -> None:
    topic = topic_of(example(), KEY)
    assert topic.startswith("Run build-42, attempt 1 (ab12), 2026-11-18 11:06 UTC, kept 24 h · made and kept by ")
    assert topic_of(mark(example().key, retention_hours=0), KEY).count("kept until it ends") == 1


@settings(max_examples=50)
@given(markers, st.data())
def test_one_other_character_is_one_too_many(marker: Marker, data: st.DataObject) -> None:
    machine = machine_part(marker, KEY)
    index = data.draw(st.integers(0, len(machine) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda char: char != machine[index]))
    for changed in (
        f"{machine[:index]}{other}{machine[index + 1 :]}",
        f"{machine[:index]}{machine[index + 1 :]}",
        machine[:index] + machine[index].swapcase() + machine[index + 1 :],
    ):
        if changed != machine:
            assert parse_marker(changed, marker.key.guild_id, KEY) is None


@given(st.text(max_size=300))
def test_others_texts_say_nothing(text: str) -> None:
    assert parse_marker(text, GUILD, KEY) is None


def test_a_mark_holds_for_one_guild_and_one_bot() -> None:
    topic = topic_of(example(), KEY)
    assert parse_marker(topic, "123456789012345679", KEY) is None
    assert parse_marker(topic, GUILD, Secret("another.bot.token")) is None


def test_a_forged_seal_is_refused() -> None:
    machine = machine_part(example(), KEY)
    signed, _, _ = machine.rpartition(".")
    assert parse_marker(f"{signed}.{seal_of(signed, Secret('mine'))}", GUILD, KEY) is None
    assert not is_sealed("x", "ä", KEY)


def test_words_around_it_do_no_harm() -> None:
    machine = machine_part(example(), KEY)
    for text in (f"see {machine} there", f"{machine}\n", f"({machine})", f"{machine}."):
        assert parse_marker(text, GUILD, KEY) == example()


def test_callers_words_are_no_mark() -> None:
    """Whoever puts the mark of another run into a task's name gets the mark of the own run."""
    other = machine_part(mark(RunKey(guild_id=GUILD, task_id="a", attempt=0, short_id="b"), 0, 0), KEY)
    marker = mark(RunKey(guild_id=GUILD, task_id=other[:100], attempt=1, short_id="ab12"))
    assert parse_marker(topic_of(marker, KEY), GUILD, KEY) == marker
    assert parse_marker(f"{other} {machine_part(marker, KEY)}", GUILD, KEY) == marker


def test_no_one_is_pinged_by_a_topic() -> None:
    topic = topic_of(mark(RunKey(guild_id=GUILD, task_id="@everyone <@1> <#2>", attempt=1, short_id="a")), KEY)
    for live in ("@everyone", "<@1", "<#2"):
        assert live not in topic


def test_a_thread_carries_it_in_its_header() -> None:
    message: dict[str, Any] = {"embeds": [{"title": "x"}, {"title": "y"}], "allowed_mentions": {"parse": []}}
    marked = with_marker(message, example(), "77", KEY)
    assert marked["embeds"][0]["url"].startswith(f"https://discord.com/channels/{GUILD}/77#otel-discord.")
    assert "url" not in message["embeds"][0]
    assert marker_in_message(marked, GUILD, KEY) == example()
    plain = with_marker({"content": "word " * 600}, example(), "77", KEY)
    assert len(plain["content"]) <= 2000
    assert marker_in_message(plain, GUILD, KEY) == example()
    untitled = with_marker({"embeds": [{"description": "x"}]}, example(), "77", KEY)
    assert "url" not in untitled["embeds"][0]
    assert marker_in_message(untitled, GUILD, KEY) == example()
    assert marker_in_message({"embeds": "x", "content": None}, GUILD, KEY) is None
    assert marker_in_message({"embeds": [{"url": 5}, "x", {}], "content": "hi"}, GUILD, KEY) is None


@given(markers)
def test_the_link_of_a_thread_fits(marker: Marker) -> None:
    url = with_marker({"embeds": [{"title": "x"}]}, marker, "9" * 19, KEY)["embeds"][0]["url"]
    assert len(url) <= 2048
    assert url.isascii()
    assert parse_marker(url, marker.key.guild_id, KEY) == marker


def test_ids_follow_from_who_asks() -> None:
    key = example().key
    assert run_id_of(key, KEY) == run_id_of(key, KEY)
    others = [
        replace(key, guild_id="1"), replace(key, task_id="build-4", attempt=21), replace(key, attempt=11),
        replace(key, short_id="ab1"), replace(key, task_id="build-421", short_id="ab12"),
    ]  # fmt: skip
    ids = {run_id_of(item, KEY) for item in (key, *others)} | {run_id_of(key, Secret("other"))}
    assert len(ids) == 7
    assert all(len(item) == 16 and set(item) <= set("abcdefghijklmnopqrstuvwxyz234567") for item in ids)
    assert lane_of("abc") == "run/abc"


def test_every_request_that_is_taken_can_be_marked() -> None:
    body = {"taskId": '"' * 50 + "\\" * 50, "attempt": 10**6, "shortId": "s" * 40, "guildId": "9" * 19}
    key = parse_create(body, max_retention_hours=1).key
    assert parse_marker(topic_of(mark(key), KEY), "9" * 19, KEY) == mark(key)
