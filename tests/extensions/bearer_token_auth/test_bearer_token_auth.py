"""Tokens let in, everything else does not; the file is looked after; nothing of a token is said."""

import ast
import asyncio
import inspect
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import NoOpTracer
from pydantic import ValidationError

from otel_discord.component import Authenticator, ComponentId, Settings, StartError
from otel_discord.extensions.bearer_token_auth import extension, tokens
from otel_discord.extensions.bearer_token_auth.config import BearerTokenAuthConfig
from otel_discord.extensions.bearer_token_auth.extension import BearerTokenAuth
from otel_discord.extensions.bearer_token_auth.factory import FACTORY
from otel_discord.extensions.bearer_token_auth.tokens import TokenSet, token_of

SETTINGS = Settings(
    ComponentId("bearer_token_auth"), NoOpMeter("t"), NoOpTracer(), logging.getLogger("otel_discord.test"), "0"
)


def auth(**config: object) -> BearerTokenAuth:
    component = FACTORY.create(SETTINGS, BearerTokenAuthConfig.model_validate(config))
    assert isinstance(component, BearerTokenAuth)
    return component


class Nobody:
    """A host that is not asked."""


HOST = Nobody()


def test_it_is_what_receivers_ask_for():
    assert isinstance(auth(token="abc"), Authenticator)


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("Bearer s3cret-token", True),
        ("bearer s3cret-token", True),
        ("BEARER  s3cret-token ", True),
        ("s3cret-token", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("", False),
        ("Bearer s3cret-toke", False),
        ("Bearer s3cret-token2", False),
        ("Bearer S3cret-token", False),
        ("Basic s3cret-token", False),
        ("Bearer s3cret-token,Bearer x", False),
        ("Bearer \ud800", False),
        ("Bearer " + "x" * 1_000_000, False),
    ],
)
def test_default_scheme(value, allowed):
    assert auth(token="s3cret-token").authenticate({"authorization": value}) is allowed
    assert not auth(token="s3cret-token").authenticate({})


def test_several_tokens_other_header_and_no_scheme():
    guard = auth(tokens=["first-token", "second-token\n"], header="X-Api-Key", scheme="")
    assert guard.authenticate({"x-api-key": "first-token"})
    assert guard.authenticate({"x-api-key": "second-token"})
    assert not guard.authenticate({"x-api-key": ""})
    assert not guard.authenticate({"x-api-key": "third"})
    assert not guard.authenticate({"authorization": "Bearer first-token"})


@given(st.text(min_size=1).filter(str.strip), st.text())
def test_only_equal_tokens_match(known, given_token):
    assert (given_token in TokenSet([known])) == (given_token == known.strip())


@given(st.text(), st.text(max_size=10))
def test_any_header_is_taken(header, scheme):
    token_of(header, scheme)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "one of token, tokens and filename"),
        ({"token": ""}, "empty token would let everybody in"),
        ({"token": "  "}, "empty token would let everybody in"),
        ({"tokens": ["a", " "]}, "empty token"),
        ({"token": "a", "tokens": ["b"]}, "either token or tokens"),
        ({"token": "a", "header": "Bad Header"}, "name of a header"),
        ({"token": "a", "tokn": "b"}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said(config, message):
    with pytest.raises(ValidationError, match=message):
        BearerTokenAuthConfig.model_validate(config)


def test_tokens_are_not_shown():
    config = BearerTokenAuthConfig.model_validate({"tokens": ["planted-token"]})
    assert "planted" not in repr(config) + config.model_dump_json() + repr(vars(auth(token="planted-token")))


def test_compare_digest_is_the_only_comparison_of_tokens():
    tree = ast.parse(inspect.getsource(TokenSet.__contains__).lstrip())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert "compare_digest" in inspect.getsource(tokens)
    assert " in self._tokens" in inspect.getsource(extension)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_the_file_is_looked_after(tmp_path: Path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(extension, "FILE_CHECK_INTERVAL_S", 0.01)
    path = tmp_path / "tokens"
    path.write_text("first-token\n\n  second-token \n")
    guard = auth(filename=str(path))
    allowed = lambda token: guard.authenticate({"authorization": f"Bearer {token}"})  # noqa: E731
    async with guard.lifespan(HOST):
        assert allowed("first-token")
        assert allowed("second-token")
        assert not allowed("")
        new = tmp_path / "new"
        new.write_text("third-token")
        os.replace(new, path)  # noqa: PTH105  as a secret is rotated: in one step
        await until(lambda: allowed("third-token"))
        assert not allowed("first-token")
        path.unlink()
        await until(lambda: "cannot be read" in caplog.text)
        assert allowed("third-token")
        path.write_bytes(b"\xff\xfe secret-bytes")
        await until(lambda: any(getattr(r, "error", "") == "it is not UTF-8 text" for r in caplog.records))
        assert allowed("third-token")
        path.write_text("")
        await until(lambda: not allowed("third-token"))
        assert not allowed("")
    assert "holds none any more" in caplog.text
    assert not any(token in caplog.text for token in ("first-", "second-", "third-", "secret-bytes"))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "No such file"), ("\n \n", "holds no token"), ("x" * 2_000_000, "larger than 1 MiB")],
)
async def test_a_file_without_tokens_is_a_start_error(tmp_path, content, message):
    path = tmp_path / "tokens"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StartError, match=message):
        async with auth(filename=str(path)).lifespan(HOST):
            pass


async def test_an_error_of_the_house_leaves_as_it_is(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("a-token")
    with pytest.raises(StartError, match="another component"):
        async with auth(filename=str(path)).lifespan(HOST):
            raise StartError("another component")
