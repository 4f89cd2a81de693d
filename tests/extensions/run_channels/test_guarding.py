"""Tokens, their pace, strict JSON, the audit log's words: the pure parts of the doors."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.cli.commands import run_command_line
from otel_discord.config import Secret
from otel_discord.extensions.run_channels.audit import clean
from otel_discord.extensions.run_channels.bodies import read_json
from otel_discord.extensions.run_channels.config import TokenConfig
from otel_discord.extensions.run_channels.http_answers import retry_after_whole_s, time_text
from otel_discord.extensions.run_channels.http_api import sane_request_id
from otel_discord.extensions.run_channels.pace import MOST_NAMES, WINDOW_S, Pace, network_of
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.token_text import unfit_token
from otel_discord.extensions.run_channels.tokens import KnownTokens, same_tokens

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


# ---------------------------------------------------------------------------------------------- bodies


@given(st.dictionaries(TEXTS, JSON, max_size=4), st.booleans())
def test_what_is_json_is_read_as_json_is(value: Any, ascii_only: bool):
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=300) | TEXTS.map(str.encode) | st.text('{}[]",:\\0123456789.eE+-nulltrfas ').map(str.encode))
def test_whatever_comes_is_read_or_refused(body: bytes):
    try:
        value = read_json(body)
    except RunProblem:
        return
    assert body.strip(b" \t\r\n") == b"" or json.loads(body) == value


@pytest.mark.parametrize(("depth", "is_read"), [(20, True), (21, False), (32_000, False)])
def test_depth_is_bounded(depth: int, is_read: bool):
    body = b"[" * depth + b"]" * depth
    if is_read:
        assert isinstance(read_json(body), list)
    else:
        with pytest.raises(RunProblem, match="nested"):
            read_json(body)


def test_brackets_within_texts_are_no_depth():
    assert read_json(json.dumps({"a": "[" * 50 + '"' + "{" * 50 + "\\"}).encode()) == {
        "a": "[" * 50 + '"' + "{" * 50 + "\\"
    }


@pytest.mark.parametrize("body", [b'"' * 65_000, b'"' + b'\\"' * 32_000, b"\\" * 65_000, b'{"a":' * 13_000])
def test_the_worst_body_costs_little(body: bytes):
    began_s = time.process_time()
    with pytest.raises(RunProblem):
        read_json(body)
    assert time.process_time() - began_s < 1.0


# ---------------------------------------------------------------------------------------------- tokens


def _config(name: str, token: str, **more: Any) -> tuple[TokenConfig, str]:
    return TokenConfig(name=name, token=Secret(token), **more), token


FIRST, SECOND = "the-first-token-of-all", "the-second-token-of-all"


def test_a_token_is_its_callers():
    known = KnownTokens([_config("a", FIRST), _config("b", SECOND, allow=("read",))])
    assert known.caller(f"Bearer {FIRST}", now_unix_s=0).name == "a"
    assert known.caller(f"BEARER   {SECOND}", now_unix_s=0).rights == {"read"}
    assert FIRST not in repr(known)


@given(st.text(max_size=60))
def test_nothing_else_lets_in(header: str):
    known = KnownTokens([_config("a", FIRST)])
    for given_header in (header, f"Bearer {header}"):
        if given_header.strip().partition(" ")[2].strip() != FIRST:
            with pytest.raises(RunProblem) as raised:
                known.caller(given_header, now_unix_s=0)
            assert raised.value.code is Code.UNAUTHENTICATED


def test_no_tokens_let_nobody_in():
    for known in (KnownTokens(), KnownTokens([(_config("a", FIRST)[0], "")])):
        for header in ("", "Bearer", "Bearer ", f"Bearer {FIRST}"):
            with pytest.raises(RunProblem):
                known.caller(header, now_unix_s=0)


def test_a_token_expires_at_its_second():
    known = KnownTokens([_config("a", FIRST, expires_at="2027-01-31T00:00:00Z")])
    end_s = 1_801_353_600
    assert known.caller(f"Bearer {FIRST}", now_unix_s=end_s - 1).name == "a"
    with pytest.raises(RunProblem, match="the token a expired at 2027-01-31T00:00:00Z"):
        known.caller(f"Bearer {FIRST}", now_unix_s=end_s)


def test_two_that_are_the_same_are_named():
    assert same_tokens([_config("a", FIRST), _config("b", SECOND)]) is None
    assert same_tokens([_config("a", FIRST), _config("b", SECOND), _config("c", FIRST)]) == ("a", "c")


@pytest.mark.parametrize(
    ("text", "is_fit"),
    [("", False), ("short", False), ("x" * 16, True), ("x" * 15 + " y", False), ("é" * 20, False), ("a\n" * 20, False)],
)
def test_which_tokens_are_fit(text: str, is_fit: bool):
    assert (unfit_token(text) == "") == is_fit


# ------------------------------------------------------------------------------------------------ pace


@given(st.lists(st.floats(0, 20), max_size=60), st.integers(1, 10))
def test_never_more_than_so_many_in_any_minute(gaps_s: list[float], most: int):
    pace, now_s, let_through = Pace(), 1000.0, list[float]()
    for gap_s in gaps_s:
        now_s += gap_s
        refused = pace.take("a", most, now_s)
        if refused is None:
            let_through.append(now_s)
            assert len([at_s for at_s in let_through if at_s > now_s - WINDOW_S]) <= most
        else:
            assert 0 <= refused.retry_after_s <= WINDOW_S
            assert len([at_s for at_s in let_through if at_s > now_s - WINDOW_S]) == most


def test_who_waits_as_told_is_let_through():
    pace, now_s = Pace(), 0.0
    for _ in range(200):
        refused = pace.take("a", 3, now_s)
        if refused is not None:
            now_s += refused.retry_after_s + 1e-6
            assert pace.take("a", 3, now_s) is None


def test_only_the_first_refusal_in_a_row_is_the_first():
    pace = Pace()
    assert pace.take("a", 1, 0.0) is None
    refusals = [pace.take("a", 1, at_s) for at_s in (1.0, 2.0)]
    assert [refused.is_first for refused in refusals if refused] == [True, False]
    assert pace.take("a", 1, 61.0) is None
    again = pace.take("a", 1, 62.0)
    assert again is not None
    assert again.is_first


def test_names_do_not_fill_the_memory():
    pace = Pace()
    for number in range(MOST_NAMES + 500):
        pace.take(str(number), 1, 0.0)
    assert len(pace._windows) == MOST_NAMES


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_addresses_are_counted_by_customer(peer: str, network: str):
    assert network_of(peer) == network


# ----------------------------------------------------------------------------------------------- words


@given(st.text(max_size=300))
def test_a_line_of_the_audit_log_stays_one(text: str):
    line = clean(text)
    assert len(line) <= 128
    assert len(line.splitlines()) <= 1
    assert line.isprintable()


@given(st.text(max_size=80))
def test_a_request_id_that_is_kept_is_harmless(text: str):
    kept = sane_request_id(text)
    assert kept in {"", text}
    assert kept.isascii()
    assert kept.isprintable()
    assert " " not in kept


@pytest.mark.parametrize(
    ("delay_s", "whole_s"),
    [(0, 1), (0.1, 1), (1, 1), (1.01, 2), (3600.5, 3601), (1e12, 604_800), (float("nan"), 604_800), (-5, 1)],
)
def test_retry_after_is_whole_and_rounded_up(delay_s: float, whole_s: int):
    assert retry_after_whole_s(delay_s) == whole_s


def test_times():
    assert time_text(0) is None
    assert time_text(1_800_000_000_999) == "2027-01-15T08:00:00Z"


def _configuration(token: str) -> str:
    extension = {"bot_token": "made-up", "tokens": [{"name": "ci", "token": token}]}
    pipelines = {"logs": {"receivers": ["nop"], "exporters": ["nop"]}}
    return json.dumps(
        {
            "receivers": {"nop": {}},
            "exporters": {"nop": {}},
            "extensions": {"run_channels": extension},
            "service": {"extensions": ["run_channels"], "pipelines": pipelines},
        },
        ensure_ascii=False,
    )


@pytest.mark.parametrize("token", ["short", "two words of a sentence", "ein-Schlüssel-für-alle"])
def test_a_token_that_is_unfit_is_bad_configuration(token: str, capsys: pytest.CaptureFixture[str]):
    assert run_command_line(["validate", "--config", f"yaml:{_configuration(token)}"]) == 78
    said = capsys.readouterr().err
    assert f"extensions::run_channels::tokens::0::token: the token {unfit_token(token)}" in said
    assert token not in said.replace(unfit_token(token), "")
    assert run_command_line(["validate", "--config", f"yaml:{_configuration(FIRST)}"]) == 0
