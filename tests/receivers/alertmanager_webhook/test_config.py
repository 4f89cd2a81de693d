"""The keys, and what is said about wrong ones."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.receivers.alertmanager_webhook.rig import config


def test_defaults() -> None:
    from otel_discord.receivers.alertmanager_webhook.config import AlertmanagerWebhookConfig

    made = AlertmanagerWebhookConfig()
    assert (made.endpoint, made.path, made.max_request_body_size) == ("localhost:9098", "/api/v1/alerts-webhook", 2**22)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"endpoint": "nowhere"}, "must be host:port"),
        ({"path": "a b"}, "is not a URL path"),
        ({"max_request_body_size": 0}, "greater than or equal to 1024"),
        ({"max_alerts": 0}, "greater than or equal to 1"),
        ({"service_labels": [""]}, "at least 1 character"),
        ({"default_severity": ""}, "at least 1 character"),
        ({"paths": []}, "Extra inputs"),
    ],
)
def test_wrong_keys(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        config(**keys)
    assert said in str(refused.value)
