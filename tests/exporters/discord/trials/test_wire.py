"""The configuration survives the way to a trial, without its secrets; frames do too."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.preview import config_without_addresses
from otel_discord.exporters.discord.trials import wire

URL = "https://discord.com/api/webhooks/123456789012345678/" + "s" * 68


@pytest.mark.parametrize(
    "written",
    [
        {"webhook_url": URL},
        {"webhook_url": URL, "fold": {"enabled": False}, "render": {"preset": "plain"}, "username": "shop"},
        {
            "destinations": {
                "ops": {"webhook_url": URL, "min_severity": "WARN", "retention": "168h", "fallback": "dev"},
                "dev": {"webhook_url": URL.replace("1234", "4321"), "min_severity": "ERROR"},
            },
            "routes": [{"condition": 'log.attributes["to"] == "ops"', "destinations": ["ops"], "continue": True}],
            "critical": {"min_severity": "FATAL", "to_all": True},
            "max_age": "2h",
            "proxy_url": "http://user:geheim@127.0.0.1:3128",
            "redaction": {"hash_user_ids": True, "hash_key": "sehr-geheim-sehr-geheim-sehr-geheim"},
            "sending_queue": {"storage": "file_storage", "batch": {"max_size": 4}},
        },
    ],
    ids=["one", "plain", "many"],
)
def test_a_configuration_comes_as_it_went(written: dict[str, Any]) -> None:
    config = DiscordConfig.model_validate(written)
    sent = wire.written(config)
    assert b"geheim" not in sent
    assert b"ssss" not in sent
    twin, _ = config_without_addresses(config)
    redaction = DiscordConfig.model_fields["redaction"].get_default(call_default_factory=True)
    assert wire.read(sent) == twin.model_copy(update={"redaction": redaction})


@given(kind=st.sampled_from(list(wire.Kind)), payload=st.binary(max_size=100), accepted_ns=st.integers(0, 2**64 - 1))
def test_a_frame_is_read_as_it_was_written(kind: wire.Kind, payload: bytes, accepted_ns: int) -> None:
    frame = wire.framed(kind, payload, accepted_ns)
    assert wire.head(frame[: wire.HEAD_BYTES]) == (kind, len(payload), accepted_ns)
    assert frame[wire.HEAD_BYTES :] == payload


@given(name=st.text(st.characters(exclude_characters="\0")), card=st.binary())
def test_so_is_a_card(name: str, card: bytes) -> None:
    assert wire.split_shown(wire.shown(name, card)) == (name, card)
