"""What is refused, and with which words."""

from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.connectors.heartbeat.config import HeartbeatConfig


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"watch": []}, "nothing is left to do"),
        ({"watch": [{}, {}]}, "has the name 'TelemetryStopped' as well"),
        ({"watch": [{"after": "0s"}]}, "greater than or equal"),
        ({"watch": [{"after": "2h", "forget_after": "1h"}]}, "must be longer than after"),
        ({"watch": [{"expect": [{"service.nme": "shop"}]}]}, "needs values of service.name"),
        ({"watch": [{"expect": [{}]}]}, "needs values of service.name"),
        ({"watch": [{"group_by": ["a", "a"]}]}, "named twice"),
        ({"watch": [{"signals": []}]}, "at least 1"),
        ({"watch": [{"signals": ["profiles"]}]}, "logs"),
        ({"watch": [{"where": "attributes["}]}, "where"),
        ({"status": {"interval": "1ms"}}, "greater than or equal"),
        ({"statu": {}}, "statu"),
    ],
)
def test_what_is_refused(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        HeartbeatConfig.model_validate(config)


def test_the_defaults() -> None:
    (watch,) = HeartbeatConfig().watch
    assert (watch.name, watch.group_by, watch.after) == ("TelemetryStopped", ("service.name",), 300)
    assert HeartbeatConfig.model_validate({"watch": [], "status": {}}).status is not None


def test_expected_values_are_text_as_labels_are() -> None:
    watch = {"group_by": ["shard", "primary"], "expect": [{"shard": 3, "primary": True}]}
    config = HeartbeatConfig.model_validate({"watch": [watch]})
    assert config.watch[0].expect == ({"shard": "3", "primary": "true"},)
