"""Which requests to FakeDiscord a fault is for."""

from otel_discord.testing.fake_discord import posts, webhook_is
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.faults import Match
from tests.faults.stage import Stage
from tests.sending.markers import marker


def posts_to(stage: Stage, name: str) -> Match:
    """Return a match for POSTs to one destination."""
    mine = webhook_is(stage.webhooks[name].id)
    return lambda request: posts(request) and mine(request)


def holding(number: int) -> Match:
    """Return a match for POSTs whose body holds a record's marker."""

    def match(request: FakeRequest) -> bool:
        data = request.body + b"".join(part.data for part in request.parts or () if part.name == "payload_json")
        return posts(request) and marker(number).encode() in data

    return match
