"""What somebody probably meant."""

import pytest

from otel_discord.config.nearest import did_you_mean, nearest

KNOWN = ("webhook_url", "webhook_url_file", "sending_queue", "OTLP", "a", "")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("webhok_url", "webhook_url"),
        ("webhook-url", "webhook_url"),
        ("webhookUrl", "webhook_url"),
        ("WEBHOOK_URL_FILE", "webhook_url_file"),
        ("queue", ""),
        ("sending_queues", "sending_queue"),
        ("otpl", "OTLP"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_the_nearest_word_if_it_is_near(word: str, meant: str) -> None:
    assert nearest(word, KNOWN) == meant
    assert did_you_mean(word, KNOWN) == (f'did you mean "{meant}"?' if meant else "")


def test_where_nothing_is_known_nothing_is_meant() -> None:
    assert nearest("x", ()) == ""
