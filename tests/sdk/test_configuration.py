"""Settings become what the engine is configured with."""

from pathlib import Path
from typing import Any

import pytest

from otel_discord.exporterhelper.config import Overflow
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.sdk.configuration import discord_config
from otel_discord.sdk.settings import SdkSettings, SettingsError, read_settings

URL = f"https://discord.com/api/webhooks/123456789012345678/{'a' * 68}"
ID = 1234567890123456789


def config(environ: dict[str, str] | None = None, **arguments: Any) -> DiscordConfig:
    return discord_config(read_settings({"webhook_url": URL, **arguments}, environ or {}))


def test_defaults_fit_into_an_application() -> None:
    made = config()
    assert made.webhook_url is not None
    assert made.webhook_url.reveal() == URL
    assert made.sending_queue.overflow is Overflow.DROP_OLDEST
    assert made.dead_letters.directory == ""
    assert made.shutdown_timeout == 10
    assert made.timeout == 10


def test_what_the_user_sets_stays(tmp_path: Path) -> None:
    made = config(
        spool_directory=tmp_path / "spool",
        sending_queue={"overflow": "refuse", "queue_size": 5},
        dead_letters={"directory": str(tmp_path / "letters"), "max_mib": 1},
        shutdown_timeout=1.5,
    )
    assert (made.sending_queue.overflow, made.sending_queue.queue_size) == (Overflow.REFUSE, 5)
    assert (made.dead_letters.directory, made.dead_letters.max_mib) == (str(tmp_path / "letters"), 1)
    assert made.shutdown_timeout == 1.5


def test_the_spool_is_where_what_is_unsent_goes(tmp_path: Path) -> None:
    made = config(spool_directory=tmp_path, dead_letters={"max_mib": 2})
    assert (made.dead_letters.directory, made.dead_letters.max_mib) == (str(tmp_path), 2)


def test_sections_may_be_empty(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"webhook_url: {URL}\nsending_queue:\ndead_letters: {{directory: }}\nshutdown_timeout: 3s\n")
    made = discord_config(read_settings({"config": file}, {}))
    assert made.sending_queue.overflow is Overflow.DROP_OLDEST
    assert made.dead_letters.directory == ""
    assert made.shutdown_timeout == 3


def test_the_files_own_shutdown_timeout_is_the_end_of_the_application(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"webhook_url: {URL}\nshutdown_timeout: 3s\n")
    assert read_settings({"config": file}, {}).shutdown_timeout_s == 3
    assert read_settings({"config": file, "shutdown_timeout": "4s"}, {}).shutdown_timeout_s == 4


def test_flags_may_be_text() -> None:
    assert config(dry_run="TRUE").dry_run
    assert config(dry_run="${DRY}", environ={"DRY": "true"}).dry_run
    assert not config(dry_run="false").dry_run


def test_ids_may_come_as_numbers() -> None:
    """The SDK's YAML file makes a number of an unquoted ``${ROLE_ID}``."""
    both = {"roles": [ID], "users": (ID,)}
    made = discord_config(
        read_settings(
            {
                "destinations": {
                    "ops": {
                        "webhook_url": URL,
                        "thread_id": ID,
                        "username": 123,
                        "mention": both,
                    },
                    5: {"webhook_url": URL},
                },
                "routes": [{"condition": "true", "destinations": [5, "ops"], "mention": {"roles": [ID]}}],
                "username": 42,
                "min_severity": 17,
            },
            {},
        )
    )
    ops = made.destinations["ops"]
    assert ops.mention is not None
    assert (ops.thread_id, ops.username, ops.mention.roles, ops.mention.users) == (
        str(ID),
        "123",
        (str(ID),),
        (str(ID),),
    )
    assert made.routes[0].destinations == ("5", "ops")
    assert made.routes[0].mention is not None
    assert made.routes[0].mention.roles == (str(ID),)
    assert made.username == "42"
    assert made.min_severity == 17


@pytest.mark.parametrize("wrong", [True, -5, 1.5, 2**64])
def test_other_numbers_are_no_ids(wrong: Any) -> None:
    with pytest.raises(SettingsError, match="argument destinations::a::thread_id: must be a Discord id"):
        read_settings({"destinations": {"a": {"webhook_url": URL, "thread_id": wrong}}}, {})


def test_ids_through_references() -> None:
    made = discord_config(
        read_settings(
            {"destinations": {"a": {"webhook_url": "${U}", "mention": {"roles": ["${env:ROLE}"]}}}},
            {"U": URL, "ROLE": str(ID)},
        )
    )
    assert made.destinations["a"].mention is not None
    assert made.destinations["a"].mention.roles == (str(ID),)


def test_what_only_the_models_find_is_a_settings_error_too() -> None:
    section = {"webhook_url": URL, "rate_limit": {"requests_per_second": 0}, "nonsense": 1}
    with pytest.raises(SettingsError) as caught:
        discord_config(SdkSettings(section=section, labels={("rate_limit",): "argument rate_limit"}))
    assert caught.value.problems[1] == "argument rate_limit::requests_per_second: must be above 0.0"
    assert caught.value.problems[0].startswith("nonsense: is not known; ")


@pytest.mark.parametrize(
    "arguments",
    [
        {"min_severity": "LOUD"},
        {"timeout": "x"},
        {"username": "discord"},
        {"avatar_url": "http://a"},
        {"avatar_url": "https://" + "a" * 2048},
        {"dry_run": "maybe"},
        {"endpoint": "http://a"},
        {"endpoint": "https://a/webhooks/1"},
        {"render": {"preset": "x"}},
        {"webhook_url": "https://a/"},
    ],
)
def test_the_quick_check_refuses_what_the_models_refuse(arguments: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        read_settings({"webhook_url": URL, **arguments}, {})
    with pytest.raises(SettingsError):
        discord_config(SdkSettings(section={"webhook_url": URL, **arguments}))
