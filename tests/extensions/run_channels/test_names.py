"""Names are what Discord stores, tell two runs apart where they can, and are found again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from otel_discord.discord_api.bot.bot_api import CATEGORY, TEXT, Channel
from otel_discord.discord_api.username import parse_username
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.names import (
    category_name,
    category_number,
    channel_name,
    free_channel_name,
    next_category_name,
    normalised,
    own_categories,
    thread_name,
    webhook_names,
)
from otel_discord.extensions.run_channels.runs import RunKey
from otel_discord.testing.fake_discord.channel_names import text_channel_name

SHORT = st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True)
KEYS = st.builds(
    RunKey, guild_id=st.just("1"), task_id=st.text(min_size=1, max_size=100), attempt=st.integers(0, 10**6),
    short_id=SHORT,
)  # fmt: skip


def key(task_id: str = "build-42", attempt: int = 1, short_id: str = "ab12") -> RunKey:
    return RunKey(guild_id="1", task_id=task_id, attempt=attempt, short_id=short_id)


@pytest.mark.parametrize(
    ("task_id", "name"),
    [
        ("build-42", "run-build-42-1-ab12"),
        ("Nightly Build", "run-nightly-build-1-ab12"),
        ("shop/web  v1.2 -- x", "run-shop-web-v1-2-x-1-ab12"),
        ("don't", "run-dont-1-ab12"),
        ("snake_case", "run-snake_case-1-ab12"),
        ("ÜBUNG 漢字", "run-übung-漢字-1-ab12"),
        ("!!!", "run-1-ab12"),
        ("🎉", "run-1-ab12"),
    ],
)
def test_a_channel_is_called_after_its_run(task_id: str, name: str) -> None:
    assert channel_name(key(task_id)) == name


def test_a_long_task_is_cut_in_its_middle() -> None:
    name = channel_name(key("begin" + "x" * 90 + "end", 1_000_000, "s" * 40), 2)
    assert len(name) == 100
    assert name.startswith("run-begin")
    assert name.endswith(f"xend-1000000-{'s' * 40}-2")


@given(KEYS, st.integers(1, 1000))
def test_discord_stores_what_is_sent(run: RunKey, number: int) -> None:
    name = channel_name(run, number)
    assert 1 <= len(name) <= 100
    assert text_channel_name(name) == name
    assert normalised(name) == name


@given(KEYS)
def test_attempt_and_short_id_are_kept(run: RunKey) -> None:
    assert f"-{run.attempt}-{normalised(run.short_id)}-2".replace("--", "-") in channel_name(run, 2)


def test_namesakes_are_numbered() -> None:
    taken = {"run-build-42-1-ab12", "run-build-42-1-ab12-2"}
    assert free_channel_name(key(), ()) == "run-build-42-1-ab12"
    assert free_channel_name(key(), taken) == "run-build-42-1-ab12-3"


def test_a_thousand_namesakes_are_enough() -> None:
    taken = {channel_name(key(), number) for number in range(1, 1001)}
    with pytest.raises(ValueError, match="1,000 channels"):
        free_channel_name(key(), taken)


@given(KEYS)
def test_a_thread_is_called_after_its_run(run: RunKey) -> None:
    name = thread_name(run)
    assert 1 <= len(name) <= 100
    assert name.startswith("run-")
    assert name.endswith(f"-{run.attempt}-{run.short_id}")


def test_a_thread_keeps_the_letters() -> None:
    assert thread_name(key("Nightly  Build v1.2")) == "run-Nightly Build v1.2-1-ab12"


@pytest.mark.parametrize(
    ("short_id", "name"),
    [
        ("ab12", "Agent Run ab12"), ("my-Discord-bot", "Agent Run my-Dis-cord-bot"), ("clyde", "Agent Run cly-de"),
        ("everyone", "Agent Run everyone"), ("disdiscordcord", "Agent Run disdis-cordcord"),
    ],
)  # fmt: skip
def test_a_webhook_is_called_after_its_run(short_id: str, name: str) -> None:
    assert webhook_names(short_id, "7f3kq2abcdefghij")[0] == name


@given(
    SHORT | st.lists(st.sampled_from(("dis", "cord", "CLY", "de", "-", "here")), min_size=1, max_size=12).map("".join)
)
def test_discord_takes_every_name_of_a_webhook(short_id: str) -> None:
    for name in webhook_names(short_id, "clydeclydeclyde2"):
        assert parse_username(name) == name


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("Agent Runs", 1), ("agent  runs ", 1), ("Agent Runs 2", 2), ("AGENT RUNS 17", 17), ("Agent Runs 999", 999),
        ("Agent Runs 1", None), ("Agent Runs 02", None), ("Agent Runs Archive", None), ("Agent Runs2", None),
        ("Agent Runs 2 b", None), ("My Agent Runs", None), ("Agent Runs 1000", None), ("", None),
        ("Agent Runs ٢", None),
    ],
)  # fmt: skip
def test_which_categories_are_ours(name: str, number: int | None) -> None:
    assert category_number(name, "Agent Runs") == number


@given(st.text(min_size=1, max_size=90).filter(lambda text: bool(text.strip())), st.integers(1, 999))
def test_the_name_of_a_category_is_read_back(base: str, number: int) -> None:
    assert category_number(category_name(base.strip(), number), base.strip()) == number


def channel(number: int, name: str, kind: int = CATEGORY) -> Channel:
    return Channel(id=str(number), guild_id="1", type=kind, name=name)


def test_categories_are_used_in_their_order() -> None:
    listed = (
        channel(9, "Agent Runs 2"), channel(10, "Agent Runs"), channel(8, "agent runs"), channel(5, "Agent Runs 10"),
        channel(1, "Agent Runs", TEXT), channel(2, "General"),
    )  # fmt: skip
    assert [item.id for item in own_categories(listed, "Agent Runs")] == ["8", "10", "9", "5"]
    assert next_category_name(listed, "Agent Runs") == "Agent Runs 3"
    assert next_category_name(listed, "Agent Runs Archive") == "Agent Runs Archive"
    assert next_category_name(listed[:1], "Agent Runs") == "Agent Runs"


def config_with(archive: str) -> RunChannelsConfig:
    tokens = [{"name": "ci", "token": "x" * 16}]
    return RunChannelsConfig.model_validate({"bot_token": "made-up", "tokens": tokens, "archive_category": archive})


@pytest.mark.parametrize("archive", ["Agent Runs 2", "agent  runs"])
def test_an_archive_is_never_taken_for_a_further_category(archive: str) -> None:
    with pytest.raises(ValidationError, match="more than a number"):
        config_with(archive)


def test_an_archive_may_have_nearly_the_same_name() -> None:
    assert config_with("Agent Run").archive_category == "Agent Run"
