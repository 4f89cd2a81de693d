"""What a user may write under `exporters: discord:`, and what is said about the rest."""

from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.component import StartError
from otel_discord.config.model_errors import explain
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.destinations import resolve_destinations

URL = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68

EVERYTHING: dict[str, Any] = {
    "destinations": {
        "errors": {
            "webhook_url": URL,
            "min_severity": "WARN",
            "thread_id": "123",
            "username": "Telemetry",
            "avatar_url": "",
            "mention": {"min_severity": "FATAL", "roles": ["1"], "users": [], "max_per_hour": 6},
            "quiet_hours": {"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"},
            "delivery": "at_least_once",
            "fallback": "ops",
            "retention": "0s",
        },
        "ops": {"webhook_url": URL},
    },
    "routes": [
        {"condition": "severity_number >= SEVERITY_NUMBER_ERROR", "destinations": ["errors", "ops"], "continue": True}
    ],
    "min_severity": "WARN",
    "critical": {"min_severity": "FATAL", "to_all": False},
    "endpoint": "https://discord.com/api/v10",
    "allow_insecure_endpoint": False,
    "proxy_url": "",
    "timeout": "10s",
    "connect_timeout": "2s",
    "sending_queue": {
        "enabled": True,
        "queue_size": 1024,
        "sizer": "requests",
        "queue_mib": 32,
        "num_consumers": 10,
        "block_on_overflow": False,
        "wait_for_result": False,
        "overflow": "refuse",
        "storage": "file_storage",
        "batch": {"flush_timeout": "50ms", "max_size": 10},
    },
    "retry_on_failure": {
        "enabled": True,
        "initial_interval": "250ms",
        "max_interval": "10s",
        "multiplier": 1.5,
        "randomization_factor": 0.5,
        "max_attempts": 5,
        "max_elapsed_time": "0s",
        "jitter": "decorrelated",
    },
    "max_age": "0s",
    "rate_limit": {"requests_per_second": 45, "channel_messages_per_minute": 30},
    "circuit_breaker": {"failure_threshold": 5, "cooldown": "30s"},
    "fold": {"enabled": True, "window": "5m", "edit_interval": "10s"},
    "alerts": {"group_by": ["alert.name"], "group_wait": "5s", "group_interval": "1m"},
    "evidence": {"window": "5m", "max_mib": 8},
    "redaction": {"enabled": True},
    "render": {
        "preset": "compact",
        "timestamps": True,
        "resource": True,
        "stack_traces": True,
        "max_message_length": 0,
    },
    "templates": {"directory": "./templates"},
    "attachments": {"max_memory_mib": 8, "allowed_directories": [], "shed_above": 0.8},
    "dead_letters": {"directory": "./dead-letters", "max_mib": 256, "retention": "168h"},
    "webhook_check": {"interval": "15m"},
    "shutdown_timeout": "10s",
}


def test_every_key_of_the_design_is_accepted() -> None:
    config = DiscordConfig.model_validate(EVERYTHING)
    assert [item.name for item in resolve_destinations(config)] == ["errors", "ops"]


@pytest.mark.parametrize(
    "change",
    [
        {"rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0}},
        {"sending_queue": {"queue_size": 1}},
        {"sending_queue": {"batch": {"flush_timeout": "0s", "max_size": 1}}},
        {"retry_on_failure": {"initial_interval": "0s", "max_interval": "0s"}},
        {"retry_on_failure": {"jitter": "full"}},
        {"retry_on_failure": {"jitter": "proportional"}},
        {"min_severity": "error2"},
        {"min_severity": 0},
        {"destinations_from": "run_channels"},
        {"render": {"preset": "plain"}},
    ],
)
def test_what_is_in_range(change: dict[str, Any]) -> None:
    DiscordConfig.model_validate({"webhook_url": URL, **change})


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({}, "needs a webhook"),
        ({"webhook_url": URL, "webhook_url_file": "x"}, "exactly one of"),
        ({"webhook_url": URL, "destinations": {"a": {"webhook_url": URL}}}, "exactly one of"),
        ({"webhook_url": "https://example.com/api/webhooks/1/abc"}, "is not the address of a Discord webhook"),
        ({"webhook_url": URL + "/slack"}, "/slack"),
        ({"webhook_url": URL, "endpoint": "http://127.0.0.1/api/v10"}, "allow_insecure_endpoint"),
        ({"webhook_url": URL, "username": "My Discord Bot"}, 'must not contain "discord"'),
        ({"webhook_url": URL, "username": "everyone"}, "refuses it"),
        ({"webhook_url": URL, "username": "x" * 81}, "81 characters"),
        ({"webhook_url": URL, "min_severity": "LOUD"}, "is not a severity"),
        ({"webhook_url": URL, "timeout": "0s"}, "greater than 0"),
        ({"webhook_url": URL, "timeout": "10"}, "unit"),
        ({"webhook_url": URL, "rate_limit": {"requests_per_second": 0}}, "greater than 0"),
        ({"webhook_url": URL, "sending_queue": {"batch": {"max_size": 11}}}, "less than or equal to 10"),
        ({"destinations": {"a": {"webhook_url": URL, "thread_id": "abc"}}}, "must be a Discord id"),
        ({"destinations": {"a": {"webhook_url": URL, "fallback": "b"}}}, "there is no destination 'b'"),
        ({"destinations": {"a": {"webhook_url": URL, "fallback": "a"}}}, "own fallback"),
        ({"destinations": {"a": {}}}, "exactly one of webhook_url"),
        ({"destinations": {"a": {"webhook_url": URL, "thread_id": 1, "thread_name": "x"}}}, "not both"),
        (
            {"webhook_url": URL, "routes": [{"condition": "true", "destinations": ["nobody"]}]},
            "no destination 'nobody'",
        ),
        ({"webhook_url": URL, "render": {"trace_link": "grafana/{trace_id}"}}, "must begin with https://"),
        ({"webhook_url": URL, "render": {"trace_link": "https://a.b/{trace}"}}, "unknown placeholder {trace}"),
        ({"webhook_url": URL, "webhok": 1}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said_and_no_token_is(written: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DiscordConfig.model_validate(written)
    assert words in str(caught.value)
    assert "a" * 20 not in str(caught.value)


def test_wrong_addresses_are_found_together_with_everything_else_each_at_its_place() -> None:
    foreign = URL.replace("discord.com", "evil.example")
    several = {"a": {"webhook_url": foreign}, "b": {"webhook_url": foreign}}
    assert explained({"destinations": several}) == [
        ("destinations", "a", "webhook_url"),
        ("destinations", "b", "webhook_url"),
    ]
    mixed = {"a": {"webhook_url": URL.replace("https", "http"), "min_severity": "LOUD"}, "b": {"webhook_url": "x"}}
    assert explained({"destinations": mixed, "tiemout": "5s"}) == [
        ("tiemout",),
        ("destinations", "a", "webhook_url"),
        ("destinations", "a", "min_severity"),
        ("destinations", "b", "webhook_url"),
    ]


def explained(written: dict[str, Any]) -> list[Any]:
    with pytest.raises(ValidationError) as caught:
        DiscordConfig.model_validate(written)
    return [path for path, _, _ in explain(caught.value, DiscordConfig, written)]


SHOP = {"condition": "true", "destinations": ["a"]}


def words_of(written: dict[str, Any]) -> dict[str, str]:
    """Return what is said about each path, message and hint together."""
    with pytest.raises(ValidationError) as caught:
        DiscordConfig.model_validate(written)
    said = explain(caught.value, DiscordConfig, written)
    return {"::".join(map(str, path)): f"{message} {hint}" for path, message, hint in said}


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (
            {"routes": [{"condition": "severity_number >> 1", "destinations": ["a"]}]},
            "routes::0::condition",
            "(column 18)",
        ),
        ({"routes": [SHOP, {**SHOP, "condition": 'IsMach(body, "x")'}]}, "routes::1::condition", "IsMatch"),
        ({"routes": [{**SHOP, "condition": 'set(body, "x")'}]}, "routes::0::condition", "editor"),
        ({"routes": [{**SHOP, "condition": "true where false"}]}, "routes::0::condition", "where"),
        ({"routes": [{**SHOP, "condition": 'span.name == "x"'}]}, "routes::0::condition", "column 1"),
        ({"routes": [{**SHOP, "destinations": []}]}, "routes::0::destinations", "at least 1"),
        ({"routes": [{"match": "x", **SHOP}]}, "routes::0::match", "the key is condition"),
        ({"routes": [{**SHOP, "mention": {"roles": ["x"]}}]}, "routes::0::mention::roles::0", "Discord id"),
        ({"tls": {"insecure": True}, "headers": {}}, "headers", "nothing to set"),
        ({"discord_configs": [{}]}, "discord_configs", "one of the destinations"),
        ({"use_discord_username": True}, "use_discord_username", "leave username empty"),
        ({"Level": "info"}, "Level", "min_severity"),
        ({"tiemout": "5s"}, "tiemout", 'did you mean "timeout"'),
    ],
)
def test_what_is_wrong_with_routes_and_foreign_keys(change: dict[str, Any], path: str, words: str) -> None:
    said = words_of({"destinations": {"a": {"webhook_url": URL}}, **change})
    assert words in said[path]


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"quiet_hours": {"from": "22:00", "to": "07:00", "time_zone": "Europe/Berln"}}, "time_zone", "Europe/Berlin"),
        ({"quiet_hours": {"from": "25:00", "to": "07:00"}}, "from", "must match"),
        ({"quiet_hours": {"start": "22:00", "from": "22:00", "to": "07:00"}}, "start", "the key is from"),
        ({"mention": {"everyone": True}}, "everyone", "never pinged"),
        ({"mention": {"users": [str(10**18 + n) for n in range(60)]}}, "mention", "name a role"),
        ({"thread_name": "{{ servce }}"}, "thread_name", "did you mean 'service'"),
        ({"thread_name": " \u200b "}, "thread_name", "is blank"),
        ({"url": URL}, "url", "webhook_url"),
    ],
)
def test_what_is_wrong_with_a_destination(change: dict[str, Any], path: str, words: str) -> None:
    said = words_of({"destinations": {"a": {"webhook_url": URL, **change}}})
    assert any(words in text for key, text in said.items() if key.endswith(path)), said


def test_a_destination_and_its_routes_together_name_no_more_than_a_message_holds() -> None:
    mention = {"users": [str(10**18 + n) for n in range(30)]}
    other = {"users": [str(10**18 + n) for n in range(30, 60)]}
    written = {"destinations": {"a": {"webhook_url": URL, "mention": mention}}, "routes": [{**SHOP, "mention": other}]}
    with pytest.raises(ValidationError, match="its mention and those of its routes"):
        DiscordConfig.model_validate(written)


def test_a_runbook_link_is_an_address_or_the_attribute() -> None:
    for template in ("attribute", "https://runbooks.example/{service}/{event_name}", ""):
        DiscordConfig.model_validate({"webhook_url": URL, "render": {"runbook_link": template}})
    with pytest.raises(ValidationError, match="must begin with https://"):
        DiscordConfig.model_validate({"webhook_url": URL, "render": {"runbook_link": "yes"}})


def test_a_webhook_s_address_from_a_file(tmp_path: Any) -> None:
    path = tmp_path / "url"
    path.write_text(URL + "\n")
    config = DiscordConfig.model_validate({"webhook_url_file": str(path)})
    (destination,) = resolve_destinations(config)
    assert destination.webhook.id == "123456789012345678"
    assert "a" * 20 not in repr(destination)


@pytest.mark.parametrize("text", ["", "nonsense", "\xff"])
def test_a_file_without_an_address_stops_the_start(tmp_path: Any, text: str) -> None:
    path = tmp_path / "url"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(StartError, match="destination 'default'"):
        resolve_destinations(DiscordConfig.model_validate({"webhook_url_file": str(path)}))
    with pytest.raises(StartError, match="cannot be read"):
        resolve_destinations(DiscordConfig.model_validate({"webhook_url_file": str(tmp_path / "none")}))


def test_destinations_take_the_exporter_s_defaults() -> None:
    config = DiscordConfig.model_validate(
        {
            "destinations": {
                "a": {"webhook_url": URL},
                "b": {"webhook_url": URL, "min_severity": "INFO", "preset": "full"},
                "c": {"webhook_url": URL, "render": {"preset": "standard"}},
            },
            "min_severity": "ERROR",
            "username": "Telemetry",
            "render": {"embeds": False},
        }
    )
    a, b, c = resolve_destinations(config)
    assert (a.min_severity, a.preset, a.username) == (17, "plain", "Telemetry")
    assert (b.min_severity, b.preset) == (9, "full")
    assert c.preset == "standard"
