"""What is remembered of a destination that is gone."""

import pytest

from otel_discord.config import Secret
from otel_discord.discord_api.outcome_types import Gone, Reason
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.tombstones import Tombstone, fingerprint, is_lasting

URL = WebhookUrl("123", Secret("s3cret-token"))


def test_it_comes_back_as_it_was_stored_and_holds_no_token() -> None:
    gone = Gone(Reason.NOT_FOUND, 404, 10015, "status 404, code 10015: Unknown Webhook")
    tombstone = Tombstone(fingerprint(URL, "https://discord.com/api/v10"), gone, 1_700_000_000.5)
    assert Tombstone.from_bytes(tombstone.to_bytes()) == tombstone
    assert b"s3cret" not in tombstone.to_bytes()
    assert b"123" not in tombstone.fingerprint.encode() or len(tombstone.fingerprint) == 32


@pytest.mark.parametrize("stored", [b"", b"{}", b"[]", b"\xff", b'{"fingerprint": "x", "reason": "never heard of"}'])
def test_what_cannot_be_read_is_no_tombstone(stored: bytes) -> None:
    assert Tombstone.from_bytes(stored) is None


def test_each_part_of_an_address_makes_another_one() -> None:
    here = "https://discord.com/api/v10"
    others = [
        fingerprint(WebhookUrl("124", URL.token), here),
        fingerprint(WebhookUrl("123", Secret("other")), here),
        fingerprint(WebhookUrl("123", URL.token, "7"), here),
        fingerprint(URL, "http://127.0.0.1:1"),
    ]
    assert len({fingerprint(URL, here), *others}) == 5


@pytest.mark.parametrize(
    ("gone", "lasting"),
    [
        (Gone(Reason.NOT_FOUND, 404, 10015), True),
        (Gone(Reason.NOT_FOUND, 404, 10003), True),
        (Gone(Reason.UNAUTHORIZED, 401, 50027), True),
        (Gone(Reason.UNAUTHORIZED, 401, 0), True),
        (Gone(Reason.NOT_FOUND, 404, 0), False),
        (Gone(Reason.FORBIDDEN, 403, 50013), False),
        (Gone(Reason.MISCONFIGURED, 400, 220001), False),
    ],
)
def test_which_outlive_a_restart(gone: Gone, lasting: bool) -> None:
    assert is_lasting(gone) is lasting
