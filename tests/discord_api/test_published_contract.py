"""Our bodies against the contract that Discord publishes (kept beside the repository, where it is present)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_discord.discord_api.bodies import edit_json
from otel_discord.discord_api.models import (
    SUPPRESS_NOTIFICATIONS,
    AllowedMentions,
    Embed,
    EmbedAuthor,
    EmbedField,
    EmbedFooter,
    FilePart,
    Message,
)

CONTRACT = Path(__file__).parents[3] / "shared" / "discord-openapi-webhooks.json"
GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*/expected.message.json"))

WHOLE = Message(
    content="<@&1>",
    embeds=(
        Embed(
            title="t",
            description="d",
            url="https://example.com/a",
            color=0,
            timestamp=datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC),
            fields=(EmbedField("n", "v", True), EmbedField("n", "v")),
            author=EmbedAuthor("a", "https://example.com", "https://example.com/i.png"),
            footer=EmbedFooter("f", "https://example.com/i.png"),
            image_url="attachment://a.png",
            thumbnail_url="https://example.com/t.png",
        ),
    ),
    files=(FilePart("a.png", lambda: b"x", 1, "image/png", "a picture"), FilePart("b.txt", lambda: b"x", 1)),
    username="Telemetry",
    avatar_url="https://example.com/a.png",
    thread_name="thread",
    flags=SUPPRESS_NOTIFICATIONS,
    allowed_mentions=AllowedMentions(users=("1",), roles=("2",)),
)


def validator(schema: str) -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    if not CONTRACT.exists():
        pytest.skip("the published contract is not beside this checkout")
    document = json.loads(CONTRACT.read_text())
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **document})


@pytest.mark.parametrize("message", [WHOLE, Message(content="x"), Message(embeds=(Embed(title="t"),))])
def test_bodies_that_create(message: Message) -> None:
    body = message.to_json()
    validator("IncomingWebhookRequestPartial").validate(body)
    assert body["allowed_mentions"]["parse"] == []


@pytest.mark.parametrize("message", [WHOLE, Message(content="x"), Message()])
def test_bodies_that_edit(message: Message) -> None:
    body = edit_json(message)
    validator("IncomingWebhookUpdateRequestPartial").validate(body)
    assert body["allowed_mentions"]["parse"] == []
    assert not {"username", "avatar_url", "thread_name"} & body.keys()


def test_golden_messages() -> None:
    assert GOLDEN
    check = validator("IncomingWebhookRequestPartial")
    for path in GOLDEN:
        body = json.loads(path.read_text())
        for message in body if isinstance(body, list) else [body]:
            check.validate(message.get("message", message))
