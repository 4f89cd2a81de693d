"""No planted secret is anywhere afterwards: messages, files, queue, dead letters, logs. Real time, real files."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.component import Storage
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.signals import LogsBatch
from otel_discord.testing import settings
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import any_value, key_values, logs_batch
from tests.exporters.discord.rig import Rig, running
from tests.redaction.secrets import SECRETS

URL = f"https://discord.com/api/webhooks/{'1' * 18}/{'a' * 68}"
PLANTED = {name: pair for name, pair in SECRETS.items() if len(pair[1]) >= 6}


def planted() -> LogsBatch:
    """Return a record for each secret, which has it in every place there is."""
    batch = logs_batch(len(PLANTED))
    of_resource = batch.request.resource_logs[0]
    for record, (text, _) in zip(of_resource.scope_logs[0].log_records, PLANTED.values(), strict=True):
        record.body.CopyFrom(any_value({"message": text, "nested": [{"deep": text}]}))
        record.event_name = text
        record.severity_text = text
        record.attributes.extend(
            key_values(
                {
                    "note": text,
                    text: "key",
                    "exception.type": "E",
                    "exception.message": text,
                    "exception.stacktrace": f'Traceback\n  File "a.py", line 1, in f\n    {text}\nE: {text}',
                    "discord.attachments": [{"filename": f"{text}.txt", "description": text, "data": text}],
                }
            )
        )
    of_resource.resource.attributes.extend(key_values({f"r.{name}": text for name, (text, _) in PLANTED.items()}))
    of_resource.scope_logs[0].scope.name = " ".join(text for text, _ in PLANTED.values())
    return batch


def assert_clean(data: bytes, where: str) -> None:
    found = [name for name, (_, secret) in PLANTED.items() if secret.encode() in data]
    assert not found, f"{found} in {where}"


def shown_in(fake: FakeDiscord) -> bytes:
    parts = [repr(exchange).encode() for exchange in fake.exchanges]
    parts += [repr(message).encode() + b"".join(file.data for file in message.files) for message in fake.messages]
    return b"\n".join(parts)


async def until_empty(rig: Rig) -> None:
    async with asyncio.timeout(30):
        while rig.telemetry.value("otelcol_exporter_queue_size"):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("is_there", [True, False], ids=["delivered", "dead letters"])
async def test_no_secret_is_anywhere(is_there: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fake = FakeDiscord(channel_limit=None)
    hook = fake.add_webhook()
    if not is_there:
        fake.delete_webhook(hook)
    storage = FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path / "queue"))
    assert isinstance(storage, Storage)
    host = NopHost(extensions={"file_storage": storage})
    config: dict[str, Any] = {
        "webhook_url": hook.url,
        "sending_queue": {"storage": "file_storage"},
        "dead_letters": {"directory": str(tmp_path / "letters")},
        "rate_limit": {"channel_messages_per_minute": 0, "requests_per_second": 10_000},
        "shutdown_timeout": "20s",
        "render": {"preset": "full"},
    }
    async with storage.lifespan(host), running(fake, host=host, **config) as rig:
        await rig.exporter.consume(planted())
        for path in (path for path in (tmp_path / "queue").rglob("*") if path.is_file()):
            assert_clean(path.read_bytes(), path.name)
        if is_there:
            await until_empty(rig)
        else:
            async with asyncio.timeout(30):
                while rig.telemetry.value("otelcol_exporter_send_failed_log_records") < len(PLANTED):
                    await asyncio.sleep(0.05)
    assert bool(fake.messages) is is_there
    assert_clean(shown_in(fake), "messages")
    assert_clean(caplog.text.encode(), "the log")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert_clean(path.read_bytes() + path.name.encode(), path.name)
    if not is_there:
        assert any("letters" in str(path) for path in files)


@pytest.mark.looptime
async def test_it_can_be_switched_off_and_told_what_to_look_for() -> None:
    fake = FakeDiscord(channel_limit=None)
    body = "password=hunter-22 of ann@example.com"
    for redaction in (
        {"enabled": False},
        {"patterns": ["all"]},
        {"patterns": ["email"], "action": "hash", "hash_key": "k" * 16},
    ):
        async with running(fake, redaction=redaction) as rig:
            await rig.exporter.consume(logs_batch(body=body))
    said = [message.embeds[0]["title"].removeprefix("🔴 ").replace("\\", "") for message in fake.messages]
    assert said[:2] == [body, "password=[password] of [email]"]
    assert said[2].startswith("password=hunter-22 of email-")


@pytest.mark.parametrize(
    ("redaction", "words"),
    [
        ({"patterns": ["e-mail"]}, 'did you mean "email"'),
        ({"action": "hash"}, "needs hash_key"),
        ({"hash_user_ids": True, "hash_key": "short"}, "shorter than 16"),
    ],
)
def test_what_is_refused(redaction: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DiscordConfig.model_validate({"webhook_url": URL, "redaction": redaction})


async def test_a_large_batch_is_masked_as_well() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, rate_limit={"channel_messages_per_minute": 0}) as rig:
        await rig.exporter.consume(logs_batch(body="password=hunter-22 " + "x " * 600_000))
    assert b"hunter-22" not in shown_in(fake)
    assert fake.messages
