"""What is said about a configuration that will flood a channel or ping too often."""

from typing import Any

import pytest

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.storm_warnings import storm_warnings

URL = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68
OTHER = "https://discord.com/api/webhooks/123456789012345679/" + "b" * 68
PAGED = {"roles": ["1"]}
TRUE = {"condition": "true", "destinations": ["a"]}


def said(**written: Any) -> list[str]:
    return storm_warnings(DiscordConfig.model_validate(written))


def one(**destination: Any) -> dict[str, Any]:
    return {"destinations": {"a": {"webhook_url": URL, **destination}}}


@pytest.mark.parametrize(
    "written",
    [
        {"webhook_url": URL},
        {"webhook_url": URL, "min_severity": "ERROR"},
        one(mention=PAGED, min_severity="WARN"),
        one(min_severity="INFO") | {"routes": [TRUE]},
        {"webhook_url": URL, "fold": {"enabled": False}, "rate_limit": {"channel_messages_per_minute": 0}},
        {"destinations": {"a": {"webhook_url": URL, "thread_id": 1}, "b": {"webhook_url": URL, "thread_id": 2}}},
        {"webhook_url_file": "x"},
        {"destinations": {"a": {"webhook_url_file": "x"}, "b": {"webhook_url_file": "y"}}},
        one(thread_name="{{ service }}"),
        one() | {"routes": [TRUE | {"continue": True}, TRUE]},
    ],
)
def test_what_is_as_it_should_be_is_not_talked_about(written: dict[str, Any]) -> None:
    assert said(**written) == []


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"webhook_url": URL, "min_severity": "INFO"}, "min_severity: everything from INFO on goes to one channel"),
        (one(min_severity=0), "destinations::a::min_severity: everything from the lowest severity on"),
        ({"webhook_url": URL, "fold": {"enabled": False}}, "fold::enabled: without folding each record is a card"),
        ({"webhook_url": URL, "fold": {"edit_interval": "2s"}}, "fold::edit_interval: edits of a single busy message"),
        ({"webhook_url": URL, "fold": {"edit_interval": "0s"}}, "fold::edit_interval"),
        (
            {"webhook_url": URL, "rate_limit": {"channel_messages_per_minute": 60}},
            "channel_messages_per_minute: 60 is more than the 30",
        ),
        (one(mention=PAGED | {"min_severity": "WARN"}), "destinations::a::mention::min_severity: people are pinged"),
        (one(mention={}), "destinations::a::mention: names neither roles nor users"),
        (one(mention=PAGED | {"max_per_hour": 60}), "mention::max_per_hour: 60 pings an hour"),
        (
            one() | {"routes": [TRUE | {"mention": PAGED | {"min_severity": "INFO"}}]},
            "routes::0::mention::min_severity: people are pinged from INFO on",
        ),
        (
            {"destinations": {"a": {"webhook_url": URL}, "b": {"webhook_url": URL}}},
            "destinations::b::webhook_url: is the webhook of destinations::a as well",
        ),
        (one() | {"routes": [TRUE, TRUE]}, "routes::0: takes every record"),
        (one(thread_name="{{ title }}"), "destinations::a::thread_name: titles with numbers"),
    ],
)
def test_what_will_flood_or_ping_too_often(written: dict[str, Any], words: str) -> None:
    (sentence,) = said(**written)
    assert sentence.startswith(words) or words in sentence
    assert "aaaa" not in sentence


def test_two_webhooks_are_no_twins() -> None:
    assert said(destinations={"a": {"webhook_url": URL}, "b": {"webhook_url": OTHER}}) == []
