"""Secrets are taken out of text by pattern and by value."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from otel_discord.config import REDACTED, Secret, StrictModel
from otel_discord.service.telemetry.redact import Redactor, secrets_in

TOKEN = "aB3-xY_zCanaryCanaryCanary0123456789"


@pytest.mark.parametrize(
    "text",
    [
        f"POST https://discord.com/api/v10/webhooks/123456789012345678/{TOKEN}?wait=true failed",
        f"https://discord.com/api/webhooks/1/{TOKEN}/messages/99",
        f"https%3A%2F%2Fdiscord.com%2Fapi%2Fwebhooks%2F1%2F{TOKEN}",
        f"HTTPS://DISCORD.COM/API/WEBHOOKS/1/{TOKEN}",
        f'{{"url": "https:\\/\\/discord.com\\/api\\/webhooks\\/1\\/{TOKEN}"}}',
        f"webhooks/not-a-number/{TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f"authorization: {TOKEN}",
        f"Proxy-Authorization: Basic {TOKEN}",
        f"{{'Authorization': 'Bot {TOKEN}'}}",
        f'{{"authorization":"bearer {TOKEN}"}}',
        f'"{{\\"Authorization\\": \\"Bearer {TOKEN}\\"}}"',
        f"[('authorization', 'Bearer {TOKEN}')]",
        f"(b'Authorization', b'Bearer {TOKEN}')",
        f"BEARER {TOKEN}",
        f"sent bearer\t{TOKEN}",
        f"proxy http://user:{TOKEN}@proxy.example:3128 refused",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text):
    redacted = Redactor()(text)
    assert TOKEN not in redacted
    assert REDACTED in redacted


@pytest.mark.parametrize(
    "text",
    [
        "queue is full; the client is told to come back in 5s",
        "bearer_token_auth: tokens were read again",
        "see https://opentelemetry.io/docs and http://localhost:4318/v1/logs",
        "mail to ops@example.org",
        "GET /api/webhooks",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert Redactor()(text) == text


def test_known_secrets_are_found_wherever_they_stand():
    redactor = Redactor()
    redactor.add(
        [Secret("correct horse battery"), Secret(f"https://discord.example/api/webhooks/1/{TOKEN}"), Secret("ab")]
    )
    assert redactor("<correct horse battery>") == f"<{REDACTED}>"
    assert redactor(f"token={TOKEN}") == f"token={REDACTED}"
    assert redactor("about ab") == "about ab"


def test_secrets_of_a_configuration_are_found_at_any_depth():
    class Inner(StrictModel):
        token: Secret = Secret("inner-secret")

    class Outer(StrictModel):
        one: Inner = Inner()
        many: tuple[Inner, ...] = (Inner(token=Secret("tuple-secret")),)
        named: dict[str, Secret] = Field(default_factory=lambda: {"x": Secret("map-secret")})

    assert {secret.reveal() for secret in secrets_in({"a": [Outer()]})} == {
        "inner-secret",
        "tuple-secret",
        "map-secret",
    }


@given(st.text())
def test_any_text_is_taken_and_twice_is_once(text):
    redactor = Redactor()
    assert redactor(redactor(text)) == redactor(text)


@pytest.mark.parametrize(
    "unit",
    ["a.", "://", "://a:", "bearer ", "authorization", "authorization: ", "webhooks/1", "webhooks/1/", "a-", " "],
)
def test_hostile_text_costs_linear_time(unit):
    redactor = Redactor()
    started = time.process_time()
    redactor(unit * (200_000 // len(unit)) + "bearer")
    assert time.process_time() - started < 1.0
